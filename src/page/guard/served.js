// Turns a URL of what the visitor allows into the site's own one for it; the first of the parts that are got when they are needed.
const itself = Reflect.apply(Function.prototype.toString, rest, []);
const more = parse(told);
const kept = tableOf(more.t);

/** The site's own URL for what an allowed vendor serves; '' where nothing is to be done any more; nothing where it goes to the vendor. */
const served = (url, host, path, to) => {
  if (!more.f || self.origin !== boot.origin || isOwn(host)) return;
  if (to === 'C') {
    for (let at = 0, any; ;) {
      for (let i = 0; i < 4; i++) if (!holds('nfam'[i])) any ||= kept('C' + 'nfam'[i] + slice(host, at));
      if (any) return '';
      if (!(at = indexOf(host, '.', at) + 1)) return;
    }
  }
  const letter = find(kept, 'e', more.q, host, path);
  const plain = !userOf(url) && !portOf(url) && exec(/^[\w-]+(\.[\w-]+)*\.[\w-]*[a-z_-][\w-]*$/, host) && !exec(/%(25)*(2e|32|65)|\\/i, path);
  if (letter && !holds(letter) && plain) return boot.origin + more.f + host + path + searchOf(url) + hashOf(url);
};
