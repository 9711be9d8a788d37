// Turns a visitor into a tab, a cookie jar and a sink of his own, and a script's words into what it is to do.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Sink } from './sink.mjs';

/** Where the packages are. */
export const MODULES = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');

const PATIENCE = Number(process.env.PATIENCE) || 1;
/** Waits `ms`, or so many times as long as `PATIENCE` says: a machine that does much else is late with everything. */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms * PATIENCE));

/** What the script `name` is given: the program, where it writes, and `more`. */
export function given(name, more = {}) {
  const options = { program: { type: 'string', default: process.env.CONSENTRY }, out: { type: 'string', default: process.env.CONSENTRY_OUT ?? `target/${name}` }, ...more };
  return parseArgs({ options }).values;
}

/** A visitor of `own`, a URL that `front` answers for, without a tab yet. `end` gives what was sent since the last look. */
export async function guest(browser, secure, own, front) {
  const sink = await new Sink(secure, own, front).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  return {
    sink, context,
    async end() {
      await context.close();
      return sink.close();
    },
  };
}

/** The same with one. */
export async function visitor(browser, secure, own, front) {
  const one = await guest(browser, secure, own, front);
  return { ...one, tab: await one.context.newPage() };
}
