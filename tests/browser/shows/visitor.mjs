// Turns one visitor into a browser context of his own, what he can do with the banner, and what was sent while he was there.
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { Sink } from '../sink.mjs';

export const OWN = 'https://shop.example';
export const SIZES = {
  desktop: { width: 1200, height: 800 },
  phone: { width: 390, height: 780, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};
const SETTLE = 900;
const HOST = '[data-consentry-banner]';
export const BUTTONS = {
  refuse: '.pair button:nth-child(1)', accept: '.pair button:nth-child(2)', settings: '.deeds .quiet', close: '.card .close',
  reopen: '.stay button', save: '.trio button:nth-child(3)',
};
/** What choices are signed with. */
export const SECRET = 'for visits of these tests only';
/** The cookie's value for `choice`, as the server would have given it. */
export function signed(choice) {
  const receipt = '0123456789abcdef0123456789abcdef';
  const mac = createHmac('sha256', SECRET).update(`consentry\n${choice}\n${receipt}\n${new URL(OWN).hostname}`).digest('hex');
  return `${choice}.${receipt}.${mac.slice(0, 32)}`;
}
export const pause = (ms = SETTLE) => new Promise((done) => setTimeout(done, ms));

/** `world`: the browser, the front, the certificate, the companies, where screenshots go. */
export async function visitor(world, { size = 'desktop', javascript = true, headers, origin = OWN } = {}) {
  const sink = await new Sink(world.secure, new URL(origin), world.front).listen();
  const context = await world.browser.createBrowserContext({ proxyServer: `http://${sink.address}`, proxyBypassList: ['<-loopback>'] });
  const complaints = [];
  const loads = [];
  const open = async () => {
    const page = await context.newPage();
    await page.setViewport(SIZES[size]);
    await page.setJavaScriptEnabled(javascript);
    if (headers) await page.setExtraHTTPHeaders(headers);
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()} ${message.location().url ?? ''}`);
    });
    page.on('framenavigated', (frame) => { if (frame === page.mainFrame()) loads.push(frame.url()); });
    return tab(page, origin, world);
  };
  world.companies.take();
  return {
    ...await open(), complaints, another: open,
    /** What was sent since the last time: to others, to companies through the site, and how often a page was loaded. */
    sent() {
      const { contacts } = sink.take();
      const others = contacts.filter((host) => host !== new URL(origin).hostname).sort();
      return { others, heard: world.companies.take().map(({ what }) => what).sort(), loads: loads.splice(0).length };
    },
    async cookies() {
      const all = await context.cookies();
      return Object.fromEntries(all.map((cookie) => [cookie.name, cookie]));
    },
    put: (name, value) => context.setCookie({ name, value, domain: new URL(origin).hostname, path: '/', secure: origin.startsWith('https'), sameSite: 'Lax' }),
    async close() {
      await context.close();
      sink.close();
    },
  };
}

function tab(page, origin, world) {
  const go = async (path = '/') => {
    await page.goto(origin + path, { waitUntil: 'load', timeout: 15_000 });
    await pause();
  };
  const find = (button) => page.waitForSelector(`${HOST} >>> ${BUTTONS[button]}`, { visible: true, timeout: 3_000 });
  return {
    page, go,
    /** Whether the first layer is to be seen, whole. */
    asked: () => page.evaluate((host) => {
      const card = document.querySelector(host)?.shadowRoot?.querySelector('.card');
      if (!card || !card.checkVisibility()) return false;
      const { left, top, right, bottom, width } = card.getBoundingClientRect();
      const middle = document.elementFromPoint(left + width / 2, (top + bottom) / 2);
      const isWhole = left >= 0 && top >= 0 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
      return isWhole && middle?.matches(host) ? true : `hidden at ${[left, top, right, bottom]} in ${innerWidth} x ${innerHeight}`;
    }, HOST),
    /** Presses a button of the banner, as this visitor does. */
    async press(button) {
      const found = await find(button);
      await (page.viewport().hasTouch ? found.tap() : found.click());
      await pause();
    },
    /** The switches of the settings, by id of the purpose. */
    switches: () => page.evaluate((host) => Object.fromEntries([...document.querySelector(host).shadowRoot.querySelectorAll('.sheet section')]
      .filter((section) => section.querySelector('input'))
      .map((section) => [section.querySelector('h3').id.slice(2), section.querySelector('input').checked])), HOST),
    async flip(purpose) {
      const found = await page.waitForSelector(`${HOST} >>> section[aria-labelledby="n-${purpose}"] .switch`, { visible: true, timeout: 3_000 });
      await found.click();
    },
    says: () => page.evaluate((host) => document.querySelector(host).shadowRoot.querySelector('.card').innerText, HOST),
    sizes: () => page.evaluate((host, { refuse, accept }) => [refuse, accept].map((button) => {
      const found = document.querySelector(host).shadowRoot.querySelector(button);
      const { width, height } = found.getBoundingClientRect();
      const { backgroundColor, color, fontWeight, fontSize } = getComputedStyle(found);
      return [Math.round(width), Math.round(height), backgroundColor, color, fontWeight, fontSize].join(' ');
    }), HOST, BUTTONS),
    mark: () => page.evaluate(() => { window.marker = 1; }),
    marked: () => page.evaluate(() => window.marker === 1),
    ran: () => page.evaluate(() => window.ran ?? {}),
    purposes: () => page.evaluate(() => window.consentry.get().purposes.join(' ')),
    async shoot(name) {
      if (world.shots) await page.screenshot({ path: join(world.shots, `${name}.png`) });
    },
  };
}
