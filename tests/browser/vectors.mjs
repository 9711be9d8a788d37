// Every way in which a page reaches another host once it runs, as code whose URLs are put together at run time.
//
// 1. Each vector has a host of its own under one vendor's domain, so that even a bare connection tells which one it was.
// 2. A vector is a function of `(url, put)`: `url(path)` is its absolute URL, `put(markup)` adds markup to the page.
// 3. `connects` marks what only opens a connection, `clicks` what waits for a click, `forms` what is the visitor's own going.

// Text of functions, for the page runs them.
const style = (rule) => `(url, put) => put('<style>' + (${rule})(url) + '</style><p class="v">v</p>')`;
const markup = (text) => `(url, put) => put((${text})(url))`;

export const VECTORS = {
  stylesheet: { fire: markup((u) => `<link rel=stylesheet href="${u('a.css')}">`) },
  preload: { fire: markup((u) => `<link rel=preload as=script href="${u('a.js')}">`) },
  modulepreload: { fire: markup((u) => `<link rel=modulepreload href="${u('a.js')}">`) },
  prefetch: { fire: markup((u) => `<link rel=prefetch href="${u('a.js')}">`) },
  icon: { fire: (u) => { const l = document.createElement('link'); l.rel = 'icon'; l.href = u('a.ico'); document.head.append(l); } },
  manifest: { fire: (u) => { const l = document.createElement('link'); l.rel = 'manifest'; l.href = u('a.json'); document.head.append(l); } },
  imagesrcset: { fire: markup((u) => `<link rel=preload as=image imagesrcset="${u('a.gif')} 1x">`) },
  preconnect: { connects: true, fire: markup((u) => `<link rel=preconnect href="${u('')}">`) },
  cssimport: { fire: style((u) => `@import "${u('a.css')}";`) },
  fontface: { fire: style((u) => `@font-face{font-family:vf;src:url(${u('a.woff2')})} .v{font-family:vf}`) },
  background: { fire: style((u) => `div:has(> .v){background:url(${u('b.gif')})}`) },
  escaped: { fire: style((u) => `p.v{background-image:url("${u('c.gif').replace('https', '\\68ttps')}")}`) },
  imageset: { fire: style((u) => `p.v::after{content:"";background:image-set(url(${u('d.gif')}) 1x)}`) },
  liststyle: { fire: (u, put) => put(`<ul style="list-style:url(${u('l.gif')})"><li>v</ul>`) },
  cursor: { fire: (u, put) => put(`<p style="cursor:url(${u('c.cur')}),auto">v</p>`) },
  content: { fire: style((u) => `p.v::before{content:url(${u('e.gif')})}`) },
  styleattr: { fire: markup((u) => `<p style="background:url(&quot;${u('a.gif')}&quot;)">v</p>`) },
  insertrule: { fire: (u, put) => { put('<style id=cssom></style><p class=cssom>v</p>'); document.getElementById('cssom').sheet.insertRule(`.cssom{background:url(${u('a.gif')})}`); } },
  adopted: { fire: (u, put) => { put('<p class=adopted>v</p>'); const s = new CSSStyleSheet(); s.replaceSync(`.adopted{background:url(${u('a.gif')})}`); document.adoptedStyleSheets.push(s); } },
  fontapi: { fire: (u) => { new FontFace('api', `url(${u('a.woff2')})`).load().catch(() => {}); } },
  script: { fire: (u) => { const s = document.createElement('script'); s.src = u('a.js'); document.head.append(s); } },
  module: { fire: (u) => { const s = document.createElement('script'); s.type = 'module'; s.src = u('a.js'); document.head.append(s); } },
  inlineimport: { fire: (u) => { const s = document.createElement('script'); s.type = 'module'; s.textContent = `import ${JSON.stringify(u('a.js'))};`; document.head.append(s); } },
  dynamicimport: { fire: (u) => { import(u('a.js')).catch(() => {}); } },
  importmap: { fire: (u) => { const m = document.createElement('script'); m.type = 'importmap'; m.textContent = JSON.stringify({ imports: { v: u('a.js') } }); document.head.append(m); import('v').catch(() => {}); } },
  evalled: { fire: (u) => { (0, eval)(`new Image().src = ${JSON.stringify(u('a.gif'))}`); } },
  timer: { fire: (u) => { setTimeout(`new Image().src = ${JSON.stringify(u('a.gif'))}`); } },
  dataurl: { fire: (u) => { const s = document.createElement('script'); s.src = `data:text/javascript,new Image().src=${JSON.stringify(u('a.gif'))}`; document.head.append(s); } },
  bloburl: { fire: (u) => { const s = document.createElement('script'); s.src = URL.createObjectURL(new Blob([`new Image().src=${JSON.stringify(u('a.gif'))}`])); document.head.append(s); } },
  blobworker: { fire: (u) => { new Worker(URL.createObjectURL(new Blob([`fetch(${JSON.stringify(u('a'))})`]))); } },
  blobimport: { fire: (u) => { new Worker(URL.createObjectURL(new Blob([`importScripts(${JSON.stringify(u('a.js'))})`]))); } },
  blobmodule: { fire: (u) => { new Worker(URL.createObjectURL(new Blob([`import ${JSON.stringify(u('a.js'))}`], { type: 'text/javascript' })), { type: 'module' }); } },
  dataworker: { fire: (u) => { new Worker(`data:text/javascript,fetch(${JSON.stringify(u('a'))})`); } },
  sharedblob: { fire: (u) => { new SharedWorker(URL.createObjectURL(new Blob([`fetch(${JSON.stringify(u('a'))})`]))); } },
  written: { fire: (u, put) => { const f = document.createElement('iframe'); document.body.append(f); f.contentDocument.write(`<script src="${u('a.js')}"><\/script>`); f.contentDocument.close(); } },
  entities: { fire: markup((u) => `<img src="${u('a.gif').replace('h', '&#104;').replace(':', '&colon;')}">`) },
  protocolrelative: { fire: markup((u) => `<img src="${u('a.gif').replace('https:', '')}">`) },
  backslashes: { fire: markup((u) => `<img src="${u('a.gif').replaceAll('/', '\\')}">`) },
  tabs: { fire: markup((u) => `<img src="${u('a.gif').replace('https', 'ht\ttps').replace('.', '\n.')}">`) },
  uppercase: { fire: markup((u) => `<img src="${u('a.gif').replace('https', 'HTTPS')}">`) },
  trailingdot: { fire: markup((u) => `<img src="${u('a.gif').replace(/(\/\/[^/]+)/, '$1.')}">`) },
  port: { fire: markup((u) => `<img src="${u('a.gif').replace(/(\/\/[^/]+)/, '$1:443')}">`) },
  otherport: { fire: markup((u) => `<img src="${u('a.gif').replace(/(\/\/[^/]+)/, '$1:8443')}">`) },
  fullwidth: { fire: markup((u) => `<img src="${u('a.gif').replace('.com', '\uff0e\uff43om')}">`) },
  percent: { fire: markup((u) => `<img src="${u('a.gif').replace('.com', '.%63om')}">`) },
  blanks: { fire: markup((u) => `<img src="  ${u('a.gif')}  ">`) },
  plain: { fire: markup((u) => `<img src="${u('a.gif').replace('https', 'http')}">`) },
  svgscript: { fire: (u) => { const s = document.createElementNS('http://www.w3.org/2000/svg', 'script'); s.setAttribute('href', u('a.js')); const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'); svg.append(s); document.body.append(svg); } },
  speculation: { fire: (u) => { const s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({ prefetch: [{ source: 'list', urls: [u('a.html')] }] }); document.head.append(s); } },
  img: { fire: markup((u) => `<img src="${u('a.gif')}">`) },
  image: { fire: (u) => { new Image().src = u('a.gif'); } },
  srcset: { fire: markup((u) => `<img srcset="${u('a.gif')} 1x">`) },
  lazy: { fire: (u, put) => document.body.insertAdjacentHTML('afterbegin', `<img loading=lazy width=9 height=9 src="${u('a.gif')}">`) },
  onerror: { fire: markup((u) => `<img src="data:," onerror="new Image().src='${u('a.gif')}'">`) },
  picture: { fire: markup((u) => `<picture><source srcset="${u('a.gif')}"><img></picture>`) },
  iframe: { fire: markup((u) => `<iframe src="${u('a.html')}"></iframe>`) },
  srcdoc: { fire: markup((u) => `<iframe srcdoc="<img src='${u('a.gif')}'>"></iframe>`) },
  jsframe: { fire: markup((u) => `<iframe src="javascript:'<img src=${u('a.gif')}>'"></iframe>`) },
  dataframe: { fire: markup((u) => `<iframe src="data:text/html,<img src=${u('a.gif')}>"></iframe>`) },
  blobframe: { fire: (u, put) => put(`<iframe src="${URL.createObjectURL(new Blob([`<img src=${u('a.gif')}>`], { type: 'text/html' }))}"></iframe>`) },
  blankframe: { fire: (u) => { const f = document.createElement('iframe'); document.body.append(f); new f.contentWindow.Image().src = u('a.gif'); } },
  moved: { fire: (u, put) => { const f = document.createElement('iframe'); document.body.append(f); f.contentWindow.location = u('a.html'); } },
  refreshed: { fire: (u, put) => put(`<iframe srcdoc="<meta http-equiv=refresh content='0;url=${u('a.html')}'>"></iframe>`) },
  ownframe: { fire: (u, put) => put('<iframe src="/frame"></iframe>') },
  object: { fire: markup((u) => `<object data="${u('a.html')}"></object>`) },
  embed: { fire: markup((u) => `<embed src="${u('a.html')}">`) },
  poster: { fire: markup((u) => `<video poster="${u('a.gif')}"></video>`) },
  video: { fire: markup((u) => `<video src="${u('a.mp4')}" preload=auto></video>`) },
  audio: { fire: markup((u) => `<audio preload=auto><source src="${u('a.mp3')}"></audio>`) },
  audioapi: { fire: (u) => { new Audio(u('a.mp3')).load(); } },
  track: { fire: markup((u) => `<video crossorigin src="data:video/mp4,"><track default kind=captions src="${u('a.vtt')}"></video>`) },
  input: { fire: markup((u) => `<input type=image src="${u('a.gif')}">`) },
  svgimage: { fire: markup((u) => `<svg><image href="${u('a.gif')}"/></svg>`) },
  svgxlink: { fire: markup((u) => `<svg><image xlink:href="${u('a.gif')}"/></svg>`) },
  feimage: { fire: markup((u) => `<svg><filter id=vf><feImage href="${u('a.gif')}"/></filter><rect width=9 height=9 filter="url(#vf)"/></svg>`) },
  table: { fire: markup((u) => `<table background="${u('a.gif')}"><td>v</table>`) },
  cell: { fire: markup((u) => `<table><td background="${u('a.gif')}">v</table>`) },
  shadow: { fire: (u) => { const d = document.createElement('div'); document.body.append(d); d.setHTMLUnsafe(`<div><template shadowrootmode=open><img src="${u('a.gif')}"></template></div>`); } },
  onload: { fire: markup((u) => `<svg onload="new Image().src='${u('a.gif')}'"></svg>`) },
  fetch: { fire: (u) => { fetch(u('a')).catch(() => {}); } },
  keepalive: { fire: (u) => { fetch(u('a'), { method: 'POST', body: 'x', mode: 'no-cors', keepalive: true }).catch(() => {}); } },
  beacon: { fire: (u) => { navigator.sendBeacon(u('a'), 'x'); } },
  websocket: { fire: (u) => { new WebSocket(u('a').replace('https', 'wss')); } },
  eventsource: { fire: (u) => { new EventSource(u('a')); } },
  xhr: { fire: (u) => { const x = new XMLHttpRequest(); x.open('POST', u('a')); x.send('x'); } },
  ping: { clicks: true, fire: (u) => { const a = document.createElement('a'); a.href = '#p'; a.ping = u('a'); document.body.append(a); a.click(); } },
  onclick: { clicks: true, fire: (u, put) => { put(`<b id=oc onclick="new Image().src='${u('a.gif')}'">v</b>`); document.getElementById('oc').click(); } },
  jshref: { clicks: true, fire: (u) => { const a = document.createElement('a'); a.href = `javascript:void(new Image().src='${u('a.gif')}')`; document.body.append(a); a.click(); } },
  form: { clicks: true, forms: true, fire: (u) => { const f = document.createElement('form'); f.action = u('a'); f.method = 'post'; const w = document.createElement('iframe'); w.name = 'formframe'; document.body.append(w); f.target = 'formframe'; document.body.append(f); f.submit(); } },
};

/** The vendor's domain, which no text of the page holds whole. */
const DOMAIN = ['hot', 'jar', '.c', 'om'];

/** A page that fires the vectors with these names, from a script of its own or inline. */
export function script(names) {
  const fires = names.map((name) => `  run(${JSON.stringify(name)}, ${VECTORS[name].fire.toString()});`);
  return `(() => {
  const domain = ${JSON.stringify(DOMAIN)}.join('');
  const put = (markup) => { const box = document.createElement('div'); document.body.append(box); box.append(document.createRange().createContextualFragment(markup)); };
  const run = (name, fire) => { try { fire((path) => 'https://' + name + '.' + domain + '/' + path, put); } catch (error) { console.log(name + ': ' + error); } };
${fires.join('\n')}
})();`.replaceAll('</script', '<\\/script');
}

/** Which vectors' hosts are among `hosts`. */
export function reached(hosts) {
  const suffix = `.${DOMAIN.join('')}`;
  const names = hosts.map((host) => host.replace(/\.$/, '')).filter((host) => host.endsWith(suffix));
  return [...new Set(names.map((host) => host.slice(0, -suffix.length)))].sort();
}
