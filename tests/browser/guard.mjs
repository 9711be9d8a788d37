// Turns pages whose scripts build URLs at run time, in a browser behind the guard alone, into what reached the network.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { launch } from './chromium.mjs';
import { pause } from './visit.mjs';
import { visit } from './guard/site.mjs';
import { FRAMEWORKS, OTHERS } from './guard/frameworks.mjs';
import { NATIVE } from './guard/native.mjs';
import { cost } from './guard/cost.mjs';
import { film, program } from './guard/program.mjs';
import { inert, ORDERED, ORDERED_VENDORS, SNIPPETS, VENDORS } from './guard/revive.mjs';
import { VECTORS, WRITTEN } from './guard/vectors.mjs';

const guard = readFileSync(process.argv[2]);
const only = process.argv[3];
const browser = await launch();
const failures = [];
const fail = (text) => failures.push(text);

/** Pages that start every vector with a URL of its own on `host`. */
function pageOf(host) {
  const url = (name) => `['https:/', '/${host}', '?n=${encodeURIComponent(name).replace(/'/g, '%27')}'].join('')`;
  const written = Object.entries(WRITTEN).map(([name, write]) => `<script>${write(`' + ${url(name)} + '`).replace(/"' \+/g, "\"' +")}</script>`);
  const started = Object.entries(VECTORS).map(([name, start]) => `try { (${start})(${url(name)}) } catch (e) { report.push(${JSON.stringify(name)} + ': ' + e) }`);
  return `<body><p>page</p><script>window.report = []</script>${written.join('\n')}<script>${started.join('\n')}</script></body>`;
}
const HOST = 'script.hotjar.com/x';
const NAMES = [...Object.keys(WRITTEN), ...Object.keys(VECTORS)];
const nameOf = (url) => new URL(url).searchParams.get('n');

async function vectors() {
  for (const [granted, expected] of [['', 0], ['fm', 0], ['fam', 1]]) {
    const site = await visit(browser, guard, { pages: { '/': pageOf(HOST) }, granted });
    await site.open();
    const seen = {};
    const contacts = new Set();
    const look = () => {
      const taken = site.sink.take();
      for (const host of taken.contacts) contacts.add(host);
      for (const { url } of taken.requests) {
        const name = url.includes('hotjar') && nameOf(url);
        if (name) seen[name] = (seen[name] ?? 0) + 1;
      }
    };
    await pause(3500);
    look();
    // A busy machine is late with what it asks for.
    const missing = () => NAMES.some((name) => (seen[name] ?? 0) < expected && !OFTEN.includes(name) && !NEVER.includes(name));
    for (let i = 0; i < 120 && missing(); i++) {
      await pause(250);
      look();
    }
    const report = await site.page.evaluate(() => window.report);
    for (const line of report) fail(`granted=${granted}: ${line}`);
    for (const error of site.errors) fail(`granted=${granted}: ${error}`);
    const others = [...contacts].filter((host) => host !== 'shop.example');
    if (!expected && others.length) fail(`granted=${granted}: contacts ${others}`);
    for (const name of NAMES) {
      const count = seen[name] ?? 0;
      const loose = expected && (OFTEN.includes(name) && count || NEVER.includes(name));
      if (count !== expected && !loose) fail(`granted=${granted}: ${name} ${count} times`);
    }
    console.log(`vectors, granted=${granted || 'nothing'}: ${NAMES.length} started, ${Object.keys(seen).length} arrived`);
    await site.close();
  }
}
/** Chromium asks for a video or a font in pieces, or not at all, by its own reasons. */
/** Without a window there is no icon, and nothing is fetched on speculation. */
const NEVER = ['link icon', 'speculation rules'];
const OFTEN = ['img setAttribute srcset', 'video src', 'audio source', 'Audio'];

