// Takes the browser's own functions off their prototypes, so that neither names of elements (`<img name="createElement">`) nor
// methods that a page added to arrays and objects stand between the banner and the browser. Loops count, JSON is written by hand:
// old libraries give arrays a `toJSON` and objects enumerable keys.
const { apply } = Reflect;
const method = (fn) => (self, ...rest) => apply(fn, self, rest);
const HTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';
const createElement = method(Document.prototype.createElementNS);
const createText = method(Document.prototype.createTextNode);
const queryPage = method(Document.prototype.querySelector);
const listen = method(EventTarget.prototype.addEventListener);
const dispatch = method(EventTarget.prototype.dispatchEvent);
const insertBefore = method(Node.prototype.insertBefore);
const attachShadow = method(Element.prototype.attachShadow);
const getAttribute = method(Element.prototype.getAttribute);
const setAttribute = method(Element.prototype.setAttribute);
const removeAttribute = method(Element.prototype.removeAttribute);
const closest = method(Element.prototype.closest);
const ownKeys = Object.keys;
const getter = (of, name) => Object.getOwnPropertyDescriptor(of, name).get;
const currentScript = () => apply(getter(Document.prototype, 'currentScript'), document, []);
const { fetch: request, setTimeout: later, AbortController: Abort, CustomEvent: Change } = window;

/** An element of HTML, also where the page is XHTML; nothing becomes markup. */
function el(name, attributes, ...children) {
  const element = createElement(document, HTML, name);
  const names = ownKeys(attributes);
  for (let i = 0; i < names.length; i += 1) {
    const value = attributes[names[i]];
    if (value !== null && value !== false) setAttribute(element, names[i], value === true ? '' : value);
  }
  add(element, children);
  return element;
}

/** Puts texts, elements and lists of them at the end of `element`; what is null stays out. */
function add(element, children) {
  for (let i = 0; i < children.length; i += 1) {
    const child = children[i];
    if (child === null || child === '') continue;
    if (typeof child === 'string') insertBefore(element, createText(document, child), null);
    else if (child.nodeType) insertBefore(element, child, null);
    else add(element, child);
  }
}

/** A drawing of 20 by 20 units: one path, stroked. */
function icon(path) {
  const svg = createElement(document, SVG, 'svg');
  const line = createElement(document, SVG, 'path');
  setAttribute(svg, 'viewBox', '0 0 20 20');
  setAttribute(svg, 'aria-hidden', 'true');
  setAttribute(line, 'd', path);
  insertBefore(svg, line, null);
  return svg;
}

/** What `make` gives for each entry of `list`. */
function each(list, make) {
  const made = [];
  for (let i = 0; i < list.length; i += 1) made[i] = make(list[i], i);
  return made;
}
