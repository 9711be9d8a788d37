// Turns four real consent managers behind the proxy into visits: before a choice, yes, no, some, and a yes taken back.
//
//   node managers.mjs --program consentry [--out target/managers]
//
// 1. The pages hold their trackers as any site's do; only the proxy keeps them back.
// 2. What left the browser is what the sink saw. Each visit has a tab, a cookie jar and a sink of its own.
// 3. Each act is made on the manager's own banner, or by the call that its banner makes, and is followed by a load.
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';
import { MANAGERS } from './banners.mjs';
import { proxy } from './front.mjs';
import { ANALYTICS, HOST, MARKETING, origin } from './managed.mjs';
import { certificate } from './sink.mjs';
import { given, pause, visitor as arrive } from './visit.mjs';

const SETTLE = 600;
const args = given('managers');

/** One visitor, whose loads and acts give the vendors that were contacted. */
async function visitor(browser, secure, front) {
  const { sink, tab, end } = await arrive(browser, secure, HOST, front);
  await tab.setViewport({ width: 1200, height: 1000 });
  const contacted = () => sink.take().contacts.filter((host) => host !== HOST.hostname).sort();
  return {
    end,
    async load() {
      await tab.goto(HOST, { waitUntil: 'load', timeout: 15_000 });
      await pause(SETTLE);
      return contacted();
    },
    async act(act) {
      await act(tab);
      await pause(SETTLE);
      return contacted();
    },
  };
}

async function visits(browser, secure, front, manager) {
  const all = [ANALYTICS, MARKETING].sort();
  const visit = async (walk) => {
    const one = await visitor(browser, secure, front);
    assert.deepEqual(await one.load(), [], `${manager.name}: before a choice`);
    await walk(one);
    await one.end();
  };
  const taken = async (one) => {
    await one.act(manager.withdraw);
    assert.deepEqual(await one.load(), [], `${manager.name}: after the yes was taken back`);
  };
  await visit(async (one) => {
    await one.act(manager.accept);
    assert.deepEqual(await one.load(), all, `${manager.name}: after a yes to everything`);
    await taken(one);
  });
  await visit(async (one) => {
    assert.deepEqual(await one.act(manager.reject), [], `${manager.name}: while everything was refused`);
    assert.deepEqual(await one.load(), [], `${manager.name}: after a no to everything`);
  });
  if (!manager.partly) return;
  await visit(async (one) => {
    await one.act(manager.partly);
    assert.deepEqual(await one.load(), [ANALYTICS], `${manager.name}: after a yes to analytics only`);
    await taken(one);
  });
}

const browser = await launch();
const secure = certificate();
try {
  for (const manager of MANAGERS) {
    // What is allowed is seen where it goes: at the vendors' own hosts.
    const config = `${manager.config}[collect]\nenabled = false\n`;
    const served = await proxy(args.program, manager.name, config, origin(manager), args.out);
    try {
      await visits(browser, secure, served.front, manager);
      assert.deepEqual(served.failures, [], `${manager.name}: the proxy failed`);
    } finally {
      await served.stop();
    }
    console.log(`${manager.name}: what was allowed loaded, what was not sent nothing`);
  }
} finally {
  await browser.close();
}
process.exit(0);
