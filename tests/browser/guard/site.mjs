// Turns the guard's file and pages into a site in a browser whose whole network is a sink.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Sink, certificate, stub } from '../sink.mjs';

const secure = certificate();
/** The guard's second file, which stands beside the first; any name but the first one's is its own. */
const second = readFileSync(join(dirname(process.argv[2]), 'second.js'));
export const OWN = new URL('https://shop.example/');

/** Opens pages: `pages` by path, a text or a function of the request; `scripts` by the end of a vendor's URL, what it answers. */
export async function visit(browser, guard, { pages, vendors = {}, granted = '', attributes = '', csp }) {
  const html = (body) => `<!doctype html><html><head><meta charset=utf-8><script src="/_consentry/guard/x.js" data-granted="${granted}" data-site="shop.example" ${attributes}></script>${granted && '<script src="/_consentry/guard/y.js"></script>'}</head>${body}`;
  const served = (url, request, response) => {
    const found = Object.entries(vendors).find(([part]) => url.includes(part));
    if (!found) return stub(request, response);
    const [type, text] = Array.isArray(found[1]) ? found[1] : ['text/javascript', found[1]];
    request.resume();
    setTimeout(() => response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'access-control-allow-origin': '*' }).end(text), /slow=(\d+)/.exec(url)?.[1] ?? 0);
  };
  const front = (request, response) => {
    if (request.url === '/_consentry/guard/state') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>famous page</title>');
    if (request.url === '/_consentry/guard/words/en') {
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{"lang":"nb","dir":"ltr","text":"Fra {host}.","once":"Én gang","always":"Alltid"}');
    }
    if (request.url === '/cookies') return response.writeHead(200, { 'set-cookie': ['_ga=1; Path=/', '_fbp=1; Path=/', '_gid=1; Path=/', '_hjSession_1=1; Path=/', 'kept=1; Path=/'] }).end();
    if (request.url.startsWith('/_consentry/guard/')) return response.writeHead(200, { 'content-type': 'text/javascript' }).end(request.url.endsWith('/x.js') ? guard : second);
    if (request.url.startsWith('/_consentry/v/')) return served(request.url, request, response);
    const page = pages[request.url.split('?')[0]];
    if (page === undefined) return response.writeHead(404).end();
    if (typeof page === 'object') return response.writeHead(200, { 'content-type': page.type }).end(page.text);
    const headers = { 'content-type': 'text/html; charset=utf-8', ...(csp && { 'content-security-policy': csp }) };
    return response.writeHead(200, headers).end(html(page));
  };
  const sink = await new Sink(secure, OWN, front, served).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  return {
    page, errors, sink,
    requests: [],
    async open(path = '/') {
      await page.goto(new URL(path, OWN).href, { waitUntil: 'domcontentloaded' });
    },
    /** What went to others, and what went their way through the site itself, since the last time. */
    sent() {
      const { requests } = sink.take();
      const out = [];
      for (const { url, method } of requests) {
        const { hostname, pathname } = new URL(url);
        if (hostname !== OWN.hostname) out.push({ url, method, own: false });
        else if (pathname.startsWith('/_consentry/v/')) out.push({ url: 'https://' + url.split('/_consentry/v/')[1], method, own: true });
      }
      return out;
    },
    async close() {
      await context.close();
      sink.close();
    },
  };
}
