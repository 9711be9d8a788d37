// Turns what scripts do to elements into the same, with what would contact a held vendor made inert as the server makes it.
//
// 1. A held attribute becomes `data-consentry-…`, its element is marked with whose it is and for what, and a script gets the type
//    `text/plain`; so nothing that is inert says by whom it was made so.
// 2. Images and media load when they are told to; scripts, frames, links and plug-ins when they get into the page. Each is looked at then.
// 3. Markup is read in a document that loads nothing. Only where something in it is held the page gets those nodes; else its own call.
// 4. A held element of analytics or marketing fires `error`, as with a blocker, so that loaders go on; one that the visitor looks for
//    (functional) fires nothing until it comes alive, so that a loader of maps is not told that there are none. What has no answer that
//    anybody could read, a picture out of sight or a hint, fires `load`: pages take its error for a blocker, and lock themselves.
// 5. What trusted types guard is never turned into text: it passes as it is or not at all.
const IMAGE = { src: 'I', href: 'I', 'xlink:href': 'I', srcset: 'I+', attributionsrc: 'P*' };
const MEDIA = { src: 'M', poster: 'I', srcset: 'I+' };
const SCRIPT = { src: 'S', href: 'S', 'xlink:href': 'S', attributionsrc: 'P*' };
const FRAME = { src: 'F', srcdoc: '<' };
const ANCHOR = { ping: 'P*', attributionsrc: 'P*' };
const PANEL = { background: 'I' };
const MOVES = { to: 'I', from: 'I', by: 'I', values: 'I' };
const USES = {
  __proto__: null, script: SCRIPT, img: IMAGE, image: IMAGE, feImage: IMAGE, iframe: FRAME, frame: FRAME, object: { data: 'O' }, embed: { src: 'O' },
  video: MEDIA, audio: MEDIA, source: MEDIA, track: MEDIA, input: { src: 'I' }, link: { href: 'L', imagesrcset: 'I+' }, use: { href: 'X', 'xlink:href': 'X' },
  a: ANCHOR, area: ANCHOR, body: PANEL, table: PANEL, thead: PANEL, tbody: PANEL, tfoot: PANEL, tr: PANEL, td: PANEL, th: PANEL,
  set: MOVES, animate: MOVES, style: {},
};
/** Attributes that anything is asked about. */
const WATCHED = { __proto__: null, style: 1, rel: 1, as: 1 };
for (const tag in USES) for (const name in USES[tag]) WATCHED[name] = 1;
/** Those that load only in the page. */
const waits = (tag) => includes(' script iframe frame link object embed ', ` ${tag} `);
const XLINK = 'http://www.w3.org/1999/xlink';
const PLACES = 'script,img,image,feImage,iframe,frame,object,embed,video,audio,source,track,input[src],link,use,a[ping],[background],[style*="url("],[attributionsrc],set,animate,style';

const LINKS = [
  [/\bstylesheet\b/, 'Y'], [/\b(preload|prefetch|subresource)\b/], [/\bmodulepreload\b/, 'S'], [/\b(preconnect|dns-prefetch)\b/, 'C'],
  [/\b(mask-|shortcut |fluid-)?icon\b|apple-touch|image_src/, 'I'], [/\b(manifest|prerender|import|compression-dictionary)\b/, 'X'],
];
const AS = { __proto__: null, script: 'S', worker: 'S', sharedworker: 'S', style: 'Y', image: 'I', font: 'T', video: 'M', audio: 'M', track: 'M', document: 'F', iframe: 'F', object: 'O', embed: 'O' };

