// Turns what the banner, the guard and the records promise together into visits, each of a new visitor.
import assert from 'node:assert/strict';
import { OWN, pause, signed, visitor } from './visitor.mjs';

const GTAG = ['www.google-analytics.com/g/collect', 'www.googletagmanager.com/gtag/js'];
const META = ['connect.facebook.net/en_US/fbevents.js', 'www.facebook.com/tr/'];
const CLARITY = ['www.clarity.ms/tag/abc123'];
const ANALYTICS = [...GTAG, ...CLARITY].sort();
const ALL = [...GTAG, ...META, ...CLARITY].sort();
const EACH_ONCE = { bundle: 1, gtag: 1, fbevents: 1, clarity: 1 };
const VIDEO = ['www.youtube.com'];
const NOTHING = { others: [], heard: [] };
const THEIRS = ['_ga', '_fbp', '_clck'];

const unloaded = ({ others, heard }) => ({ others, heard });
const isHeld = (cookies, names = THEIRS) => names.filter((name) => cookies[name]);
const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');

/** A visitor who has just opened the shop, and was sent nowhere. */
async function arrived(world, options, path = '/') {
  const someone = await visitor(world, options);
  await someone.go(path);
  assert.equal(await someone.asked(), true, 'the banner is not in view');
  assert.deepEqual(unloaded(someone.sent()), NOTHING, 'something was sent before a choice');
  await someone.mark();
  return someone;
}

/** Nothing that the visitor's browser complained of is of our making. */
function content(someone) {
  assert.deepEqual(someone.complaints.filter((line) => !/youtube/.test(line)), []);
}

async function refuse(world) {
  const someone = await arrived(world);
  await someone.shoot('first');
  await someone.page.click('#buy');
  assert.equal(await someone.page.$eval('#basket', (basket) => basket.textContent), '1', 'the shop does not work beside the banner');
  const [no, yes] = await someone.sizes();
  assert.equal(no, yes, 'refusing looks unlike accepting');
  await someone.press('refuse');
  assert.equal(await someone.asked(), false);
  for (const path of ['/teas', '/', '/news']) {
    await someone.go(path);
    assert.equal(await someone.asked(), false, `asked again at ${path}`);
  }
  assert.deepEqual(unloaded(someone.sent()), NOTHING, 'something was sent after a refusal');
  const cookies = await someone.cookies();
  assert.match(cookies.consentry.value, new RegExp(`^v1\\.[0-9a-f]{8}\\.${daysAgo(0)}\\.f0a0m0$`), 'a refusal has an id');
  assert.deepEqual([cookies.consentry.secure, cookies.consentry.sameSite], [true, 'Lax']);
  assert.deepEqual(Object.keys(cookies), ['consentry']);
  await someone.shoot('refused');
  content(someone);
  await someone.close();
  return [['reject-all', 'nothing']];
}

async function accept(world) {
  const someone = await arrived(world);
  await someone.press('accept');
  assert(await someone.marked(), 'the page was loaded again');
  assert.deepEqual(someone.sent(), { others: VIDEO, heard: ALL, loads: 0 }, 'after accept');
  assert.deepEqual(await someone.ran(), EACH_ONCE);
  assert.equal(await someone.page.$eval('iframe', (frame) => frame.src), 'https://www.youtube.com/embed/aqz-KE-bpKQ');
  const cookies = await someone.cookies();
  assert.match(cookies.consentry.value, /^v1\.[0-9a-f]{8}\.\d{8}\.f1a1m1\.[0-9a-f]{32}\.[\w-]+$/, 'no receipt, or not signed');
  assert.deepEqual(isHeld(cookies), THEIRS);
  await someone.shoot('accepted');
  await someone.go('/teas');
  assert.equal(await someone.asked(), false);
  const next = someone.sent();
  assert.deepEqual([next.others, next.heard.includes(GTAG[0]), next.heard.includes(META[1])], [VIDEO, true, true], 'the next page');
  assert.deepEqual(await someone.ran(), EACH_ONCE, 'on the next page');
  content(someone);
  return someone;
}

async function withdraw(world) {
  const someone = await accept(world);
  await someone.go('/');
  someone.sent();
  await someone.mark();
  await someone.press('reopen');
  await someone.shoot('reopened');
  assert.match(await someone.says(), /Comfort, Statistics, Marketing/, 'what was chosen is not said');
  await someone.press('refuse');
  await pause();
  assert.equal(await someone.marked(), false, 'what runs goes on running');
  assert.deepEqual(someone.sent(), { ...NOTHING, loads: 1 }, 'after a withdrawal');
  assert.equal(await someone.asked(), false);
  for (const path of ['/teas', '/']) await someone.go(path);
  assert.deepEqual(unloaded(someone.sent()), NOTHING, 'something was sent after a withdrawal');
  const cookies = await someone.cookies();
  assert.deepEqual(isHeld(cookies), [], 'their cookies stay');
  assert.match(cookies.consentry.value, /\.f0a0m0$/);
  assert.equal(await someone.page.evaluate(() => localStorage.length), 0, 'what they stored stays');
  content(someone);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'nothing']];
}

