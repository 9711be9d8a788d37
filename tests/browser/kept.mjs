// The consent managers of `mirrors.mjs`, which keep the choice in the browser: two real ones, and stubs of the others that have their
// makers' calls, events, storage keys and marks of an act.

import { click, klaro, vanilla } from './managed.mjs';

/** A stub's page: its buttons call `save(all, analytics, marketing)`, which `code` defines; it starts a while after the page. */
function stub(code) {
  const start = `
const read = (key) => JSON.parse(localStorage.getItem(key) ?? 'null');
const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));
${code}
addEventListener('load', () => {
  document.body.insertAdjacentHTML('beforeend', '<div class="osano-cm-window"><button id="all">All</button><button id="none">None</button><button id="some">Some</button></div>');
  document.getElementById('all').onclick = () => save(true, true);
  document.getElementById('none').onclick = () => save(false, false);
  document.getElementById('some').onclick = () => save(true, false);
  setTimeout(start, 300);
});`;
  return `<script>{${start}}</script>`;
}

const BUTTONS = { accept: click('#all'), reject: click('#none'), partly: click('#some'), withdraw: click('#none') };

// Usercentrics 2: services with categories, and whether the visitor touched the dialog.
const second = (type) => stub(`
const base = [['a', 'Heatmap', 'analytics'], ['m', 'Pixel', 'marketing'], ['e', 'Shop', 'essential']];
const kept = () => read('uc_settings')?.services ?? base.map(([id]) => ({ id, status: ${type === 'IMPLICIT'} || id === 'e', history: [{ type: '${type}' }] }));
const start = () => {
  window.UC_UI = {
    isInitialized: () => true,
    isConsentRequired: () => ${type !== 'IMPLICIT'} && localStorage.getItem('uc_user_interaction') !== 'true',
    getServicesBaseInfo: () => base.map(([id, name, categorySlug]) => {
      const { status, history } = kept().find((one) => one.id === id);
      return { id, name, categorySlug, consent: { status, history } };
    }),
  };
  dispatchEvent(new Event('UC_UI_INITIALIZED'));
};
const save = (analytics, marketing) => {
  const on = { a: analytics, m: marketing, e: true };
  write('uc_settings', { services: base.map(([id]) => ({ id, status: on[id], history: [{ action: 'onUpdateServices', status: on[id], type: 'explicit' }] })) });
  localStorage.setItem('uc_user_interaction', 'true');
  dispatchEvent(new CustomEvent('UC_UI_CMP_EVENT', { detail: { type: 'SAVE' } }));
};`);

// Usercentrics 3: everything by promises, with the kind of the consent.
const third = stub(`
const kept = () => read('ucData') ?? { type: 'IMPLICIT', a: false, m: false };
const service = (name, category, given) => ({ name, category, consent: { given, type: kept().type } });
const start = () => {
  window.__ucCmp = { getConsentDetails: async () => ({
    consent: { type: kept().type, required: kept().type !== 'EXPLICIT', status: 'SOME_ACCEPTED' },
    services: { x1: service('Heatmap', 'analytics', kept().a), x2: service('Pixel', 'marketing', kept().m), x3: service('Shop', 'essential', true) },
  }) };
  dispatchEvent(new Event('UC_UI_INITIALIZED'));
};
const save = (a, m) => { write('ucData', { type: 'EXPLICIT', a, m }); dispatchEvent(new CustomEvent('UC_CONSENT')); };`);

const termly = stub(`
const kept = () => read('TERMLY_API_CACHE')?.TERMLY_COOKIE_CONSENT?.value;
const heard = [];
const start = () => { window.Termly = {
  on: (name, listener) => { if (name === 'consent') heard.push(listener); },
  getConsentState: () => kept() ?? { essential: true, performance: true, analytics: true, advertising: true, social_networking: true, unclassified: true },
}; };
const save = (analytics, advertising) => {
  const value = { essential: true, performance: analytics && advertising, analytics, advertising, social_networking: advertising, unclassified: advertising };
  write('TERMLY_API_CACHE', { TERMLY_COOKIE_CONSENT: { value } });
  heard.forEach((listener) => listener({ consentState: value }));
};`);

