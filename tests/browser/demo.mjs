// Turns the running demo into a visit: before a choice, after yes, after no, and without JavaScript.
//
//   node demo.mjs --program consentry [--out target/demo]
//
// 1. The vendors' own counts (`/stubs.json`) are the truth; the visit only walks through the shop.
// 2. Each state is walked through in a fresh context, so that no cookie or cache of another state is left.
// 3. The visitor's pages are asked for with his address in them. He is at 127.0.0.1, so the shop is visited as `localhost`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch } from './chromium.mjs';
import { given, pause } from './visit.mjs';

const PAGES = ['/', '/kettle', '/tea', '/film', '/ueber-uns', '/contact'];
const SETTLE = 700;
const MAIL = 'ada.lovelace@example.org';
const args = given('demo');

/** The program, and the first URL that it prints. */
async function start() {
  const child = spawn(args.program, ['demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));
  const url = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('the demo printed no URL in 30 s')), 30_000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [found] = line.match(/http:\/\/[^\s"]+/) ?? [];
      if (found) { clearTimeout(timer); done(new URL(found.replace('127.0.0.1', 'localhost'))); }
    });
    child.once('error', fail);
    ended.then((code) => fail(new Error(`the demo ended with ${code}`)));
  });
  return { child, ended, url };
}

/** One visitor: a context of his own, whose complaints are kept. */
async function visitor(browser, url, { javascript = true } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1200, height: 1000 });
  await page.setJavaScriptEnabled(javascript);
  const complaints = [];
  const elsewhere = [];
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (/^(https?|wss?):$/.test(to.protocol) && to.host !== url.host) elsewhere.push(to.href);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()} ${message.location().url ?? ''}`);
  });
  const go = async (path) => {
    await page.goto(new URL(`${path}?email=${encodeURIComponent(MAIL)}`, url), { waitUntil: 'load', timeout: 15_000 });
    await pause(SETTLE);
  };
  return {
    page, complaints, elsewhere, go, context,
    async walk() { for (const path of PAGES) await go(path); },
    async choose(value) {
      await go('/');
      await Promise.all([page.waitForNavigation({ timeout: 15_000 }), page.click(`button[name="choice"][value="${value}"]`)]);
      await pause(SETTLE);
    },
    async shoot(name) {
      await go('/');
      await page.screenshot({ path: join(args.out, `${name}.png`), fullPage: true });
    },
  };
}

async function visit(browser, url) {
  const counts = async () => (await fetch(new URL('/stubs.json', url))).json();
  const visits = { before: await visitor(browser, url), silent: await visitor(browser, url, { javascript: false }) };
  const { before, silent } = visits;

  await before.walk();
  await silent.walk();
  assert.equal((await counts()).requests, 0, 'a vendor was contacted before any choice');

  await before.go('/tea');
  const basket = () => before.page.$eval('#basket', (element) => Number(element.textContent));
  const had = await basket();
  await before.page.click('#add-tea');
  assert.equal(await basket(), had + 1, 'the basket does not work while the trackers are away');
  assert.equal((await counts()).requests, 0, 'the basket button contacted a vendor');
  await before.shoot('before');
  assert.deepEqual(before.complaints, [], 'console errors before the choice');

  await before.choose('all');
  await before.walk();
  const yes = await counts();
  assert(yes.requests > 0, 'no vendor was contacted after a yes to everything');
  assert.equal(yes.without_yes, 0, 'a vendor was contacted without a yes');
  for (const vendor of yes.vendors) {
    assert(vendor.requests > 0, `${vendor.id} was not contacted after the yes`);
    assert.match(vendor.last.line, /^(GET|POST) \//);
  }
  for (const { line, host } of yes.recent) {
    const plain = decodeURIComponent(line);
    assert(!plain.includes('lovelace') && !plain.includes('127.0.0.1'), `${host} was told who the visitor is: ${line}`);
  }
  assert(yes.recent.some(({ line }) => decodeURIComponent(line).includes(`dl=${url.origin}/`)), 'no event names its page');
  await before.shoot('accepted');
  assert.deepEqual(before.complaints, [], 'console errors after the yes');

  await before.choose('none');
  await pause(SETTLE);
  const no = (await counts()).requests;
  await before.walk();
  await before.go('/tea');
  await before.page.click('#add-tea');
  await pause(SETTLE);
  assert.equal((await counts()).requests, no, 'a vendor was contacted after the refusal');
  await before.shoot('refused');
  assert.deepEqual(before.complaints, [], 'console errors after the refusal');

  await silent.choose('all');
  await silent.walk();
  assert((await counts()).requests > no, 'without JavaScript, no vendor was contacted after a yes');
  for (const [name, { elsewhere }] of Object.entries(visits)) assert.deepEqual(elsewhere, [], `${name}: the browser asked others than the shop`);
  return yes.requests;
}

mkdirSync(args.out, { recursive: true });
const demo = await start();
const browser = await launch(['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE *.localhost']);
try {
  const received = await visit(browser, demo.url);
  console.log(`demo: 0 requests before the yes, ${received} after it, none after the no`);
} finally {
  await browser.close();
  demo.child.kill('SIGINT');
  const late = setTimeout(() => demo.child.kill('SIGKILL'), 5_000);
  const code = await demo.ended;
  clearTimeout(late);
  assert.notEqual(code, 'SIGKILL', 'the demo did not end on Ctrl-C');
}
process.exit(0);
