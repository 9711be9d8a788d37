// Turns the banner's files into a verdict: every state of it, in normal and in hostile pages, in a real Chromium.
//
//   node banner.mjs --files DIR [--shots DIR] [--only WORD]
//
// 1. The site's own count of what was asked is the truth about what was sent; the cookie is the truth about the choice.
// 2. Each test is a visitor of his own.
import { parseArgs } from 'node:util';
import { launch } from './chromium.mjs';
import { serve } from './banner/site.mjs';
import { shoot } from './banner/shots.mjs';
import * as choices from './banner/choices.mjs';
import * as layers from './banner/layers.mjs';
import * as pages from './banner/pages.mjs';

const { values: args } = parseArgs({ options: { files: { type: 'string' }, shots: { type: 'string' }, only: { type: 'string', default: '' } } });
const browser = await launch(['--force-prefers-reduced-motion=0']);
const site = await serve(args.files);
let failed = 0;
try {
  for (const [name, test] of Object.entries({ ...layers, ...choices, ...pages })) {
    if (!name.includes(args.only)) continue;
    Object.assign(site, { asked: [], reads: 0, answers: 'well', given: '' });
    try {
      await test(browser, site);
      console.log(`ok     ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  }
  if (args.shots) await shoot(browser, site, args.shots);
} finally {
  await browser.close();
  site.close();
}
process.exitCode = failed ? 1 : 0;
