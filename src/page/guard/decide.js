// Turns a URL, a cookie or a style of this page into what becomes of it, by rules that `rules.rs` wrote and as the server decides.
//
// 1. What is used later is taken from the language now: a page that redefines it afterwards changes nothing here.
// 2. A rule is found by a hash of its kind and its text; the answer is the letter of a purpose: n(ecessary), f, a, m, or x for a
//    vendor that this visitor's TC string holds back.
const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
/** `f` as a function of what was its `this` and of its arguments. */
const bound = Function.bind.bind(Function.call);
const free = (f) => bound(f);
const getter = (proto, name) => {
  const found = getOwnPropertyDescriptor(proto || {}, name);
  return found ? free(found.get) : () => null;
};
const [indexOf, lastIndexOf, slice, lower, codeAt, startsWith, trim, split] =
  [''.indexOf, ''.lastIndexOf, ''.slice, ''.toLowerCase, ''.charCodeAt, ''.startsWith, ''.trim, ''.split].map(free);
const [mapGet, mapSet, mapDelete, setHas] = [Map.prototype.get, Map.prototype.set, Map.prototype.delete, Set.prototype.has].map(free);
const [weakGet, weakSet, weakHas] = [WeakMap.prototype.get, WeakMap.prototype.set, WeakMap.prototype.has].map(free);
const [exec, push] = [/x/.exec, [].push].map(free);
const [Url, Keys, Mul, Floor, Numbers, Weak, Failure, Pattern, stringify, parse, decode, encode, fromBase64] =
  [URL, Map, Math.imul, Math.floor, Uint32Array, WeakMap, TypeError, RegExp, JSON.stringify, JSON.parse, decodeURIComponent, encodeURIComponent, atob];
const later = (f, time) => delay(f, time);
const delay = setTimeout;
const all = (list, f) => {
  for (let i = 0; i < list.length; i++) f(list[i], i);
};
const rules = parse(told);
const [protocolOf, hostOf, portOf, pathOf, userOf, searchOf, hashOf] =
  ['protocol', 'hostname', 'port', 'pathname', 'username', 'search', 'hash'].map((name) => getter(Url.prototype, name));
const fromCode = String.fromCodePoint;
const includes = (text, part) => indexOf(text, part) >= 0;
const endsWith = (text, end) => text.length >= end.length && slice(text, text.length - end.length) === end;

/** `text` with what `pattern`, which is global, finds replaced by what `by` makes of it. */
const swap = (text, pattern, by) => {
  let out = '';
  let at = 0;
  pattern.lastIndex = 0;
  for (let hit; (hit = exec(pattern, text));) {
    out += slice(text, at, hit.index) + by(hit);
    at = hit.index + hit[0].length;
    if (!hit[0]) pattern.lastIndex++;
  }
  return out + slice(text, at);
};

const mix = (h) => {
  h = Mul(h ^ h >>> 16, 0x85ebca6b);
  h = Mul(h ^ h >>> 13, 0xc2b2ae35);
  return (h ^ h >>> 16) >>> 0;
};
/** What gives the letter of a text that is in a table of `table.rs`: rows are added up, which ones the text's hash says. */
const tableOf = ([seed, size, bits, text]) => {
  const bytes = fromBase64(text);
  const rows = new Numbers(size);
  for (let row = 0, at = 0, kept = 0, length = 0; row < size; row++) {
    for (; length < bits; length += 8) kept = kept << 8 | codeAt(bytes, at++);
    rows[row] = kept >>> (length -= bits);
    kept &= (1 << length) - 1;
  }
  let met = new Keys();
  let count = 0;
  return (key) => {
    let letter = mapGet(met, key);
    if (letter !== undefined) return letter;
    let h = seed;
    for (let i = 0; i < key.length; i++) h = Mul(h ^ codeAt(key, i), 0x01000193);
    h = mix(h);
    const start = Floor(h * (size - 127) / 2 ** 32);
    let sum = mix(h) >>> 32 - bits;
    for (let i = 0, word; i < 128; i++, word >>>= 1) {
      if (!(i % 32)) word = mix(h + i / 32 + 1);
      sum ^= rows[start + i] & -(word & 1);
    }
    letter = size && sum && sum < 8 ? ' mafnhz/'[sum] : '';
    if (++count % 2000 === 0) met = new Keys();
    mapSet(met, key, letter);
    return letter;
  };
};
const [hosts, names] = [tableOf(rules.t), tableOf(rules.k)];
const [words, stems] = [new Set(rules.h[0].split(' ')), rules.h[1].split(' ')];

