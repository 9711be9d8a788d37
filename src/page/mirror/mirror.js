// Reads the visitor's choice where consent managers keep it in the browser alone, and tells the server, which sets a cookie for each.
//
// 1. Only an act counts, by each manager's own mark of it; what is assumed, not there in time or not readable is not told.
// 2. A refusal is told as one; a choice that was taken back takes the place of the one before.
// 3. A purpose is allowed where everything that the manager says of it is, by the site's names, the maker's, or convention.
// 4. Nothing of the manager's is written. What is newly allowed comes alive through the guard where there is one; otherwise, and
//    where something was taken back, the page is loaded anew, twice a minute at most.
(() => {
  'use strict';
  const SITE = __SITE__;
  const LETTERS = ['f', 'a', 'm'];
  const PURPOSES = { f: 'functional', a: 'analytics', m: 'marketing' };
  /** A manager that is about to ask has no choice any more. */
  const ASKS = Symbol('asks');
  const STEP = 1000;
  const MINUTE = 60_000;
  const TRIES = 3;
  if (window !== window.top || location.origin === 'null') return;

  const words = new Map(Object.entries(SITE.words).flatMap(([letter, all]) => all.map((word) => [word, letter])));
  const folded = (name) => String(name).toLowerCase().replace(/[ \-_.]/g, '');
  const is = (value) => typeof value === 'function';

  function stored(key) {
    for (const store of ['localStorage', 'sessionStorage']) {
      try {
        const text = window[store].getItem(key);
        if (text !== null) return parsed(text);
      } catch { /* storage is off */ }
    }
    return null;
  }

  function parsed(text) {
    for (const form of [text, unescaped(text)]) {
      try {
        const value = JSON.parse(form);
        if (value !== null && typeof value === 'object') return value;
      } catch { /* no JSON */ }
    }
    return null;
  }

  function unescaped(text) {
    try { return decodeURIComponent(text); } catch { return ''; }
  }

  /** The letters of what is allowed; `cast` has names, of which the first that is known counts, and whether each is allowed. */
  function letters(cast, site, maker = {}) {
    const votes = new Map();
    const of = (name) => (site.map ? site.map[name] : maker[name] ?? words.get(folded(name)));
    for (const [names, allowed] of cast) {
      const letter = names.map(of).find((found) => typeof found === 'string');
      // A refused name that nobody knows may be of any purpose.
      if (letter === undefined && !site.map && !allowed) return '';
      if (letter !== undefined) votes.set(letter, (votes.get(letter) ?? true) && allowed);
    }
    return LETTERS.filter((letter) => votes.get(letter) === true).join('');
  }

  /** The letters of what purposes of the Transparency and Consent Framework are enough for. */
  function byPurposes(consents) {
    const has = (number) => consents[number] === true || consents[number] === 1;
    const meets = ({ all, one }) => all.every(has) && (one.length === 0 || one.some(has));
    return LETTERS.filter((letter) => meets(SITE.tcf[letter])).join('');
  }

  // What events told.
  const told = { tcf: null, custom: null, gpp: null, osano: null, termly: null };
  const heard = new Set();
  let acted = { at: -Infinity, path: [] };

  /** Listens to something once it is there. */
  function hear(name, there, listen) {
    if (heard.has(name) || !there) return;
    heard.add(name);
    listen();
  }

  const isOsanos = (node) => [...(node.classList ?? [])].some((name) => name.startsWith('osano-cm'));

  function listen() {
    hear('tcf', is(window.__tcfapi), () => window.__tcfapi('addEventListener', 2, (data, ok) => {
      const chosen = ok && ['tcloaded', 'useractioncomplete'].includes(data?.eventStatus);
      if (!chosen || data.gdprApplies !== true) return;
      told.tcf = data.purpose?.consents ?? null;
      if (SITE.cmps.sourcepoint?.map) {
        window.__tcfapi('getCustomVendorConsents', 2, (custom, there) => { told.custom = there ? custom : null; soon(); });
      }
      soon();
    }));
    hear('gpp', is(window.__gpp), () => window.__gpp('addEventListener', (event, ok) => {
      const ping = event?.pingData;
      if (!ok || ping?.signalStatus !== 'ready' || ping.cmpDisplayStatus === 'visible') return;
      told.gpp = ping;
      soon();
    }));
    const osano = window.Osano?.cm;
    hear('osano', is(osano?.addEventListener), () => osano.addEventListener('osano-cm-consent-saved', (consent) => {
      // A clock can save too.
      if (performance.now() - acted.at > 5 * STEP || !acted.path.some(isOsanos)) return;
      told.osano = consent ?? osano.getConsent();
      soon();
    }));
    const termly = window.Termly;
    hear('termly', is(termly?.on), () => termly.on('consent', (data) => {
      told.termly = data?.consentState ?? termly.getConsentState?.() ?? null;
      soon();
    }));
    const didomi = window.Didomi;
    hear('didomi', is(didomi?.on), () => didomi.on('consent.changed', soon));
  }

  /** The purposes of the European section of the Global Privacy Platform. */
  function ofGpp() {
    const consents = told.gpp?.applicableSections?.includes(2) && told.gpp.parsedSections?.tcfeuv2?.PurposeConsents;
    return Array.isArray(consents) ? Object.fromEntries(consents.map((value, at) => [at + 1, Boolean(value)])) : null;
  }

  /** Whether a section of a state of the USA says no to sale, sharing or targeted advertising. */
  function isOptedOut() {
    const sections = Object.entries(told.gpp?.parsedSections ?? {}).filter(([name]) => name.startsWith('us'));
    const fields = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];
    return sections.some(([, section]) => [section].flat().some((part) => fields.some((field) => part?.[field] === 1)));
  }

  /** What each manager says: letters, `ASKS`, or nothing. */
  const READERS = {
    async usercentrics(site) {
      const third = window.__ucCmp;
      if (is(third?.getConsentDetails)) {
        const { consent, services } = await third.getConsentDetails();
        if (consent?.required === true) return ASKS;
        if (consent?.type !== 'EXPLICIT') return null;
        const all = Object.entries(services ?? {});
        return letters(all.map(([id, s]) => [[id, s.name, s.category], s.consent?.given === true]), site);
      }
      const second = window.UC_UI;
      if (!is(second?.getServicesBaseInfo) || second.isInitialized?.() !== true) return null;
      if (second.isConsentRequired?.() === true) return ASKS;
      const all = second.getServicesBaseInfo();
      const marks = all.flatMap((s) => [s.consent?.type, ...(s.consent?.history ?? []).map((h) => h.type)]);
      const touched = () => { try { return localStorage.getItem('uc_user_interaction') === 'true'; } catch { return false; } };
      if (!marks.some((mark) => /^explicit$/i.test(mark)) && !touched()) return null;
      return letters(all.map((s) => [[s.id, s.name, s.categorySlug], s.consent?.status === true]), site);
    },
    termly(site) {
      const kept = stored('TERMLY_API_CACHE')?.TERMLY_COOKIE_CONSENT?.value;
      const state = told.termly ?? (kept && (window.Termly?.getConsentState?.() ?? kept));
      if (!state || typeof state !== 'object') return null;
      const maker = { performance: 'f', social_networking: 'm', unclassified: 'm' };
      return letters(Object.entries(state).map(([name, on]) => [[name], on === true]), site, maker);
    },
    sourcepoint(site) {
      if (site.map) {
        if (!told.custom) return null;
        const all = [...(told.custom.consentedPurposes ?? []), ...(told.custom.consentedVendors ?? [])];
        const names = new Set(all.flatMap((one) => [one._id, one.name]));
        return letters(Object.keys(site.map).map((name) => [[name], names.has(name)]), site);
      }
      const consents = told.tcf ?? ofGpp();
      if (consents) return byPurposes(consents);
      if (is(window.__tcfapi)) return null;
      const key = Object.keys(localStorage).find((name) => name.startsWith('_sp_user_consent_'));
      const status = key && stored(key)?.gdpr?.consentStatus;
      if (!status || status.hasConsentData !== true) return null;
      if (status.consentedAll === true) return 'fam';
      return status.consentedToAny === false ? '' : null;
    },
    'osano-cmp'(site) {
      if (!told.osano) return null;
      const { OPT_OUT, ...named } = told.osano;
      const maker = { STORAGE: 'f', PERSONALIZATION: 'f' };
      const cast = Object.entries(named).map(([name, word]) => [[name], word === 'ACCEPT']);
      const found = letters(cast, site, maker);
      return OPT_OUT === 'ACCEPT' ? found.replace('m', '') : found;
    },
    didomi(site) {
      const didomi = window.Didomi;
      const asks = didomi?.shouldUserStatusBeCollected ?? didomi?.shouldConsentBeCollected;
      if (!is(asks)) return null;
      const open = asks.call(didomi);
      if (open === true && didomi.isConsentRequired?.() !== false) return ASKS;
      if (open !== false || didomi.isConsentRequired?.() === false) return null;
      const now = didomi.getCurrentUserStatus?.();
      if (now?.regulation === 'none') return null;
      if (now) return letters(Object.values(now.purposes ?? {}).map((p) => [[p.id], p.enabled === true]), site);
      const { enabled = [], disabled = [] } = didomi.getUserStatus?.()?.purposes?.consent ?? {};
      const cast = [...enabled.map((id) => [[id], true]), ...disabled.map((id) => [[id], false])];
      return cast.length === 0 ? null : letters(cast, site);
    },
    klaro(site) {
      // It is written on a choice only.
      const choice = stored(site.key);
      return choice && letters(Object.entries(choice).map(([name, on]) => [[name], on === true]), site);
    },
    'vanilla-cookieconsent'(site) {
      // So is this.
      const choice = stored(site.key);
      if (!Array.isArray(choice?.categories) || choice.expirationTime <= Date.now()) return null;
      if (site.revision !== null && String(choice.revision) !== site.revision) return null;
      const known = window.CookieConsent?.getUserPreferences?.()?.rejectedCategories ?? [];
      const others = [...Object.keys(site.map ?? {}), ...Object.keys(choice.services ?? {}), ...known];
      const names = new Set([...choice.categories, ...others]);
      return letters([...names].map((name) => [[name], choice.categories.includes(name)]), site);
    },
  };

  /** What the cookie holds: letters, or nothing. */
  function kept(cmp) {
    const start = `${SITE.cookie}${cmp}=`;
    const value = document.cookie.split('; ').find((pair) => pair.startsWith(start))?.slice(start.length);
    const bits = value?.match(/\.f([01])a([01])m([01])\.e$/);
    return bits ? LETTERS.filter((_, at) => bits[at + 1] === '1').join('') : null;
  }

  const chosen = new Map(Object.keys(SITE.cmps).map((cmp) => [cmp, kept(cmp)]));
  const tries = new Map();

  async function tell(cmp, found) {
    const key = `${cmp} ${found}`;
    const tried = tries.get(key) ?? 0;
    tries.set(key, tried + 1);
    if (tried >= TRIES) return;
    const old = chosen.get(cmp);
    // Another tab may have told it already; then this page is as it was before.
    const stale = kept(cmp) !== old;
    const response = await fetch(new URL(SITE.path, location.origin), {
      method: 'POST', credentials: 'same-origin', keepalive: true, headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cmp, purposes: [...found].map((letter) => PURPOSES[letter]) }),
    });
    if (!response.ok) return;
    const answer = await response.json();
    chosen.set(cmp, found);
    tries.clear();
    if (kept(cmp) === found) await act(stale ? old ?? '' : answer.before, answer.granted);
  }

  async function act(before, granted) {
    const gained = [...granted].filter((letter) => !before.includes(letter)).join('');
    const lost = [...before].some((letter) => !granted.includes(letter));
    if (gained === '' && !lost) return;
    const names = (all) => [...all].map((letter) => PURPOSES[letter]);
    document.dispatchEvent(new CustomEvent('consentry:change', { detail: { purposes: names(granted), before: names(before) } }));
    const guard = window[Symbol.for('consentry.guard')];
    if (!lost && is(guard?.grant)) await guard.grant(gained);
    else reload();
  }

  function reload() {
    try {
      const now = Date.now();
      const times = (parsed(sessionStorage.getItem('consentry-mirror')) ?? []).filter((time) => now - time < MINUTE);
      if (times.length >= 2) return;
      sessionStorage.setItem('consentry-mirror', JSON.stringify([...times, now]));
    } catch { return; }
    location.reload();
  }

  async function one(cmp, site) {
    let found = await READERS[cmp](site);
    if (found === ASKS) found = chosen.get(cmp) ? '' : null;
    if (typeof found !== 'string') return;
    if (isOptedOut()) found = found.replace('m', '');
    if (found !== chosen.get(cmp)) await tell(cmp, found);
  }

  let busy = false;
  async function check() {
    if (busy) return;
    busy = true;
    try { listen(); } catch { /* it is not what it says it is */ }
    for (const [cmp, site] of Object.entries(SITE.cmps)) {
      try { await one(cmp, site); } catch { /* what cannot be read says nothing */ }
    }
    busy = false;
  }

  const soon = () => setTimeout(check, 50);
  const note = (event) => {
    if (!event.isTrusted) return;
    acted = { at: performance.now(), path: event.composedPath() };
    setTimeout(check, STEP / 4);
  };
  for (const name of ['click', 'keydown']) addEventListener(name, note, true);
  for (const name of ['UC_UI_INITIALIZED', 'UC_UI_CMP_EVENT', 'UC_CONSENT', 'cc:onConsent', 'cc:onChange', 'storage', 'load']) {
    addEventListener(name, soon);
  }
  setInterval(() => { if (!document.hidden) check(); }, STEP);
  check();
})();