const proto = self.Element && Element.prototype;
const native = proto && {
  get: free(proto.getAttribute), set: free(proto.setAttribute), drop: free(proto.removeAttribute), has: free(proto.hasAttribute),
  getNs: free(proto.getAttributeNS), setNs: free(proto.setAttributeNS), dropNs: free(proto.removeAttributeNS),
  tag: getter(proto, 'localName'), query: free(proto.querySelectorAll), queryPage: free(Document.prototype.querySelectorAll),
  queryPart: free(DocumentFragment.prototype.querySelectorAll), type: getter(Node.prototype, 'nodeType'),
  inPage: getter(Node.prototype, 'isConnected'), page: getter(Node.prototype, 'ownerDocument'), parent: getter(Node.prototype, 'parentNode'),
  base: getter(Node.prototype, 'baseURI'), text: getter(Node.prototype, 'textContent'), first: getter(proto, 'firstElementChild'),
  next: getter(Node.prototype, 'nextSibling'), before: free(Node.prototype.insertBefore), fire: free(EventTarget.prototype.dispatchEvent),
  on: free(EventTarget.prototype.addEventListener), remove: free(proto.remove), root: free(Node.prototype.getRootNode), contains: free(Node.prototype.contains),
  host: getter(ShadowRoot.prototype, 'host'), watch: free(MutationObserver.prototype.observe),
  view: getter(Document.prototype, 'defaultView'), frame: getter(HTMLIFrameElement.prototype, 'contentWindow'),
  html: free(getOwnPropertyDescriptor(proto, 'innerHTML').set), inner: getter(proto, 'innerHTML'), outer: getter(proto, 'outerHTML'),
  settle: free(getOwnPropertyDescriptor(Node.prototype, 'textContent').set), create: free(Document.prototype.createElement),
  createNs: free(Document.prototype.createElementNS), space: getter(proto, 'namespaceURI'), nodes: getter(Node.prototype, 'childNodes'),
  content: getter(HTMLTemplateElement.prototype, 'content'), isAsync: getter(HTMLScriptElement.prototype, 'async'),
};
const ended = (f, otherwise) => {
  try {
    return f();
  } catch {
    return otherwise;
  }
};

/** What trusted types ask for where they are required: our own policy, made when it is first needed. */
let policy;
const trusted = (kind, text, use) => {
  try {
    return use(text);
  } catch (error) {
    policy ||= ended(() => self.trustedTypes.createPolicy('consentry', { createHTML: (s) => s, createScriptURL: (s) => s, createScript: (s) => s }));
    if (!policy) throw error;
    return use(policy[kind](text));
  }
};
const setAttribute = (el, name, value) => trusted(name === 'srcdoc' ? 'createHTML' : 'createScriptURL', value, (text) =>
  name === 'xlink:href' ? native.setNs(el, XLINK, name, text) : native.set(el, name, text));
/** An attribute, of XLink's whatever its prefix is. */
const read = (el, name) => name === 'xlink:href' && native.getNs(el, XLINK, 'href') || native.get(el, name);
const takeOut = (el, name) => {
  if (name === 'xlink:href') native.dropNs(el, XLINK, 'href');
  if (native.has(el, name)) native.drop(el, name);
};

const tiny = (value) => value !== null && exec(/^\s*[01](px)?\s*$/, value);
const isHidden = (el) => {
  const style = native.get(el, 'style') || '';
  return native.has(el, 'hidden') || tiny(native.get(el, 'width')) && tiny(native.get(el, 'height'))
    || style && (exec(/(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)\s*(!|;|$)/i, style)
      || exec(/(^|;)\s*width\s*:\s*[01](px)?\s*(!|;|$)/i, style) && exec(/(^|;)\s*height\s*:\s*[01](px)?\s*(!|;|$)/i, style));
};
/** What a browser does with an attribute of an element. */
const useOf = (el, tag, name) => {
  const use = USES[tag] && USES[tag][name];
  if (tag === 'input') return lower(native.get(el, 'type') || '') === 'image' ? use : '';
  if (use !== 'L') return use;
  const rel = lower(native.get(el, 'rel') || '');
  for (let i = 0; i < LINKS.length; i++) {
    if (exec(LINKS[i][0], rel)) return LINKS[i][1] || AS[lower(trim(native.get(el, 'as') || ''))] || 'X';
  }
  return '';
};

