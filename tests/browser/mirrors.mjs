// Turns consent managers that keep the choice in the browser into visits behind the proxy: before a choice, yes, no, some, and a yes
// taken back; and those that say nothing into visits in which nothing happens.
//
//   node mirrors.mjs --program consentry [--out target/mirrors]
//
// 1. What left the browser is what the sink saw. Each visit has a tab, a cookie jar and a sink of its own.
// 2. No visit loads a page after an act: the page comes alive by itself, with one load at most.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from './chromium.mjs';
import { proxy } from './front.mjs';
import { ANALYTICS, MANAGERS, MARKETING, SILENT, page } from './kept.mjs';
import { Sink, certificate } from './sink.mjs';

const PATIENCE = 6_000;
const QUIET = 2_600;
const HOST = new URL('http://shop.example/');
const MODULES = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');
const TYPES = { js: 'text/javascript', css: 'text/css' };
const ALL = [ANALYTICS, MARKETING].sort();
const { values: args } = parseArgs({ options: {
  program: { type: 'string', default: process.env.CONSENTRY }, out: { type: 'string', default: 'target/mirrors' },
} });

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function origin(manager) {
  return (request, response) => {
    request.resume();
    const path = normalize(new URL(request.url, HOST).pathname);
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(manager));
    if (!path.startsWith('/cmp/')) return response.writeHead(404).end();
    try {
      const file = readFileSync(join(MODULES, path.slice('/cmp/'.length)));
      return response.writeHead(200, { 'content-type': TYPES[path.split('.').pop()] ?? 'text/plain' }).end(file);
    } catch {
      return response.writeHead(404).end();
    }
  };
}

/** One visitor: what the tab contacted, loaded and told since the last look. */
async function visitor(browser, secure, front) {
  const sink = await new Sink(secure, HOST, front).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  const tab = await context.newPage();
  await tab.setViewport({ width: 1200, height: 1000 });
  const seen = { contacts: new Set(), loads: 0, told: 0 };
  const look = () => {
    const { contacts, requests } = sink.take();
    contacts.filter((host) => host !== HOST.hostname).forEach((host) => seen.contacts.add(host));
    seen.loads += requests.filter(({ url }) => url === HOST.href).length;
    seen.told += requests.filter(({ url, method }) => method === 'POST' && url.endsWith('/_consentry/mirror')).length;
    return seen;
  };
  const fresh = () => Object.assign(seen, { contacts: new Set(), loads: 0, told: 0 });
  return {
    tab,
    async load() {
      look(); fresh();
      await tab.goto(HOST, { waitUntil: 'load', timeout: 15_000 });
      await pause(QUIET);
      return look();
    },
    /** Does `act` and waits until `is` of what was seen. */
    async act(act, is) {
      look(); fresh();
      await act(tab);
      const end = Date.now() + PATIENCE;
      while (!is(look()) && Date.now() < end) await pause(50);
      await pause(QUIET / 2);
      return look();
    },
    async cookies() {
      const all = await context.cookies();
      return all.filter(({ name }) => name.startsWith('consentry-mirror-')).map(({ name, value }) => [name, value.replace(/^v1\.0\.\d{8}/, '')]);
    },
    async end() {
      await context.close();
      sink.close();
    },
  };
}

const hosts = ({ contacts }) => [...contacts].sort();

async function visits(browser, secure, front, manager) {
  const cookie = `consentry-mirror-${manager.cmp}`;
  const visit = async (walk) => {
    const one = await visitor(browser, secure, front);
    const first = await one.load();
    assert.deepEqual([hosts(first), first.told, await one.cookies()], [[], 0, []], `${manager.name}: before a choice`);
    await walk(one);
    await one.end();
  };
  const taken = async (one) => {
    const back = await one.act(manager.withdraw, ({ loads }) => loads === 1);
    assert.deepEqual([back.loads, back.told, await one.cookies()], [1, 1, [[cookie, '.f0a0m0.e']]], `${manager.name}: a yes taken back`);
    assert.deepEqual(hosts(await one.load()), [], `${manager.name}: after a yes was taken back`);
  };
  await Promise.all([
    visit(async (one) => {
      const yes = await one.act(manager.accept, ({ contacts }) => contacts.size === 2);
      assert.deepEqual([hosts(yes), yes.loads, yes.told], [ALL, 1, 1], `${manager.name}: a yes to everything`);
      const [[, value]] = await one.cookies();
      assert.match(value, /^\.f[01]a1m1\.e$/, manager.name);
      const again = await one.load();
      assert.deepEqual([hosts(again), again.loads, again.told], [ALL, 1, 0], `${manager.name}: the next load`);
      await taken(one);
    }),
    visit(async (one) => {
      const no = await one.act(manager.reject, ({ told }) => told === 1);
      assert.deepEqual([hosts(no), no.loads, await one.cookies()], [[], 0, [[cookie, '.f0a0m0.e']]], `${manager.name}: a no`);
      const again = await one.load();
      assert.deepEqual([hosts(again), again.told], [[], 0], `${manager.name}: after a no`);
    }),
    visit(async (one) => {
      const some = await one.act(manager.partly, ({ contacts }) => contacts.size === 1);
      assert.deepEqual([hosts(some), some.loads], [[ANALYTICS], 1], `${manager.name}: a yes to analytics`);
      await taken(one);
    }),
  ]);
}

/** With a guard in the page nothing is loaded anew after a yes. */
async function guarded(browser, secure, front, manager) {
  const one = await visitor(browser, secure, front);
  await one.tab.evaluateOnNewDocument(() => {
    window.granted = [];
    Object.defineProperty(window, Symbol.for('consentry.guard'), { value: { grant: async (letters) => { window.granted.push(letters); } } });
  });
  await one.load();
  const yes = await one.act(manager.accept, ({ told }) => told === 1);
  const granted = await one.tab.evaluate(() => window.granted);
  assert.deepEqual([yes.loads, granted.map((letters) => letters.replace('f', ''))], [0, ['am']], `${manager.name}: with a guard`);
  await one.end();
}

async function silent(browser, secure, front, manager) {
  const one = await visitor(browser, secure, front);
  await one.load();
  await pause(QUIET);
  const nothing = await one.load();
  assert.deepEqual([hosts(nothing), nothing.loads, nothing.told, await one.cookies()], [[], 1, 0, []], manager.name);
  await one.end();
}

const browser = await launch();
const secure = certificate();
const with_ = async (manager, name, walk) => {
  // What is allowed is seen where it goes: at the vendors' own hosts.
  const config = `${manager.config}[collect]\nenabled = false\n`;
  const served = await proxy(args.program, name, config, origin(manager), args.out);
  try {
    await walk(served.front);
    assert.deepEqual(served.failures, [], `${manager.name}: the proxy failed`);
  } finally {
    await served.stop();
  }
};
try {
  for (const [at, manager] of MANAGERS.entries()) {
    await with_(manager, `manager${at}`, async (front) => {
      await visits(browser, secure, front, manager);
      await guarded(browser, secure, front, manager);
    });
    console.log(`${manager.name}: its choice reached the server, and nothing else did`);
  }
  await Promise.all(SILENT.map(async (manager, at) => {
    await with_(manager, `silent${at}`, (front) => silent(browser, secure, front, manager));
    console.log(`${manager.name}: nothing was told`);
  }));
} finally {
  await browser.close();
}
process.exit(0);