async function partly(world) {
  const someone = await arrived(world);
  await someone.press('settings');
  assert.deepEqual(await someone.switches(), { functional: false, analytics: false, marketing: false }, 'something is ticked');
  await someone.shoot('settings');
  await someone.flip('analytics');
  await someone.press('save');
  assert(await someone.marked());
  assert.deepEqual(someone.sent(), { others: [], heard: ANALYTICS, loads: 0 });
  assert.match((await someone.cookies()).consentry.value, /\.f0a1m0\.[0-9a-f]{32}\./);
  await someone.go('/teas');
  assert.equal(someone.sent().heard.some((what) => what.includes('facebook')), false);
  await someone.press('reopen');
  assert.match(await someone.says(), /Statistics/);
  await someone.press('settings');
  assert.deepEqual(await someone.switches(), { functional: false, analytics: true, marketing: false }, 'not what was chosen');
  await someone.shoot('settings-chosen');
  await someone.flip('functional');
  await someone.mark();
  await someone.press('save');
  assert(await someone.marked(), 'more was allowed, and the page was loaded again');
  assert.deepEqual(someone.sent(), { others: VIDEO, heard: [], loads: 0 }, 'only the video is new');
  content(someone);
  await someone.close();
  return [['custom', 'analytics'], ['custom', 'functional, analytics']];
}

async function close(world) {
  const someone = await arrived(world);
  await someone.press('close');
  assert.equal(await someone.asked(), false);
  assert.deepEqual(Object.keys(await someone.cookies()), [], 'closing is a choice');
  await someone.go('/teas');
  assert.equal(await someone.asked(), true, 'not asked again, and has not said anything');
  assert.deepEqual(unloaded(someone.sent()), NOTHING);
  await someone.close();
  return [];
}

async function tabs(world) {
  const someone = await arrived(world);
  const other = await someone.another();
  await other.go('/teas');
  await other.mark();
  assert.deepEqual(unloaded(someone.sent()), NOTHING);
  await someone.page.bringToFront();
  await someone.press('accept');
  assert.equal(await other.asked(), false, 'the other tab still asks');
  assert(await other.marked());
  assert.deepEqual(await other.ran(), EACH_ONCE, 'in the other tab');
  someone.sent();
  await other.page.bringToFront();
  await other.press('reopen');
  await other.press('refuse');
  await pause();
  assert.equal(await someone.marked(), false, 'the first tab goes on');
  assert.deepEqual(someone.sent(), { ...NOTHING, loads: 2 });
  assert.deepEqual(isHeld(await someone.cookies()), []);
  assert.deepEqual([await someone.ran(), await other.ran()], [{ bundle: 1 }, { bundle: 1 }]);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'nothing']];
}

/** Cookies of earlier days, and of lists that nobody knows. */
async function old(world) {
  const first = await arrived(world);
  const version = await first.page.evaluate(async () => (await (await fetch('/_consentry/choice')).json()).policy);
  await first.close();
  for (const [value, asks] of [
    [signed(`v1.${version}.${daysAgo(170)}.f1a1m1`), false], [signed(`v1.${version}.${daysAgo(190)}.f1a1m1`), true],
    [`v1.${version}.${daysAgo(1)}.f1a1m1`, true], [signed(`v1.p1.${daysAgo(1)}.f1a1m1`), true],
    [signed(`v1.deadbeef.${daysAgo(1)}.f1a1m1`), true], [`v1.deadbeef.${daysAgo(1)}.f0a0m0`, false], [`v1.${version}.${daysAgo(190)}.f0a0m0`, true],
    [signed(`v1.${version}.${daysAgo(-3)}.f1a1m1`), true], ['v1.garbage', true],
  ]) {
    const someone = await visitor(world);
    await someone.put('consentry', value);
    await someone.go('/');
    assert.equal(await someone.asked(), asks, value);
    const { heard } = someone.sent();
    if (asks || value.includes('.f0a0m0')) assert.deepEqual(heard, [], value);
    else assert.deepEqual([heard.includes(GTAG[0]), heard.includes(META[1])], [true, true], value);
    await someone.close();
  }
  return [];
}

/** A page with a vendor that visitors were not asked about. */
async function changed(world) {
  const someone = await arrived(world);
  await someone.press('accept');
  await (await arrived(world, {}, '/news')).close();
  someone.sent();
  await someone.go('/news');
  assert.equal(await someone.asked(), true, 'a new company, and not asked again');
  assert.match(await someone.says(), /have changed/);
  await someone.shoot('changed');
  const sent = someone.sent();
  assert.deepEqual([sent.heard.includes(GTAG[0]), sent.heard.filter((what) => /facebook|tiktok/.test(what))], [true, []], 'what stands, and what does not');
  await someone.press('accept');
  assert.equal((await someone.ran()).tiktok, 1);
  await someone.go('/');
  assert.equal(await someone.asked(), false);
  content(someone);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['accept-all', 'functional, analytics, marketing']];
}

