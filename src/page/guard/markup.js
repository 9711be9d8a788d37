// Turns markup that scripts hand to the page into that markup with what is held made inert.
const inert = self.document && document.implementation.createHTMLDocument('');
/** Markup without any of this names no other host. */
const MAY_NAME = /[/\\][\t\n\r]*[/\\]|&|(data|blob|https?|javascript)\s*:|\\[0-9a-f]/i;

const childrenOf = (el) => {
  const found = [];
  all(native.nodes(native.tag(el) === 'template' ? native.content(el) : el), (node) => push(found, node));
  return found;
};
/** Gives each `noscript` its content as text again, which makes elements where no scripts run. */
const settled = (part) => {
  all((native.type(part) === 1 ? native.query : native.queryPart)(part, 'noscript'), (el) => native.settle(el, native.inner(el)));
  return part;
};
/** The nodes that `html` makes inside of `context`, where something in them is held; else nothing. */
const nodesOf = (context, html) => {
  if (!context || native.type(context) !== 1 || !exec(MAY_NAME, html)) return;
  const tag = native.tag(context);
  if (tag === 'template' || tag === 'noscript' || !native.view(native.page(context))) return;
  const el = native.createNs(inert, native.space(context), tag);
  trusted('createHTML', html, (text) => native.html(el, text));
  const before = edits;
  checkAll(settled(el));
  return edits === before ? undefined : childrenOf(el);
};

/** Tags in a text that is not whole, each by itself. */
const editTags = (text) => {
  if (!exec(MAY_NAME, text)) return text;
  const tags = swap(text, /<[a-z][^\s/>]*(?:[^"'>]|"[^"]*"|'[^']*')*>/gi, (hit) => {
    if (!exec(MAY_NAME, hit[0])) return hit[0];
    const box = native.create(inert, 'div');
    native.html(box, hit[0]);
    const el = native.first(box);
    const before = edits;
    if (el) check(el);
    return edits === before ? hit[0] : swap(native.outer(el), /<\/[a-z]+>$/gi, () => '');
  });
  return swap(tags, /(<style[^>]*>)([^]*?)(<\/style)/gi, (hit) => hit[1] + gateCss(hit[2], native.base(document)) + hit[3]);
};

// --- frames ---

/** A page of a frame behind the guard. */
const withinPage = (html, tag = boot.tag) => {
  const start = exec(/^\s*(<!doctype[^>]*>)?/i, html)[0];
  return includes(html, boot.src) ? html : start + tag + editTags(slice(html, start.length));
};
/** The same behind a URL; nobody may know the files of this origin by their hashes in a `data:` one, which has none (SRI, 3.5). */
const withinFrame = (url) => {
  const kept = mapGet(blobs, trim(url));
  if (kept) return createUrl(new self.Blob([withinPage('<!doctype html>'), kept], { type: kept.type }));
  return exec(/^\s*data:[^,]*html/i, url) ? withinData(url, (html) => withinPage(html, swap(boot.tag, / integrity="[^"]*"/g, () => ''))) : undefined;
};
const createUrl = self.URL.createObjectURL;

/** Puts the guard into a frame's window, where it is of this origin. */
const enter = (frame) => ended(() => {
  const win = native.frame(frame);
  if (!win) return;
  const { document: page } = win;
  if (!win[KEY]) install(win);
  else win[KEY].watch(page);
  if (win[KEY] !== api && granted !== boot.granted) win[KEY].grant(granted, boot.told);
});
const frames = new Weak();
const meet = (frame) => {
  if (!weakHas(frames, frame)) {
    weakSet(frames, frame, 1);
    native.on(frame, 'load', () => {
      enter(frame);
      ended(() => offer(frame));
    });
  }
  enter(frame);
};
const meetAll = (node) => {
  const type = native.type(node);
  if (type === 1 && native.tag(node) === 'iframe') meet(node);
  else if (type === 1 && native.first(node)) all(native.query(node, 'iframe'), meet);
};
