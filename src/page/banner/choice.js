// Turns what the visitor says into the site's cookie, by the server, and the server's answer into what the page's scripts learn.
//
// 1. Nothing is a choice but an answer of the server: what could not be saved changes nothing.
// 2. What is newly allowed is brought to life by the guard, or else by one reload where something was held back; a withdrawal
//    reloads, because what runs cannot be stopped (GDPR 7(3)).
// 3. Other tabs and pages out of the back/forward cache ask the server again.
// 4. What was chosen is one thing, what is granted another: the law and the browser's signal have their say. Tags, switches and
//    reloads go by what is granted.
// 5. A choice about a list that the server does not know (409) is no choice: the page loads once more, with the present list.
const CHOICE = '/_consentry/choice';
const PATIENCE = 10000;
const MARK = 'consentry-again';
const script = currentScript();
const told = (name) => (script && getAttribute(script, name)) || '';
const { texts, purposes, options } = data;
const fill = (text, name, value) => {
  const at = text.indexOf(`{${name}}`);
  return at < 0 ? text : text.slice(0, at) + value + text.slice(at + name.length + 2);
};

/** Whether the visitor has made a choice. */
let chosen = told('data-state') !== '';
let receipt = null;
const listeners = [];

const signal = told('data-signal') || (navigator.globalPrivacyControl === true ? 'gpc' : '');
/** What the browser's own signal refuses, by first letters. */
const refused = (signal && options[signal]) || '';
/** Of what the site grants, what this page may have: nothing where the operator shares nothing on it. */
const here = (letters) => (told('data-granted') === '-' ? '' : lettersOf(letters, refused));
/** The purposes that are granted, by their first letters. */
let granted = here(told('data-granted'));
const has = (letters, purpose) => letters.indexOf(purpose[0]) >= 0;

/** Of the purposes that this site has, those for which `test` holds, by first letters. */
function lettersWhere(test) {
  let letters = '';
  for (let i = 0; i < purposes.length; i += 1) if (test(purposes[i].id)) letters += purposes[i].id[0];
  return letters;
}

/** The names in configuration of what is in `letters`. */
function ids(letters) {
  const list = [];
  const all = ['functional', 'analytics', 'marketing'];
  for (let i = 0; i < all.length; i += 1) if (has(letters, all[i])) list[list.length] = all[i];
  return list;
}

/** The visitor's names of what is in `letters`, with commas. */
function namesOf(letters) {
  let names = '';
  for (let i = 0; i < purposes.length; i += 1) {
    if (has(letters, purposes[i].id)) names += (names && (data.dir === 'rtl' ? '، ' : ', ')) + purposes[i].name;
  }
  return names;
}

/** Saves a choice; the promise fails when the server did not take it. `how` it was made, unless something is taken back. */
async function save(letters, how) {
  const method = lettersOf(granted, letters) ? 'withdraw' : how;
  let list = '';
  const chosenIds = ids(letters);
  for (let i = 0; i < chosenIds.length; i += 1) list += `${list && ','}"${chosenIds[i]}"`;
  const body = `{"purposes":[${list}],"method":"${method}","text":"${data.shown}","lang":"${data.lang}","policy":"${data.policy}"}`;
  learn(await ask({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body }), true);
  mark('');
  if (channel) channel.postMessage('change');
}

/** The server's answer about the state. */
async function ask(init) {
  const abort = new Abort();
  later(() => abort.abort(), PATIENCE);
  const response = await request(CHOICE, {
    __proto__: null, credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: abort.signal, ...init,
  });
  if (response.status === 409 && init.method === 'POST') renew();
  if (!response.ok) throw new Error(`${CHOICE}: ${response.status}`);
  return response.json();
}

/** Rule 5. One who was sent back already, and still has an unknown list, is told that it failed. */
function renew() {
  const isFirst = !marked();
  if (mark(isFirst ? 'sent' : '') && isFirst) location.reload();
}

/** What this tab keeps while a choice has to be made once more. */
function marked() {
  try { return sessionStorage.getItem(MARK); } catch { return null; }
}

/** Keeps that, or nothing; whether it could. */
function mark(text) {
  try {
    if (text) sessionStorage.setItem(MARK, text);
    else if (marked()) sessionStorage.removeItem(MARK);
    return true;
  } catch { return false; }
}

/** Makes the server's answer the state; `now` when the visitor has just said so in this page. */
function learn(answer, now) {
  const before = granted;
  const known = chosen;
  let letters = '';
  for (let i = 0; i < answer.granted.length; i += 1) letters += answer.granted[i][0];
  granted = here(letters);
  chosen = now || Boolean(answer.day);
  receipt = answer.receipt || null;
  if (now || granted !== before || chosen !== known) changed(before, now);
}

/** The purposes that are granted in this page, and for which the site has vendors that were not among those when they were. */
let outdated = told('data-new');

function changed(before, now) {
  const added = lettersOf(granted, now ? lettersOf(before, outdated) : before);
  if (now) outdated = '';
  // What the site has nothing for was lost by nobody.
  const lost = lettersWhere((id) => has(before, id) && !has(granted, id));
  tellTags(granted, true);
  const detail = { __proto__: null, purposes: ids(granted), before: ids(before) };
  dispatch(document, new Change('consentry:change', { detail }));
  for (let i = 0; i < listeners.length; i += 1) {
    try { if (listeners[i]) listeners[i](detail); } catch (error) { later(() => { throw error; }); }
  }
  if (lost) return location.reload();
  if (added) revive(added);
}

/** The letters of `letters` that are not in `others`. */
function lettersOf(letters, others) {
  let rest = '';
  for (let i = 0; i < letters.length; i += 1) if (others.indexOf(letters[i]) < 0) rest += letters[i];
  return rest;
}

/** Brings what was held back to life. What the server took out of the page (`data-removed`) only a new page brings. */
function revive(added) {
  const removed = lettersOf(added, lettersOf(added, told('data-removed')));
  const guard = window[Symbol.for('consentry.guard')];
  const held = () => guard || options.gated || queryPage(document, '[data-consentry],[data-consentry-purpose]');
  if (removed || (held() && (!guard || options.after === 'reload'))) return location.reload();
  if (guard) guard.grant(added, told('data-told') || undefined);
}

const channel = window.BroadcastChannel ? new BroadcastChannel('consentry') : null;
const askAgain = () => ask({ method: 'GET' }).then((answer) => learn(answer, false), () => {});
if (channel) channel.onmessage = (message) => { if (message.data === 'change') askAgain(); };
listen(window, 'pageshow', (event) => { if (event.persisted) askAgain(); });
