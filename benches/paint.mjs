// Turns one page into what the banner and the guard cost a visitor: milliseconds to its first paint, and bytes on the wire.
//
//   node benches/paint.mjs --program target/release/consentry [--loads 30] [--page FILE]
//
// 1. Two servers before one origin differ in `--mode`: "off" passes the page as it is, "enforce" gates it and adds guard and banner.
//    Trackers are answered at once and with nothing, so the page as it is waits for none of them; real ones would make it slower.
// 2. Each load is in a new browser context, with nothing in its cache, in turns; the figure is the median of what Chromium says
//    (`first-contentful-paint`, Paint Timing; `startTime` of the page's load event). A third row is the second page of one visit.
// 3. Bytes are of the files themselves, as they are sent with each content coding.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../tests/browser/chromium.mjs';
import { proxy } from '../tests/browser/front.mjs';
import { companies, shop } from '../tests/browser/shows/shop.mjs';
import { Sink, certificate } from '../tests/browser/sink.mjs';

const { values: args } = parseArgs({ options: {
  program: { type: 'string', default: process.env.CONSENTRY }, loads: { type: 'string', default: '30' }, page: { type: 'string' },
} });
const OWN = new URL('https://shop.example/');
const folder = join(tmpdir(), `paint-${process.pid}`);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const text = args.page && readFileSync(args.page);
const { answer } = shop();
const origin = text ? (request, response) => (request.url === '/'
  ? response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text) : response.writeHead(404).end()) : answer;
const vendors = await companies();
const config = (more) => `${more}[records]\nstore = ""\n${vendors.config}`;
const servers = { without: 'mode = "off"\n', with: '' };
for (const name of Object.keys(servers)) servers[name] = await proxy(args.program, name, config(servers[name]), origin, folder);
const secure = certificate();
const browser = await launch();
// Rule 1.
const nobody = (_, request, response) => { request.resume(); response.writeHead(204, { 'cache-control': 'no-store' }).end(); };

const timing = () => new Promise((done) => {
  const read = () => {
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    const [page] = performance.getEntriesByType('navigation');
    if (!paint || !page.loadEventEnd) return setTimeout(read, 20);
    return done({ paint: paint.startTime, 'paint after the first byte': paint.startTime - page.responseStart, load: page.loadEventEnd });
  };
  read();
});

async function visit(server, pages = 1) {
  const sink = await new Sink(secure, OWN, server.front, nobody).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  const page = await context.newPage();
  await page.setViewport({ width: 1200, height: 800 });
  let found;
  for (let at = 0; at < pages; at += 1) {
    await page.goto(OWN.href, { waitUntil: 'load', timeout: 20_000 });
    found = await page.evaluate(timing);
  }
  await context.close();
  sink.close();
  return found;
}

/** The length of what is at `path`, as it is sent in `coding`, and it. */
function fetched(port, path, coding) {
  const headers = { host: OWN.host, accept: 'text/html', 'accept-encoding': coding, 'accept-language': 'en', 'sec-fetch-dest': 'document' };
  return new Promise((done, fail) => {
    http.get({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => done({ size: Buffer.concat(parts).length, coding: answer.headers['content-encoding'] ?? 'identity', text: Buffer.concat(parts).toString() }));
    }).on('error', fail);
  });
}

async function bytes() {
  const door = http.createServer((request, response) => { request.scheme = 'https'; servers.with.front(request, response); });
  await new Promise((done) => door.listen(0, '127.0.0.1', done));
  const { port } = door.address();
  const page = await fetched(port, '/', 'identity');
  for (const kind of ['guard', 'banner']) {
    const [path] = page.text.match(new RegExp(`/_consentry/${kind}/[^"]*`)) ?? [];
    if (!path) { console.log(`no ${kind} in the page`); continue; }
    const sizes = [];
    for (const coding of ['identity', 'gzip', 'br', 'zstd']) {
      const got = await fetched(port, path, coding);
      sizes.push(`${got.size} ${got.coding}`);
    }
    console.log(`${kind}: ${sizes.join(', ')} bytes`);
  }
  door.close();
}

await bytes();
const rows = { 'first page': 1, 'second page': 2 };
for (const [row, pages] of Object.entries(rows)) {
  const found = { without: [], with: [] };
  for (let load = -2; load < Number(args.loads); load += 1) {
    for (const [name, server] of Object.entries(servers)) {
      const one = await visit(server, pages);
      if (load >= 0) found[name].push(one);
    }
  }
  const of = (name, what) => median(found[name].map((one) => one[what]));
  for (const what of ['paint', 'paint after the first byte', 'load']) {
    const [without, and] = [of('without', what), of('with', what)];
    console.log(`${row}, ${what}: ${without.toFixed(1)} ms without, ${and.toFixed(1)} ms with, ${(and - without).toFixed(1)} ms more`);
  }
}
await browser.close();
for (const server of Object.values(servers)) await server.stop();
vendors.close();
process.exit(0);
