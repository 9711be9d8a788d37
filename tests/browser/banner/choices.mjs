// What the visitor's answers do: to the server, the cookie, the page's tags, the guard, other tabs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Visitor, pause, until } from './visitor.mjs';

const arrive = (browser, site, more) => Visitor.arrive(browser, site, more);
const cookies = (v) => v.page.evaluate(() => document.cookie);

export async function refusingIsOneClickAndIsRemembered(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.refuse();
  const { purposes, method, lang, text } = v.last();
  assert.deepEqual([purposes, method, lang, site.asked.length], [[], 'reject-all', 'en', 1]);
  assert.match(text, /^[0-9a-f]{64}$/);
  assert.equal(site.asked[0].from, 'same-origin');
  assert.equal(await v.sees('.card'), false);
  await until(async () => /saved\.$/.test(await v.words('[role=status]')));
  assert.equal(await v.words('[role=status]'), 'Your choice has been saved.');
  assert.deepEqual(await v.page.evaluate(() => window.changes), [{ purposes: [], before: [] }]);
  await v.go();
  assert.deepEqual([await v.sees('.card'), await v.sees('.stay button'), v.loads], [false, true, 2]);
  await v.click('.stay button');
  assert.match(await v.words('#about'), /You have refused everything/);
  assert.deepEqual(v.complaints, []);
  await v.leave();
}

export async function acceptingIsOneClickAndTellsTheTags(browser, site) {
  const v = await arrive(browser, site);
  await v.go({ tags: '1', guard: '1' });
  await v.accept();
  assert.deepEqual(v.last().purposes, ['functional', 'analytics', 'marketing']);
  assert.equal(v.last().method, 'accept-all');
  assert.equal(await cookies(v), 'consentry=fam');
  const told = await v.page.evaluate(() => window.dataLayer.map((entry) => (entry.event ? entry : [...entry])));
  const all = ['ad_storage', 'ad_user_data', 'ad_personalization', 'analytics_storage', 'functionality_storage', 'personalization_storage', 'security_storage'];
  assert.deepEqual(told, [['consent', 'update', Object.fromEntries(all.map((name) => [name, 'granted']))],
    { event: 'consentry_change', consentry_purposes: ['functional', 'analytics', 'marketing'] }]);
  assert.deepEqual(await v.page.evaluate(() => [window.granted, window.changes[0].purposes.length]), [['fam'], 3]);
  assert.equal(v.loads, 1);
  await v.leave();
}

export async function aPageWithoutTagsGetsNoDataLayer(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.refuse();
  assert.equal(await v.page.evaluate(() => 'dataLayer' in window), false);
  await v.go({ state: 'a' });
  assert.equal(await v.page.evaluate(() => 'dataLayer' in window), false);
  await v.go({ state: 'a', tags: '1' });
  assert.deepEqual(await v.page.evaluate(() => window.dataLayer.map((e) => [e[1], e[2].analytics_storage, e[2].ad_storage])), [['update', 'granted', 'denied']]);
  await v.leave();
}

export async function someCanBeAllowedAndTakenBack(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  await v.click('.card .quiet');
  await v.click('.switch input', 1);
  assert.equal(await v.words('section:nth-of-type(3) .said'), 'Allowed');
  await v.click('.sheet .trio button', 2);
  assert.deepEqual([v.last().purposes, v.last().method], [['analytics'], 'custom']);
  assert.equal(await cookies(v), 'consentry=a');
  assert.equal(v.loads, 1);
  await v.click('.stay button');
  assert.match(await v.words('#about'), /You have allowed: Statistics\.\s+Reference of your choice: 5f0c/);
  await v.click('.card .quiet');
  assert.deepEqual(await v.look((root) => [...root.querySelectorAll('input')].map((i) => i.checked)), [false, true, false]);
  await v.press('Escape');
  // As many clicks as granting took from here: one.
  await v.refuse();
  await until(async () => v.loads === 2 && await v.sees('.stay'));
  assert.deepEqual([v.last().purposes, v.last().method], [[], 'withdraw']);
  assert.equal(await cookies(v), 'consentry=-');
  assert.equal(v.loads, 2);
  assert.equal(await v.sees('.card'), false);
  await v.leave();
}

