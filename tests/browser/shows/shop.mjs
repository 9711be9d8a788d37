// Turns two servers into an old shop full of trackers, and into the trackers' companies, who count what reaches them.
//
// 1. The shop is written as shops are: pasted snippets, a bundle of its own that puts a tracker's URL together, a video.
// 2. The companies' scripts do what the real ones do first: they read what pages noted, set a cookie, send one hit.
import http from 'node:http';
import { stub } from '../sink.mjs';

const GTAG = `window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments); }
gtag('js', new Date());
gtag('config', 'G-ABC123');`;
const PIXEL = `!function(f,b,e,v,n,t,s)
{if(f.fbq)return;n=f.fbq=function(){n.callMethod?
n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';
n.queue=[];t=b.createElement(e);t.async=!0;
t.src=v;s=b.getElementsByTagName(e)[0];
s.parentNode.insertBefore(t,s)}(window, document,'script',
'https://connect.facebook.net/en_US/fbevents.js');
fbq('init', '1234567890');
fbq('track', 'PageView');`;
const BUNDLE = `'use strict';
window.ran = window.ran || {};
window.ran.bundle = (window.ran.bundle || 0) + 1;
const host = ['www', 'clarity', 'ms'].join('.');
const script = document.createElement('script');
script.async = true;
script.src = 'https:' + '/' + '/' + host + '/' + 'tag' + '/abc123';
document.head.appendChild(script);
document.querySelector('#buy')?.addEventListener('click', () => { document.querySelector('#basket').textContent = '1'; });`;
const TIKTOK = '<script async src="https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=C0FFEE&lib=ttq"></script>';
const CSS = `body { margin: 0; font: 17px/1.55 Georgia, serif; color: #33261d; background: #fbf7f0 }
header { background: #6b3e26; color: #fff; padding: 18px 24px } header a { color: #ffe2c4; margin-right: 16px }
main { max-width: 46rem; margin: 0 auto; padding: 24px } iframe { border: 0; max-width: 100% }
button { font: inherit; padding: 8px 16px; background: #6b3e26; color: #fff; border: 0 }`;

const BODY = `<header><a href="/">Kettle &amp; Co</a> <a href="/teas">Teas</a></header>
<main><h1>Kettles since 1911</h1>
<p>Copper kettles, made by hand. Every one of them sings.</p>
<p><button id="buy">Buy</button> In your basket: <b id="basket">0</b></p>
<iframe width="480" height="270" src="https://www.youtube.com/embed/aqz-KE-bpKQ" title="How a kettle is made" allowfullscreen></iframe>
<p>Milk first or last? We have written four hundred pages about it, and every one is worth its paper.</p></main>`;
const SILENT = '<noscript><img height="1" width="1" style="display:none" src="https://www.facebook.com/tr?id=1234567890&ev=PageView&noscript=1"/></noscript>';

function page({ head = '', body = BODY, nonce = '', inline = true }) {
  const script = (text) => `<script${nonce && ` nonce="${nonce}"`}>${text}</script>`;
  const tags = `<script async${nonce && ` nonce="${nonce}"`} src="https://www.googletagmanager.com/gtag/js?id=G-ABC123"></script>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Kettle &amp; Co</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/site.css">
${tags}${inline ? script(GTAG) + script(PIXEL) : ''}${head}</head>
<body>${body}${SILENT}<script src="/bundle.js"${nonce && ` nonce="${nonce}"`}></script></body></html>`;
}

const SELF = "default-src 'self'; script-src 'self' https://www.googletagmanager.com; connect-src 'self' https://www.google-analytics.com; style-src 'self'; img-src 'self'; frame-src https://www.youtube.com";
const nonced = (nonce) => `default-src 'self'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'self' 'nonce-${nonce}'; object-src 'none'; base-uri 'none'; connect-src 'self' https://www.google-analytics.com; img-src 'self' https://www.facebook.com; frame-src https://www.youtube.com`;

/** The shop: `(request, response)`, and how often each page was asked for. */
export function shop() {
  const views = {};
  const pages = {
    '/': () => [{}, page({})],
    '/teas': () => [{}, page({ body: BODY.replace('Kettles since 1911', 'Teas') })],
    '/news': () => [{}, page({ head: TIKTOK })],
    '/strict': () => {
      const nonce = Math.random().toString(36).slice(2).padEnd(12, 'x');
      return [{ 'content-security-policy': nonced(nonce) }, page({ nonce })];
    },
    '/self': () => [{ 'content-security-policy': SELF }, page({ inline: false })],
  };
  const files = { '/bundle.js': ['text/javascript', BUNDLE], '/site.css': ['text/css', CSS] };
  const answer = (request, response) => {
    const path = request.url.split('?')[0];
    request.resume();
    if (files[path]) {
      const [type, text] = files[path];
      return response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=60' }).end(text);
    }
    if (!pages[path]) return response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><title>404</title>');
    views[path] = (views[path] ?? 0) + 1;
    const [headers, text] = pages[path]();
    return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(text);
  };
  return { answer, views };
}

const ran = (name) => `window.ran = window.ran || {}; window.ran['${name}'] = (window.ran['${name}'] || 0) + 1;`;
const cookie = (pair) => `document.cookie = '${pair}; path=/; max-age=9999';`;
/** Their hits go where the real scripts send them: whatever goes through the site instead was sent there by the proxy. */
const SCRIPTS = {
  '/gtag/js': `${ran('gtag')}${cookie('_ga=GA1.1.11.22')}
    { let to = 'https:/' + '/www.google-analytics.com';
      for (const [verb, what] of window.dataLayer || []) if (verb === 'set' && what.transport_url) to = what.transport_url;
      fetch(to + '/g/collect?v=2&tid=G-ABC123&cid=11.22&en=page_view&dl=' + encodeURIComponent(location.href), { method: 'POST', mode: 'no-cors', keepalive: true }); }`,
  '/en_US/fbevents.js': `${ran('fbevents')}${cookie('_fbp=fb.0.1.2')}
    fbq.callMethod = (verb, what) => {
      if (verb === 'track') new Image().src = 'https://www.facebook.com/tr/?id=1234567890&ev=' + what + '&dl=' + encodeURIComponent(location.href);
    };
    for (const note of fbq.queue.splice(0)) fbq.callMethod(...note);`,
  '/tag/abc123': `${ran('clarity')}${cookie('_clck=abc')} localStorage.setItem('_cltk', 'kept');`,
  '/i18n/pixel/events.js': ran('tiktok'),
};
const HOSTS = ['www.googletagmanager.com', 'www.google-analytics.com', 'connect.facebook.net', 'www.facebook.com', 'www.clarity.ms', 'analytics.tiktok.com'];

/** The companies: what reaches them, and the configuration that sends it here. */
export async function companies() {
  let heard = [];
  const server = http.createServer((request, response) => {
    const path = request.url.split('?')[0];
    heard.push({ what: `${request.headers.host.replace(/:\d+$/, '')}${path}`, line: request.url, headers: request.headers });
    const script = SCRIPTS[path];
    if (script === undefined) return stub(request, response);
    request.resume();
    return response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store' }).end(script);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const targets = HOSTS.map((host) => `"${host}" = "http://127.0.0.1:${server.address().port}"`).join(', ');
  return {
    config: `[collect]\ntargets = { ${targets} }\n`,
    /** What they heard since the last time. */
    take() {
      const taken = heard;
      heard = [];
      return taken;
    },
    close: () => server.close(),
  };
}
