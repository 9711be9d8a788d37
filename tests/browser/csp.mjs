// Turns pages that reach other hosts in every known way, and sites with strict policies of their own, into what the policy alone stops.
//
//   node csp.mjs --program consentry [--out target/csp]
//
// 1. The vectors' URLs are put together at run time, so neither the HTML nor the inline scripts tell the proxy of them.
// 2. What left the browser is what the sink saw: requests, and hosts to which only a connection was opened.
// 3. Without a policy the same vectors do reach the sink: a vector that fires nowhere shows nothing.
// 4. `cases.json` in the folder has pages under policies of sites, with stand-ins for our own scripts in them: those run, the site's own
//    run, and what the site's policy refuses still does not.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { proxy } from './front.mjs';
import { certificate } from './sink.mjs';
import { VECTORS, reached, script } from './vectors.mjs';
import { given, pause, visitor } from './visit.mjs';

const SETTLE = 2_500;
const args = given('csp');
const LOADS = Object.keys(VECTORS).filter((name) => !VECTORS[name].forms);

/** A site whose pages are `pages`, by path: `{ head, body }`, or a function of the request. */
function origin(pages) {
  return (request, response) => {
    request.resume();
    const page = pages[new URL(request.url, 'http://x/').pathname];
    if (page === undefined) return response.writeHead(404).end();
    const { type = 'text/html; charset=utf-8', headers = {}, body } = page;
    return response.writeHead(200, { 'content-type': type, ...headers }).end(body);
  };
}

/** What a visit to `path` sent: `{ requests, contacts, errors, value }`; `look` runs in the page at its end. */
async function visit(browser, secure, front, url, look = () => undefined, settle = SETTLE) {
  const own = new URL(url);
  const { tab, end } = await visitor(browser, secure, own, front);
  const errors = [];
  tab.on('pageerror', (error) => errors.push(error.message));
  tab.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await tab.setViewport({ width: 1200, height: 1000 });
  await tab.goto(url, { waitUntil: 'load', timeout: 15_000 }).catch((error) => errors.push(String(error)));
  await pause(settle);
  const value = await tab.evaluate(look);
  const sent = await end();
  const others = sent.requests.filter((request) => new URL(request.url).host !== own.host);
  const reports = sent.requests.filter((request) => request.url.endsWith('/_consentry/report'));
  return { requests: others, contacts: sent.contacts.filter((host) => host !== own.hostname), reports, errors, value };
}

/** A free port of this machine. */
async function freePort() {
  const server = net.createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** What the operator reads of the reports. */
function told(port) {
  return new Promise((done, fail) => http.get(`http://127.0.0.1:${port}/reports`, (answer) => {
    let text = '';
    answer.on('data', (bytes) => { text += bytes; }).on('end', () => done(JSON.parse(text)));
  }).on('error', fail));
}

/** The pages of `cases.json`: our own scripts run in them, and nothing that the site refused. */
async function ownScripts(browser, secure) {
  const file = join(args.out, 'cases.json');
  if (!existsSync(file)) return console.log('there are no cases of our own scripts');
  const { files, cases } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { name, policies, body } of cases) {
    const front = (request, response) => {
      request.resume();
      const path = new URL(request.url, 'https://shop.example').pathname;
      if (path === '/') return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policies }).end(body);
      if (path === '/evil.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end('window.evil = 2');
      if (path in files) return response.writeHead(200, { 'content-type': 'text/javascript' }).end(files[path]);
      return response.writeHead(path === '/_consentry/choice' ? 200 : 404).end();
    };
    const got = await visit(browser, secure, front, 'https://shop.example/',
      () => ({ guard: window.guard, banner: window.banner, spoken: window.spoken, site: window.site, evil: window.evil ?? 0 }), 400);
    assert.deepEqual({ ...got.value }, { guard: 1, banner: '-', spoken: true, site: 1, evil: 0 },
      `${name}\n${policies.join('\n')}\n${body}\n${got.errors.join('\n')}`);
  }
  return console.log(`our own scripts run under ${cases.length} policies, and nothing else that did not`);
}

const hosts = (requests) => requests.map((request) => new URL(request.url).hostname);
const config = (wall, port) => `[gate]\nguard = false\ncsp = "${wall}"\n${port ? `[listen]\nadmin = "127.0.0.1:${port}"\n` : ''}`;

