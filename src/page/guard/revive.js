// Turns what is inert into what it was, in the order of the document, when the visitor allows its purposes.
//
// 1. The elements stay the same ones: whoever listens to them or holds them has them still. A script runs, for it never started.
// 2. Classic scripts that block run one after the other, each after what it wrote; `async` ones run when they come; deferred ones and
//    modules after all others (HTML Standard, 4.12.1.1).
// 3. Before the first script of a vendor comes what it is told of the site's own paths, and before Google's what the visitor allows.
// 4. Our stub of a function goes before the vendor's own snippet, which would find it and do nothing. What was noted in it, and events
//    in its lists, go with it unless the operator keeps them; what only sets a vendor up stays.
const LETTERS = { functional: 'f', analytics: 'a', marketing: 'm' };
const attributeNames = proto && free(proto.getAttributeNames);
const idsOf = (el) => split(native.get(el, 'data-consentry') || '', ' ');
const lettersOf = (el) => {
  let letters = '';
  all(split(native.get(el, 'data-consentry-purpose') || '', ' '), (name) => {
    letters += name ? LETTERS[name] || 'x' : '';
  });
  return letters;
};
const isOpen = (el) => {
  const letters = lettersOf(el);
  let byList = false;
  for (let i = 0; i < letters.length; i++) {
    if (holds(letters[i])) return false;
    byList ||= includes(only.letters, letters[i]);
  }
  return !byList || idsOf(el).every(isNamed);
};
/** Whether an id, or the host by which the guard knows what it held, is on the list. */
const isNamed = (id) => {
  if (!id || includes(only.ids, ` ${id} `)) return true;
  for (let i = 0; i < only.places.length; i++) {
    const name = only.places[i][0];
    if (only.places[i][2] && name && (id === name || endsWith(id, '.' + name))) return true;
  }
  return false;
};
/** What is inert in a page and its open shadow trees, in order. */
const inertIn = (page) => {
  const found = [];
  all(native.queryPage(page, '[data-consentry]'), (el) => push(found, el));
  all(shadows, (root) => {
    if (native.page(root) === page) all(native.queryPart(root, '[data-consentry]'), (el) => push(found, el));
  });
  return found;
};

// --- what vendors are told, and what our stubs noted ---

const told_ = new Set();
let front = 0;
const tell = (id) => {
  const word = includes(' ga4 gtm google_ads floodlight ga_ua ', ` ${id} `) ? 'consent' : id;
  all(word === id ? [id] : [word, id], (name) => {
    if (!setups || !setups[name] || setHas(told_, name)) return;
    setAdd(told_, name);
    // What is told comes before what pages noted already, for tags read their list in order.
    const count = (self.dataLayer || '').length;
    ended(() => setups[name](given(), boot.granted, boot.origin + more.f));
    const list = self.dataLayer;
    if (!list || list.push !== [].push) return;
    const added = list.splice(count);
    list.splice(front, 0, ...added);
    front += added.length;
  });
};
const tellHost = (url) => ended(() => {
  const found = new Url(url, native.base(document));
  const id = listed(more.v, hostOf(found), pathOf(found));
  if (id) tell(id);
});
const EVENT = /track|event|send|page|identify|conversion|purchase|capture|record/i;
const isEvent = (item) => {
  const name = item && typeof item === 'object' ? item[0] || item.event : '';
  return typeof name === 'string' && !startsWith(name, 'gtm.') && exec(EVENT, name + (item.event ? 'event' : ''));
};
const emptied = new Set();
/** What our stubs noted, by the name of the global. */
const clear = (id, text) => {
  const notes = [];
  all(split(more.u[id] || '', ' '), (name) => {
    const value = name && ended(() => self[name]);
    if (!value) return;
    const list = value.queue || value.q || value.callQueue || value.a || value._q;
    const plain = value instanceof Array && !value.methods && !value.track;
    if (plain && !more.r && !setHas(emptied, name)) {
      setAdd(emptied, name);
      for (let i = value.length; i--;) if (isEvent(value[i])) value.splice(i, 1);
    } else if (!plain && includes(text, name) && deleteProperty(self, name)) {
      if (more.r && list) push(notes, { name, list });
    }
  });
  return notes;
};
const replay = (notes) => all(notes, ({ name, list }) => all(list, (args) => ended(() => apply(self[name], self, args))));

// --- scripts ---