export async function whatCannotBeSavedChangesNothing(browser, site) {
  for (const how of ['badly', 'wrongly']) {
    const v = await arrive(browser, site);
    await v.go({ tags: '1' });
    site.answers = how;
    await v.accept();
    assert.match(await v.words('.card .error'), /could not be saved\. Nothing has changed\./);
    assert.deepEqual([await cookies(v), await v.page.evaluate(() => [window.changes.length, window.dataLayer.length])], ['', [0, 0]]);
    assert.deepEqual(await v.page.evaluate(() => window.consentry.get()), { purposes: [], chosen: false, receipt: null });
    await v.click('.card .quiet');
    await v.click('.sheet .trio button', 0);
    assert.match(await v.words('.sheet .error'), /could not be saved/);
    site.answers = 'well';
    await v.click('.sheet .trio button', 1);
    assert.equal(await cookies(v), 'consentry=fam');
    assert.equal(await v.sees('.card'), false);
    await v.leave();
  }
}

export async function theBrowsersSignalIsARefusal(browser, site) {
  const v = await arrive(browser, site);
  await v.go({ signal: 'gpc' });
  assert.match(await v.words('#about'), /Global Privacy Control\. We respect it as your refusal of: Marketing\./);
  await v.click('.card .quiet');
  assert.deepEqual(await v.look((root) => [...root.querySelectorAll('input')].map((i) => i.disabled)), [false, false, true]);
  await v.click('.sheet .trio button', 1);
  assert.deepEqual(v.last().purposes, ['functional', 'analytics']);
  await v.leave();
  const w = await arrive(browser, site);
  await w.go({ signal: 'dnt' });
  assert.doesNotMatch(await w.words('#about'), /Do Not Track/);
  await w.go({ signal: 'dnt', file: 'bare' });
  assert.match(await w.words('#about'), /Do Not Track\. We respect it as your refusal of: Comfort, Statistics\./);
  await w.accept();
  assert.deepEqual(w.last().purposes, []);
  assert.equal(await w.sees('.stay'), false);
  await w.leave();
}

export async function tagsAndSwitchesGoByWhatIsGranted(browser, site) {
  const v = await arrive(browser, site);
  const storage = () => v.page.evaluate(() => window.dataLayer.map((e) => [e[1], e[2].analytics_storage, e[2].ad_storage].join(' ')));
  const isOn = () => v.look((root) => [...root.querySelectorAll('input')].map((i) => i.checked));
  // All was allowed before the browser began to refuse.
  await v.go({ state: 'fam', signal: 'gpc', tags: '1' });
  assert.deepEqual(await storage(), ['update granted denied']);
  assert.deepEqual(await v.page.evaluate(() => window.consentry.get()), { purposes: ['functional', 'analytics'], chosen: true, receipt: null });
  await v.click('.stay button');
  assert.match(await v.words('#about'), /refusal of: Marketing\.\s+You have allowed: Comfort, Statistics\./);
  await v.click('.card .quiet');
  assert.deepEqual(await isOn(), [true, true, false]);
  // The law lets all be until the visitor refuses.
  await v.go({ granted: 'fam', ask: '0', tags: '1' });
  assert.deepEqual([await v.sees('.card'), await storage()], [false, ['update granted granted']]);
  await v.click('.stay button');
  assert.match(await v.words('#about'), /Allowed at present: Comfort, Statistics, Marketing\. You can refuse this at any time\./);
  assert.doesNotMatch(await v.words('#about'), /None of this happens|You have/);
  await v.click('.card .quiet');
  assert.deepEqual(await isOn(), [true, true, true]);
  assert.doesNotMatch(await v.words('.sheet'), /Everything is off/);
  await v.press('Escape');
  assert.equal(v.loads, 2);
  await v.refuse();
  await until(async () => v.loads === 3 && await v.sees('.stay'));
  assert.deepEqual([v.loads, v.last().purposes, v.last().method], [3, [], 'withdraw']);
  await v.leave();
  // Accepting changes nothing that runs, and what the site does not have is lost by nobody.
  const w = await arrive(browser, site);
  await w.go({ granted: 'fam', ask: '0', file: 'bare', tags: '1' });
  await w.page.evaluate(() => window.consentry.open());
  await w.accept();
  await pause(150);
  assert.equal(w.loads, 1);
  await w.leave();
  // Where the operator shares nothing, a choice for the rest of the site brings nothing here.
  const x = await arrive(browser, site);
  await x.go({ granted: '-', ask: '0', removed: 'am', tags: '1' });
  await x.page.evaluate(() => window.consentry.open());
  await x.accept();
  await pause(150);
  assert.deepEqual([x.loads, await x.page.evaluate(() => window.consentry.get().purposes), await cookies(x)], [1, [], 'consentry=fam']);
  assert.match((await x.page.evaluate(() => JSON.stringify(window.dataLayer))), /"ad_storage":"denied"/);
  await x.leave();
}