/** What the visitor allows, as letters: nothing before the second file is here, which knows where it goes then. */
let granted = '';
const given = () => granted;
const allow = (letters) => {
  granted = letters;
};
/** What the second file does, once it is here. */
let second;
const holds = (letter) => letter !== 'n' && !includes(granted, letter);

/** The letter of the most specific rule that covers host and path, by a table in which its texts begin with `kind`. */
const find = (known, kind, open, host, path) => {
  let innocent = '';
  for (let at = 0; ;) {
    const name = slice(host, at);
    let letter = '';
    let length = 0;
    if (known(kind + '/' + name)) {
      for (let end = path.length; end > 0 && !letter; end = lastIndexOf(path, '/', end - 1)) {
        letter = known(kind + name + slice(path, 0, end));
        length = end;
      }
    }
    const starts = open[name] || [];
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i][0];
      if (startsWith(path, start) && (!letter || start.length > length)) {
        letter = starts[i][1];
        length = start.length;
      }
    }
    if (letter) return letter;
    letter = innocent || known(kind + name);
    // What is said of paths goes before the long tail, which alone says that somebody is innocent.
    if (letter && !includes('hz', letter)) return letter;
    innocent = letter;
    at = indexOf(host, '.', at) + 1;
    if (!at || indexOf(host, '.', at) < 0) return innocent;
  }
};

/** The same by a list that the operator wrote, longest first: `host`, `host/path` or `/path`, which may end in `*`. */
const listed = (list, host, path) => {
  for (let i = 0; i < list.length; i++) {
    const name = list[i][0];
    const start = list[i][1];
    const open = endsWith(start, '*');
    const text = open ? slice(start, 0, -1) : start;
    const covers = !text || startsWith(path, text) && (open || path.length === text.length || path[text.length] === '/');
    if (covers && (!name || host === name || endsWith(host, '.' + name))) return list[i][2];
  }
};

const isOwn = (host) => host === boot.site || !boot.exact && endsWith(host, '.' + boot.site);
/** The label before the public suffix, which is guessed: a short label before a country's belongs to it. */
const nameOf = (host) => (exec(/([^.]+)(\.[^.]{2,3}\.[^.]{2}|\.[^.]+)$/, host) || ['', host])[1];
const contains = (long, short) => short.length > 2 && includes(long, short);

const isWord = (token) => setHas(words, token);
const anyToken = (text, test) => {
  const tokens = /[a-z0-9]{2,}/g;
  for (let hit; (hit = exec(tokens, text));) if (test(hit[0])) return true;
  return false;
};
const hostTells = (host) => anyToken(slice(host, 0, includes(host, '.') ? lastIndexOf(host, '.') : host.length), (token) => {
  const text = exec(/^.*?(?=\d*$)/, token)[0];
  for (let i = 0; i < stems.length; i++) if (includes(text, stems[i])) return true;
  return isWord(text);
});
const pathTells = (path) => {
  const parts = split(path, '/');
  const pair = (text) => text && exec(/^[0-9a-f]{2}$/, text);
  for (let i = 0; i < parts.length; i++) {
    // `/ad/7b/` are the folders of a store of files, named by hashes.
    const ofHash = pair(parts[i]) && (pair(parts[i - 1]) || pair(parts[i + 1]));
    if (!ofHash && anyToken(parts[i], isWord)) return true;
  }
  return false;
};
const tells = (host, path, to, hidden) => {
  if (to === 'P' || to === 'C') return hostTells(host);
  return includes('SIFO', to) && (hidden && to !== 'S' || hostTells(host) || pathTells(lower(path)));
};

/** Hosts and paths of vendors that are held although their purpose is allowed. */
const except = [];
if (boot.except) {
  for (const text of boot.except.split(' ')) {
    const at = text.indexOf('/');
    except.push(at < 0 ? [text, '', 1] : [text.slice(0, at), text.slice(at), 1]);
  }
}

/** Of what is allowed, what is so for the vendors of a list alone: letters, ids, and places in order, of which some are others'. */
const only = {};
const limit = (text) => {
  boot.told = text;
  const parts = split(text, '|');
  only.letters = parts[0];
  only.ids = ` ${parts[1]} `;
  only.places = [];
  all(split(parts[2] || '', ' '), (place) => {
    const others = place[0] === '!';
    const rule = others ? slice(place, 1) : place;
    const at = indexOf(rule, '/');
    if (rule) push(only.places, at < 0 ? [rule, '', !others] : [slice(rule, 0, at), slice(rule, at), !others]);
  });
};
limit(boot.told || '');
/** The id of whose what no rule names is; where every other site is gated, rules of marketing are left out, and its place may say more. */
let whose;
const isTold = (letter, host, path) => {
  if (!includes(only.letters, letter)) return true;
  const place = !whose || whose === 'third-party' ? listed(only.places, host, path) : undefined;
  return place === undefined ? !!whose && includes(only.ids, ` ${whose} `) : place;
};

