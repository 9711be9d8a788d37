// Turns frameworks as npm has them into pages that render and work with them, with one thing of a vendor's in each.
import { readFileSync } from 'node:fs';

const within = (name, path) => readFileSync(new URL(`../node_modules/${name}/${path}`, import.meta.url), 'utf8');

/** React has no build for browsers: its modules, with a `require` of their own. */
function react() {
  const parts = {
    react: within('react', 'cjs/react.production.js'),
    scheduler: within('scheduler', 'cjs/scheduler.production.js'),
    'react-dom': within('react-dom', 'cjs/react-dom.production.js'),
    'react-dom/client': within('react-dom', 'cjs/react-dom-client.production.js'),
  };
  const defined = Object.entries(parts).map(([name, text]) => `${JSON.stringify(name)}: function (module, exports, require) {${text}\n}`);
  return `var process = {env: {NODE_ENV: 'production'}}; var parts = {${defined.join(',\n')}}, made = {};
    function need(name) { if (!made[name]) { made[name] = {exports: {}}; parts[name](made[name], made[name].exports, need); } return made[name].exports; }
    window.React = need('react'); window.ReactClient = need('react-dom/client');`;
}

const URL_OF = "['https:/', '/script.hotjar.com/x?by='].join('')";

/** By name: the files, the page's body, and what shows after a while: an expression and its value. */
export const FRAMEWORKS = {
  'React renders': [[react()], '<div id=app></div>', `
    const h = React.createElement;
    function App() { const [n, set] = React.useState(0); return h('div', null, h('button', {onClick: () => set(n + 1)}, 'count ' + n),
      h('img', {src: ${URL_OF} + 'react'}), h('img', {src: '/own.gif'}), h('i', {dangerouslySetInnerHTML: {__html: '<b>raw</b>'}}), h('iframe', {title: 'x'})); }
    ReactClient.createRoot(document.getElementById('app')).render(h(App));
    setTimeout(() => document.querySelector('button').click(), 200);`,
  "document.querySelector('button').textContent + document.querySelectorAll('img').length + document.querySelector('b').textContent", 'count 12raw'],
  'React hydrates': [[react()], `<div id=app><p class="a">hi<!-- --> <!-- -->you</p><img data-consentry="hotjar" data-consentry-purpose="analytics" data-consentry-src="https://script.hotjar.com/x?by=h"></div>`, `
    const h = React.createElement; window.hydrated = 'no';
    function App() { React.useEffect(() => { window.hydrated = 'yes'; }); return [h('p', {className: 'a', key: 1}, 'hi', ' ', 'you'), h('img', {key: 2, src: 'https://script.hotjar.com/x?by=h'})]; }
    ReactClient.hydrateRoot(document.getElementById('app'), h(App), {onRecoverableError: (e) => { window.hydrated = 'recovered ' + e; }});`,
  'window.hydrated + document.querySelectorAll("img").length', 'yes1'],
  Vue: [[within('vue', 'dist/vue.global.prod.js')], '<div id=app><button @click="n++">count {{ n }}</button><img v-for="u in urls" :src="u"><span v-html="html"></span></div>', `
    Vue.createApp({data: () => ({n: 0, urls: ['/own.gif', ${URL_OF} + 'vue'], html: '<b>raw</b>'})}).mount('#app');
    setTimeout(() => document.querySelector('button').click(), 100);`,
  "document.querySelector('button').textContent + document.querySelectorAll('img').length + document.querySelector('b').textContent", 'count 12raw'],
  jQuery: [[within('jquery', 'dist/jquery.min.js')], '<div id=app></div>', `
    $('#app').html('<p>one</p><img src="' + ${URL_OF} + 'jquery"><script>window.ran = 1</scr' + 'ipt>').append('<p>two</p>');
    $.ajax('/own.txt').done((t) => { window.answer = t; }); $.get(${URL_OF} + 'ajax').fail(() => { window.failed = 1; });
    $('#app').on('click', 'p', function () { $(this).addClass('hit'); }); $('#app p').first().trigger('click');`,
  "document.querySelectorAll('#app p').length + '' + document.querySelectorAll('.hit').length + window.ran + window.answer + window.failed", '211own1'],
  htmx: [[within('htmx.org', 'dist/htmx.min.js')], '<div id=app hx-get="/part" hx-trigger="load" hx-swap="innerHTML">wait</div>', '',
    "document.querySelector('#part') ? document.querySelector('#part').textContent + document.querySelectorAll('img').length : document.body.innerHTML", 'part1'],
  Turbo: [[within('@hotwired/turbo', 'dist/turbo.es2017-umd.js')], '<p id=here>first</p><a href="/second">go</a>', "setTimeout(() => document.querySelector('a').click(), 200);",
    "document.querySelector('#here').textContent + document.querySelectorAll('img').length + location.pathname", 'second1/second'],
};
export const OTHERS = {
  '/part': { type: 'text/html', text: '<p id=part>part</p><img src="https://script.hotjar.com/x?by=htmx">' },
  '/own.txt': { type: 'text/plain', text: 'own' },
  '/own.gif': { type: 'image/gif', text: 'GIF89a' },
  '/second': '<body><p id=here>second</p><img data-consentry="hotjar" data-consentry-purpose="analytics" data-consentry-src="https://script.hotjar.com/x?by=turbo"></body>',
};
