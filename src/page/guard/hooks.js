// Turns the ways in which scripts change a page into the same ways past the guard; once for each window.
//
// 1. What fails in here is as if it were not there: the page's own call is made all the same, and its errors are the native ones.
const SETTERS = {
  HTMLScriptElement: 'src', HTMLImageElement: 'src srcset', HTMLIFrameElement: 'src srcdoc', HTMLFrameElement: 'src', HTMLObjectElement: 'data',
  HTMLLinkElement: 'href imageSrcset rel as', HTMLEmbedElement: 'src', HTMLMediaElement: 'src', HTMLVideoElement: 'poster', HTMLSourceElement: 'src srcset',
  HTMLTrackElement: 'src', HTMLInputElement: 'src', HTMLAnchorElement: 'ping', HTMLAreaElement: 'ping', HTMLBodyElement: 'background',
};
const types = self.trustedTypes;
const [dayOf, now, getOwnPropertyDescriptors] = [Date.parse, Date.now, Object.getOwnPropertyDescriptors];
const isTrusted = types ? (value) => types.isScriptURL(value) || types.isHTML(value) || types.isScript(value) : () => false;
/** The text of an argument, which is made into it once and for all unless trusted types speak for it. */
const argument = (args, at) => {
  const value = args[at];
  if (typeof value === 'object' && value && !isTrusted(value) || typeof value === 'function') args[at] = '' + value;
  return typeof value === 'symbol' ? '' : '' + args[at];
};

