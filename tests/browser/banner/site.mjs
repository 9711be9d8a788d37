// Turns the files of a folder into a small site with the banner in its pages: normal ones, old ones and hostile ones.
//
// 1. A page is told by its query what it is: `kind`, `file` (the script), `signal`, `removed`, `policy` (which CSP), and where the visitor
//    stands: `state`, `granted`, `ask`. Without a word `granted` is what the cookie says, less marketing with GPC.
// 2. `/_consentry/choice` keeps the choice in a cookie and every request to it in `asked`; `site.answers` says how it answers.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const TEXT = 'A kettle is a vessel for boiling water. Ours is made of steel, holds a litre and a half, and pours without a drip. ';
const STYLE = `body{font:17px/1.6 Georgia,serif;margin:0;color:#223}main{max-width:44rem;margin:0 auto;padding:3rem 1.25rem}h1{font-size:2.4rem;line-height:1.15}
nav{background:#f3efe8;padding:1rem 1.25rem}a{color:inherit}nav a{margin-inline-end:1.5rem}img{width:100%;height:260px;background:linear-gradient(120deg,#d9c7a7,#8fa6a0);display:block;border:0}
@media(prefers-color-scheme:dark){body{background:#14161a;color:#dde}nav{background:#1d2026}}`;
const HOSTILE = `* { all: unset !important; } * { font-size: 40px !important; color: lime !important; letter-spacing: 9px !important; text-transform: uppercase !important;
  direction: ltr !important; position: static !important; float: right !important; transform: rotate(4deg) !important; opacity: .3 !important; zoom: 2 !important; }
  div { display: none !important; } html { font-size: 62.5% !important; --c-back: red !important; --c-text: red !important; }
  .wall { display: block !important; position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; background: #fed !important; }`;
const PATCHES = `
  Array.prototype.toJSON = function () { return 'broken'; };
  Object.prototype.extra = function () { throw new Error('extra'); };
  for (const name of ['map', 'forEach', 'filter', 'join', 'includes', 'indexOf', 'concat', 'some', 'slice']) {
    const own = Array.prototype[name];
    Array.prototype[name] = function (...all) { if (!window.isQuiet) throw new Error('patched ' + name); return own.apply(this, all); };
  }
  String.prototype.replace = String.prototype.split = function () { throw new Error('patched string'); };
  JSON.stringify = () => 'broken'; JSON.parse = () => { throw new Error('patched parse'); };
  for (const name of ['createElement', 'createElementNS', 'querySelector', 'addEventListener', 'createTextNode']) {
    document[name] = () => { throw new Error('patched document.' + name); };
  }
  Array.prototype[Symbol.iterator] = function () { throw new Error('patched iterator'); };`;

// What a browser of 2021 has not.
const AGE = `delete HTMLElement.prototype.showPopover; delete HTMLElement.prototype.hidePopover; delete HTMLElement.prototype.popover;
  delete HTMLDialogElement.prototype.showModal; delete HTMLDialogElement.prototype.close;
  delete CSSStyleSheet.prototype.replaceSync; delete window.BroadcastChannel;`;

const POLICIES = {
  none: () => null,
  own: () => "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'nonce-abc123'; require-trusted-types-for 'script'; trusted-types 'none'",
  nonce: () => "default-src 'none'; script-src 'nonce-abc123'; connect-src 'self'; style-src 'nonce-abc123'; require-trusted-types-for 'script'; trusted-types 'none'",
  hash: (script) => `default-src 'none'; script-src '${integrity(script)}'; connect-src 'self'; style-src 'nonce-abc123'; require-trusted-types-for 'script'; trusted-types 'none'`,
};

const integrity = (script) => `sha256-${createHash('sha256').update(script).digest('base64')}`;
const lettersIn = (cookie = '') => /(?:^|; )consentry=([fam]+|-)/.exec(cookie)?.[1] ?? '';

export async function serve(files) {
  const site = { asked: [], reads: 0, answers: 'well', given: '', url: null, close: null };
  const server = createServer((request, response) => answer(site, files, request, response));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  site.url = `http://127.0.0.1:${server.address().port}`;
  site.close = () => { server.closeAllConnections(); server.close(); };
  return site;
}

function answer(site, files, request, response) {
  const url = new URL(request.url, 'http://site');
  const send = (status, type, body, headers = {}) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
    response.end(body);
  };
  if (url.pathname === '/_consentry/choice') return choice(site, request, send);
  if (url.pathname.startsWith('/_consentry/banner/')) {
    return send(200, 'text/javascript; charset=utf-8', readFileSync(join(files, url.pathname.split('/').pop())));
  }
  if (url.pathname.startsWith('/form/')) {
    const name = url.pathname.slice(6);
    const policy = readFileSync(join(files, `${name}.csp`), 'utf8');
    return send(200, 'text/html; charset=utf-8', readFileSync(join(files, `${name}.html`)), { 'content-security-policy': policy });
  }
  if (url.pathname === '/framed') return send(200, 'text/html', `<!doctype html><title>Frame</title><iframe title="inner" src="/page?kind=normal"></iframe>`);
  if (url.pathname !== '/page') return send(url.pathname === '/favicon.ico' ? 204 : 200, 'text/html', '<!doctype html><title>Else</title><p>Elsewhere');
  const { body, type, policy } = page(files, url.searchParams, lettersIn(request.headers.cookie));
  // What a page out of the back/forward cache needs: a response that may be stored.
  send(200, type, body, { 'cache-control': 'no-cache', ...(policy ? { 'content-security-policy': policy } : {}) });
}