/** Whose a host and path are: the letter, or nothing for nobody's. */
const classify = (host, path, to, hidden) => {
  const word = listed(rules.w, host, '/');
  whose = 'denied';
  if (word !== undefined) return word;
  whose = '';
  if (isOwn(host)) return listed(rules.o, host, path);
  if (except.length && listed(except, host, path)) return 'x';
  const letter = find(hosts, '', rules.p, host, path);
  if (letter && !includes('hz', letter)) return letter;
  whose = 'third-party';
  if (rules.a) return 'm';
  whose = 'unknown-tracker';
  if (!rules.h[0] || letter === 'h' || includes(` ${boot.kin} `, ` ${host} `)) return '';
  const own = nameOf(boot.site);
  const other = nameOf(host);
  return tells(host, path, to, hidden) && !contains(own, other) && !contains(other, own) ? 'm' : '';
};

/** Nothing for what passes; `{letter, host}` for what is held; `{way}` for what goes another way. */
const judge = (value, to, base, hidden) => {
  let url;
  try {
    url = new Url(value, base);
  } catch {
    return;
  }
  if (!exec(/^(https?|wss?):$/, protocolOf(url))) return;
  let host = hostOf(url);
  if (endsWith(host, '.')) host = slice(host, 0, -1);
  const path = pathOf(url);
  const letter = classify(host, path, to, hidden);
  if (!letter) return;
  if (holds(letter) || !isTold(letter, host, path)) return { letter, host };
  const way = second && second.served(url, host, path, to);
  return way === undefined ? way : { way };
};

/** `text` of a style with held URLs turned into ones that load nothing and say what they stand for. */
const gateCss = (text, base) => {
  if (!exec(/url|import|image/i, text) || !exec(/\/|\\|:/, text)) return text;
  return swap(text, /(url\(\s*)("[^"]*"|'[^']*'|[^"')\s]+)(\s*\))|(@import\s*|image-set\(\s*|,\s*)("[^"]*"|'[^']*')/gi, (hit) => {
    const quoted = hit[2] || hit[5];
    const quote = exec(/^["']?/, quoted)[0];
    const raw = quote ? slice(quoted, 1, -1) : quoted;
    const url = swap(raw, /\\([0-9a-f]{1,6})\s?|\\(.)/gi, (part) => part[1] ? fromCode(parseInt(part[1], 16) % 0x110000) : part[2]);
    const path = exec(/^[^?#]*/, url)[0];
    const kind = includes(lower(hit[4] || slice(text, 0, hit.index)), '@import') && exec(/@import\s*(url\(\s*)?$/i, slice(text, 0, hit.index) + (hit[1] || hit[4])) ? 'Y'
      : exec(/\.(woff2?|ttf|otf|eot)$/, path) ? 'T' : 'I';
    const judged = judge(url, kind, base);
    if (!judged) return hit[0];
    const instead = judged.letter ? `about:invalid#${judged.host}/${NAMES[judged.letter]}/${encode(raw)}` : judged.way || url;
    return (hit[1] || hit[4]) + (quote || '"') + swap(instead, /["'()]/g, (c) => '%' + codeAt(c[0], 0).toString(16)) + (quote || '"') + (hit[3] || '');
  });
};
const NAMES = { f: 'functional', a: 'analytics', m: 'marketing', x: 'vendor' };

/** Whether a cookie belongs to a vendor of one of `letters`; a key of a storage may have a name of its own too, which `stored` finds. */
const isOf = (name, letters, stored) => {
  let letter = names('k' + name) || stored && stored('s' + name);
  let length = 1e9;
  for (let end = name.length; !letter && end >= 0; end--) {
    const start = slice(name, 0, length = end);
    letter = names('K' + start) || stored && stored('S' + start);
  }
  for (let i = 0; i < rules.c.length; i++) {
    if (letter && rules.c[i][0] <= length) break;
    if (exec(new Pattern(rules.c[i][1]), name)) {
      letter = rules.c[i][2];
      length = 1e9;
    }
  }
  return letter && includes(letters, letter);
};
