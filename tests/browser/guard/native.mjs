// Turns what a page may count on into checks in it: each runs in the page and says what it found.
const TRACKER = 'https://script.hotjar.com/x';

export const NATIVE = {
  'functions look native': {
    act: () => [fetch, XMLHttpRequest.prototype.open, Node.prototype.appendChild, WebSocket, Image, Element.prototype.setAttribute, document.write,
      Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src').set, Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML').set]
      .map((f) => /\[native code\]/.test(f) && /\[native code\]/.test(Function.prototype.toString.call(f))).join(),
    expected: Array(9).fill('true').join(),
  },
  'descriptors, names and lengths': {
    act: () => JSON.stringify([
      fetch.name, fetch.length, Node.prototype.insertBefore.name, Node.prototype.insertBefore.length, WebSocket.name, WebSocket.length,
      Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src').enumerable, Object.keys(window).includes('fetch'),
      Object.getOwnPropertyDescriptor(Node.prototype, 'appendChild').writable, Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML').set.name,
    ]),
    expected: JSON.stringify(['fetch', 1, 'insertBefore', 2, 'WebSocket', 1, true, true, true, 'set innerHTML']),
  },
  'instances and subclasses': {
    act: () => {
      class Socket extends WebSocket {}
      class Picture extends Image {}
      const socket = new Socket('wss://script.hotjar.com/');
      return [socket instanceof Socket, socket instanceof WebSocket, new Image() instanceof HTMLImageElement, new Picture() instanceof Picture,
        new Image(3, 4).width, new Audio() instanceof HTMLAudioElement, WebSocket.prototype.constructor === WebSocket, new EventSource('/own.txt') instanceof EventSource].join();
    },
    expected: 'true,true,true,true,3,true,true,true',
  },
  'errors are the native ones': {
    act: async () => {
      const of = (f) => { try { f(); return 'none'; } catch (e) { return e.name; } };
      return [
        of(() => document.body.appendChild(null)), of(() => document.body.appendChild(document.documentElement)), of(() => new WebSocket('nonsense:')),
        of(() => Node.prototype.appendChild.call({}, document.body)), of(() => document.body.setAttribute('', '')), of(() => new XMLHttpRequest().open()),
        of(() => { document.createElement('img').src = Symbol('x'); }), of(() => WebSocket('wss://a.example')),
        await fetch('https://').catch((e) => e.name), of(() => document.body.insertAdjacentHTML('nowhere', '<img src=//script.hotjar.com/x>')),
      ].join();
    },
    expected: 'TypeError,HierarchyRequestError,SyntaxError,TypeError,InvalidCharacterError,TypeError,TypeError,TypeError,TypeError,SyntaxError',
  },
  'what is held fails as with a blocker': {
    act: async () => {
      const url = ['https:/', '/script.hotjar.com/x'].join('');
      const event = (target, ...names) => Promise.race([...names.map((name) => new Promise((done) => { target.addEventListener(name, () => done(name)); })), new Promise((done) => setTimeout(done, 1500, 'nothing'))]);
      const request = new XMLHttpRequest();
      request.open('GET', url);
      request.send();
      const script = document.createElement('script');
      script.src = url;
      document.head.append(script);
      const image = new Image();
      image.src = url;
      const shown = document.body.appendChild(document.createElement('img'));
      shown.src = url;
      const picture = event(shown, 'error', 'load');
      const said = [event(script, 'error', 'load'), event(image, 'error', 'load')];
      return [
        await fetch(url).catch((e) => `${e.name}: ${e.message}`), await event(request, 'error', 'load'), request.status, navigator.sendBeacon(url, 'x'),
        await event(new WebSocket(url.replace('http', 'ws')), 'error', 'open'), await event(new EventSource(url), 'error', 'open'),
        await said[0], await said[1], await picture, script.src, image.src, script.isConnected,
      ].join();
    },
    expected: `TypeError: Failed to fetch,error,0,true,error,error,error,load,error,${TRACKER},${TRACKER},true`,
  },
  'a held script says so at once, and only once': {
    act: async () => {
      const script = document.createElement('script');
      let errors = 0;
      script.onerror = () => { errors++; };
      script.src = 'https://script.hotjar.com/x';
      document.head.append(script);
      await new Promise((done) => setTimeout(done, 100));
      return errors;
    },
    expected: 1,
  },
  'a held map waits without an error, and comes': {
    act: async () => {
      const script = document.createElement('script');
      window.said = '';
      script.onerror = () => { window.said += 'error'; };
      script.onload = () => { window.said += 'load'; };
      script.src = 'https://maps.googleapis.com/maps/api/js?key=1';
      document.head.append(script);
      await new Promise((done) => setTimeout(done, 100));
      return window.said;
    },
    expected: '',
    also: async (site, { fail, pause, GRANT }) => {
      await site.page.evaluate(GRANT);
      await pause(300);
      const said = await site.page.evaluate(() => window.said);
      if (said !== 'load') fail(`after consent it said ${said}`);
      if (site.sent().length !== 1) fail('it did not come once');
    },
  },
  'cookies of held vendors are not written': {
    act: () => {
      document.cookie = '_ga=GA1.1.1; path=/';
      document.cookie = '_fbp=fb.1; path=/';
      document.cookie = 'basket=3; path=/';
      document.cookie = '_hjSessionUser_1=x';
      return document.cookie;
    },
    expected: 'basket=3',
  },
  'a cookie may be ended, whoever made it': {
    body: '<script></script>',
    act: async () => {

      const write = (text) => { document.cookie = text; };
      await fetch('/cookies');
      write('_ga=; Max-Age=0; path=/');
      write('_fbp=x; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/');
      await cookieStore.set({ name: '_hjSession_1', value: '', expires: 1, path: '/' });
      write('_gid=; Max-Age=-1; expires=Fri, 01 Jan 2100 00:00:00 GMT; path=/');
      const ended = document.cookie;
      write('_ga=1; Max-Age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/');
      write('_fbp=1; expires=nonsense; path=/');
      return `${ended}|${document.cookie}`;
    },
    expected: 'kept=1|kept=1',
  },
  'markup that is without scripts stays text': {
    body: '<p id=place></p>',
    act: async () => {
      const held = '<img src="https://script.hotjar.com/x">';
      const quiet = '<noscript><img src="/own.gif?noscript"><i>no</i></noscript>';
      document.querySelector('#place').innerHTML = held + quiet;
      document.body.insertAdjacentHTML('beforeend', quiet + held);
      document.body.append(document.createRange().createContextualFragment(held + quiet));
      const alone = document.body.appendChild(document.createElement('noscript'));
      alone.innerHTML = held;
      await new Promise((done) => setTimeout(done, 200));
      const texts = [...document.querySelectorAll('noscript')].map((el) => el.children.length + el.textContent);
      const asked = performance.getEntriesByType('resource').filter(({ name }) => name.includes('noscript')).length;
      return [...new Set(texts.slice(0, 3)), texts[3], asked].join('|');
    },
    expected: '0<img src="/own.gif?noscript"><i>no</i>|0<img src="https://script.hotjar.com/x">|0',
  },
  'sounds without an address': {
    act: () => [new Audio(undefined), new Audio(), new Audio(null)].map((one) => one.hasAttribute('src') + one.preload).join(),
    expected: 'falseauto,falseauto,trueauto',
  },
  'lists of words work as they did': {
    body: '<p class=a></p>',
    act: () => {
      const p = document.querySelector('p.a');
      p.classList.add('b', 'c');
      p.classList.replace('b', 'd');
      const said = [p.className, p.classList.toggle('d'), p.classList.value];
      const link = document.head.appendChild(document.createElement('link'));
      link.href = 'https://script.hotjar.com/x';
      try { link.relList.add('a b'); } catch (e) { said.push(e.name); }
      link.relList.add('nofollow');
      return [...said, link.rel, link.href, link.relList === link.relList].join();
    },
    expected: 'a d c,false,a c,InvalidCharacterError,nofollow,https://script.hotjar.com/x,true',
  },
  'a module that names a held vendor comes with consent, one that does not at once': {
    vendors: { 'hotjar.com/m': ['text/javascript', 'window.said += "vendor"'] },
    act: async () => {
      window.said = '';
      for (const text of ['window.said += "own";', 'import "https://script.hotjar.com/m"; window.said += "after";']) {
        const script = document.createElement('script');
        script.type = 'module';
        script.textContent = text;
        document.head.append(script);
      }
      await new Promise((done) => setTimeout(done, 200));
      const before = window.said;
      await window[Symbol.for('consentry.guard')].grant('a');
      await new Promise((done) => setTimeout(done, 300));
      return `${before}|${window.said}`;
    },
    expected: 'own|ownvendorafter',
    also: async () => {},
  },
  'rules and maps that name held vendors are held': {
    act: () => ['speculationrules {"prefetch":[{"urls":["https:\\/\\/script.hotjar.com/x"]}]}', 'speculationrules {"prefetch":[{"urls":["/own"]}]}', 'importmap {"imports":{"x":"https://script.hotjar.com/x"}}']
      .map((text) => {
        const script = document.createElement('script');
        script.type = text.split(' ')[0];
        script.text = text.split(' ')[1];
        document.head.append(script);
        return script.type;
      }).join(),
    expected: 'text/plain,speculationrules,text/plain',
  },
  'a held link of XLink comes back as one': {
    body: '<svg width=9 height=9><image width=9 height=9 /></svg>',
    act: async () => {
      document.querySelector('image').setAttributeNS('http://www.w3.org/1999/xlink', 'x:href', 'https://script.hotjar.com/x');
      const before = document.querySelector('image').href.baseVal;
      await window[Symbol.for('consentry.guard')].grant('a');
      return `${before}|${document.querySelector('image').href.baseVal}`;
    },
    expected: `|${TRACKER}`,
    also: async (site, { fail, pause }) => {
      await pause(200);
      if (site.sent().length !== 1) fail('it did not come');
    },
  },
  'cookies of allowed vendors are': {
    granted: 'a',
    act: async () => {
      document.cookie = '_ga=GA1.1.1; path=/';
      document.cookie = '_fbp=fb.1; path=/';
      await cookieStore.set('_fbc', '1').then(() => {}, () => {});
      return document.cookie;
    },
    expected: '_ga=GA1.1.1',
  },
  'what is taken back is removed': {
    granted: 'fam',
    act: async () => {
      document.cookie = '_ga=GA1.1.1; path=/; domain=shop.example';
      document.cookie = '_ga_X=1';
      document.cookie = 'basket=3; path=/';
      localStorage.setItem('_hjViewportId', '1');
      localStorage.setItem('basket', '3');
      sessionStorage.setItem('_pk_id.1.abc', '1');
      document.dispatchEvent(new CustomEvent('consentry:change', { detail: { purposes: ['functional'], before: ['functional', 'analytics', 'marketing'] } }));
      const held = await fetch('https://script.hotjar.com/x').catch((e) => e.name);
      return [document.cookie, Object.keys(localStorage), Object.keys(sessionStorage), held].join('|');
    },
    expected: 'basket=3|basket||TypeError',
  },
  'a choice in another tab counts here': {
    body: '<script type="text/plain" data-consentry="hotjar" data-consentry-purpose="analytics">window.came = 1</script>',
    act: async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      new frame.contentWindow.BroadcastChannel('consentry').postMessage({ purposes: ['analytics'], before: [] });
      await new Promise((done) => setTimeout(done, 300));
      return window.came;
    },
    expected: 1,
  },
  'the cookie of another manager makes the guard ask, and only an answer counts': {
    attributes: 'data-cmp="klaro CookieConsent*"',
    body: '<script type="text/plain" data-consentry="hotjar" data-consentry-purpose="analytics">window.came = 1</script>',
    act: async () => {
      document.cookie = 'other=1';
      document.cookie = 'CookieConsentX=1';
      await new Promise((done) => setTimeout(done, 400));
      return String(window.came);
    },
    expected: 'undefined',
  },
  'a name of the site behind which there is a vendor is held': {
    attributes: 'data-alias="a:metrics.shop.example m:ads.shop.example"',
    granted: 'm',
    act: () => ['metrics', 'cdn', 'ads', 'x.metrics'].map((name) => {
      const script = document.createElement('script');
      script.src = `https://${name}.shop.example/x.js`;
      document.head.append(script);
      return script.type;
    }).join(),
    expected: 'text/plain,,,text/plain',
  },
  'how much is held': {
    body: '<img data-consentry="hotjar" data-consentry-purpose="analytics" data-consentry-src="x"><i data-consentry="a b" data-consentry-purpose="functional marketing"></i>',
    act: () => JSON.stringify(window[Symbol.for('consentry.guard')].gated()),
    expected: '{"f":1,"a":1,"m":1}',
  },
  'the handle is frozen and not seen': {
    act: () => {
      const key = Symbol.for('consentry.guard');
      const found = Object.getOwnPropertyDescriptor(window, key);
      return [found.enumerable, found.writable, found.configurable, Object.isFrozen(found.value)].join();
    },
    expected: 'false,false,false,true',
  },
  'a page that redefines what we use': {
    act: async () => {
      const bad = () => { throw new Error('no'); };
      const kept = { iterator: Array.prototype[Symbol.iterator], push: Array.prototype.push };
      for (const [object, names] of [[String.prototype, ['slice', 'indexOf', 'toLowerCase', 'startsWith', 'charCodeAt', 'split']], [RegExp.prototype, ['exec', 'test', Symbol.replace]],
        [Map.prototype, ['get', 'set']], [Set.prototype, ['has']], [WeakMap.prototype, ['get', 'set', 'has']], [Element.prototype, ['getAttribute', 'hasAttribute', 'querySelectorAll']], [Array.prototype, ['push', 'map', 'filter', 'forEach', Symbol.iterator]]]) {
        for (const name of names) Object.defineProperty(object, name, { value: bad, configurable: true, writable: true });
      }
      window.URL = bad;
      Reflect.apply = bad;
      Math.imul = bad;
      const url = 'https://script.hotjar.com/x';
      const script = document.createElement('script');
      script.src = url;
      document.head.appendChild(script);
      new Image().src = url;
      document.createElement('div').innerHTML = '<img src="https://script.hotjar.com/x">';
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.contentWindow.fetch(url, { mode: 'no-cors' }).catch(() => {});
      const request = new XMLHttpRequest();
      request.open('GET', url);
      request.send();
      Object.defineProperty(Array.prototype, Symbol.iterator, { value: kept.iterator });
      Object.defineProperty(Array.prototype, 'push', { value: kept.push });
      return fetch(url, { mode: 'no-cors' }).catch((e) => e.name);
    },
    expected: 'TypeError',
  },
  'frozen prototypes and elements': {
    act: () => {
      const script = Object.freeze(document.createElement('script'));
      script.src = 'https://script.hotjar.com/x';
      document.head.append(script);
      [Node.prototype, Element.prototype, HTMLImageElement.prototype, Array.prototype, Object.prototype].forEach(Object.freeze);
      new Image().src = 'https://script.hotjar.com/x';
      return script.type;
    },
    expected: 'text/plain',
  },
  'ten thousand insertions': {
    act: () => {
      for (let i = 0; i < 10000; i++) {
        const div = document.createElement('div');
        div.className = 'x';
        div.innerHTML = `<p>${i}</p>`;
        document.body.appendChild(div);
        if (i % 100 === 0) { const image = new Image(); image.src = 'https://script.hotjar.com/x?' + i; div.append(image); }
      }
      return document.querySelectorAll('div').length;
    },
    expected: 10000,
  },
  'trusted types': {
    csp: "require-trusted-types-for 'script'; trusted-types consentry own",
    granted: 'a',
    vendors: { 'hotjar.com/y': 'window.ran = (window.ran || 0) + 1' },
    body: '<script type="text/plain" data-consentry="hotjar" data-consentry-purpose="functional" data-consentry-src="https://script.hotjar.com/y?2"></script>',
    act: async () => {
      const own = trustedTypes.createPolicy('own', { createHTML: (s) => s, createScriptURL: (s) => s });
      const script = document.createElement('script');
      let said = '';
      try { script.src = 'https://script.hotjar.com/y'; } catch (e) { said += e.name; }
      script.src = own.createScriptURL('https://script.hotjar.com/y');
      document.head.append(script);
      try { document.body.insertAdjacentHTML('beforeend', '<i>x</i>'); } catch (e) { said += e.name; }
      document.body.insertAdjacentHTML('beforeend', own.createHTML('<i>x</i><img src="https://www.facebook.com/tr?id=1">'));
      await window[Symbol.for('consentry.guard')].grant('f');
      await new Promise((done) => setTimeout(done, 300));
      return [said, document.querySelectorAll('i').length, document.querySelectorAll('img[src]').length, window.ran].join();
    },
    expected: 'TypeErrorTypeError,1,0,2',
  },
  'a held film offers itself in its own box': {
    body: '<div style="width:400px"><iframe title="A film" width=320 height=180 data-consentry="youtube" data-consentry-purpose="functional" data-consentry-src="https://www.youtube.com/embed/x"></iframe></div><p id=after>after</p>',
    act: async () => {
      await new Promise((done) => setTimeout(done, 300));
      const frame = document.querySelector('iframe');
      const page = frame.contentDocument;
      const [once, always] = page.querySelectorAll('button');
      const box = frame.getBoundingClientRect();
      const words = page.body.innerText.replace(/\s+/g, ' ');
      const y = document.querySelector('#after').getBoundingClientRect().y;
      once.click();
      await new Promise((done) => setTimeout(done, 300));
      return [page.documentElement.lang, words, box.width, box.height, always.textContent, frame.getAttribute('src'), frame.hasAttribute('data-consentry'),
        document.querySelector('#after').getBoundingClientRect().y === y].join('|');
    },
    expected: 'nb|A film Fra www.youtube.com. Én gang Alltid|324|184|Alltid|https://www.youtube.com/embed/x|false|true',
    also: async (site, { fail }) => {
      const sent = site.sent().map(({ url }) => url);
      if (sent.join() !== 'https://www.youtube.com/embed/x') fail(`sent ${sent}`);
    },
  },
  'events that stubs noted are not told': {
    body: `<script>window.dataLayer = [['js', 1], ['config', 'G-1'], ['event', 'purchase'], {event: 'add_to_cart'}, {event: 'gtm.js'}, {page: 1}]</script>
      <script type="text/plain" data-consentry="ga4" data-consentry-purpose="analytics" data-consentry-src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>`,
    act: async () => {
      await window[Symbol.for('consentry.guard')].grant('am');
      return JSON.stringify(window.dataLayer.map((item) => item[0] || item.event || 'data'));
    },
    expected: '["consent","set","js","config","gtm.js","data"]',
    also: async (site, { fail }) => {
      const [sent] = site.sent();
      if (!sent || !sent.own) fail(`gtag.js did not come through the site: ${JSON.stringify(sent)}`);
    },
  },
  'a style comes alive': {
    body: `<style>p { background: url(about:invalid#hotjar/analytics/https%3A%2F%2Fscript%2Ehotjar%2Ecom%2Fx%3Fcss) }</style>`,
    act: async () => {
      const style = document.head.appendChild(document.createElement('style'));
      style.sheet.insertRule('body { background-image: url("https://script.hotjar.com/x?rule") }');
      await new Promise((done) => setTimeout(done, 100));
      await window[Symbol.for('consentry.guard')].grant('a');
      await new Promise((done) => setTimeout(done, 300));
      return 'done';
    },
    expected: 'done',
    also: async (site, { fail }) => {
      const sent = site.sent().map(({ url }) => url).sort();
      if (sent.join() !== `${TRACKER}?css,${TRACKER}?rule`) fail(`sent ${sent}`);
    },
  },
};
