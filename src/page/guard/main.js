// Turns this window, and the windows of its frames, into guarded ones; and the visitor's choice, here or in another tab, into what follows.
// The site's own names behind which there is a vendor come after what the operator says of the site.
if (boot.alias) all(split(boot.alias, ' '), (one) => push(rules.o, [slice(one, 2), '', one[0]]));
const KEY = Symbol.for('consentry.guard');
const base = proto ? () => native.base(document) : () => self.location.href;

/** What the parser or something unknown puts into a page. Each of the parser's elements has a record of its own. */
const watch = (page) => {
  if (weakHas(watched, page)) return;
  weakSet(watched, page, 1);
  native.watch(watcher, page, { childList: true, subtree: true, attributes: true, attributeFilter: ['style'] });
};
const watched = new Weak();
const Watcher = self.MutationObserver;
const watcher = proto && (() => {
  const look = (node) => ended(() => {
    if (native.type(node) !== 1) return;
    const tag = native.tag(node);
    late = true;
    if (USES[tag] || native.has(node, 'style')) ended(() => check(node));
    late = false;
    if (tag !== 'iframe') return;
    meet(node);
    if (native.has(node, 'data-consentry-src')) offer(node);
  });
  return new Watcher((records) => all(records, (record) => {
    const { target } = record;
    if (record.type === 'childList') {
      all(record.addedNodes, look);
      if (record.addedNodes.length && native.type(target) === 1 && native.tag(target) === 'style') look(target);
    } else {
      const text = native.get(target, 'style') || '';
      if (exec(/url\(/, text)) look(target);
    }
  }));
})();

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
const ask = async () => {
  asking = 0;
  const { granted: letters, told: list } = await answerOf('guard/state');
  // What is no answer of ours opens nothing.
  if (typeof letters !== 'string' || !exec(/^f?a?m?$/, letters)) return;
  const purposes = [];
  all('fam', (letter) => includes(letters, letter) && push(purposes, NAMES_OF[letter]));
  const given = change({ purposes });
  if (given) grant(given, list);
};
const fetchNow = self.fetch && self.fetch.bind(self);
/** What the server says at a path of ours; it rejects where it says no. */
const answerOf = async (path, more) => {
  const answer = await fetchNow(boot.origin + '/_consentry/' + path, { cache: 'no-store', ...more });
  if (!answer.ok) throw new Failure(path);
  return answer.json();
};
const wrote = (name) => {
  if (!boot.cmp || asking || asks > 30) return;
  const names = split(boot.cmp, ' ');
  for (let i = 0; i < names.length && !asking; i++) {
    const is = endsWith(names[i], '*') ? startsWith(name, slice(names[i], 0, -1)) : name === names[i];
    if (is) asking = ++asks && later(() => ask().catch(() => {}), 50);
  }
};

let channel;
const tellOthers = () => channel && channel.postMessage('change');
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
  channel = new BroadcastChannel('consentry');
  const learn = (detail) => {
    const given = change(detail);
    if (given) grant(given);
  };
  channel.onmessage = ({ data }) => {
    if (data !== 'change') return learn(data);
    // A banner in this page asks by itself.
    if (!self.consentry) answerOf('choice').then(learn, () => {});
  };
});
expect();