export async function whatIsGrantedIsAskedForApart(browser, site) {
  site.given = 'fam';
  const v = await arrive(browser, site);
  await v.go({ granted: 'fam', ask: '0' });
  const reads = site.reads;
  await v.page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await until(async () => site.reads > reads);
  await pause(150);
  assert.deepEqual([v.loads, await v.page.evaluate(() => window.changes.length)], [1, 0]);
  site.given = '';
  await v.leave();
}

export async function anUnknownListIsShownAnewOnce(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  assert.equal(JSON.parse(await v.page.evaluate(() => JSON.stringify(Object.keys(sessionStorage)))).length, 0);
  site.answers = 'unknown';
  await v.accept().catch(() => {});
  await until(async () => v.loads === 2 && await v.sees('.card'));
  assert.match(await v.words('#about'), /have changed since your last choice\. Please choose again\./);
  await v.accept();
  await pause(200);
  assert.equal(v.loads, 2, 'the page loads again and again');
  assert.match(await v.words('.card .error'), /could not be saved/);
  assert.equal(await cookies(v), '');
  site.answers = 'well';
  await v.accept();
  assert.deepEqual([await cookies(v), await v.page.evaluate(() => sessionStorage.length)], ['consentry=fam', 0]);
  assert.match(v.last().policy, /^[0-9a-z]{1,16}$/);
  await v.leave();
  // One who had chosen before is asked by the page that is loaded once more, and by no other.
  const w = await arrive(browser, site);
  await w.go({ state: 'a' });
  assert.equal(await w.sees('.card'), false);
  site.answers = 'unknown';
  await w.page.evaluate(() => window.consentry.set(['marketing']).catch(() => {})).catch(() => {});
  await until(async () => w.loads === 2 && await w.sees('.card'));
  site.answers = 'well';
  await w.go({ state: 'a' });
  assert.equal(await w.sees('.card'), false);
  await w.leave();
}

export async function heldThingsAreRevivedOrThePageLoadsOnce(browser, site) {
  const cases = [
    [{ marked: '1' }, 2], [{ marked: '1', guard: '1' }, 1], [{ removed: 'm', guard: '1' }, 2], [{ removed: 'm' }, 2], [{}, 1],
    [{ file: 'reload', marked: '1', guard: '1' }, 2], [{ file: 'reload' }, 1],
  ];
  for (const [query, loads] of cases) {
    const v = await arrive(browser, site);
    await v.go(query);
    await v.accept();
    await until(async () => v.loads >= loads);
    await pause(120);
    assert.equal(v.loads, loads, JSON.stringify(query));
    await v.leave();
  }
}

