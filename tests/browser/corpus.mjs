// Loads the saved pages in every variant and writes what each load sent as JSON lines, for a judge to read.
//
//   node corpus.mjs --corpus DIR --out FILE [--program consentry] [--variants direct,again,...] [--pages N | --only a,b]
//                   [--tabs N] [--settle MS] [--lists easyprivacy.txt=analytics,easylist.txt=marketing]
//
// `CORPUS_GUARD` is "true" or "false" for the guard in every variant behind the proxy.
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './chromium.mjs';
import { origin, proxy, variants } from './front.mjs';
import { load } from './load.mjs';
import { Sink, certificate } from './sink.mjs';

const { values: args } = parseArgs({ options: {
  corpus: { type: 'string' }, out: { type: 'string' }, program: { type: 'string', default: process.env.CONSENTRY },
  variants: { type: 'string', default: 'direct,again' }, pages: { type: 'string', default: '100000' },
  only: { type: 'string' }, settle: { type: 'string', default: '500' }, tabs: { type: 'string', default: '4' }, lists: { type: 'string', default: '' },
} });

function saved() {
  const rows = readFileSync(join(args.corpus, 'manifest.tsv'), 'utf8').trim().split('\n').slice(1);
  const only = args.only && new Set(args.only.split(','));
  const pages = rows.map((row) => row.split('\t')).filter(([file]) => !only || only.has(file));
  return pages.slice(0, Number(args.pages)).map(([file, address]) => {
    const url = new URL(address);
    url.hash = '';
    return { file, url, path: join(args.corpus, 'pages', file) };
  });
}

/** Yes to everything, in a cookie of the site's own: the banner's would need a signature. */
const YES = { name: 'agreed', value: '1' };

/** Runs `task` over `items`, so many at a time. */
async function share(items, hands, task) {
  const queue = items.values();
  await Promise.all(Array.from({ length: hands }, async () => {
    for (const item of queue) await task(item);
  }));
}

async function run(chromium, pages, name, variant, write) {
  const answer = origin(pages);
  const behind = variant.config === undefined ? { front: answer, stop() {}, failures: [] }
    : await proxy(resolve(args.program), name, variant.config, answer, dirname(args.out));
  const started = performance.now();
  await share(pages, Number(args.tabs), async (page) => {
    try {
      write({ variant: name, ...await load(chromium, behind.front, page, variant.consent ? YES : undefined) });
    } catch (error) {
      write({ variant: name, file: page.file, url: page.url.href, failed: String(error) });
    }
  });
  await behind.stop();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  write({ variant: name, seconds, failures: behind.failures });
  console.log(`${name}: ${pages.length} pages in ${seconds} s${behind.failures.map((failure) => `\n  ${failure}`).join('')}`);
}

async function main() {
  const pages = saved();
  const lists = args.lists.split(',').filter(Boolean).map((entry) => entry.split('=')).map(([path, purpose]) => ({ path, purpose }));
  const known = variants(lists, process.env.CORPUS_GUARD);
  mkdirSync(dirname(args.out), { recursive: true });
  const out = createWriteStream(args.out);
  const secure = certificate();
  // What Chromium asks for itself ends here, and is no page's.
  const own = await new Sink(secure).listen();
  const browser = await launch([`--proxy-server=${own.address}`, '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    '--ignore-certificate-errors', '--blink-settings=lazyLoadEnabled=false']);
  const control = await browser.target().createCDPSession();
  try {
    for (const name of args.variants.split(',')) {
      await run({ browser, control, secure, settle: Number(args.settle) }, pages, name, known[name], (line) => out.write(`${JSON.stringify(line)}\n`));
    }
  } finally {
    await browser.close();
    own.close();
    await new Promise((done) => out.end(done));
  }
}

await main();
process.exit(0);
