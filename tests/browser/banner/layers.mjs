// What the two layers and the small button are: alike answers, nothing ticked, keyboard, names, sizes, directions.
import assert from 'node:assert/strict';
import { Visitor, SIZES } from './visitor.mjs';

const arrive = (browser, site, more) => Visitor.arrive(browser, site, more);

export async function firstLayerAsksAndSendsNothing(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  assert.ok(await v.sees('.card'));
  assert.equal(await v.sees('.stay'), false);
  for (const purpose of ['Comfort', 'Statistics', 'Marketing']) assert.match(await v.words('.purposes'), new RegExp(purpose));
  assert.match(await v.words('#about'), /None of this happens unless you allow it/);
  assert.deepEqual(await v.page.evaluate(() => [document.cookie, window.shift, window.changes.length]), ['', 0, 0]);
  assert.match(await v.focus(), /^page/);
  assert.equal(site.asked.length + site.reads, 0);
  assert.deepEqual(v.complaints, []);
  await v.leave();
}

export async function bothAnswersAreAlike(browser, site) {
  for (const [size, file] of [['desktop', 'en'], ['phone', 'de'], ['zoomed', 'ar'], ['desktop', 'start']]) {
    const v = await arrive(browser, site, { size });
    await v.go({ file });
    const alike = (selector) => v.look((root, selector) => {
      const all = [...root.querySelectorAll(selector)].slice(0, 2);
      const looks = all.map((one) => {
        const style = getComputedStyle(one);
        const { width, height } = one.getBoundingClientRect();
        const rest = ['color', 'backgroundColor', 'border', 'font', 'padding', 'opacity', 'boxShadow', 'borderRadius'].map((n) => style[n]);
        return [Math.round(width), Math.round(height), ...rest].join('|');
      });
      return looks.length === 2 && looks[0] === looks[1] ? 'alike' : looks;
    }, selector);
    assert.equal(await alike('.card .pair button'), 'alike', `${size} ${file}`);
    await v.click('.card .quiet');
    assert.equal(await alike('.sheet .trio button'), 'alike', `${size} ${file}`);
    await v.leave();
  }
}

export async function closingAndEscapeAreNoChoice(browser, site) {
  for (const close of [(v) => v.click('.card .close'), async (v) => { await v.press('Tab', 'Escape'); }]) {
    const v = await arrive(browser, site);
    await v.go();
    await close(v);
    assert.equal(await v.sees('.card'), false);
    assert.equal(await v.sees('.stay button'), true);
    assert.equal(site.asked.length, 0);
    assert.equal(await v.page.evaluate(() => document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)), '');
    await v.go();
    assert.equal(await v.sees('.card'), true);
    await v.leave();
  }
}

export async function thePageCanBeUsedMeanwhile(browser, site) {
  const v = await arrive(browser, site, { size: 'phone' });
  await v.go();
  const scrolled = await v.page.evaluate(() => { window.scrollTo(0, 400); return [scrollY, getComputedStyle(document.documentElement).overflow, getComputedStyle(document.body).overflow]; });
  assert.deepEqual(scrolled, [400, 'visible', 'visible']);
  await v.page.mouse.click(60, 20);
  await v.click('.card .quiet');
  const wheel = await v.page.evaluate(() => { window.scrollTo(0, 500); return [scrollY, getComputedStyle(document.documentElement).overflow]; });
  assert.deepEqual(wheel, [500, 'visible']);
  await v.leave();
}

export async function keysReachEverythingInOrder(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  const order = [];
  for (let i = 0; i < 7; i += 1) { await v.press('Tab'); order.push(await v.focus()); }
  assert.deepEqual(order, ['banner: Privacy policy', 'banner: Legal notice', 'banner: Refuse all', 'banner: Accept all', 'banner: Settings',
    'banner: Close without choosing', 'page: Tea']);
  for (let i = 0; i < 2; i += 1) { await v.page.keyboard.down('Shift'); await v.press('Tab'); await v.page.keyboard.up('Shift'); }
  assert.equal(await v.focus(), 'banner: Settings');
  await v.press('Enter');
  assert.equal(await v.focus(), 'banner: What do you allow?');
  const inside = new Set();
  for (let i = 0; i < 12; i += 1) { await v.press('Tab'); inside.add(await v.focus()); }
  for (const name of ['Back', 'Comfort', 'Statistics', 'Marketing', 'Save my choice']) assert.ok(inside.has(`banner: ${name}`), [...inside].join());
  assert.ok(![...inside].some((name) => /^page: (Tea|Kettles|Privacy choices)$/.test(name)), [...inside].join());
  await v.press('Escape');
  assert.equal(await v.focus(), 'banner: Settings');
  assert.ok(await v.sees('.card'));
  await v.leave();
}

export async function nothingIsTickedForTheVisitor(browser, site) {
  for (const query of [{}, { state: 'fa', granted: '', ask: '1' }]) {
    const v = await arrive(browser, site);
    await v.go(query);
    if (query.state) assert.match(await v.words('#about'), /have changed since your last choice/);
    await v.click('.card .quiet');
    assert.deepEqual(await v.look((root) => [...root.querySelectorAll('input')].map((i) => i.checked)), [false, false, false]);
    await v.leave();
  }
}