// Sourcepoint: the framework's own call, told again on each page.
const sourcepoint = stub(`
const kept = () => read('_sp_user_consent_31')?.purposes;
let listener = () => {};
const data = (eventStatus) => ({ eventStatus, gdprApplies: true, purpose: { consents: kept() ?? {} } });
const start = () => { window.__tcfapi = (command, version, callback) => {
  if (command !== 'addEventListener') return callback(null, false);
  listener = callback;
  return callback(data(kept() ? 'tcloaded' : 'cmpuishown'), true);
}; };
const save = (analytics, marketing) => {
  const on = (numbers, value) => Object.fromEntries(numbers.map((number) => [number, value]));
  write('_sp_user_consent_31', { purposes: { ...on([1], analytics || marketing), ...on([8, 9], analytics), ...on([2, 3, 4, 7], marketing) } });
  listener(data('useractioncomplete'), true);
};`);

const osano = (clock) => stub(`
const DEFAULT = { ESSENTIAL: 'ACCEPT', STORAGE: 'DENY', MARKETING: 'DENY', PERSONALIZATION: 'DENY', ANALYTICS: 'DENY', OPT_OUT: 'DENY' };
const kept = () => read('stub') ?? DEFAULT;
const heard = [];
const start = () => {
  window.Osano = { cm: { getConsent: kept, addEventListener: (name, listener) => { if (name === 'osano-cm-consent-saved') heard.push(listener); } } };
  if (${clock}) setTimeout(() => save(true, true), 1800);
};
const save = (analytics, marketing) => {
  const word = (on) => (on ? 'ACCEPT' : 'DENY');
  write('stub', { ...DEFAULT, STORAGE: word(analytics), ANALYTICS: word(analytics), MARKETING: word(marketing), PERSONALIZATION: word(marketing) });
  heard.forEach((listener) => listener(kept()));
};`);

const didomi = stub(`
const kept = () => read('didomi_token');
const heard = [];
const start = () => { window.Didomi = {
  on: (name, listener) => { if (name === 'consent.changed') heard.push(listener); },
  isConsentRequired: () => true,
  shouldUserStatusBeCollected: () => kept() === null,
  getCurrentUserStatus: () => ({ regulation: 'gdpr', purposes: { insight: { id: 'insight', enabled: kept()?.a === true }, reach: { id: 'reach', enabled: kept()?.m === true } } }),
}; };
const save = (a, m) => { write('didomi_token', { a, m }); heard.forEach((listener) => listener()); };`);

const named = (cmp, more = '') => `[consent]\ncmp = ["${cmp}"]\n${more}`;

export const MANAGERS = [
  { name: 'usercentrics 2', cmp: 'usercentrics', config: named('usercentrics'), head: second('EXPLICIT'), ...BUTTONS },
  { name: 'usercentrics 3', cmp: 'usercentrics', config: named('usercentrics'), head: third, ...BUTTONS },
  { name: 'termly', cmp: 'termly', config: named('termly'), head: termly, ...BUTTONS },
  { name: 'sourcepoint', cmp: 'sourcepoint', config: named('sourcepoint'), head: sourcepoint, ...BUTTONS },
  { name: 'osano', cmp: 'osano-cmp', config: named('osano-cmp'), head: osano(false), ...BUTTONS },
  {
    name: 'didomi', cmp: 'didomi', head: didomi, ...BUTTONS,
    config: named('didomi', 'mirror = ["didomi"]\nmap.didomi = { insight = "analytics", reach = "marketing" }\n'),
  },
  {
    name: 'klaro (real)',
    cmp: 'klaro',
    config: named('klaro', 'mirror = ["klaro"]\nmap.klaro = { heatmap = "analytics", pixel = "marketing" }\n'),
    ...klaro({ storageMethod: 'localStorage', storageName: 'klaro' }),
  },
  {
    name: 'vanilla-cookieconsent (real)',
    cmp: 'vanilla-cookieconsent',
    config: named('vanilla-cookieconsent', 'mirror = ["vanilla-cookieconsent"]\n'),
    ...vanilla({ useLocalStorage: true }),
  },
];

/** What says nothing: managers that never come, and those that assume without an act. */
export const SILENT = [
  { name: 'a manager that does not load', config: named('usercentrics'), head: '<script src="/none.js"></script>' },
  { name: 'what Usercentrics assumes', config: named('usercentrics'), head: second('IMPLICIT') },
  { name: 'what a clock saves', config: named('osano-cmp'), head: osano(true) },
  { name: 'what Termly assumes', config: named('termly'), head: termly },
  { name: 'a framework that does not apply', config: named('sourcepoint'),
    head: '<script>window.__tcfapi = (c, v, f) => f({ eventStatus: "tcloaded", gdprApplies: false, purpose: { consents: { 1: true, 8: true } } }, true)</script>' },
  { name: 'one that throws', config: named('usercentrics'),
    head: '<script>window.UC_UI = { isInitialized: () => true, isConsentRequired: () => false, getServicesBaseInfo() { throw new Error("no") } }</script>' },
];
