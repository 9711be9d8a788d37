// Turns many calls with and without the guard into microseconds per call, and a load of a page into milliseconds.
import { visit } from './site.mjs';

const CASES = {
  'appendChild of a text': (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.appendChild(document.createTextNode('x')); d.remove(); },
  'appendChild of an element': (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.appendChild(document.createElement('p')); d.remove(); },
  'innerHTML of text': (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.innerHTML = '<p class=a>one <b>two</b></p>'; },
  'innerHTML with a link': (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.innerHTML = '<p><a href="https://other.example/x">one</a></p>'; },
  'setAttribute class': (n) => { const d = document.createElement('div'); for (let i = 0; i < n; i++) d.setAttribute('class', 'x' + i); },
  'img.src of the site': (n) => { const d = document.createElement('img'); for (let i = 0; i < n; i++) d.setAttribute('src', 'data:,' + i); },
  'style.width in the page': (n) => { const d = document.body.appendChild(document.createElement('div')); for (let i = 0; i < n; i++) d.style.width = i + 'px'; d.remove(); },
  'fetch of a data: URL': (n) => { const all = []; for (let i = 0; i < n / 50; i++) all.push(fetch('data:,x')); return Promise.all(all); },
};

export async function cost(browser, guard) {
  const results = {};
  for (const with_ of [false, true]) {
    const site = await visit(browser, with_ ? guard : '', { pages: { '/': '<body><p>x</p></body>' } });
    await site.open();
    for (const [name, run] of Object.entries(CASES)) {
      const took = await site.page.evaluate(async (text, n) => {
        const run = new Function(`return (${text})`)();
        const times = [];
        for (let i = 0; i < 7; i++) { const start = performance.now(); await run(n); times.push(performance.now() - start); }
        return times.sort((a, b) => a - b)[3];
      }, run.toString(), 20000);
      (results[name] ??= []).push(took / (name.startsWith('fetch') ? 400 : 20000) * 1000);
    }
    if (with_) console.log(`start of the guard: ${(await site.page.evaluate(() => { const [e] = performance.getEntriesByType('resource').filter((r) => r.name.includes('guard')); return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd - e.responseEnd; })).toFixed(1)} ms from its last byte to DOMContentLoaded of an empty page`);
    await site.close();
  }
  for (const [name, [without, with_]] of Object.entries(results)) console.log(`${name}: ${without.toFixed(2)} us, with the guard ${with_.toFixed(2)} us`);
}