export async function settingsNameEveryVendor(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.click('.card .quiet');
  assert.equal(await v.look((root) => root.querySelectorAll('.vendors > li').length), 12);
  await v.click('summary', 1);
  const text = await v.words('.sheet');
  for (const part of ['Hotjar Limited', 'Malta', '365 days', 'movements of the mouse']) assert.ok(text.includes(part), part);
  const links = await v.look((root) => [...root.querySelectorAll('.vendors a')].map((a) => [a.target, a.rel, a.href.startsWith('https://')].join()));
  assert.ok(links.length === 12 && links.every((link) => link === '_blank,noopener noreferrer,true'), String(links));
  await v.leave();
}

export async function theFocusGoesBack(browser, site) {
  const v = await arrive(browser, site);
  await v.go({ state: 'a' });
  await v.click('.stay button');
  assert.match(await v.focus(), /^banner: title/);
  assert.match(await v.words('#about'), /You have allowed: Statistics\./);
  await v.press('Escape');
  assert.equal(await v.focus(), 'banner: Privacy settings');
  await v.page.click('#opens span');
  await v.settled();
  assert.ok(await v.sees('.card'));
  await v.press('Escape');
  assert.equal(await v.focus(), 'page: Privacy choices');
  assert.equal(new URL(v.page.url()).hash, '');
  await v.leave();
}

/** Whole within the window, nothing to scroll sideways, everything reachable: at 400 % (WCAG 2.2, 1.4.10) and on phones. */
export async function smallWindowsHoldIt(browser, site) {
  for (const size of ['zoomed', 'small', 'phone']) {
    for (const file of ['en', 'de', 'ar']) {
      const v = await arrive(browser, site, { size });
      await v.go({ file });
      const wide = () => v.look((root) => {
        const all = [document.documentElement, ...root.querySelectorAll('.card, .sheet, .body')];
        return all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => `${one.className || one.tagName} ${one.scrollWidth}>${one.clientWidth}`);
      });
      assert.deepEqual(await wide(), [], `${size} ${file}`);
      for (const [selector, at] of [['.card .close', 0], ['.card .pair button', 0], ['.card .pair button', 1]]) {
        const reached = await v.look((root, selector, at) => {
          const one = root.querySelectorAll(selector)[at];
          one.scrollIntoView({ block: 'nearest' });
          const { x, y, width, height } = one.getBoundingClientRect();
          return width >= 24 && height >= 24 && x >= 0 && y >= -0.5 && x + width <= innerWidth && y + height <= innerHeight + 0.5;
        }, selector, at);
        assert.ok(reached, `${selector} ${at} ${size} ${file}`);
      }
      await v.click('.card .quiet');
      for (let i = 0; i < 3; i += 1) await v.click('summary', i);
      assert.deepEqual(await wide(), [], `settings, ${size} ${file}`);
      await v.click('.sheet .trio button', 2);
      assert.equal(v.last().method, 'custom');
      await v.leave();
    }
  }
}

export async function rightToLeftIsMirrored(browser, site) {
  const [left, right] = [await arrive(browser, site), await arrive(browser, site)];
  await left.go({ file: 'en' });
  await right.go({ file: 'ar' });
  const places = (v) => v.look((root) => ['.close', '.words', '.deeds'].map((s) => {
    const { x, width } = root.querySelector(`.card ${s}`).getBoundingClientRect();
    return Math.round(x + width / 2);
  }));
  const [a, b] = [await places(left), await places(right)];
  a.forEach((x, i) => assert.ok(Math.abs(SIZES.desktop.width - x - b[i]) < 12, `${a} against ${b}`));
  assert.equal(await right.look((root) => getComputedStyle(root.querySelector('h2')).textAlign + getComputedStyle(root.querySelector('h2')).direction), 'startrtl');
  await Promise.all([left.leave(), right.leave()]);
}

export async function axeFindsNothing(browser, site) {
  const states = [
    ['first', {}, async () => {}],
    ['settings', {}, async (v) => { await v.click('.card .quiet'); for (let i = 0; i < 3; i += 1) await v.click('summary', i); await v.click('.switch input', 1); }],
    ['refused by the browser', { signal: 'gpc' }, async (v) => { await v.click('.card .quiet'); }],
    ['granted by the law', { granted: 'fam', ask: '0' }, async (v) => { await v.click('.stay button'); await v.click('.card .quiet'); }],
    ['reopened', { state: 'fa' }, async (v) => { await v.click('.stay button'); }],
    ['button', { state: '-' }, async () => {}],
    ['failed', {}, async (v) => { site.answers = 'badly'; await v.accept(); site.answers = 'well'; }],
  ];
  for (const scheme of ['light', 'dark']) {
    for (const [size, file] of [['desktop', 'en'], ['phone', 'ar'], ['zoomed', 'de']]) {
      const v = await arrive(browser, site, { size, media: { 'prefers-color-scheme': scheme } });
      for (const [name, query, act] of states) {
        await v.go({ ...query, file });
        await act(v);
        await v.audit(`${name}, ${scheme}, ${size}, ${file}`);
      }
      await v.leave();
    }
  }
}

export async function motionAndPrintAreTheVisitors(browser, site) {
  const v = await arrive(browser, site, { media: { 'prefers-reduced-motion': 'reduce' } });
  await v.go();
  assert.equal(await v.look((root) => getComputedStyle(root.querySelector('.card')).animationName), 'none');
  await v.page.emulateMediaType('print');
  assert.equal(await v.sees('.card'), false);
  await v.leave();
}