function choice(site, request, send) {
  const named = (letters) => ['functional', 'analytics', 'marketing'].filter((name) => letters.includes(name[0]));
  const state = (letters, more) => JSON.stringify({
    purposes: named(letters), granted: named(letters || site.given),
    policy: 'a1b2c3d4', day: letters ? '20261123' : null, receipt: /[fam]/.test(letters) ? '5f0c1c3a9d7b4e2f8a6b0c1d2e3f4a5b' : null, ...more,
  });
  if (request.method === 'GET') {
    site.reads += 1;
    return send(200, 'application/json', state(lettersIn(request.headers.cookie), { asked: false }));
  }
  let text = '';
  request.on('data', (chunk) => { text += chunk; });
  request.on('end', () => {
    site.asked.push({ text, type: request.headers['content-type'], from: request.headers['sec-fetch-site'] });
    if (site.answers === 'unknown') return send(409, 'application/json', '{"error":"the list has changed"}');
    if (site.answers === 'badly') return send(500, 'text/plain', 'no');
    if (site.answers === 'wrongly') return send(200, 'text/html', '<p>no');
    let names;
    try { names = JSON.parse(text).purposes; } catch { names = new URLSearchParams(text).getAll('purpose'); }
    const letters = names.map((name) => name[0]).join('') || '-';
    send(200, 'application/json', state(letters, { recorded: true }), { 'set-cookie': `consentry=${letters}; Path=/; SameSite=Lax` });
  });
}

function page(files, query, letters) {
  const of = (name, otherwise = '') => query.get(name) ?? otherwise;
  const [kind, file, policy] = [of('kind', 'normal'), of('file', 'en'), of('policy', 'none')];
  const code = readFileSync(join(files, `${file}.js`));
  const lang = file.length === 2 ? file : 'en';
  const state = of('state', letters);
  const ask = of('ask', state ? '0' : '1');
  const granted = of('granted', state.replace(of('signal') === 'gpc' ? /[m-]/g : '-', ''));
  const isX = kind === 'xhtml';
  const script = `<script ${isX ? 'async="async"' : 'async'} src="/_consentry/banner/${file}.js" data-state="${state}" data-granted="${granted}" data-ask="${ask}" data-signal="${of('signal')}"`
    + ` data-removed="${of('removed')}" nonce="abc123" integrity="${integrity(code)}"></script>`;
  const marks = of('marked') ? `<script type="text/plain" data-consentry="ga4" data-consentry-purpose="analytics"></script>` : '';
  const guard = of('guard') ? `<script>window.granted=[];Object.defineProperty(window,Symbol.for('consentry.guard'),{value:{grant(l){granted.push(l)},gated(){return{}}}})</script>` : '';
  const tags = of('tags') ? `<script>window.dataLayer=[];function gtag(){dataLayer.push(arguments)}</script>` : '';
  const ahead = { patched: PATCHES, aged: AGE }[kind];
  const before = ahead ? `<script nonce="abc123">${ahead}</script>` : '';
  const style = { hostile: HOSTILE, old: 'body { margin: 8px }' }[kind] ?? STYLE;
  const wide = kind === 'wide' ? '<p style="width:700px">Wide</p>' : '';
  const clobber = kind === 'patched' ? '<form name="body"></form><form name="documentElement"></form><img name="currentScript" alt=""/>' : '';
  const main = kind === 'hostile' ? `<p class="wall">A wall</p><main><h1>Kettles</h1><p>${TEXT.repeat(6)}</p></main>`
    : `<nav aria-label="Shop"><a href="/page?kind=normal&amp;file=${file}">Tea</a><a href="/page?kind=normal&amp;file=${file}">Kettles</a></nav><main><h1>A kettle that pours</h1><img alt="" /><p>${TEXT.repeat(3)}</p>
       <p><a href="#x" id="opens" data-consentry-open=""><span>Privacy choices</span></a></p><p>${TEXT.repeat(24)}</p></main>`;
  const viewport = ['old', 'desktop'].includes(kind) ? '' : '<meta name="viewport" content="width=device-width, initial-scale=1" />';
  const dir = lang === 'ar' ? 'rtl' : 'ltr';
  const inner = `<head><title>Shop</title>${viewport}<meta charset="utf-8" /><style nonce="abc123">${isX ? style.replaceAll('>', '&gt;') : style}</style>${before}${guard}${tags}</head>`
    + `<body>${main}${wide}${clobber}${marks}${script}</body>`;
  const start = { old: `<html lang="${lang}">`, xhtml: `<html xmlns="http://www.w3.org/1999/xhtml" lang="${lang}" xml:lang="${lang}">` }[kind]
    ?? `<!doctype html><html lang="${lang}" dir="${dir}">`;
  return { body: `${start}${inner}</html>`, type: isX ? 'application/xhtml+xml; charset=utf-8' : 'text/html; charset=utf-8', policy: POLICIES[policy](code) };
}
