// Turns texts, purposes and vendors into the two layers and the small button, as elements in a shadow root.
//
// 1. Accepting and refusing everything are one click each, of one size and one weight (EDPB 05/2020; Cookie Banner Taskforce 2023).
// 2. A switch is on where its purpose is granted: by the visitor himself (CJEU C-673/17), or where the law lets it be so until he
//    refuses, and then the words say so. What his browser refuses stays off.
// 3. The first layer is a dialog beside the page, the settings one in front of it: a native one, which keeps the focus in and gives
//    it back. Neither stops the page from scrolling.
const CROSS = 'M5 5l10 10M15 5L5 15';
const ARROW = 'M12 4l-6 6 6 6';
const SLIDERS = 'M3 6h8m4 0h2M3 14h2m4 0h8M13 4a2 2 0 1 1 0 4a2 2 0 1 1 0-4M7 12a2 2 0 1 1 0 4a2 2 0 1 1 0-4';

const button = (kind, text, act) => {
  const made = el('button', { type: 'button', class: kind }, text);
  listen(made, 'click', act);
  return made;
};

/** A button with a drawing in the place of its words. */
const drawn = (kind, text, path, act) => {
  const made = el('button', { type: 'button', class: kind, 'aria-label': text, title: text }, icon(path));
  listen(made, 'click', act);
  return made;
};

/** Accept and refuse: alike in everything but the words. */
const answers = (kind, answer) => [
  button(kind, texts.refuse_all, () => answer('', 'reject-all')),
  button(kind, texts.accept_all, () => answer(lettersWhere((id) => !has(refused, id)), 'accept-all')),
];

/** A link; to another site in a new tab, and said so. */
function link(text, href, elsewhere) {
  const more = elsewhere ? { target: '_blank', rel: 'noopener noreferrer' } : {};
  const note = elsewhere && el('span', { class: 'unseen' }, ` (${texts.opens_elsewhere})`);
  return el('a', { href, ...more }, text, note || null);
}

/** What the browser's signal refuses, and what was chosen so far, in words. */
function situation(ask) {
  const lines = [];
  const say = (kind, text) => { lines[lines.length] = el('p', { class: kind }, text); };
  if (again || (ask && chosen)) say('note', texts.changed);
  const off = namesOf(refused);
  if (off) {
    const name = signal === 'gpc' ? 'Global Privacy Control' : 'Do Not Track';
    say('note', fill(fill(texts.signal, 'signal', name), 'purposes', off));
  }
  const names = namesOf(granted);
  if (!chosen && names) say('state', fill(texts.state_given, 'purposes', names));
  if (chosen && !ask) {
    say('state', names ? fill(texts.state_granted, 'purposes', names) : texts.state_refused);
    if (receipt) say('small', fill(texts.reference, 'receipt', receipt));
  }
  return lines;
}

/** The first layer. `act` has what its buttons do. */
function firstLayer(act, ask) {
  const list = each(purposes, (p) => el('li', {}, el('strong', {}, p.name), ' ', el('span', {}, p.description)));
  const links = each(data.links, (l) => el('li', {}, link(l.text, l.href, false)));
  const logo = options.logo ? el('img', { class: 'logo', src: options.logo, alt: '' }) : null;
  if (logo) listen(logo, 'error', () => logo.remove());
  return [
    el('div', { class: 'words' },
      logo,
      el('h2', { id: 'title' }, texts.title),
      el('div', { id: 'about' }, el('p', {}, texts.intro, ' ', ask && !namesOf(granted) ? texts.nothing_yet : null), situation(ask)),
      el('ul', { class: 'purposes' }, list),
      links.length ? el('ul', { class: 'links' }, links) : null),
    el('div', { class: 'deeds' },
      el('p', { class: 'error', role: 'alert' }),
      el('div', { class: 'pair' }, answers('main', act.answer)),
      button('quiet', texts.settings, act.settings)),
    drawn('close', texts.close, CROSS, act.close),
  ];
}

/** The settings: every purpose with its switch and who takes part. */
function settingsLayer(act, ask) {
  const switches = [];
  const sections = each(purposes, (purpose, i) => {
    switches[i] = toggle(purpose, has(granted, purpose.id));
    return section(purpose.id, purpose.name, purpose.description, switches[i], purpose.vendors);
  });
  const on = () => lettersWhere((id) => {
    for (let i = 0; i < switches.length; i += 1) if (purposes[i].id === id) return switches[i].control.checked;
    return false;
  });
  return [
    el('header', {}, drawn('back', texts.back, ARROW, act.back), el('h2', { id: 'settings', tabindex: '-1', autofocus: true }, texts.settings_title)),
    el('div', { class: 'body' },
      !chosen && namesOf(granted) ? null : el('p', {}, texts.settings_intro), situation(ask),
      section('necessary', texts.necessary_name, texts.necessary_text, { element: el('span', { class: 'always' }, texts.always_on) }, []),
      sections),
    el('footer', {},
      el('p', { class: 'error', role: 'alert' }),
      el('div', { class: 'trio' }, answers('even', act.answer), button('main', texts.save, () => act.answer(on(), 'custom')))),
  ];
}

/** A switch with its state in words; without one where the browser has refused already. */
function toggle(purpose, isOn) {
  const off = has(refused, purpose.id);
  const control = el('input', {
    type: 'checkbox', role: 'switch', disabled: off, 'aria-label': purpose.name,
    'aria-describedby': off ? `s-${purpose.id}` : `d-${purpose.id}`,
  });
  control.checked = isOn && !off;
  const words = off
    ? [el('span', { id: `s-${purpose.id}` }, texts.refused_by_signal)]
    : [el('span', { class: 'on' }, texts.allowed), el('span', { class: 'off' }, texts.not_allowed)];
  return { control, element: el('label', { class: 'switch' }, control, el('span', { class: 'said', 'aria-hidden': off ? null : 'true' }, words)) };
}

function section(id, name, description, control, vendors) {
  return el('section', { 'aria-labelledby': `n-${id}` },
    el('div', { class: 'head' }, el('h3', { id: `n-${id}` }, name), control.element),
    el('p', { id: `d-${id}` }, description),
    vendors.length ? el('details', {},
      el('summary', {}, fill(texts.companies, 'count', String(vendors.length)), el('span', { class: 'unseen' }, ` – ${name}`)),
      el('ul', { class: 'vendors' }, each(vendors, vendor))) : null);
}

function vendor(of) {
  const facts = [['company', of.company], ['receives', of.receives], ['keeps', of.keeps], ['country', of.country]];
  const rows = each(facts, (fact) => (fact[1] ? el('div', {}, el('dt', {}, texts[fact[0]]), el('dd', {}, el('bdi', {}, fact[1]))) : null));
  return el('li', {}, el('h4', {}, of.name), el('dl', {}, rows), of.policy ? el('p', {}, link(texts.policy, of.policy, true)) : null);
}
