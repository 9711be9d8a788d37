// Turns a variant into what answers for the page's own host: the saved page itself, or Consentry in front of it.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stub } from './sink.mjs';

const READY = 30_000;

/**
 * Every variant: `config` is the proxy's (absent: no proxy), `consent` whether the visitor has said yes to everything.
 * `guard` is "true" or "false"; without it the program's default counts.
 */
export function variants(lists, guard) {
  const quoted = lists.map(({ path, purpose }) => `{ path = ${JSON.stringify(path)}, purpose = "${purpose}" }`).join(', ');
  const agreed = ['functional', 'analytics', 'marketing'].map((purpose) => `{ cookie = "agreed", path = "", equals = "1", purpose = "${purpose}" }`).join(', ');
  const gate = guard ? `[gate]\nguard = ${guard}\n` : '[gate]\n';
  return {
    direct: {},
    again: {},
    default: { config: gate },
    consent: { config: `${gate}[banner]\nenabled = true\n[consent]\nrule = [${agreed}]\n[collect]\nenabled = false\n`, consent: true },
    lists: { config: `${gate}lists = [${quoted}]\n` },
    all: { config: `${gate}third_party = "all"\n` },
  };
}

/** The saved pages as their own servers: `(request, response)` for any of their hosts. */
export function origin(pages) {
  const saved = new Map(pages.map(({ url, path }) => [url.host + url.pathname + url.search, path]));
  return (request, response) => {
    const path = saved.get(request.headers.host + request.url);
    if (path === undefined) return stub(request, response);
    request.resume();
    return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(readFileSync(path));
  };
}

/** Consentry with `config` before `answer`; `{ front, stop, failures }`. */
export async function proxy(program, name, config, answer, folder) {
  const behind = http.createServer({ keepAliveTimeout: 60_000 }, answer);
  await new Promise((done) => behind.listen(0, '127.0.0.1', done));
  const listen = `127.0.0.1:${await freePort()}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, config);
  const child = spawn(program, ['serve', '--origin', `http://127.0.0.1:${behind.address().port}`, '--listen', listen,
    '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stderr.on('data', (bytes) => { log.push(bytes); if (log.length > 200) log.shift(); });
  await ready(child, () => Buffer.concat(log).toString());
  const forwarder = forward(listen);
  return {
    front: forwarder.front,
    failures: forwarder.failures,
    async stop() {
      child.kill('SIGTERM');
      const gone = new Promise((done) => child.once('exit', done));
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await gone;
      clearTimeout(timer);
      behind.closeAllConnections();
      behind.close();
      writeFileSync(join(folder, `${name}.log`), Buffer.concat(log));
    },
  };
}

function ready(child, log) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready: ${log()}`)), READY);
    const lines = createInterface({ input: child.stdout });
    lines.once('line', () => { clearTimeout(timer); done(); });
    lines.on('line', () => {});
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`it ended with ${code}: ${log()}`)));
  });
}

function forward(listen) {
  const [host, port] = listen.split(':');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const failures = [];
  const front = (request, response) => {
    const headers = { ...request.headers, 'x-forwarded-proto': request.scheme };
    delete headers['proxy-connection'];
    const onward = http.request({ host, port, agent, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.on('error', (error) => {
        if (!response.destroyed) failures.push(`${request.headers.host}${request.url}: cut off: ${error.message}`);
        response.destroy();
      });
      answer.pipe(response);
    });
    onward.on('error', (error) => {
      // A tab that is closed while it loads is nobody's failure.
      if (response.destroyed) return undefined;
      failures.push(`${request.headers.host}${request.url}: ${error.message}`);
      if (response.headersSent) return response.destroy();
      return response.writeHead(502).end();
    });
    request.pipe(onward);
  };
  return { front, failures };
}

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
