// Turns consent managers that keep the choice in the browser into visits behind the proxy: before a choice, yes, no, some, and a yes
// taken back; and those that say nothing into visits in which nothing happens.
//
//   node mirrors.mjs --program consentry [--out target/mirrors]
//
// 1. What left the browser is what the sink saw. Each visit has a tab, a cookie jar and a sink of its own.
// 2. No visit loads a page after an act: the page comes alive by itself, through the guard without a load, and else with one.
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';
import { proxy } from './front.mjs';
import { MANAGERS, SILENT } from './kept.mjs';
import { ANALYTICS, HOST, MARKETING, origin } from './managed.mjs';
import { certificate } from './sink.mjs';
import { given, pause, visitor as arrive } from './visit.mjs';

const PATIENCE = 6_000;
const QUIET = 2_600;
const ALL = [ANALYTICS, MARKETING].sort();
const args = given('mirrors');

/** One visitor: what the tab contacted, loaded and told since the last look. */
async function visitor(browser, secure, front) {
  const { sink, context, tab, end } = await arrive(browser, secure, HOST, front);
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
    tab, end,
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
  };
}

const hosts = ({ contacts }) => [...contacts].sort();

/** `loads` says how often a page is loaded anew when it comes alive. */
async function visits(browser, secure, front, manager, loads) {
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
      assert.deepEqual([hosts(yes), yes.loads, yes.told], [ALL, loads, 1], `${manager.name}: a yes to everything`);
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
      assert.deepEqual([hosts(some), some.loads], [[ANALYTICS], loads], `${manager.name}: a yes to analytics`);
      await taken(one);
    }),
  ]);
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
const with_ = async (manager, name, guard, walk) => {
  // What is allowed is seen where it goes: at the vendors' own hosts.
  const config = `${manager.config}[collect]\nenabled = false\n[gate]\nguard = ${guard}\n`;
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
    await with_(manager, `manager${at}`, true, (front) => visits(browser, secure, front, manager, 0));
    console.log(`${manager.name}: its choice reached the server, and nothing else did`);
  }
  const [manager] = MANAGERS;
  await with_(manager, 'unguarded', false, (front) => visits(browser, secure, front, manager, 1));
  console.log(`${manager.name}: the same without a guard, with one load`);
  await Promise.all(SILENT.map(async (manager, at) => {
    await with_(manager, `silent${at}`, true, (front) => silent(browser, secure, front, manager));
    console.log(`${manager.name}: nothing was told`);
  }));
} finally {
  await browser.close();
}
process.exit(0);