export async function otherTabsAndCachedPagesAskAgain(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  const other = await arrive(browser, site, { context: v.context });
  await other.go({ guard: '1' });
  await v.page.bringToFront();
  await v.accept();
  await until(async () => await other.page.evaluate(() => window.granted.length > 0));
  assert.deepEqual([await other.sees('.card'), await other.page.evaluate(() => window.granted), site.asked.length], [false, ['fam'], 1]);
  const reads = site.reads;
  await other.page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await until(async () => site.reads > reads);
  await pause(60);
  assert.deepEqual([site.reads, await other.page.evaluate(() => window.changes.length)], [reads + 1, 1]);
  // A withdrawal in one tab stops the other.
  await v.click('.stay button');
  await v.refuse();
  await until(async () => v.loads === 2 && other.loads === 2);
  assert.deepEqual([v.loads, other.loads], [2, 2]);
  await v.leave();
}

export async function scriptsOfThePageMayAskAndTell(browser, site) {
  const v = await arrive(browser, site);
  await v.go();
  const told = await v.page.evaluate(async () => {
    const seen = [];
    const { consentry } = window;
    const off = consentry.on((change) => seen.push(change.purposes.join()));
    consentry.on(() => { throw new Error('a listener of the page'); });
    const set = await consentry.set(['analytics', 'nonsense']);
    off();
    await consentry.set(['analytics', 'marketing']);
    return [seen, set, consentry.get().purposes, Object.isFrozen(consentry)];
  });
  assert.deepEqual(told, [['analytics'], ['analytics'], ['analytics', 'marketing'], true]);
  await pause(50);
  assert.deepEqual(v.complaints.map((text) => text.split('\n')[0]), ['Error: a listener of the page', 'Error: a listener of the page']);
  await v.page.evaluate(() => window.consentry.open());
  assert.ok(await v.sees('.card'));
  await v.leave();
}

export async function wordPressIsToldWhereAskedFor(browser, site) {
  const v = await arrive(browser, site);
  await v.go({ file: 'wordpress' });
  await v.click('.card .quiet');
  await v.click('.switch input', 1);
  await v.click('.sheet .trio button', 2);
  const all = (await cookies(v)).split('; ').sort();
  assert.deepEqual(all, ['consentry=a', 'wp_consent_functional=allow', 'wp_consent_marketing=deny', 'wp_consent_preferences=deny',
    'wp_consent_statistics-anonymous=allow', 'wp_consent_statistics=allow']);
  await v.leave();
}

export async function thePageWithoutJavaScriptAsksToo(browser, site) {
  for (const name of ['en-0', 'de-1', 'ar-2', 'de-3']) {
    for (const size of ['desktop', 'phone', 'zoomed']) {
      const v = await arrive(browser, site, { size });
      await v.page.goto(`${site.url}/form/${name}`);
      await v.audit(`${name} ${size}`);
      assert.deepEqual(await v.page.evaluate(() => [document.documentElement.scrollWidth <= innerWidth, window.violations]), [true, []]);
      await v.leave();
    }
  }
  const send = async (name, act) => {
    const v = await arrive(browser, site, { javascript: false });
    await v.page.goto(`${site.url}/form/${name}`);
    await act(v);
    await pause(200);
    await v.leave();
    return new URLSearchParams(site.asked.at(-1).text);
  };
  const refused = await send('en-1', (v) => v.page.click('button[form=refuse]'));
  assert.deepEqual([refused.getAll('purpose'), refused.get('method'), refused.get('back')], [[], 'reject-all', '/tea?cup=2']);
  const accepted = await send('en-2', (v) => v.page.click('button[form=accept]'));
  assert.deepEqual(accepted.getAll('purpose'), ['functional', 'analytics']);
  const own = await send('en-0', async (v) => { await v.page.click('#marketing'); await v.page.click('.deeds .main'); });
  assert.deepEqual([own.getAll('purpose'), own.get('method'), own.get('lang')], [['marketing'], 'custom', 'en']);
}
