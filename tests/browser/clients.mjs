// Turns real vendors' scripts behind the proxy into visits: before a choice, and after a yes.
//
//   node clients.mjs --program consentry [--out target/clients] [--only posthog]
//
// 1. The stub in the place of all vendors serves their packages' files, and what it is sent is what left the proxy. What left the
//    browser for anybody but the site is what the sink saw.
// 2. Every layer of what arrives is opened, and the person whom the page names is looked for in it.
// 3. Some clients are silent before what looks like a robot, so the browser does not look like one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { proxy } from './front.mjs';
import { texts, unpacked } from './opened.mjs';
import { certificate } from './sink.mjs';
import { CLIENTS, PERSON, page } from './trackers.mjs';
import { MODULES, given, pause, visitor as arrive } from './visit.mjs';

const SETTLE = 1_200;
const PATIENCE = 15_000;
const HOST = new URL('https://shop.example/');
const SESSION = '5f2a90c1e77b4d0c';
const args = given('clients', { only: { type: 'string' } });
const clients = CLIENTS.filter(({ name }) => !args.only || args.only.split(',').includes(name));

/** What `table`, whose keys are the beginnings of URLs without a scheme, has for `place`. */
function under(table, place) {
  const found = Object.entries(table).filter(([prefix]) => place.startsWith(prefix)).sort(([a], [b]) => b.length - a.length);
  return found[0]?.[1];
}

/** All vendors in one server, which keeps what it is sent. */
async function vendors() {
  const merged = (part) => Object.assign({}, ...clients.map((client) => client[part] ?? {}));
  const [files, tags, answers] = [merged('files'), merged('tags'), merged('answers')];
  const sent = [];
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const place = request.headers.host + request.url;
    const [path] = place.split('?');
    sent.push({ method: request.method, place, headers: request.headers, body });
    const script = files[path] ? readFileSync(join(MODULES, files[path])) : tags[path];
    if (script !== undefined) return response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=600' }).end(script);
    const answer = under(answers, path);
    if (answer !== undefined) return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    return response.writeHead(204).end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const hosts = new Set([files, tags, answers, ...clients.map(({ gets }) => gets)].flatMap(Object.keys)
    .flatMap((keys) => keys.split(',')).map((place) => place.split('/')[0]));
  return { server, sent, hosts: [...hosts], address: `http://127.0.0.1:${server.address().port}` };
}

/** The site: a page for each client. */
function origin(request, response) {
  request.resume();
  const client = clients.find(({ name }) => new URL(request.url, HOST).pathname === `/${name}`);
  if (!client) return response.writeHead(404).end();
  return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(client));
}

/** A visitor with a tab, a cookie jar and a sink of his own. */
async function visitor(browser, secure, front) {
  const named = (request, response) => {
    request.headers['x-forwarded-for'] = PERSON.ip;
    return front(request, response);
  };
  const { sink, context, tab, end } = await arrive(browser, secure, HOST, named);
  const version = (await browser.version()).match(/\d+/)[0];
  const brands = [{ brand: 'Chromium', version }, { brand: 'Not)A;Brand', version: '8' }];
  await tab.setUserAgent({
    userAgent: `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`,
    userAgentMetadata: { brands, fullVersion: `${version}.0.0.0`, platform: 'Linux', platformVersion: '6', architecture: 'x86', model: '', mobile: false },
  });
  await tab.setViewport({ width: 1200, height: 900 });
  const complaints = [];
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('console', (message) => complaints.push(`${message.type()}: ${message.text()} ${message.location().url ?? ''}`));
  const own = [];
  tab.on('requestfinished', (request) => own.push(`${request.response()?.status()} ${request.method()} ${request.url()}`));
  tab.on('requestfailed', (request) => own.push(`failed ${request.method()} ${request.url()}`));
  await context.setCookie({ name: 'session', value: SESSION, domain: HOST.hostname, path: '/', secure: true });
  return {
    tab, complaints, own, context, end,
    // What ends in `.invalid` is nowhere (RFC 6761, 6.4): it is what the proxy puts in the place of a host that is held.
    elsewhere: () => sink.take().contacts.filter((host) => host !== HOST.hostname && !host.endsWith('.invalid')),
    async visit(path) {
      await tab.goto(new URL(path, HOST), { waitUntil: 'load', timeout: 15_000 });
      await tab.click('#buy');
      await tab.evaluate(() => window.scrollTo(0, 900));
      await pause(SETTLE);
    },
  };
}

