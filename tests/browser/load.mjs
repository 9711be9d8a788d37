// Turns one page load in one tab into what it sent, what it showed and what went wrong.
//
// 1. What left the browser is what the sink saw; Chromium's own account of it adds the type and the initiator.
// 2. A load ends `settle` ms after the load event, or at `CAP`, whichever is first.
// 3. `Math.random` starts from the same seed in every load, so that two loads of a page can be compared.
// 4. What the page shows is read in a world of its own: in the page's, a guard answers what a held attribute stands for.
import { Sink } from './sink.mjs';

const CAP = 7_000;
const SEED = `(() => { let s = 42; Math.random = () => { s = (s * 1103515245 + 12345) % 2147483648; return s / 2147483648; }; })()`;
const READ = `(() => ({
  text: document.body ? document.body.innerText : '',
  hints: [...document.querySelectorAll('link[rel~="dns-prefetch" i]')].map((link) => link.href),
}))()`;

/**
 * Loads `page.url`, whose host is answered by `front`. `control` is a session with the browser itself, `cookie`
 * `{ name, value }` or absent. The sink is the load's own: a beacon of the page before cannot be taken for this one's.
 */
export async function load({ browser, control, secure, settle }, front, page, cookie) {
  const started = performance.now();
  const sink = await new Sink(secure, page.url, front).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  let seen = { text: '', hints: [], errors: [], told: new Map(), capped: true };
  try {
    seen = await visit(await tab(control, context), page.url.href, cookie, settle);
  } finally {
    await context.close().catch(() => {});
  }
  const { requests, contacts } = sink.close();
  return {
    file: page.file, url: page.url.href, ms: Math.round(performance.now() - started), capped: seen.capped,
    errors: seen.errors, text: lines(seen.text), hints: seen.hints, contacts, ...join(requests, seen.told),
  };
}

/** A tab without puppeteer's own page, whose listeners would hear everything a second time. */
async function tab(control, context) {
  await control.send('Target.createTarget', { url: 'about:blank', browserContextId: context.id });
  const target = await context.waitForTarget((target) => target.type() === 'page', { timeout: 10_000 });
  return target.createCDPSession();
}

async function visit(session, url, cookie, settle) {
  const errors = [];
  const told = new Map();
  session.on('Runtime.exceptionThrown', ({ exceptionDetails }) => errors.push(complaint(exceptionDetails)));
  session.on('Network.requestWillBeSent', ({ request, type, initiator }) => {
    if (type !== 'Preflight' && /^https?:/.test(request.url) && !told.has(request.url)) told.set(request.url, { type, initiator: initiator.type });
  });
  session.on('Network.webSocketCreated', ({ url: to }) => told.set(to.replace(/^ws/, 'http'), { type: 'WebSocket', initiator: 'script' }));
  session.on('Page.javascriptDialogOpening', () => session.send('Page.handleJavaScriptDialog', { accept: false }).catch(() => {}));
  await Promise.all(['Network.enable', 'Runtime.enable', 'Page.enable'].map((method) => session.send(method)));
  await session.send('Page.addScriptToEvaluateOnNewDocument', { source: SEED });
  if (cookie) await session.send('Network.setCookie', { ...cookie, url });

  const loaded = new Promise((done) => session.once('Page.loadEventFired', () => done(true)));
  const end = performance.now() + CAP;
  session.send('Page.navigate', { url }).catch(() => {});
  const capped = !(await within(loaded, CAP));
  await pause(Math.max(0, Math.min(settle, end - performance.now())));
  const read = await within(look(session).catch(() => {}), 3_000);
  return { text: '', hints: [], ...read?.result?.value, errors, told, capped };
}

/** What the page shows, as no script of its own can tell it. */
async function look(session) {
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  return session.send('Runtime.evaluate', { expression: READ, contextId, returnByValue: true, timeout: 2_000 });
}

/** The first line of an error: its position moves with the bytes before it. */
function complaint({ text, exception }) {
  return (exception?.description ?? String(exception?.value ?? text)).split('\n')[0].slice(0, 200);
}

function lines(text) {
  return text.split('\n').map((line) => line.replace(/\s+/g, ' ').trim()).filter(Boolean);
}

/** The sink's requests with the browser's words for them, and those that only the browser speaks of (cached, refused). */
function join(requests, told) {
  const sent = requests.map(({ url, method, destination }) => {
    const { type, initiator } = told.get(url) ?? {};
    return { url, method, destination, type: type ?? '', initiator: initiator ?? '' };
  });
  const urls = new Set(requests.map(({ url }) => url));
  return { requests: sent, unsent: [...told.keys()].filter((url) => !urls.has(url)) };
}

function within(promise, ms) {
  let timer;
  const late = new Promise((done) => { timer = setTimeout(done, ms, undefined); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
