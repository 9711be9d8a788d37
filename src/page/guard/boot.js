// Turns what the script's own element says into what this window goes by; a worker is told it instead.
const source = Reflect.apply(Function.prototype.toString, start, []);
if (!boot.origin) {
  const script = document.currentScript;
  const { dataset } = script;
  Object.assign(boot, { granted: '', site: location.hostname }, dataset, { src: script.src, origin: new URL(script.src).origin, nonce: script.nonce });
  // That element as markup, for pages in frames.
  const quoted = (text) => '="' + text.replace(/&/g, '&amp;').replace(/"/g, '&quot;') + '"';
  boot.tag = '<script src' + quoted(script.src) + (script.nonce ? ' nonce' + quoted(script.nonce) : '') + Object.keys(dataset).map((key) => ` data-${key}` + quoted(dataset[key])).join('') + '></' + 'script>';
}
