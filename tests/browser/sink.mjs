// Turns whatever one browser tab sends into a record of who was contacted, and into an answer that upsets no page.
//
// 1. A sink is an HTTP proxy (RFC 9110 9.3.6 for CONNECT), so it learns the host of a connection on which nothing follows.
// 2. TLS is ended here for any name; what is inside a tunnel is told by its first byte (RFC 8446 5.1: 0x16 is a handshake).
// 3. The page's own host goes to the front under test; every other host is answered by what the browser asked for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const HANDSHAKE = 0x16;
const BODIES = {
  script: ['text/javascript', ''],
  style: ['text/css', ''],
  image: ['image/gif', GIF],
  iframe: ['text/html', '<!doctype html><title></title>'],
};
const KINDS = {
  script: 'script', worker: 'script', sharedworker: 'script', serviceworker: 'script', style: 'style', image: 'image',
  iframe: 'iframe', frame: 'iframe', embed: 'iframe', object: 'iframe',
};

/** A certificate for any name, made anew: nothing here checks it. */
export function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'sink-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=sink', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const context = tls.createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  rmSync(folder, { recursive: true });
  return context;
}

/** What a request that says no more of itself is for: `Sec-Fetch-Dest` goes to https only. */
function kind(request) {
  const destination = request.headers['sec-fetch-dest'];
  if (destination) return KINDS[destination];
  const accept = request.headers.accept ?? '';
  if (accept.startsWith('text/css')) return 'style';
  if (accept.startsWith('image/')) return 'image';
  return accept === '*/*' && !request.headers.origin && request.method === 'GET' ? 'script' : undefined;
}

/** The answer of every server that is not the page's. A 204 to a navigation leaves the page where it is. */
export function stub(request, response) {
  const [type, body] = BODIES[kind(request)] ?? [];
  const headers = {
    'cache-control': 'no-store',
    'access-control-allow-origin': request.headers.origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, PATCH',
  };
  request.resume();
  if (type === undefined || request.method === 'OPTIONS') return response.writeHead(204, headers).end();
  return response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length }).end(body);
}

/** The network as one tab sees it. */
export class Sink {
  #outer;
  #inner;
  #secure;
  #sockets = new Set();
  #own;
  #front;
  #others;
  #requests = [];
  #contacts = new Set();

  /** `own`, a URL, names the page's host, which `front(request, response)` answers; `others` answers for every other host. */
  constructor(secure, own, front, others = (_, request, response) => stub(request, response)) {
    this.#others = others;
    this.#secure = secure;
    this.#own = own;
    this.#front = front;
    this.#inner = http.createServer({ keepAliveTimeout: 30_000 }, (request, response) => this.#request(request, response));
    this.#inner.on('upgrade', (request, socket) => this.#upgrade(request, socket));
    this.#outer = http.createServer({ keepAliveTimeout: 30_000 }, (request, response) => this.#request(request, response));
    this.#outer.on('connect', (request, socket, head) => this.#connect(request, socket, head));
    this.#outer.on('connection', (socket) => this.#track(socket));
  }

  async listen() {
    await new Promise((done) => this.#outer.listen(0, '127.0.0.1', done));
    this.address = `127.0.0.1:${this.#outer.address().port}`;
    return this;
  }

  /** What was sent since the last time. */
  take() {
    const sent = { requests: this.#requests, contacts: [...this.#contacts] };
    this.#requests = [];
    this.#contacts = new Set();
    return sent;
  }

  /** Ends every connection; what was sent. */
  close() {
    this.#outer.close();
    for (const socket of this.#sockets) socket.destroy();
    return { requests: this.#requests, contacts: [...this.#contacts] };
  }

  #track(socket) {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #connect(request, socket, head) {
    this.#contacts.add(request.url.replace(/:\d+$/, '').toLowerCase());
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length) return this.#tunnel(socket, head);
    return socket.once('data', (first) => this.#tunnel(socket, first));
  }

  #tunnel(socket, first) {
    socket.pause();
    socket.unshift(first);
    const secure = first[0] === HANDSHAKE;
    const inside = secure ? new tls.TLSSocket(socket, { isServer: true, secureContext: this.#secure }) : socket;
    inside.on('error', () => socket.destroy());
    inside.scheme = secure ? 'https' : 'http';
    this.#inner.emit('connection', inside);
    if (!secure) socket.resume();
  }

  #request(request, response) {
    response.on('error', () => {});
    const url = this.#record(request);
    // The origin form for whoever is behind (RFC 9112 3.2.1).
    request.url = url.pathname + url.search;
    request.scheme = url.protocol.slice(0, -1);
    return url.host === this.#own?.host ? this.#front(request, response) : this.#others(url.href, request, response);
  }

  #upgrade(request, socket) {
    this.#record(request, 'websocket');
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  }

  #record(request, destination = request.headers['sec-fetch-dest'] ?? '') {
    const scheme = request.socket.scheme ?? 'http';
    const whole = request.url.startsWith('http://') ? request.url : `${scheme}://${request.headers.host}${request.url}`;
    const url = new URL(whole);
    this.#contacts.add(url.hostname);
    this.#requests.push({ url: url.href, method: request.method, destination });
    return url;
  }
}
