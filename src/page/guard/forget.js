// Turns the purposes that a visitor takes back into a browser that keeps nothing of their vendors.
/** Removes what vendors of these purposes keep in the browser. */
const forget = (letters) => {
  const names = [];
  all(split(readCookie(document), ';'), (pair) => push(names, trim(exec(/^[^=]*/, pair)[0])));
  const { hostname, pathname } = self.location;
  all(names, (name) => {
    if (!isOf(name, letters)) return;
    for (let path = pathname; path; path = slice(path, 0, lastIndexOf(path, '/'))) {
      for (let at = 0, domain = hostname; domain; domain = (at = indexOf(hostname, '.', at) + 1) ? slice(hostname, at) : '') {
        all(['', `;domain=${domain}`], (where) => all([path, path + '/', '/'], (place) => writeCookie(document, `${name}=;max-age=0;path=${place}${where}`)));
      }
    }
  });
  all(['localStorage', 'sessionStorage'], (kind) => ended(() => {
    const store = self[kind];
    for (let i = store.length; i--;) {
      const key = store.key(i);
      if (isOf(key, letters, kept)) store.removeItem(key);
    }
  }));
};
