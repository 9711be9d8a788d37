// Turns the banner's states into pictures to look at.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor } from './visitor.mjs';

const settings = async (v) => { await v.click('.card .quiet'); };
const opened = async (v) => { await settings(v); await v.click('.switch input', 1); await v.click('summary', 1); };

const SHOTS = [
  ['first', {}], ['first-start', { file: 'start' }], ['first-end', { file: 'end' }], ['first-gpc', { signal: 'gpc' }],
  ['first-de', { file: 'de' }], ['first-rtl', { file: 'ar' }], ['first-changed', { state: 'fa', granted: '', ask: '1' }],
  ['given', { granted: 'fam', ask: '0' }, (v) => v.click('.stay button')],
  ['settings-given', { granted: 'fam', ask: '0', file: 'de' }, async (v) => { await v.click('.stay button'); await settings(v); }],
  ['settings', {}, settings], ['settings-open', {}, opened], ['settings-gpc', { signal: 'gpc' }, settings],
  ['settings-de', { file: 'de' }, opened], ['settings-rtl', { file: 'ar' }, opened],
  ['button', { state: 'a' }], ['reopened', { state: 'a' }, (v) => v.click('.stay button')],
  ['failed', {}, async (v) => { v.site.answers = 'badly'; await v.accept(); v.site.answers = 'well'; }],
  ['hostile', { kind: 'hostile' }],
];

export async function shoot(browser, site, to) {
  mkdirSync(to, { recursive: true });
  for (const size of ['desktop', 'phone']) {
    for (const scheme of ['light', 'dark']) {
      for (const [name, query, act] of SHOTS) await shot(browser, site, { size, media: { 'prefers-color-scheme': scheme } }, query, act, join(to, `${size}-${scheme}-${name}.png`));
    }
    await shot(browser, site, { size, media: { 'forced-colors': 'active' } }, {}, opened, join(to, `${size}-forced-settings.png`));
    for (const name of ['en-0', 'de-1', 'ar-2', 'de-3']) await form(browser, site, size, 'light', name, to);
    await form(browser, site, size, 'dark', 'en-2', to);
  }
  await shot(browser, site, { size: 'zoomed' }, {}, null, join(to, 'zoomed-first.png'));
  await shot(browser, site, { size: 'zoomed' }, {}, settings, join(to, 'zoomed-settings.png'));
  await shot(browser, site, { size: 'small' }, { file: 'de', signal: 'gpc' }, null, join(to, 'small-first-de.png'));
  await shot(browser, site, { size: 'phone' }, { kind: 'wide' }, null, join(to, 'phone-wide.png'));
  await shot(browser, site, { size: 'phone' }, { kind: 'desktop' }, null, join(to, 'phone-shrunk.png'));
}

async function shot(browser, site, how, query, act, path) {
  const v = await Visitor.arrive(browser, site, how);
  await v.go(query);
  if (act) await act(v);
  await v.page.mouse.move(2, 2);
  await v.settled();
  await v.page.screenshot({ path });
  await v.leave();
}

async function form(browser, site, size, scheme, name, to) {
  const v = await Visitor.arrive(browser, site, { size, javascript: false, media: { 'prefers-color-scheme': scheme } });
  await v.page.goto(`${site.url}/form/${name}`);
  await v.page.screenshot({ path: join(to, `${size}-${scheme}-form-${name}.png`), fullPage: true });
  await v.leave();
}