const orderOf = (site) => site.page.evaluate(() => window.order ?? []);
const GRANT = () => window[Symbol.for('consentry.guard')].grant('fam');
const same = (name, found, expected) => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) fail(`${name}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  else console.log(`${name}: ${JSON.stringify(found)}`);
};

/** A page that is loaded with consent, and the same one that is made inert and comes alive. */
async function bothWays(page, inertPage, vendors, stub = '') {
  const direct = await visit(browser, guard, { pages: { '/': `<body><p>page</p><script></script>${page}</body>` }, vendors, granted: 'fam' });
  await direct.open();
  await pause(1300);
  const expected = { order: await orderOf(direct), sent: direct.sent().map(({ url }) => url) };
  const later = await visit(browser, guard, { pages: { '/': `<body><p>page</p><script>${stub}</script>${inertPage}</body>` }, vendors });
  await later.open();
  await pause(200);
  const before = later.sent();
  await later.page.evaluate(GRANT);
  await pause(1300);
  const found = { order: await orderOf(later), sent: later.sent().map(({ url }) => url), before, errors: [...direct.errors, ...later.errors] };
  await direct.close();
  await later.close();
  return { expected, found };
}

async function snippets() {
  const stubs = { meta: 'meta', gtag: 'ga4', gtm: 'gtm', hotjar: 'hotjar', linkedin: 'linkedin', pinterest: 'pinterest', tiktok: 'tiktok', clarity: 'clarity', matomo: 'matomo', plausible: 'plausible' };
  for (const [name, text] of Object.entries(SNIPPETS)) {
    const { expected, found } = await bothWays(text, inert(text, stubs[name]), VENDORS, SURROGATES[stubs[name]]);
    for (const error of found.errors) fail(`${name}: ${error}`);
    if (found.before.length) fail(`${name}: sent before consent: ${JSON.stringify(found.before)}`);
    same(`revive ${name}`, found.order, expected.order);
    if (!expected.order.length) fail(`${name}: nothing ran`);
    same(`requests of ${name}`, found.sent.sort(), expected.sent.sort());
  }
}

async function order() {
  const { expected, found } = await bothWays(ORDERED, inert(ORDERED, 'hotjar'), ORDERED_VENDORS);
  for (const error of found.errors) fail(`order: ${error}`);
  // Which of `defer` and `async` comes first is a matter of time; the slow one is last in both.
  same('order', found.order, expected.order);
}

async function frameworks() {
  for (const [name, [files, body, start, shown, expected]] of Object.entries(FRAMEWORKS)) {
    const scripts = files.map((text, at) => [`/lib${at}.js`, { type: 'text/javascript', text }]);
    const head = scripts.map(([path]) => `<script src="${path}"></script>`).join('');
    const pages = { '/': `<body>${body}${head}<script>${start}</script></body>`, ...Object.fromEntries(scripts), ...OTHERS };
    const site = await visit(browser, guard, { pages });
    await site.open();
    await pause(900);
    same(name, await site.page.evaluate(shown), expected);
    for (const error of site.errors) fail(`${name}: ${error}`);
    if (site.sent().length) fail(`${name}: sent something without consent`);
    await site.page.evaluate(GRANT);
    await pause(300);
    console.log(`${name}, after consent: ${site.sent().map(({ url }) => url)}`);
    await site.close();
  }
}

async function native() {
  for (const [name, { granted = '', body = '', csp, vendors, attributes, act, expected, also }] of Object.entries(NATIVE)) {
    const site = await visit(browser, guard, { pages: { '/': `<body><p>page</p>${body}</body>`, ...OTHERS }, granted, csp, vendors, attributes });
    await site.open();
    await pause(100);
    same(name, await site.page.evaluate(act), expected);
    for (const error of site.errors) fail(`${name}: ${error}`);
    if (also) await also(site, { fail: (text) => fail(`${name}: ${text}`), pause, GRANT });
    else if (!granted && site.sent().length) fail(`${name}: sent something without consent`);
    await site.close();
  }
}

const SURROGATES = JSON.parse(readFileSync(process.argv[2].replace(/[^/]*$/, 'surrogates.json')));
const TESTS = { vectors, snippets, order, frameworks, native, program: () => program(browser, process.env.CONSENTRY, dirname(process.argv[2]), { fail, pause }),
  film: () => film(browser, process.env.CONSENTRY, dirname(process.argv[2]), { fail, pause }), cost: () => cost(browser, guard) };
for (const [name, test] of Object.entries(TESTS)) {
  if (only ? only !== name : name === 'cost') continue;
  try {
    await test();
  } catch (error) {
    fail(`${name}: ${error.stack}`);
  }
}
await browser.close();
for (const failure of failures) console.log(`FAILED ${failure}`);
process.exit(failures.length ? 1 : 0);
