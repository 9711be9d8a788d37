// Turns this window, and the windows of its frames, into guarded ones; and the visitor's choice, here or in another tab, into what follows.
const KEY = Symbol.for('consentry.guard');
const base = proto ? () => native.base(document) : () => self.location.href;

/** What the parser or something unknown puts into a page. Each of the parser's elements has a record of its own. */
const watch = (page) => {
  if (weakHas(watched, page)) return;
  weakSet(watched, page, 1);
  const look = (node) => ended(() => {
    late = true;
    if (native.type(node) !== 1) return;
    const tag = native.tag(node);
    if (USES[tag] || native.has(node, 'style')) check(node);
    late = false;
    if (tag !== 'iframe') return;
    meet(node);
    if (native.has(node, 'data-consentry-src')) offer(node);
  });
  new Watcher((records) => all(records, (record) => {
    const { target } = record;
    if (record.type === 'childList') {
      all(record.addedNodes, look);
      if (record.addedNodes.length && native.type(target) === 1 && native.tag(target) === 'style') look(target);
    } else {
      const text = native.get(target, 'style') || '';
      if (exec(/url\(/, text)) look(target);
    }
  })).observe(page, { childList: true, subtree: true, attributes: true, attributeFilter: ['style'] });
};
const watched = new Weak();
const Watcher = self.MutationObserver;

const cookie = proto && getOwnPropertyDescriptor(Document.prototype, 'cookie');
const readCookie = cookie && free(cookie.get);
const writeCookie = cookie && free(cookie.set);

const change = (detail) => {
  if (!detail || !(detail.purposes instanceof Array)) return;
  let [given, taken] = ['', ''];
  for (const letter of 'fam') {
    const allowed = detail.purposes.includes(NAMES[letter]);
    if (allowed && holds(letter)) given += letter;
    if (!allowed && (!holds(letter) || (detail.before || []).includes(NAMES[letter]))) taken += letter;
  }
  if (taken) {
    forget(taken);
    granted = swap(granted, new RegExp(`[${taken}]`, 'g'), () => '');
  }
  return given;
};

/** Asks the server what the visitor allows, when another consent manager of the page has noted something. */
let asking = 0;
let asks = 0;
const NAMES_OF = { f: 'functional', a: 'analytics', m: 'marketing' };
const ask = () => {
  asking = 0;
  fetchNow(boot.origin + '/_consentry/guard/state', { cache: 'no-store' }).then((answer) => answer.json()).then(({ granted: letters }) => {
    // What is no answer of ours opens nothing.
    if (typeof letters !== 'string' || !exec(/^f?a?m?$/, letters)) return;
    const purposes = [];
    all('fam', (letter) => includes(letters, letter) && push(purposes, NAMES_OF[letter]));
    const given = change({ purposes });
    if (given) grant(given);
  }).catch(() => {});
};
const fetchNow = self.fetch && self.fetch.bind(self);
const wrote = (name) => {
  if (!boot.cmp || asking || asks > 30) return;
  const names = split(boot.cmp, ' ');
  for (let i = 0; i < names.length && !asking; i++) {
    const is = endsWith(names[i], '*') ? startsWith(name, slice(names[i], 0, -1)) : name === names[i];
    if (is) asking = ++asks && later(ask, 50);
  }
};

/** Takes what the second file does, once; it gets what it needs of this one. */
const add = (f) => {
  second ||= f(SHARED);
};
const api = Object.freeze({ grant, gated, watch, add });
const install = (win) => {
  defineProperty(win, KEY, { value: api });
  network(win, win === self ? base : () => native.base(win.document));
  if (!win.document) return;
  dom(win);
  watch(win.document);
};

if (self[KEY]) return self[KEY].watch(document);
install(self);
if (!proto) return;
native.on(document, 'consentry:change', (event) => change(event.detail));
ended(() => {
  const channel = new BroadcastChannel('consentry');
  const learn = (detail) => {
    const given = change(detail);
    if (given) grant(given);
  };
  channel.onmessage = ({ data }) => {
    if (data !== 'change') return learn(data);
    // A banner in this page asks by itself.
    if (!self.consentry) self.fetch(boot.origin + '/_consentry/choice').then((answer) => answer.json()).then(learn, () => {});
  };
});
expect();