const dom = (win) => {
  const { document: page } = win;
  const of = (name) => win[name] && win[name].prototype;
  const call = (before, after, name) => (plain, self, args) => {
    const done = ended(() => before(self, args, name, plain));
    if (done) return done.value;
    const result = apply(plain, self, args);
    if (after) ended(() => after(self, args, result));
    return result;
  };
  /** Methods (or setters, by `set`) that `before` may change the arguments of or answer instead. */
  const wrap = (type, names, before, after, set) => all(split(names, ' '), (name) => (set ? hookSet : hook)(of(type), name, call(before, after, name)));
  /** Sets an attribute by `plain`, whose value is the argument at `at`. */
  const put = (name, at) => (self, args, _, plain) => {
    const key = typeof name === 'string' ? name : lower(argument(args, name));
    if (!WATCHED[key]) return;
    const other = asked(self, key, argument(args, at));
    if (other === null) return { value: undefined };
    if (other !== undefined) return { value: trusted('createScriptURL', other, (text) => apply(plain, self, at ? at > 1 ? [args[0], args[1], text] : [args[0], text] : [text])) };
  };
  /** A link that `change` makes one that loads: it gets its `href` back when it is known what it is for. */
  const turned = (el, change) => {
    if (native.tag(el) !== 'link' || !native.inPage(el)) return;
    const href = native.get(el, 'href') || native.get(el, 'data-consentry-href');
    if (!href || !judge(href, 'S', baseOf(el))) return;
    native.drop(el, 'href');
    try {
      return { value: change() };
    } finally {
      const other = asked(el, 'href', href);
      if (other !== null) native.set(el, 'href', other || href);
    }
  };
  const turn = (name, at) => (self, args) => {
    const key = typeof name === 'string' ? name : lower(argument(args, name));
    if (key === 'rel' || key === 'as') return turned(self, () => native.set(self, key, argument(args, at)));
  };
  /** A getter of objects that stand for an element, or for something else; whose each is. */
  const ofWhom = (type, name, then) => {
    const whose = new Weak();
    const found = of(type) && getOwnPropertyDescriptor(of(type), name);
    if (found && found.get) {
      defineProperty(of(type), name, { ...found, get: new Proxy(found.get, { apply: (plain, self, args) => {
        const value = apply(plain, self, args);
        ended(() => (weakSet(whose, value, self), then && then(value)));
        return value;
      } }) });
    }
    return (value) => weakGet(whose, value);
  };
  for (const type in SETTERS) {
    all(split(SETTERS[type], ' '), (property) => {
      const name = lower(property);
      const proto = of(type);
      const turns = name === 'rel' || name === 'as';
      hookSet(proto, property, call(turns ? turn(name, 0) : put(name, 0)), turns ? null : (value, self) => value || ended(() => heldValue(self, name), value));
    });
  }
  const animated = ['SVGImageElement', 'SVGFEImageElement', 'SVGUseElement', 'SVGScriptElement'].map((type) => ofWhom(type, 'href'));
  wrap('SVGAnimatedString', 'baseVal', (self, args) => {
    let el;
    all(animated, (whose) => { el ||= whose(self); });
    const other = el && asked(el, 'href', argument(args, 0));
    if (typeof other === 'string') args[0] = other;
    return other === null ? { value: undefined } : undefined;
  }, null, true);
  const linkOf = ofWhom('HTMLLinkElement', 'relList');
  const relate = (self, args, _, plain) => {
    const el = linkOf(self);
    return el && turned(el, () => apply(plain, self, args));
  };
  wrap('DOMTokenList', 'add remove replace toggle', relate);
  wrap('DOMTokenList', 'value', relate, null, true);

  // --- attributes ---
  const [putText, turnText] = [put(0, 1), turn(0, 1)];
  wrap('Element', 'setAttribute', (self, args, name, plain) => turnText(self, args) || putText(self, args, name, plain));
  const isXlink = (space, name) => space === XLINK && exec(/(^|:)href$/, name);
  const putLink = put('xlink:href', 2);
  const putOther = put(1, 2);
  wrap('Element', 'setAttributeNS', (self, args, _, plain) => (isXlink(args[0], argument(args, 1)) ? putLink : putOther)(self, args, _, plain));
  const dropped = (self, args) => {
    const name = lower(argument(args, args.length - 1));
    all([name, 'xlink:' + name], (one) => native.has(self, 'data-consentry-' + one) && native.drop(self, 'data-consentry-' + one));
  };
  wrap('Element', 'removeAttribute removeAttributeNS', () => {}, dropped);
  const nameOfNode = getter(of('Attr'), 'name');
  const spaceOfNode = getter(of('Attr'), 'namespaceURI');
  const valueOfNode = getter(of('Attr'), 'value');
  const owner = getter(of('Attr'), 'ownerElement');
  const setNode = free(getOwnPropertyDescriptor(of('Attr'), 'value').set);
  const ofNode = (el, attr, text) => {
    const name = isXlink(spaceOfNode(attr), nameOfNode(attr)) ? 'xlink:href' : lower(nameOfNode(attr));
    return WATCHED[name] ? asked(el, name, text) : undefined;
  };
  const attach = (el, attr) => {
    const other = ofNode(el, attr, valueOfNode(attr));
    if (typeof other === 'string') setNode(attr, other);
    return other === null ? { value: null } : undefined;
  };
  wrap('Element', 'setAttributeNode setAttributeNodeNS', (self, args) => attach(self, args[0]));
  const elementOf = ofWhom('Element', 'attributes');
  wrap('NamedNodeMap', 'setNamedItem setNamedItemNS', (self, args) => attach(elementOf(self), args[0]));
  const write = (self, args) => {
    const el = owner(self);
    const other = el ? ofNode(el, self, argument(args, 0)) : undefined;
    if (typeof other === 'string') args[0] = other;
    return other === null ? { value: undefined } : undefined;
  };
  wrap('Attr', 'value', write, null, true);

  // --- nodes ---
  const is = (node, tag) => native.type(node) === 1 && native.tag(node) === tag;
  const isStyle = (node) => is(node, 'style');
  /** The text that a script in the page gets, which begins then. */
  const code = (self, text) => is(self, 'script') && native.inPage(self) && holdText(self, text);
  const arrive = (self, args) => {
    const inPage = native.inPage(self);
    const page = native.type(self) === 9 ? self : native.page(self);
    const style = isStyle(self);
    if (is(self, 'script')) {
      let text = native.text(self);
      all(args, (node) => { text += node && typeof node === 'object' ? native.text(node) : node; });
      code(self, text);
    }
    all(args, (node, at) => {
      if (style && typeof node === 'string') args[at] = gateCss(node, baseOf(self));
      if (!node || typeof node !== 'object') return;
      if (style && native.type(node) === 3) native.settle(node, gateCss(native.text(node), baseOf(self)));
      else if (inPage || native.page(node) !== page) checkAll(node);
    });
  };
  const arrived = () => {
    const list = waiting;
    if (!list.length) return;
    waiting = [];
    all(list, meet);
  };
  wrap('Node', 'appendChild', (self, args) => arrive(self, args), arrived);
  wrap('Node', 'insertBefore replaceChild', (self, args) => arrive(self, [args[0]]), arrived);
  const around = (self, args) => {
    const parent = native.parent(self);
    if (parent) arrive(parent, args);
  };
  all(['Element', 'Document', 'DocumentFragment'], (type) => {
    wrap(type, 'append prepend replaceChildren', arrive, arrived);
    wrap(type, 'moveBefore', (self, args) => arrive(self, [args[0]]), arrived);
  });
  all(['Element', 'CharacterData', 'DocumentType'], (type) => {
    wrap(type, 'before after', around, arrived);
    wrap(type, 'replaceWith', around, arrived);
  });
  wrap('Element', 'insertAdjacentElement', (self, args) => arrive(self, [args[1]]), arrived);
  const container = (range) => range.startContainer;
  wrap('Range', 'insertNode surroundContents', (self, args) => arrive(container(self), [args[0]]), arrived);
  wrap('Document', 'adoptNode', (self, args) => {
    if (native.view(self)) checkAll(args[0]);
  });
  wrap('Element', 'attachShadow', () => {}, (self, args, root) => {
    watch(root);
    if (native.inPage(self)) return;
    push(apart, new Weakly(root));
    if (apart.length > 200) cut(apart, 0, 1);
  });
  const clone = free(of('Node').cloneNode);
  const adopt = free(of('Document').adoptNode);
  wrap('Document', 'importNode', (self, args) => {
    if (!native.view(self) || native.view(native.page(args[0]))) return;
    // A copy that is made where nothing loads: whether something in it is held.
    const node = clone(args[0], args[1] === true || Boolean(typeof args[1] === 'object' && args[1] && !args[1].selfOnly));
    const before = edits;
    checkAll(node);
    return edits === before ? undefined : { value: adopt(self, node) };
  });
  wrap('Node', 'textContent', (self, args) => {
    if (isStyle(self)) args[0] = gateCss(argument(args, 0), baseOf(self));
    else if (native.type(self) === 2) return write(self, args);
  }, null, true);
  wrap('HTMLScriptElement', 'text textContent innerText', (self, args) => code(self, argument(args, 0)) && undefined, null, true);
  wrap('Node', 'nodeValue', (self, args) => native.type(self) === 2 ? write(self, args) : undefined, null, true);
  wrap('HTMLElement', 'innerText', (self, args) => {
    if (isStyle(self)) args[0] = gateCss(argument(args, 0), baseOf(self));
  }, null, true);

  // --- markup ---
  const method = (type, name) => of(type)[name];
  const fill = { Element: method('Element', 'replaceChildren'), ShadowRoot: method('DocumentFragment', 'replaceChildren') };
  const [replaceWith, ...places] = ['replaceWith', 'before', 'prepend', 'append', 'after'].map((name) => method('Element', name));
  const PLACES = ['beforebegin', 'afterbegin', 'beforeend', 'afterend'];
  const filled = (self, args) => {
    if (native.inPage(self) && exec(/<iframe/i, argument(args, 0))) all((native.type(self) === 1 ? native.query : native.queryPart)(self, 'iframe'), meet);
  };
  all(['Element', 'ShadowRoot'], (type) => {
    const inner = (self, args) => {
      if (args[0] === null) return;
      const nodes = nodesOf(type === 'Element' ? self : native.host(self), argument(args, 0));
      return nodes && { value: apply(fill[type], self, nodes) };
    };
    wrap(type, 'innerHTML', inner, filled, true);
    // What makes shadow trees of its own is edited as text: nobody sees into those.
    wrap(type, 'setHTMLUnsafe', (self, args) => isShadowed(args) || inner(self, args), filled);
  });
  const isShadowed = (args) => {
    if (exec(/shadowrootmode/i, argument(args, 0)) && typeof args[0] === 'string') args[0] = editTags(args[0]);
  };
  hook(win.Document, 'parseHTMLUnsafe', call((self, args) => isShadowed(args)));
  wrap('Element', 'outerHTML', (self, args) => {
    const nodes = args[0] !== null && nodesOf(native.parent(self), argument(args, 0));
    return nodes && { value: apply(replaceWith, self, nodes) };
  }, () => {}, true);
  wrap('Element', 'insertAdjacentHTML', (self, args) => {
    const at = PLACES.indexOf(lower(argument(args, 0)));
    const nodes = at >= 0 && nodesOf(at === 0 || at === 3 ? native.parent(self) : self, argument(args, 1));
    return nodes && { value: apply(places[at], self, nodes) };
  }, (self, args) => {
    const parent = native.parent(self) || self;
    filled(parent, [args[1]]);
  });
  wrap('Range', 'createContextualFragment', (self, args, _, plain) => {
    const html = argument(args, 0);
    const around = container(self);
    if (!exec(MAY_NAME, html) || !native.view(native.page(around))) return;
    const range = inert.createRange();
    range.selectNodeContents(native.createNs(inert, 'http://www.w3.org/1999/xhtml', native.type(around) === 1 ? native.tag(around) : 'body'));
    const part = apply(plain, range, args);
    const before = edits;
    checkAll(settled(part));
    return edits === before ? undefined : { value: adopt(page, part) };
  });

  // --- what a script writes while the page is read ---
  let rest = '';
  const flush = (plain) => {
    if (!rest) return;
    const text = rest;
    rest = '';
    apply(plain, page, [text]);
  };
  wrap('Document', 'write writeln', (self, args, name, plain) => {
    if (self !== page) return;
    let text = rest;
    for (let i = 0; i < args.length; i++) text += argument(args, i);
    if (name === 'writeln') text += '\n';
    if (catches(win, text)) return { value: undefined };
    if (!rest && !exec(/</, text)) return;
    rest = '';
    const open = exec(/<[a-z!/][^>]*$|<$/i, text);
    if (open) {
      // The rest of a tag may come with the next call, and comes before what follows the script.
      rest = open[0];
      text = slice(text, 0, open.index);
      win.queueMicrotask(() => flush(plain));
    }
    const edited = editTags(text);
    if (edited === text && !rest && !open && args.length === 1 && name === 'write' && text === '' + args[0]) return;
    return { value: edited && trusted('createHTML', edited, (html) => apply(plain, self, [html])) };
  }, () => meetAll(page.documentElement));

  // --- styles, forms, cookies, windows ---
  const css = (at) => (self, args) => {
    if (at in args && args[at]) args[at] = gateCss(argument(args, at), native.base(page));
  };
  wrap('CSSStyleDeclaration', 'cssText', css(0), null, true);
  wrap('CSSStyleDeclaration', 'setProperty', css(1));
  wrap('StylePropertyMap', 'set append', (self, args) => {
    if (typeof args[1] === 'string') css(1)(self, args);
  });
  // Where properties have setters, these; Chromium has none, so what was asked for is looked at when the script is done.
  const PAINTED = /image|background|cursor|content|mask|filter|path|shape|src|list-?style/i;
  all(['CSSStyleDeclaration', 'CSSStyleProperties', 'CSS2Properties'], (type) => {
    for (const name in of(type) && getOwnPropertyDescriptors(of(type))) if (exec(PAINTED, name)) wrap(type, name, css(0), null, true);
  });
  let touched = [];
  const cssText = getOwnPropertyDescriptor(of('CSSStyleDeclaration'), 'cssText');
  const [readCss, writeCss] = [free(cssText.get), free(cssText.set)];
  const touch = (style) => {
    if (push(touched, style) > 1) return;
    win.queueMicrotask(() => {
      const list = touched;
      touched = [];
      all(list, (one) => ended(() => {
        const text = readCss(one);
        const other = gateCss(text, native.base(page));
        if (other !== text) writeCss(one, other);
      }));
    });
  };
  all(['CSSStyleRule', 'CSSKeyframeRule', 'CSSNestedDeclarations'], (type) => ofWhom(type, 'style', touch));
  wrap('CSSStyleSheet', 'insertRule replace replaceSync', css(0));
  wrap('CSSStyleSheet', 'addRule', css(1));
  wrap('CSSGroupingRule', 'insertRule', css(0));
  wrap('CSSKeyframesRule', 'appendRule', css(0));
  const toFrame = (name) => name && !exec(/^_/, name) && ended(() => Boolean(page.querySelector(`iframe[name="${name}"]`)));
  wrap('HTMLFormElement', 'submit requestSubmit', (self) => {
    const judged = toFrame(native.get(self, 'target')) && judge(native.get(self, 'action') || '', 'X', native.base(page));
    return judged && judged.letter ? { value: undefined } : undefined;
  });
  hook(win, 'open', call((self, args) => {
    const judged = toFrame(args[1]) && judge(argument(args, 0), 'F', native.base(page));
    return judged && judged.letter ? { value: null } : undefined;
  }));
  hookNew(win, 'Audio', (plain, args, target) => {
    const el = construct(plain, [], target);
    if (args[0] !== undefined) el.src = args[0];
    return el;
  });
  const dropCookie = (name) => isOf(name, 'famx') && !isOf(name, granted + 'n');
  /** Whether a cookie is written to end it (RFC 6265, 5.3, step 3). */
  const ends = (text) => {
    let [age, day] = [NaN, NaN];
    all(split(text, ';'), (part, at) => {
      const found = at && exec(/^\s*(?:(max-age)|expires)\s*=\s*(.*)$/i, part);
      if (!found) return;
      if (!found[1]) day = dayOf(found[2]);
      else if (exec(/^-?\d+\s*$/, found[2])) age = +found[2];
    });
    return age === age ? age <= 0 : day < now();
  };
  const nameIn = (args) => trim(exec(/^[^=;]*/, argument(args, 0))[0]);
  wrap('Document', 'cookie', (self, args) => dropCookie(nameIn(args)) && !ends(args[0]) ? { value: undefined } : undefined, (self, args) => wrote(nameIn(args)), true);
  wrap('CookieStore', 'set', (self, args) => {
    const name = args[0] && typeof args[0] === 'object' ? args[0].name : args[0];
    return dropCookie('' + name) && !(args[0].expires < now()) ? { value: win.Promise.resolve() } : undefined;
  }, (self, args) => wrote('' + (args[0].name || args[0])));
  all(['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement'], (type) => {
    all(['contentWindow', 'contentDocument'], (name) => {
      const found = of(type) && getOwnPropertyDescriptor(of(type), name);
      if (!found) return;
      defineProperty(of(type), name, { ...found, get: new Proxy(found.get, { apply: (plain, self, args) => {
        ended(() => meet(self));
        return apply(plain, self, args);
      } }) });
    });
  });
};
