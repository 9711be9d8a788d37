// Turns a shop whose own bundle builds a tracker's URL from pieces, behind the program, into what the tracker's server hears.
import http from 'node:http';
import { proxy } from '../front.mjs';
import { Sink, certificate } from '../sink.mjs';

const BUNDLE = `window.loads = (window.loads || 0) + 1;
  const host = ['www', 'google' + 'tagmanager', 'com'].join('.');
  const script = document.createElement('script');
  script.src = 'https:' + '//' + host + '/gtag' + '/js?id=' + 'G-ABC123';
  script.onload = () => { window.arrived = (window.arrived || 0) + 1; };
  document.head.appendChild(script);
  new Image().src = 'https:' + '//' + 'script.' + 'hotjar.com' + '/x';`;
const PAGE = '<!doctype html><html><head><title>Shop</title></head><body><h1>Shop</h1><script src="/bundle.js"></script></body></html>';

/** A held film in a German page, and a visitor who always wants to see it: with a banner in the page and without one. */
export async function film(browser, path, folder, { fail, pause }) {
  for (const banner of ['true', 'false']) {
    const markup = '<!doctype html><html lang="de-AT"><head><title>Film</title></head><body><iframe width=640 height=360 title="Ein Film" src="https://www.youtube.com/embed/x"></iframe></body></html>';
    const origin = (_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'self' 'unsafe-inline'; connect-src 'none'; frame-src *" }).end(markup);
    const running = await proxy(path, `film-${banner}`, `[gate]\nguard = true\n[banner]\nenabled = ${banner}\n`, origin, folder);
    const sink = await new Sink(certificate(), new URL('http://shop.example/'), running.front).listen();
    const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
    const page = await context.newPage();
    page.on('pageerror', (error) => fail(`film: ${error}`));
    await page.goto('http://shop.example/', { waitUntil: 'load' });
    await pause(1000);
    const others = () => sink.take().contacts.filter((host) => host !== 'shop.example');
    const before = others();
    if (before.length) fail(`film: before consent ${before}`);
    const words = await page.evaluate(() => {
      const { body, documentElement } = document.querySelector('iframe').contentDocument;
      const said = `${documentElement.lang} ${body.innerText.replace(/\s+/g, ' ')}`;
      body.querySelectorAll('button')[1]?.click();
      return said;
    });
    if (!/^de Ein Film .*www\.youtube\.com.* Einmal laden ?Immer laden/.test(words)) fail(`film: it says ${words}`);
    await pause(1500);
    const after = others();
    if (!after.includes('www.youtube.com')) fail(`film, banner ${banner}: after "always" the browser contacted ${after}`);
    const choice = await page.evaluate(() => fetch('/_consentry/choice').then((answer) => answer.json()).then(({ purposes }) => purposes.join()).catch(String));
    if (choice !== 'functional') fail(`film, banner ${banner}: chosen is ${choice}`);
    console.log(`a film, with a banner ${banner}: ${words}; chosen ${choice}`);
    await context.close();
    sink.close();
    await running.stop();
  }
}

export async function program(browser, path, folder, { fail, pause }) {
  const heard = [];
  const vendor = http.createServer((request, response) => {
    heard.push(request.url);
    response.writeHead(200, { 'content-type': 'text/javascript' }).end('window.tag = 1');
  });
  await new Promise((done) => vendor.listen(0, '127.0.0.1', done));
  const config = `[banner]\nenabled = false\n[gate]\nguard = true\n[collect]\ntargets = { "www.googletagmanager.com" = "http://127.0.0.1:${vendor.address().port}" }\n`;
  const origin = (request, response) => {
    const script = request.url === '/bundle.js';
    response.writeHead(script || request.url === '/' ? 200 : 404, { 'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(script ? BUNDLE : PAGE);
  };
  const running = await proxy(path, 'shop', config, origin, folder);
  const sink = await new Sink(certificate(), new URL('http://shop.example/'), running.front).listen();
  const context = await browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  const page = await context.newPage();
  page.on('pageerror', (error) => fail(`program: ${error}`));
  await page.goto('http://shop.example/', { waitUntil: 'domcontentloaded' });
  await pause(600);
  const first = await page.evaluate(() => document.querySelector('script').src);
  if (!first.includes('/_consentry/guard/')) fail(`program: the first script is ${first}`);
  const others = () => sink.take().contacts.filter((host) => host !== 'shop.example');
  const before = others();
  if (heard.length || before.length) fail(`program: before consent ${heard} ${before}`);
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  await page.evaluate(async (choice) => {
    document.cookie = choice;
    await window[Symbol.for('consentry.guard')].grant('a');
  }, `consentry=v1.p1.${day}.f0a1m0; path=/`);
  await pause(900);
  const state = await page.evaluate(() => JSON.stringify([window.loads, window.arrived, window.tag]));
  if (state !== '[1,1,1]') fail(`program: after consent ${state}`);
  if (heard.length !== 1 || !heard[0].startsWith('/gtag/js?id=G-ABC123')) fail(`program: the vendor heard ${JSON.stringify(heard)}`);
  const after = others();
  if (after.length) fail(`program: after consent the browser contacted ${after}`);
  console.log(`a bundle that builds its URL: nothing before consent, then ${JSON.stringify(heard)} through the site itself, with no reload`);
  await context.close();
  sink.close();
  await running.stop();
  vendor.close();
}
