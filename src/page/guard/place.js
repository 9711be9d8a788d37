// Turns a held frame that the visitor would look at into the same frame with a word on what is missing and two ways to load it.
//
// 1. The word stands in the frame itself, which is an empty page of this origin while it is held: the box stays the original's own,
//    so nothing shifts, and the page's styles do not reach it.
// 2. "Load once" brings back this one frame; "always" is a choice for its purpose, made where the banner makes it: beside what was
//    allowed before. What comes of it is what the server says.
// 3. The words are those of the page's language, and asked for when there is something to be said.
const LABELS = {
  text: 'This content comes from {host}. It is loaded when you allow it.', once: 'Load once', always: 'Always load',
  failed: 'Your choice could not be saved. Nothing has changed. Please try again.', lang: 'en', dir: 'ltr',
};
let asked_;
const spoken = () => asked_ ||= answerOf('guard/words/' + (exec(/^[a-z]+/i, self.document.documentElement.lang || self.navigator.language || '') || ['en'])[0])
  .then((all_) => Object.assign(LABELS, all_)).catch(() => {});
const BOX = 'box-sizing:border-box;min-height:100%;margin:0;padding:8px;display:flex;flex-wrap:wrap;gap:8px;align-items:center;align-content:center;'
  + 'justify-content:center;text-align:center;font:14px/1.4 system-ui,sans-serif;color:#1b1b1b;background:#f2f2f2';
const BUTTON = 'font:inherit;padding:6px 12px;border:1px solid #1b1b1b;border-radius:4px;background:#fff;color:#1b1b1b;cursor:pointer';

const always = async (letter) => {
  const { purposes } = await answerOf('choice');
  if (!purposes.includes(NAMES[letter])) purposes.push(NAMES[letter]);
  const own = self.consentry;
  if (own && own.set) return own.set(purposes);
  await answerOf('choice', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: stringify({ purposes, method: 'custom', lang: LABELS.lang }) });
  tellOthers();
  await ask();
};

const offer = async (el) => {
  if (!native.has(el, 'data-consentry-src') || isHidden(el)) return;
  await spoken();
  ended(() => show(el));
};
const show = (el) => {
  const value = native.get(el, 'data-consentry-src');
  const letters = lettersOf(el);
  if (!value || !native.inPage(el) || isHidden(el) || isOpen(el) || letters === 'x') return;
  const win = native.frame(el);
  const { document: page } = win;
  const { body } = page;
  if (!body || native.first(body)) return;
  const add = (parent, tag, style, text) => {
    const child = native.create(page, tag);
    child.style.cssText = style;
    if (text) native.settle(child, text);
    native.before(parent, child, null);
    return child;
  };
  page.documentElement.lang = LABELS.lang;
  page.documentElement.dir = LABELS.dir;
  page.documentElement.style.height = body.style.height = '100%';
  body.style.margin = '0';
  const box = add(body, 'main', BOX);
  const host = hostOf(new Url(value, baseOf(el)));
  const title = native.get(el, 'title');
  if (title) add(box, 'strong', 'flex-basis:100%', title);
  const said = add(box, 'span', 'flex-basis:100%', swap(LABELS.text, /\{host\}/g, () => host));
  said.setAttribute('role', 'status');
  native.on(add(box, 'button', BUTTON, LABELS.once), 'click', () => restore(el, true));
  native.on(add(box, 'button', BUTTON, LABELS.always), 'click', () => always(letters[0]).catch(() => native.settle(said, LABELS.failed)));
};
