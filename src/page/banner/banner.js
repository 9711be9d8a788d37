// Turns the parts before into a banner in this page: shows it where the visitor has to be asked, keeps the way back to it open.
//
// 1. Closing, Escape and silence are no choice: nothing is sent and nothing is kept (GDPR 4(11)).
// 2. The way back is as short as the way in: one click opens what accepts and refuses with one more (GDPR 7(3)).
// 3. The banner is first in the order of the focus, before the page; it takes the focus only when the visitor opened it.
const root = queryPage(document, ':root');
const host = el('div', { lang: data.lang, dir: data.dir, 'data-consentry-banner': '' });
const shadow = attachShadow(host, { mode: 'open' });
const banner = el('div', { class: 'card', role: 'dialog', 'aria-labelledby': 'title', 'aria-describedby': 'about', tabindex: '-1', hidden: true });
const sheet = el('dialog', { class: 'sheet', 'aria-labelledby': 'settings' });
const status = el('div', { class: 'unseen', role: 'status' });
const stay = el('div', { class: 'stay', role: 'region', 'aria-label': texts.reopen });
const reopen = el('button', { type: 'button', title: texts.reopen, 'aria-label': texts.reopen }, icon(SLIDERS));
const box = el('div', { class: `box ${options.position} b-${options.button || 'none'}` }, banner, sheet, stay, status);
const hasTopLayer = 'showPopover' in banner;

/** Where the focus came from; `null` when the banner came by itself. */
let opener = null;
let asking = told('data-ask') === '1';
/** Whether the last choice was about a list that is not known any more. */
let again = marked() === 'sent';
let busy = false;

const act = {
  answer(letters, how) { answer(letters, how).catch(() => {}); },
  settings: openSettings,
  back: closeSettings,
  close() { hide(true); },
};

function show(from) {
  opener = from;
  banner.textContent = '';
  add(banner, firstLayer(act, asking));
  banner.hidden = false;
  stay.hidden = true;
  if (hasTopLayer && !banner.matches(':popover-open')) banner.showPopover();
  if (from) banner.focus();
  else say(texts.title);
}

function openSettings() {
  sheet.textContent = '';
  add(sheet, settingsLayer(act, asking));
  if (sheet.showModal) sheet.showModal();
  else setAttribute(sheet, 'open', '');
}

function closeSettings() {
  if (sheet.close) sheet.close();
  else removeAttribute(sheet, 'open');
}

/** Takes both layers away; the focus goes back to where it came from. */
function hide(giveBack) {
  const hadFocus = Boolean(shadow.activeElement);
  closeSettings();
  if (hasTopLayer && banner.matches(':popover-open')) banner.hidePopover();
  banner.hidden = true;
  stay.hidden = !options.button;
  const back = opener && opener.isConnected ? opener : stay.hidden ? null : reopen;
  if (giveBack && hadFocus && back) back.focus();
  opener = null;
}

/** Sends a choice; what cannot be saved is said, and changes nothing. */
async function answer(letters, how) {
  if (busy) return;
  setBusy(true);
  complain('');
  say(texts.saving);
  try {
    await save(letters, how);
  } catch (error) {
    say('');
    complain(texts.failed);
    throw error;
  } finally {
    setBusy(false);
  }
  asking = false;
  again = false;
  hide(true);
  say(texts.saved);
}

function setBusy(is) {
  busy = is;
  setAttribute(box, 'aria-busy', String(is));
}

function complain(text) {
  each(shadow.querySelectorAll('.error'), (place) => { place.textContent = text; });
}

function say(text) {
  status.textContent = '';
  later(() => { status.textContent = text; }, 50);
}