/** Every text that can be read in a request. */
function readable({ place, headers, body }) {
  const fields = Object.entries(headers).filter(([name]) => name !== 'host').map(([, value]) => value);
  const query = place.split('?').slice(1).join('?');
  return [place, query, unpacked(body).toString('utf8'), ...fields].flatMap((text) => texts(text));
}

/** Where a request holds something that names the person; `undefined` where it does not. */
function telling(request) {
  const digits = PERSON.phone.replaceAll(/\D/g, '');
  const planted = [PERSON.mail, 'lovelace', PERSON.user, PERSON.ip, PERSON.ip.replace(/\.\d+$/, '.'), SESSION];
  return readable(request).find((text) => planted.some((one) => text.toLowerCase().includes(one))
    || text.replaceAll(/[^\d]/g, '').includes(digits.slice(2)));
}

/** What of `gets` has not arrived. */
function missing({ gets }, sent) {
  return Object.entries(gets).flatMap(([places, expected]) => {
    const there = sent.filter(({ place }) => places.split(',').some((one) => place.startsWith(one) || place.includes(`.${one}`)));
    const all = there.flatMap(readable);
    return expected.filter((text) => !all.includes(text)).map((text) => `${places}: ${text}`);
  });
}

async function check(browser, secure, front, stub, client) {
  const one = await visitor(browser, secure, front);
  const path = `/${client.name}?email=${encodeURIComponent(PERSON.mail)}&utm_source=spring#${PERSON.phone}`;
  const from = stub.sent.length;
  const sent = () => stub.sent.slice(from);
  try {
    await one.visit(path);
    assert.deepEqual(sent().map(({ place }) => place), [], `${client.name}: a vendor was sent something before a yes`);
    assert.deepEqual(one.elsewhere(), [], `${client.name}: the browser went elsewhere before a yes`);

    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await one.context.setCookie({ name: 'consentry', value: `v1.x.${day}.f1a1m1`, domain: HOST.hostname, path: '/', secure: true });
    await one.tab.goto('about:blank');
    await one.visit(path);
    const end = Date.now() + (client.leaves ? SETTLE : PATIENCE);
    while (missing(client, sent()).length && Date.now() < end) await pause(100);
    await one.tab.goto('about:blank');
    const late = Date.now() + PATIENCE / 5;
    while (missing(client, sent()).length && Date.now() < late) await pause(100);
    await pause(200);
    assert.deepEqual(missing(client, sent()), [], `${client.name}: did not arrive`);
    for (const request of sent()) assert.equal(telling(request), undefined, `${client.name}: ${request.place} names the person`);
    assert.deepEqual(one.elsewhere(), [], `${client.name}: the browser went elsewhere after a yes`);
  } catch (error) {
    console.log(`--- ${client.name}`, one.complaints, one.own);
    for (const { method, place, body } of sent()) console.log(method, place, unpacked(body).toString('utf8').slice(0, 1500));
    throw error;
  } finally {
    await one.end();
  }
  return sent().length;
}

const stub = await vendors();
// The choice is the site's own here, so no list of vendors goes with it.
const config = `[banner]\nenabled = false\n[collect.targets]\n${stub.hosts.map((host) => `"${host}" = "${stub.address}"\n`).join('')}`;
const browser = await launch(['--disable-blink-features=AutomationControlled']);
const secure = certificate();
const served = await proxy(args.program, 'clients', config, origin, args.out);
const failed = [];
try {
  for (const client of clients) {
    try {
      const count = await check(browser, secure, served.front, stub, client);
      console.log(`${client.name}: nothing before the yes, ${count} requests after it, none of which names the person`);
    } catch (error) {
      failed.push(client.name);
      console.log(`${client.name}: FAILED: ${error.message}`);
    }
  }
  assert.deepEqual(served.failures, [], 'the proxy failed');
} finally {
  await browser.close();
  await served.stop();
  stub.server.close();
  stub.server.closeAllConnections();
}
assert.deepEqual(failed, [], 'clients that failed');
process.exit(0);