async function silent(world) {
  const someone = await visitor(world, { javascript: false });
  const press = async (selector) => {
    await Promise.all([someone.page.waitForNavigation({ timeout: 10_000 }), someone.page.click(selector)]);
    await pause();
  };
  await someone.go('/teas');
  assert.deepEqual(unloaded(someone.sent()), NOTHING, 'without JavaScript, before a choice');
  await press('a[href^="/_consentry/consent"]');
  await someone.shoot('silent');
  const buttons = await someone.page.$$eval('button', (all) => all.map((button) => button.textContent.trim()));
  assert.deepEqual(['Refuse all', 'Accept all', 'Save my choice'].filter((text) => !buttons.includes(text)), [], `${buttons}`);
  const deed = (text) => someone.page.evaluateHandle((words) => [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === words), text);
  const choose = async (text) => {
    await Promise.all([someone.page.waitForNavigation({ timeout: 10_000 }), (await deed(text)).click()]);
    await pause();
  };
  await choose('Accept all');
  assert.equal(new URL(someone.page.url()).pathname, '/teas', 'not back where the visitor was');
  assert.match((await someone.cookies()).consentry.value, /\.f1a1m1\.[0-9a-f]{32}\./);
  const { others, heard } = someone.sent();
  assert.deepEqual([others, heard.filter((what) => what === 'www.facebook.com/tr')], [VIDEO, ['www.facebook.com/tr']], 'without JavaScript, after a yes');
  await press('a[href^="/_consentry/consent"]');
  await choose('Refuse all');
  someone.sent();
  await someone.go('/');
  assert.deepEqual(unloaded(someone.sent()), NOTHING);
  assert.match((await someone.cookies()).consentry.value, /\.f0a0m0$/);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'nothing']];
}

async function strict(world) {
  for (const [path, expected] of [['/strict', ALL], ['/self', []]]) {
    const someone = await arrived(world, {}, path);
    await someone.shoot(`csp${path.replace('/', '-')}`);
    await someone.press('accept');
    assert(await someone.marked());
    const { heard } = someone.sent();
    if (expected.length) assert.deepEqual(heard, expected, path);
    else assert(heard.includes(GTAG[1]), `${path}: ${heard}`);
    await someone.press('reopen');
    await someone.press('refuse');
    await pause();
    assert.equal(await someone.marked(), false);
    assert.deepEqual(unloaded(someone.sent()), NOTHING, path);
    content(someone);
    await someone.close();
  }
  const rows = [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'nothing']];
  return [...rows, ...rows];
}

async function phone(world) {
  const someone = await arrived(world, { size: 'phone' });
  await someone.shoot('phone');
  const [no, yes] = await someone.sizes();
  assert.equal(no, yes);
  assert.equal(await someone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'the page is wider than the phone');
  await someone.press('accept');
  assert(await someone.marked());
  assert.deepEqual(unloaded(someone.sent()), { others: VIDEO, heard: ALL });
  await someone.press('reopen');
  await someone.press('settings');
  await someone.shoot('phone-settings');
  await someone.flip('marketing');
  await someone.flip('functional');
  await someone.press('save');
  await pause();
  assert.equal(await someone.marked(), false);
  assert.equal(await someone.purposes(), 'analytics');
  assert.deepEqual(isHeld(await someone.cookies(), ['_fbp']), []);
  content(someone);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'analytics']];
}

async function gpc(world) {
  const someone = await arrived(world, { headers: { 'Sec-GPC': '1' } });
  assert.match(await someone.says(), /Global Privacy Control/);
  await someone.shoot('gpc');
  await someone.press('accept');
  assert.deepEqual(unloaded(someone.sent()), { others: VIDEO, heard: ANALYTICS }, 'marketing in spite of the signal');
  await someone.close();
  // All that he was asked about: his browser had refused the rest.
  return [['accept-all', 'functional, analytics']];
}

/** Without TLS there is no `Sec-Fetch-Site`, and no cookie is `Secure`. */
async function clear(world) {
  const someone = await arrived(world, { origin: OWN.replace('https', 'http') });
  await someone.press('accept');
  assert(await someone.marked());
  assert.deepEqual(unloaded(someone.sent()), { others: VIDEO, heard: ALL });
  assert.equal((await someone.cookies()).consentry.secure, false);
  await someone.press('reopen');
  await someone.press('refuse');
  await pause();
  assert.equal(await someone.marked(), false);
  assert.deepEqual(unloaded(someone.sent()), NOTHING);
  content(someone);
  await someone.close();
  return [['accept-all', 'functional, analytics, marketing'], ['withdraw', 'nothing']];
}

/** In this order: the page of `changed` has a company that everybody is asked about from then on; `refuse` sees it as well. */
export const VISITS = { withdraw, partly, close, tabs, old, silent, strict, phone, gpc, clear, changed, refuse };