// On phones, old pages for desktops are laid out wider than the screen and shrunk, and pages that overflow get an area for fixed
// things that is larger than what is seen; other pages zoom themselves. The banner evens that out, but not the visitor's own zoom.
function fit() {
  const own = root.currentCSSZoom || 1;
  const seen = window.visualViewport;
  const isTouch = seen && window.matchMedia('(pointer: coarse)').matches;
  if (isTouch && seen.scale > 1.01) return;
  const width = isTouch ? seen.width : (root.clientWidth || window.innerWidth) * own;
  const shrunk = isTouch ? width / screen.width : 1;
  const zoom = shrunk > 1.2 ? shrunk : 1;
  const left = isTouch ? seen.offsetLeft : 0;
  const right = isTouch ? window.innerWidth - width - left : 0;
  const below = isTouch ? window.innerHeight - seen.height - seen.offsetTop : 0;
  const isLeft = data.dir === 'ltr';
  const set = (name, pixels) => box.style.setProperty(name, `${pixels > 1 ? pixels / zoom : 0}px`);
  set('--s', isLeft ? left : right);
  set('--e', isLeft ? right : left);
  set('--b', below);
  box.style.zoom = zoom / own;
  box.style.setProperty('--zoom', zoom);
  const narrow = width / zoom < 640;
  if (box.classList.contains('narrow') !== narrow) box.classList.toggle('narrow');
}

function style() {
  try {
    const made = new CSSStyleSheet();
    made.replaceSync(css);
    shadow.adoptedStyleSheets = [made];
  } catch {
    add(shadow, [el('style', { nonce: script ? script.nonce : null }, css)]);
  }
}

/** Before the page's body, where it comes first in the order of the focus and outlives scripts that replace the body's content. */
function place() {
  if (!host.isConnected) insertBefore(root, host, queryPage(document, ':root > body, :root > frameset'));
}

/** Pages whose scripts build everything anew take it out: it comes back, a few times. */
function stayThere() {
  let times = 0;
  new MutationObserver(() => {
    if (host.isConnected || times > 20) return;
    times += 1;
    place();
    if (hasTopLayer && !banner.hidden) banner.showPopover();
  }).observe(root, { childList: true });
}

function start() {
  style();
  add(shadow, [box]);
  if (options.button) add(stay, [reopen]);
  stay.hidden = !options.button;
  if (hasTopLayer) setAttribute(banner, 'popover', 'manual');
  place();
  stayThere();
  fit();
  listen(window, 'resize', fit);
  listen(window, 'load', () => later(fit));
  if (window.visualViewport) {
    listen(window.visualViewport, 'resize', fit);
    listen(window.visualViewport, 'scroll', fit);
  }
  listen(reopen, 'click', () => show(reopen));
  listen(banner, 'keydown', (event) => { if (event.key === 'Escape') { event.stopPropagation(); hide(true); } });
  listen(document, 'click', (event) => {
    const from = event.target instanceof Element && closest(event.target, '[data-consentry-open]');
    if (!from) return;
    event.preventDefault();
    place();
    show(from);
  });
  if (chosen || granted) tellTags(granted, false);
  // A choice made in another tab answers here too.
  listeners[0] = () => { if (!busy) { asking = false; again = false; hide(false); } };
  if (again) mark('shown');
  if (asking || again) show(null);
}

// What the page's own scripts may use.
const face = Object.freeze({
  __proto__: null,
  get: () => ({ purposes: ids(granted), chosen, receipt }),
  open() {
    const from = document.activeElement;
    place();
    show(from && from.matches(':focus') && from !== host ? from : reopen);
  },
  set(list) {
    let letters = '';
    for (let i = 0; i < list.length; i += 1) if (has('fam', list[i]) && !has(refused, list[i])) letters += list[i][0];
    return answer(letters, 'custom').then(() => ids(granted));
  },
  on(listener) {
    const at = listeners.length;
    listeners[at] = listener;
    return () => { listeners[at] = null; };
  },
});

if (root && root.namespaceURI === HTML && !('consentry' in window && window.consentry.get && window.consentry.set)) {
  Object.defineProperty(window, 'consentry', { value: face, configurable: true });
  start();
}