const Done = self.Promise;
const revived = new Weak();
const current = proto && getter(Document.prototype, 'currentScript');
const readiness = proto && getter(Document.prototype, 'readyState');
/** Whether `text`, which a script writes, is kept to be put behind it: the page was read already, and would go. */
const catches = (win, text) => {
  const script = current(win.document);
  if (!script || !weakHas(revived, script) || readiness(win.document) === 'loading') return false;
  weakSet(revived, script, weakGet(revived, script) + text);
  return true;
};
const isScript = (el) => native.tag(el) === 'script';
const isCode = (el) => isScript(el) && native.get(el, 'type') === 'text/plain';
/** Gives an element its attributes back, the type of a script first and what loads last. */
const restore = (el, once) => {
  const tag = native.tag(el);
  if (isCode(el)) {
    const type = native.get(el, 'data-consentry-type');
    if (type === null) native.drop(el, 'type');
    else native.set(el, 'type', type);
  }
  const names = attributeNames(el);
  native.drop(el, 'data-consentry');
  native.drop(el, 'data-consentry-purpose');
  all(names, (full) => {
    const name = startsWith(full, 'data-consentry-') ? slice(full, 15) : '';
    const value = native.get(el, full);
    if (!name || value === null || name === 'purpose') return;
    native.drop(el, full);
    if (name === 'type' && tag === 'script') return;
    const other = once ? undefined : instead(el, tag, name, value);
    if (other !== null) setAttribute(el, name, other === undefined ? value : other);
  });
};
/** Runs an inert script; resolves when it has run. */
const run = async (el) => {
  const external = native.get(el, 'data-consentry-src') !== null || native.get(el, 'data-consentry-href') !== null || native.has(el, 'src');
  const text = external ? '' : native.text(el);
  let notes = [];
  all(idsOf(el), (id) => {
    tell(id);
    all(clear(id, text), (note) => push(notes, note));
  });
  if (external) tellHost(native.get(el, 'data-consentry-src') || native.get(el, 'src'));
  weakSet(revived, el, '');
  const loaded = external && new Done((done) => {
    native.on(el, 'load', done);
    native.on(el, 'error', done);
    later(done, 10000);
  });
  restore(el);
  const parent = native.parent(el);
  // Put where it is already, a script that never started does.
  if (!external && parent) native.before(parent, el, native.next(el));
  if (loaded) await loaded;
  replay(notes);
  const written = weakGet(revived, el);
  weakSet(revived, el, '');
  if (written) await put(el, written);
};
/** Puts behind a script what it wrote, and runs the scripts in that. */
const put = async (el, text) => {
  const parent = native.parent(el);
  if (!parent) return;
  const range = inert.createRange();
  range.selectNodeContents(inert.body);
  const part = range.createContextualFragment(text);
  checkAll(settled(part));
  const scripts = [];
  all(native.queryPart(part, 'script'), (script) => {
    if (isCode(script) || !exec(/^$|javascript|module/, lower(native.get(script, 'type') || ''))) return;
    const type = native.get(script, 'type');
    if (type !== null) native.set(script, 'data-consentry-type', type);
    native.set(script, 'type', 'text/plain');
    const src = native.get(script, 'src');
    if (src !== null) {
      native.drop(script, 'src');
      native.set(script, 'data-consentry-src', src);
    }
    native.set(script, 'data-consentry', '');
    push(scripts, script);
  });
  native.before(parent, part, native.next(el));
  await walk(scripts);
};
/** Brings elements back to life, in order. */
const walk = async (list) => {
  const [rest, running] = [[], []];
  for (let i = 0; i < list.length; i++) {
    const el = list[i];
    if (!native.inPage(el) || !native.has(el, 'data-consentry') || !isOpen(el)) continue;
    if (!isCode(el)) {
      all(idsOf(el), tell);
      ended(() => restore(el));
      continue;
    }
    const type = native.get(el, 'data-consentry-type') || '';
    const external = native.has(el, 'data-consentry-src');
    const free_ = weakHas(madeByScript, el) ? weakGet(madeByScript, el) : native.has(el, 'async');
    if (external && free_) push(running, run(el).catch(() => {}));
    else if (lower(type) === 'module' || external && native.has(el, 'defer')) push(rest, el);
    else await run(el).catch(() => {});
  }
  for (let i = 0; i < rest.length; i++) await run(rest[i]).catch(() => {});
  for (let i = 0; i < running.length; i++) await running[i];
};

// --- styles ---

const HELD_URL = /about:invalid#[^/\s"')]*\/(\w+)\/([^"')\s]*)/g;
const openCss = (text) => includes(text, 'about:invalid#') ? swap(text, HELD_URL, (hit) => {
  const letter = LETTERS[hit[1]] || 'x';
  return holds(letter) ? hit[0] : ended(() => decode(hit[2]), hit[0]);
}) : text;
const openRules = (sheet) => ended(() => {
  const list = sheet.cssRules;
  for (let i = 0; i < list.length; i++) {
    const text = list[i].cssText;
    if (!includes(text, 'about:invalid#')) continue;
    if (list[i].cssRules && !list[i].selectorText) openRules(list[i]);
    else if (list[i].style && list[i].selectorText) list[i].style.cssText = openCss(list[i].style.cssText);
    else {
      sheet.deleteRule(i);
      sheet.insertRule(openCss(text), i);
    }
  }
});
const openStyles = (page) => {
  all(native.queryPage(page, 'style,[style*="about:invalid#"]'), (el) => {
    if (native.tag(el) === 'style') {
      const text = native.text(el);
      if (openCss(text) !== text) native.settle(el, gateCss(openCss(text), native.base(el)));
    } else native.set(el, 'style', gateCss(openCss(native.get(el, 'style')), native.base(el)));
  });
  all(page.styleSheets, openRules);
  all(page.adoptedStyleSheets || [], openRules);
};

// --- the visitor's choice ---

const comeAlive = async (page, letters) => {
  openStyles(page);
  all(native.queryPage(page, 'iframe'), (frame) => ended(() => {
    const win = native.frame(frame);
    if (!win[KEY] || native.has(frame, 'data-consentry')) return;
    if (win[KEY] === api) comeAlive(win.document, letters);
    else win[KEY].grant(letters, boot.told);
  }));
  // What a script that came alive wrote may be inert, and open.
  for (let turn = 0, list; turn < 20 && (list = inertIn(page).filter(isOpen)).length; turn++) await walk(list);
};
let turns = self.Promise.resolve();
/** Opens purposes, for the vendors of a list where one is given, brings what is inert back to life, and resolves when that is done. */
const grant = (letters, list) => {
  if (boot.withheld) return turns;
  if (typeof list === 'string') limit(list);
  all('fam', (letter) => {
    if (includes(letters, letter) && holds(letter)) allow(given() + letter);
  });
  return turns = turns.then(() => comeAlive(document, letters)).catch(() => {});
};
/** How much in the page is inert, by letter. */
const gated = () => {
  const counts = { f: 0, a: 0, m: 0 };
  all(inertIn(document), (el) => all(lettersOf(el), (letter) => {
    if (letter in counts) counts[letter]++;
  }));
  return counts;
};
