// Turns many insertions and requests in Chromium into what the guard adds to each, and its text into what its start takes.
//
//   CONSENTRY_GUARD=FOLDER node benches/guard.mjs [--rounds 15]
//
// 1. FOLDER has `guard.js`, the first file, as `cargo test --test guard browser` leaves it in `target/tmp/guard-browser`.
// 2. Two pages of one site, one with the guard and one without, take turns in one browser; the figure is the median of the rounds.
// 3. The start is what the script takes in a page of its own, from its first statement to its last, the compiler included.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { launch } from '../tests/browser/chromium.mjs';

const { values: args } = parseArgs({ options: {
  folder: { type: 'string', default: process.env.CONSENTRY_GUARD ?? 'target/tmp/guard-browser' }, rounds: { type: 'string', default: '15' },
} });
const guard = readFileSync(`${args.folder}/guard.js`, 'utf8');
const rounds = Number(args.rounds);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** What is measured, and how many times in one round. */
const CASES = {
  'appendChild of a text': [20000, (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.appendChild(document.createTextNode('x')); d.remove(); }],
  'appendChild of an element': [20000, (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.appendChild(document.createElement('p')); d.remove(); }],
  'appendChild of a tree of 20': [2000, (n) => { const d = document.body.appendChild(document.createElement('div')); const t = document.createElement('ul'); t.innerHTML = '<li><b>x</b>'.repeat(10); for (let i = 0; i < n; i++) d.appendChild(t.cloneNode(true)); d.remove(); }],
  'innerHTML of text': [10000, (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.innerHTML = '<p class=a>one <b>two</b></p>'; }],
  'innerHTML with a link': [10000, (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.innerHTML = '<p><a href="https://other.example/x">one</a></p>'; }],
  'setAttribute of a class': [20000, (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.setAttribute('class', `x${i}`); }],
  'src of an image of the site': [5000, (n) => { const d = document.createElement('img'); for (let i = 0; i < n; i++) d.src = 'data:,'; }],
  'fetch from the site': [100, async (n) => { for (let i = 0; i < n; i++) await (await fetch('/empty')).text(); }],
  'fetch of a data: URL': [200, async (n) => { for (let i = 0; i < n; i++) await (await fetch('data:,x')).text(); }],
  'XMLHttpRequest.open': [5000, (n) => { const x = new XMLHttpRequest(); for (let i = 0; i < n; i++) x.open('GET', '/empty'); }],
  'style.width': [20000, (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.style.width = `${i}px`; d.remove(); }],
};

const page = (script) => `<!doctype html><html><head><meta charset=utf-8>${script}</head><body><p>x</p></body></html>`;
// Rule 3.
const timed = `const started = performance.now();\n${guard}\nwindow.took = performance.now() - started;`;
const answers = {
  '/without': ['text/html', page('')],
  '/with': ['text/html', page('<script src="/guard.js" data-site="127.0.0.1" data-exact="1" data-granted=""></script>')],
  '/timed': ['text/html', page('<script src="/timed.js" data-site="127.0.0.1" data-exact="1" data-granted=""></script>')],
  '/guard.js': ['text/javascript', guard],
  '/timed.js': ['text/javascript', timed],
  '/empty': ['text/plain', ''],
};
const server = createServer((request, response) => {
  const [type, text] = answers[request.url] ?? [];
  response.writeHead(type ? 200 : 404, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(text);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const site = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();

const starts = [];
for (let round = 0; round < rounds; round += 1) {
  const fresh = await browser.newPage();
  await fresh.goto(`${site}/timed`);
  starts.push(await fresh.evaluate(() => window.took));
  await fresh.close();
}
console.log(`start: ${median(starts).toFixed(2)} ms (${Math.min(...starts).toFixed(2)} to ${Math.max(...starts).toFixed(2)}), ${guard.length} characters`);

const pages = {};
for (const name of ['without', 'with']) {
  pages[name] = await browser.newPage();
  await pages[name].goto(`${site}/${name}`);
}
for (const [name, [count, run]] of Object.entries(CASES)) {
  const took = { without: [], with: [] };
  for (let round = -2; round < rounds; round += 1) {
    for (const [side, tab] of Object.entries(pages)) {
      await tab.bringToFront();
      const one = await tab.evaluate(async (text, n) => {
        const run = new Function(`return (${text})`)();
        const start = performance.now();
        await run(n);
        return (performance.now() - start) / n * 1000;
      }, run.toString(), count);
      if (round >= 0) took[side].push(one);
    }
  }
  const [without, and] = [median(took.without), median(took.with)];
  console.log(`${name}: ${without.toFixed(2)} us without, ${and.toFixed(2)} us with, ${(and - without).toFixed(2)} us more`);
}
await browser.close();
server.close();