const page = (names) => `<!doctype html><meta charset=utf-8><title>v</title><body><p class=v>v</p><script>${script(names)}</script>`;
const frame = script(['ownframe']).replace("put('<iframe src=\"/frame\"></iframe>')", "new Image().src = u('a.gif')");
const site = {
  '/': { body: page(LOADS) },
  '/bundle': { body: '<!doctype html><meta charset=utf-8><title>v</title><body><p class=v>v</p><script src=/bundle.js></script>' },
  '/bundle.js': { type: 'text/javascript', body: script(LOADS) },
  '/frame': { body: `<!doctype html><title>f</title><body><script>${frame}</script>` },
  '/local': { body: `<!doctype html><title>l</title><link rel=icon href=data:,><body><script>
    window.done = {};
    const image = new Image(); image.onload = () => { done.data = true; }; image.src = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
    const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); worker.onmessage = () => { done.blob = true; };
    done.eval = eval('1 + 1') === 2;
    fetch('/own').then(() => { done.fetch = true; });
    const sheet = document.createElement('style'); sheet.textContent = 'body{margin:7px}'; document.head.append(sheet);
    done.style = getComputedStyle(document.body).margin === '7px';
    const inner = document.createElement('iframe'); inner.srcdoc = '<script>parent.done.srcdoc = true<\\/script>'; document.body.append(inner);
    const own = new Image(); own.onload = () => { done.image = true; }; own.src = '/own.gif';
    WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).then(() => { done.wasm = true; });
  </script>` },
  '/own': { type: 'text/plain', body: 'own' },
  '/own.gif': { type: 'image/gif', body: Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64') },
};

async function against(browser, secure, name, text, walk, pages = site) {
  const served = await proxy(args.program, name, text, origin(pages), args.out);
  try {
    const result = await walk((url, look) => visit(browser, secure, served.front, url, look), served);
    assert.deepEqual(served.failures, [], `${name}: the proxy failed`);
    return result;
  } finally {
    await served.stop();
  }
}

const count = ({ contacts }) => contacts.reduce((sum, contact) => sum + contact.count, 0);

/** What no policy stops, and why. */
const AHEAD = 'Chromium may open a connection for a frame before it asks the policy, and then sends nothing on it';
const BEYOND = {
  preconnect: 'opens a connection and sends nothing: CSP knows no directive for it',
  iframe: AHEAD, moved: AHEAD, refreshed: AHEAD, object: AHEAD, embed: AHEAD,
};

const browser = await launch(['--short-reporting-delay', '--ignore-certificate-errors']);
const secure = certificate();
try {
  // The same vectors without a policy: those that fire here are what the next part is about.
  const fired = await against(browser, secure, 'off', config('off'), async (go) => {
    const all = await go('https://shop.example/');
    return reached([...all.contacts, ...hosts(all.requests)]);
  });
  const silent = LOADS.filter((name) => !fired.includes(name));
  console.log(`without a policy ${fired.length} of ${LOADS.length} vectors reach the sink; silent: ${silent.join(' ') || 'none'}`);
  assert.ok(fired.length > 75, `too few vectors fire: ${fired.length}`);

  const table = await against(browser, secure, 'enforce', config('enforce'), async (go) => {
    const rows = {};
    for (const path of ['/', '/bundle']) {
      const got = await go(`https://shop.example${path}`);
      assert.deepEqual(reached(hosts(got.requests)), [], `${path}: what the policy lets through`);
      const contacted = reached(got.contacts).filter((name) => !(name in BEYOND));
      assert.deepEqual(contacted, [], `${path}: connections that the policy lets through`);
      rows[path] = { contacted: reached(got.contacts), reports: got.reports.length };
    }
    const local = await go('https://shop.example/local', () => window.done);
    const works = { data: true, blob: true, eval: true, fetch: true, style: true, srcdoc: true, image: true, wasm: true };
    assert.deepEqual({ ...local.value }, works, 'what the site does itself');
    assert.deepEqual(local.errors, []);
    return rows;
  });
  console.log(`enforced, none of them sends anything: ${JSON.stringify(table)}`);
  mkdirSync(args.out, { recursive: true });
  writeFileSync(join(args.out, 'vectors.json'), `${JSON.stringify({ fired, silent, table, beyond: BEYOND }, null, 2)}\n`);

  // Reports, by both ways: `report-uri` on a page without TLS, `report-to` with it.
  for (const wall of ['report', 'enforce']) {
    const port = await freePort();
    await against(browser, secure, `reports-${wall}`, config(wall, port), async (go) => {
      for (const url of ['http://shop.example/', 'https://shop.example/']) {
        const before = count(await told(port));
        const got = await go(url);
        if (wall === 'report') assert.ok(reached(hosts(got.requests)).length > 70, `${url}: report must stop nothing`);
        const counted = count(await told(port)) - before;
        console.log(`${wall}: ${url} sent ${got.reports.length} requests with reports, and ${counted} contacts were counted`);
        assert.ok(counted > 60, `${url}: ${counted} contacts`);
      }
      const { contacts } = await told(port);
      const rows = contacts.map(({ site: host, path, domain, vendor, allowed, held }) => ({ host, path, domain, vendor, allowed, held }));
      for (const { path, ...row } of rows) {
        assert.ok(['/', '/frame'].includes(path), path);
        assert.deepEqual(row, { host: 'shop.example', domain: 'hotjar.com', vendor: 'hotjar', allowed: false, held: wall === 'enforce' });
      }
    });
  }
  await ownScripts(browser, secure);
} finally {
  await browser.close();
}
process.exit(0);
