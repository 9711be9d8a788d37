// Turns the first need of what this file leaves out into the second file, which knows how what is held comes alive.
//
// 1. It is got when a frame that visitors look at is held, when the visitor allows something, and when the page is there and idle; where
//    something is allowed already it stands behind this one in the page. Before it is here nothing is open.
// 2. What is asked for meanwhile is done when it comes, in order. Where it does not come, the next need tries again.
const [SECOND, INTEGRITY] = rules.s;
const Later = self.Promise;
let coming;
const get = (done) => {
  const script = native.create(document, 'script');
  const end = () => {
    native.remove(script);
    coming = null;
    done();
  };
  native.set(script, 'async', '');
  // Frames of no origin would need more for it than we answer with.
  if (self.origin === boot.origin) native.set(script, 'integrity', INTEGRITY);
  if (boot.nonce) native.set(script, 'nonce', boot.nonce);
  setAttribute(script, 'src', boot.origin + SECOND);
  native.on(script, 'load', end);
  native.on(script, 'error', end);
  native.before(native.queryPage(document, 'head,html')[1] || native.queryPage(document, '*')[0], script, null);
};
const need = (f) => {
  if (second) return f(second);
  coming ||= new Later(get);
  return coming.then(() => second && f(second));
};
if (proto && boot.granted) boot.tag += swap(swap(boot.tag, / data-.*?>/g, () => '>'), / src="[^"]*"/g, () => ` src="${boot.origin + SECOND}"`);

const grant = (letters, list) => need((it) => it.grant(letters, list));
const gated = () => need((it) => it.gated());
const forget = (letters) => need((it) => it.forget(letters));
const offer = (el) => {
  if (native.has(el, 'data-consentry-src')) need((it) => it.offer(el));
};
const catches = (win, text) => second ? second.catches(win, text) : false;

const whenIdle = self.requestIdleCallback ? self.requestIdleCallback.bind(self) : delay;
/** Gets it before it is needed. */
const expect = () => native.on(self, 'load', () => whenIdle(() => need(() => {})));
