// What pages may be: under strict policies, hostile, old, XHTML, framed, patched, replaced by their own scripts.
import assert from 'node:assert/strict';
import { Visitor, pause, until } from './visitor.mjs';

const arrive = (browser, site, more) => Visitor.arrive(browser, site, more);

/** Where everything in the banner is, and how it looks. */
const looks = (v) => v.look((root) => {
  const all = root.querySelectorAll('.box *:not(.unseen)');
  const found = [];
  for (let i = 0; i < all.length; i += 1) {
    const style = getComputedStyle(all[i]);
    const { x, y, width, height } = all[i].getBoundingClientRect();
    const names = ['display', 'color', 'backgroundColor', 'font', 'letterSpacing', 'textTransform', 'direction', 'opacity', 'transform', 'textAlign', 'cursor'];
    let text = `${all[i].localName}.${all[i].className} ${Math.round(x)},${Math.round(y)} ${Math.round(width)}x${Math.round(height)}`;
    for (let n = 0; n < names.length; n += 1) text += ` ${names[n]}:${style[names[n]]}`;
    found[i] = text;
  }
  return found;
});

export async function otherPagesChangeNothingInIt(browser, site) {
  const all = ['normal', 'hostile', 'old', 'xhtml', 'patched'];
  for (const [size, file, kinds] of [['desktop', 'en', all], ['phone', 'ar', ['normal', 'hostile']]]) {
    let expected;
    for (const kind of kinds) {
      const v = await arrive(browser, site, { size });
      await v.go({ kind, file });
      const first = await looks(v);
      await v.click('.card .quiet');
      const both = [...first, ...await looks(v)];
      expected ??= both;
      assert.ok(both.length > 60);
      both.forEach((one, i) => assert.equal(one, expected[i], `${kind} ${size}`));
      await v.click('.switch input', 0);
      await v.click('.sheet .trio button', 2);
      assert.deepEqual(v.last().purposes, ['functional'], kind);
      assert.ok(kind === 'hostile' || await v.sees('.stay button'));
      assert.equal(await v.page.evaluate(() => window.shift), 0, kind);
      assert.deepEqual(v.complaints.filter((c) => !/favicon/.test(c)), [], kind);
      await v.leave();
    }
  }
}

export async function strictPoliciesAllowIt(browser, site) {
  for (const policy of ['own', 'nonce', 'hash']) {
    const v = await arrive(browser, site);
    await v.go({ policy });
    await v.click('.card .quiet');
    await v.click('.sheet .trio button', 1);
    assert.equal(await v.page.evaluate(() => document.cookie), 'consentry=fam', policy);
    const [violations, round] = [await v.page.evaluate(() => window.violations), await v.look((root) => getComputedStyle(root.querySelector('.stay button')).borderRadius)];
    assert.deepEqual([violations, round], [[], '50%'], policy);
    await v.leave();
  }
}

/** Without the top layer, modal dialogs, constructed style sheets and channels. */
export async function olderBrowsersGetItToo(browser, site) {
  for (const policy of ['none', 'nonce']) {
    const v = await arrive(browser, site);
    await v.go({ kind: 'aged', policy });
    assert.ok(await v.sees('.card'));
    await v.click('.card .quiet');
    await v.click('.switch input', 1);
    await v.click('.sheet .back');
    assert.equal(await v.sees('.sheet'), false);
    await v.click('.card .quiet');
    await v.click('.switch input', 2);
    await v.click('.sheet .trio button', 2);
    assert.deepEqual([v.last().purposes, await v.sees('.card'), await v.sees('.stay button'), v.complaints], [['marketing'], false, true, []]);
    assert.equal(await v.look((root) => getComputedStyle(root.querySelector('.stay button')).borderRadius), '50%');
    await v.leave();
  }
}

export async function framesDoNotAsk(browser, site) {
  const v = await arrive(browser, site);
  await v.page.goto(`${site.url}/framed`, { waitUntil: 'load' });
  await pause(200);
  const inner = v.page.frames()[1];
  assert.deepEqual(await inner.evaluate(() => [document.querySelector('h1') !== null, document.querySelector('[data-consentry-banner]'), 'consentry' in window]), [true, null, false]);
  await v.leave();
}

export async function itOutlivesThePagesScripts(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.page.evaluate(() => { const body = document.createElement('body'); body.textContent = 'Another view'; document.body.replaceWith(body); });
  assert.ok(await v.sees('.card'));
  await v.page.evaluate(() => { document.querySelector('[data-consentry-banner]').remove(); });
  await v.settled();
  assert.ok(await v.sees('.card'), 'put back');
  await v.refuse();
  assert.deepEqual(v.last().purposes, []);
  await v.leave();
}

export async function itIsThereOnce(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.page.evaluate(() => new Promise((done) => {
    const again = document.createElement('script');
    again.src = '/_consentry/banner/en.js';
    again.onload = done;
    document.head.append(again);
  }));
  assert.equal(await v.page.evaluate(() => document.querySelectorAll('[data-consentry-banner]').length), 1);
  await v.leave();
}

/** What is fixed on a page that overflows has a larger area than what is seen. */
export async function overflowingPagesHaveItInView(browser, site) {
  const v = await arrive(browser, site, { size: 'phone' });
  await v.go({ kind: 'wide' });
  const inView = (selector) => v.look((root, selector) => {
    const { left, top, width, height } = root.querySelector(selector).getBoundingClientRect();
    const seen = visualViewport;
    const x = left - seen.offsetLeft;
    const y = top - seen.offsetTop;
    return x >= 0 && y >= 0 && x + width <= seen.width + 1 && y + height <= seen.height + 1 ? 'yes' : [x, y, width, height, seen.width, seen.height, innerWidth].join();
  }, selector);
  await until(async () => await inView('.card') === 'yes');
  assert.equal(await inView('.card'), 'yes');
  await v.refuse();
  await until(async () => await inView('.stay button') === 'yes');
  assert.equal(await inView('.stay button'), 'yes');
  await v.leave();
}

export async function shrunkPagesGetALargerBanner(browser, site) {
  const v = await arrive(browser, site, { size: 'phone' });
  await v.go({ kind: 'desktop' });
  const seen = await v.look((root) => {
    const { width, height } = root.querySelector('.pair button').getBoundingClientRect();
    const scale = screen.width / document.documentElement.clientWidth;
    return [document.documentElement.clientWidth, width * scale, height * scale, root.querySelector('.card').getBoundingClientRect().width * scale];
  });
  assert.ok(seen[0] >= 900 && seen[1] > 130 && seen[2] > 40 && seen[3] > 350 && seen[3] <= 390, String(seen));
  await v.leave();
}