/** The candidates of a `srcset` that are not held, and the first that is. */
const candidates = (value, base) => {
  const found = { kept: '', held: null, moved: false };
  swap(value, /[\s,]*([^\s,]\S*[^\s,]|[^\s,])(,+|(?:\([^)]*\)|[^,(])*,?)/g, (hit) => {
    const judged = judge(hit[1], 'I', base);
    found.moved ||= judged;
    if (judged && judged.letter) found.held = judged;
    else found.kept += (found.kept && ', ') + (judged && judged.way || hit[1]) + swap(hit[2], /,+$/g, () => '');
    return '';
  });
  return found;
};

const mark = (el, judged) => {
  const add = (name, word) => {
    const old = native.get(el, name);
    if (!old || !includes(` ${old} `, ` ${word} `)) native.set(el, name, old ? old + ' ' + word : word);
  };
  add('data-consentry', judged.host);
  add('data-consentry-purpose', NAMES[judged.letter]);
};
const asyncOf = (el) => ended(() => native.isAsync(el), true);
const silent = new Weak();
const fail = (el, tag, letter) => {
  if (letter === 'f' || weakHas(silent, el)) return;
  weakSet(silent, el, 1);
  later(() => {
    weakDrop(silent, el);
    const unseen = tag === 'img' ? !native.inPage(el) || isHidden(el) : tag === 'link' && !exec(/stylesheet/i, native.get(el, 'rel') || '');
    native.fire(el, new Happening(unseen ? 'load' : 'error'));
  });
};
const weakDrop = free(WeakMap.prototype.delete);
const Happening = self.Event;

const [cut, Weakly, deref] = [free([].splice), WeakRef, free(WeakRef.prototype.deref)];
/** How many things were edited; who reads markup learns by it whether there was anything. */
let edits = 0;
/** Whether what is looked at has begun to load: then it goes where it goes. */
let late = false;
/** Shadow roots in which something is held. */
const shadows = [];
const seenShadows = new Set();
const setAdd = free(Set.prototype.add);
/** Scripts that a script made and not the parser, and whether they were `async`. */
const madeByScript = new Weak();

