// Turns a page of the site into what a visitor sees and does in it: looks into the banner, clicks, types, and asks axe-core.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pause } from '../visit.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  small: { width: 360, height: 640, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  // A window of 1280 by 1024 at 400 %.
  zoomed: { width: 320, height: 256 },
};

export { pause };

/** Waits until `test` holds, at most some seconds; what is then wrong the assertion behind it says. */
export async function until(test) {
  for (let i = 0; i < 100 && !await test().catch(() => false); i += 1) await pause(40);
}

export class Visitor {
  static async arrive(browser, site, { size = 'desktop', media = {}, javascript = true, context = null } = {}) {
    const own = context ?? await browser.createBrowserContext();
    const page = await own.newPage();
    await page.setViewport(SIZES[size]);
    await page.setJavaScriptEnabled(javascript);
    const features = Object.entries(media).map(([name, value]) => ({ name, value }));
    const session = await page.createCDPSession();
    if (features.length) await session.send('Emulation.setEmulatedMedia', { features });
    const visitor = new Visitor();
    Object.assign(visitor, { site, page, session, context: own, complaints: [], loads: 0 });
    page.on('pageerror', (error) => visitor.complaints.push(error.stack));
    page.on('console', (message) => { if (message.type() === 'error') visitor.complaints.push(message.text()); });
    page.on('load', () => { visitor.loads += 1; });
    await page.evaluateOnNewDocument(() => {
      window.violations = []; window.changes = []; window.shift = 0;
      document.addEventListener('securitypolicyviolation', (event) => { window.violations[window.violations.length] = `${event.violatedDirective} ${event.blockedURI}`; });
      document.addEventListener('consentry:change', (event) => { window.changes[window.changes.length] = event.detail; });
      // What follows a click or a key within half a second is the visitor's own doing.
      const add = (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; };
      new PerformanceObserver((list) => { const all = list.getEntries(); for (let i = 0; i < all.length; i += 1) add(all[i]); })
        .observe({ type: 'layout-shift', buffered: true });
    });
    return visitor;
  }

  async go(query = {}) {
    await this.page.goto(`${this.site.url}/page?${new URLSearchParams(query)}`, { waitUntil: 'load', timeout: 15_000 });
    await this.settled();
  }

  /** Until animations have ended and what was asked for has come. */
  async settled() {
    await pause(60);
    const isMoving = (root) => {
      const all = root ? root.getAnimations() : [];
      for (let i = 0; i < all.length; i += 1) if (all[i].playState === 'running') return true;
      return false;
    };
    for (let i = 0; i < 20 && await this.look(isMoving).catch(() => false); i += 1) await pause(30);
  }

  /** `fn` in the page, with the banner's shadow root first. */
  look(fn, ...rest) {
    const root = "Document.prototype.querySelector.call(document, '[data-consentry-banner]')?.shadowRoot";
    return this.page.evaluate(`(${fn})(${[root, ...rest.map((one) => JSON.stringify(one))].join(', ')})`);
  }

  /** Whether the first element of `selector` in the banner is there to be seen. */
  sees(selector) {
    return this.look((root, selector) => {
      const found = root?.querySelector(selector);
      const box = found?.getBoundingClientRect();
      return Boolean(found && found.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1);
    }, selector);
  }

  words(selector) {
    return this.look((root, selector) => root?.querySelector(selector)?.innerText ?? null, selector);
  }

  /** A real click in the middle of the thing, which must be what is hit there. */
  async click(selector, at = 0) {
    const spot = await this.look((root, selector, at) => {
      const found = root.querySelectorAll(selector)[at];
      if (!found) return `no ${selector}`;
      found.scrollIntoView({ block: 'nearest' });
      const { x, y, width, height } = found.getBoundingClientRect();
      const left = x + width / 2;
      const top = y + height / 2;
      const hit = root.elementFromPoint(left, top);
      if (!hit || !(found === hit || found.contains(hit) || hit.contains(found))) return `${selector} is under ${hit?.outerHTML.slice(0, 120)}`;
      return [left, top];
    }, selector, at);
    assert.ok(Array.isArray(spot), String(spot));
    await this.page.mouse.click(...spot);
    await this.settled();
    await until(() => this.look((root) => root?.querySelector('.box')?.getAttribute('aria-busy') !== 'true'));
  }

  refuse() { return this.click('.card .pair button', 0); }
  accept() { return this.click('.card .pair button', 1); }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
    await this.settled();
  }

  /** The name of what has the focus, in the banner or in the page. */
  focus() {
    return this.look((root) => {
      const on = root?.activeElement ?? document.activeElement;
      return `${root?.activeElement ? 'banner' : 'page'}: ${on.getAttribute('aria-label') || on.getAttribute('aria-labelledby') || on.innerText?.trim().slice(0, 40) || on.tagName}`;
    });
  }

  last() { return JSON.parse(this.site.asked.at(-1).text); }

  /** What axe-core finds in the page and in the banner. */
  async audit(what) {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
      return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.flat().join(' ')} ${n.any.map((a) => a.message).join('; ')}`).join(' | ')}`);
    });
    assert.deepEqual(found, [], what);
  }

  async leave() { await this.context.close(); }
}
