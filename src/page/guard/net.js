// Turns calls that make requests, in a page and in its workers, into the same calls, held back or on their way through the site itself.
//
// 1. A wrapper is a proxy of the native function: its name, length, text and prototype stay the native ones.
// 2. What is held fails as it does where a blocker holds it, for that is what pages are tried with: `fetch` rejects with a TypeError,
//    XMLHttpRequest, EventSource and WebSocket fire `error`, and `sendBeacon`, whose answer says nothing of the server, answers true.
// 3. Nothing of this is sent later: what happened before the visitor's choice is not told afterwards.
const hook = (object, name, handler) => {
  // A worker's functions are those of a prototype of its global object.
  while (object && !object.prototype && !getOwnPropertyDescriptor(object, name) && typeof object[name] === 'function') object = getPrototypeOf(object);
  const found = object && getOwnPropertyDescriptor(object, name);
  if (!found || typeof found.value !== 'function') return;
  defineProperty(object, name, { ...found, value: new Proxy(found.value, { apply: handler }) });
};
const hookNew = (win, name, handler) => {
  const found = getOwnPropertyDescriptor(win, name);
  if (!found || typeof found.value !== 'function') return;
  const value = new Proxy(found.value, { construct: handler });
  defineProperty(win, name, { ...found, value });
  const own = getOwnPropertyDescriptor(value.prototype, 'constructor');
  if (own && own.value === found.value) defineProperty(value.prototype, 'constructor', { ...own, value });
};
const hookSet = (proto, name, set, get) => {
  const found = proto && getOwnPropertyDescriptor(proto, name);
  if (!found || !found.set) return;
  const changed = { ...found, set: new Proxy(found.set, { apply: (native, self, args) => set(native, self, args) }) };
  if (get) changed.get = new Proxy(found.get, { apply: (native, self, args) => get(apply(native, self, args), self) });
  defineProperty(proto, name, changed);
};
/** The text that a native function would make of a value, made once; a symbol is left for it to refuse. */
const textOf = (value) => typeof value === 'symbol' ? '' : '' + value;

/** The blobs behind the page's `blob:` URLs, and what is put before a script that a worker runs. */
const blobs = new Map();
const prelude = () => `(${source})(${stringify(told)},${stringify({ ...boot, granted })},self);\n${second ? second.text : ''}`;

const network = (win, base) => {
  const { Request, Promise: Later, Blob, URL: Urls } = win;
  const NOWHERE = 'about:invalid';
  const requestUrl = Request && getter(Request.prototype, 'url');
  const each = (handler) => (native, self, args) => {
    if (!args.length || typeof args[0] === 'symbol') return apply(native, self, args);
    let url;
    try {
      url = requestUrl(args[0]);
    } catch {
      url = args[0] = '' + args[0];
    }
    const judged = judge(url, 'X', base());
    if (!judged) return apply(native, self, args);
    if (judged.letter) return handler();
    args[0] = url === args[0] ? judged.way : new Request(judged.way, args[0]);
    return apply(native, self, args);
  };
  hook(win, 'fetch', each(() => Later.reject(new Failure('Failed to fetch'))));
  hook(win, 'fetchLater', each(() => ({ activated: false })));
  hook(win.XMLHttpRequest && win.XMLHttpRequest.prototype, 'open', (native, self, args) => {
    if (args.length > 1) {
      const judged = judge(args[1] = textOf(args[1]), 'X', base());
      if (judged) args[1] = judged.letter ? NOWHERE : judged.way;
    }
    return apply(native, self, args);
  });
  hook(win.Navigator && win.Navigator.prototype, 'sendBeacon', (native, self, args) => {
    const judged = args.length && judge(args[0] = textOf(args[0]), 'P', base());
    if (judged && judged.letter) return true;
    if (judged) args[0] = judged.way;
    return apply(native, self, args);
  });
  // A port that browsers block: the connection fails without one.
  all(['EventSource', 'WebSocket', 'WebTransport'], (name, at) => {
    hookNew(win, name, (native, args, target) => {
      const judged = args.length && judge(args[0] = textOf(args[0]), 'X', base());
      if (judged && judged.letter) args[0] = [NOWHERE, 'wss://0.0.0.0:1', 'https://0.0.0.0:1'][at];
      else if (judged && name === 'EventSource') args[0] = judged.way;
      return construct(native, args, target);
    });
  });
  hook(win, 'importScripts', (native, self, args) => {
    for (let i = 0; i < args.length; i++) {
      const judged = judge(args[i] = textOf(args[i]), 'S', base());
      if (judged) args[i] = judged.letter ? 'data:text/javascript,' : judged.way;
    }
    return apply(native, self, args);
  });
  const create = Urls && Urls.createObjectURL;
  hook(Urls, 'createObjectURL', (native, self, args) => {
    const url = apply(native, self, args);
    if (args[0] instanceof Blob && exec(/^$|script|html|svg|xml/, args[0].type)) mapSet(blobs, url, args[0]);
    return url;
  });
  hook(Urls, 'revokeObjectURL', (native, self, args) => {
    mapDelete(blobs, args[0]);
    return apply(native, self, args);
  });
  all(['Worker', 'SharedWorker'], (name) => {
    hookNew(win, name, (native, args, target) => {
      const url = args[0] = args.length ? textOf(args[0]) : '';
      const judged = judge(url, 'S', base());
      const blob = mapGet(blobs, url);
      if (judged) args[0] = judged.letter ? 'data:text/javascript,' : judged.way;
      else if (blob) args[0] = apply(create, Urls, [new Blob([prelude(), blob], { type: blob.type })]);
      else if (exec(/^\s*data:/i, url)) args[0] = withinData(url, (text) => prelude() + text);
      return construct(native, args, target);
    });
  });
  hook(win.ServiceWorkerContainer && win.ServiceWorkerContainer.prototype, 'register', (native, self, args) => {
    const judged = judge(textOf(args[0]), 'S', base());
    return judged && judged.letter ? Later.reject(new Failure('Failed to register a ServiceWorker')) : apply(native, self, args);
  });
  hookNew(win, 'FontFace', (native, args, target) => {
    if (typeof args[1] === 'string') args[1] = gateCss(args[1], base());
    return construct(native, args, target);
  });
};

/** A `data:` URL with what it holds (RFC 2397) changed. */
const withinData = (url, change) => {
  const parts = exec(/^\s*data:([^,]*?)(;\s*base64)?\s*,([^#]*)/i, url);
  if (!parts) return url;
  const bytes = swap(swap(parts[3], /[^\x00-\x7f]+/g, (c) => encode(c[0])), /%([0-9a-f]{2})/gi, (c) => fromCode(parseInt(c[1], 16)));
  const text = change(parts[2] ? atob(bytes) : bytes);
  return `data:${parts[1]},` + swap(text, /[^\w.~-]/g, (c) => {
    const code = codeAt(c[0], 0);
    return code < 256 ? '%' + slice('0' + code.toString(16), -2) : encode(c[0]);
  });
};