/** Takes an attribute out and keeps what it says. */
const hold = (el, tag, name, value, judged) => {
  native.set(el, 'data-consentry-' + name, value);
  takeOut(el, name);
  still(el, tag, judged);
  if (includes(' script img link embed ', ` ${tag} `)) fail(el, tag, judged.letter);
  if (tag === 'iframe') later(() => ended(() => offer(el)));
};
/** Marks an element that does nothing now. */
const still = (el, tag, judged) => {
  edits++;
  mark(el, judged);
  if (tag === 'script' && native.get(el, 'type') !== 'text/plain') {
    const type = native.get(el, 'type');
    if (type !== null) native.set(el, 'data-consentry-type', type);
    native.set(el, 'type', 'text/plain');
    weakSet(madeByScript, el, asyncOf(el));
  }
  const root = native.root(el);
  if (root !== el && native.type(root) === 11 && native.inPage(el) && !setHas(seenShadows, root)) {
    setAdd(seenShadows, root);
    push(shadows, root);
  }
};
/** Holds a script whose text names what is held where no call of ours stands between: in the imports of a module, in maps and rules. */
const holdText = (el, text) => {
  const type = lower(trim(native.get(el, 'type') || ''));
  const named = type === 'module' ? /\b(?:import|from)\b\s*\(?\s*["'`]([^"'`]*)/g : exec(/^(importmap|speculationrules)$/, type) && /"([^"]*)"/g;
  if (!named || native.has(el, 'src') || !exec(MAY_NAME, text)) return;
  const plain = swap(text, /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(\/))/gi, (hit) => hit[3] || fromCode(parseInt(hit[1] || hit[2], 16)));
  let held;
  swap(plain, named, (hit) => {
    const judged = judge(hit[1], type === 'speculationrules' ? 'F' : 'S', baseOf(el));
    held ||= judged && judged.letter && judged;
    return '';
  });
  if (held) still(el, 'script', held);
};
/** What URLs are relative to; a document that loads nothing stands for the page. */
const baseOf = (el) => native.base(native.view(native.page(el)) ? el : self.document);
/** What the attribute is to be instead: `undefined` for what it is, `null` for nothing as it is held. */
const instead = (el, tag, name, value) => {
  const base = baseOf(el);
  if (name === 'style') {
    const css = gateCss(value, base);
    return css === value ? undefined : css;
  }
  const use = useOf(el, tag, name);
  if (!use) return;
  if (use === '<') return withinPage(value);
  if (use === 'I+') {
    const found = candidates(value, base);
    if (!found.moved) return;
    if (found.kept) return found.kept;
    hold(el, tag, name, value, found.held);
    return null;
  }
  if (use === 'P*' && !exec(/\S\s+\S/, trim(value))) value = trim(value);
  else if (use === 'P*') return swap(value, /\S+/g, (hit) => {
    const judged = judge(hit[0], 'P', base);
    return judged ? judged.letter ? '' : judged.way : hit[0];
  });
  if (tag === 'iframe' && exec(/^\s*(blob|data):/i, value)) return withinFrame(value);
  const judged = judge(value, use[0], base, includes('IFO', use) && isHidden(el));
  if (!judged) return;
  if (judged.letter) {
    hold(el, tag, name, value, judged);
    return null;
  }
  if (late) return;
  if (!judged.way) return null;
  if (native.has(el, 'integrity')) native.drop(el, 'integrity');
  return judged.way;
};

/** What an attribute is to be set to instead: `undefined` for what it is set to, `null` for nothing. */
const asked = (el, name, text) => {
  const tag = native.tag(el);
  const uses = USES[tag];
  if (!(uses || name === 'style') || !native.view(native.page(el))) return;
  if (name !== 'style' && (!(name in uses) || waits(tag) && !native.inPage(el))) return;
  const other = instead(el, tag, name, text);
  if (other !== null && native.has(el, 'data-consentry-' + name)) native.drop(el, 'data-consentry-' + name);
  return other;
};
/** What a held attribute reads as. */
const heldValue = (el, name) => {
  const value = native.get(el, 'data-consentry-' + name);
  return value === null || name === 'srcset' || name === 'srcdoc' ? value || '' : hrefOf(new Url(value, baseOf(el)));
};
const hrefOf = getter(Url.prototype, 'href');

/** Frames that get into the page and have no guard yet. */
let waiting = [];
/** Looks at an element that gets into the page. */
const check = (el) => {
  const tag = native.tag(el);
  if (tag === 'iframe') push(waiting, el);
  const uses = USES[tag];
  const look = (name) => {
    const value = read(el, name);
    if (value === null || value === '') return;
    const other = instead(el, tag, name, value);
    if (other === null) takeOut(el, name);
    else if (other !== undefined && other !== null) {
      edits++;
      setAttribute(el, name, other);
    }
  };
  for (const name in uses) look(name);
  if (native.has(el, 'style')) look('style');
  if (tag === 'script' && !late) holdText(el, native.text(el));
  if (tag === 'style') {
    const text = native.text(el);
    const css = gateCss(text, baseOf(el));
    if (css !== text) {
      edits++;
      native.settle(el, css);
    }
  }
};
/** Roots of shadow trees whose hosts were in no page yet, the last ones; they come into it with their hosts. */
const apart = [];
const checkAll = (node) => {
  const type = native.type(node);
  for (let i = apart.length; i--;) {
    const root = deref(apart[i]);
    const comes = root && native.contains(node, native.host(root));
    if (comes || !root) cut(apart, i, 1);
    if (comes) checkAll(root);
  }
  if (type === 1) {
    if (USES[native.tag(node)] || native.has(node, 'style')) check(node);
    if (!native.first(node)) return;
  }
  if (type !== 1 && type !== 11 && type !== 9) return;
  all((type === 1 ? native.query : type === 9 ? native.queryPage : native.queryPart)(node, PLACES), check);
};
