import { readFileSync } from 'node:fs';
import { launch } from './chromium.mjs';
import { visit } from './guard/site.mjs';
const b = await launch();
const site = await visit(b, readFileSync('/work/t/guard4/g/guard.js'), { pages: { '/': '<body><p>x</p></body>' } });
await site.open();
console.log(await site.page.evaluate(async () => {
  const u = 'https://script.hotjar.com/x';
  const r = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'open' }); const d = document.createElement('div'); d.style.cssText = 'width:9px;height:9px'; r.append(d); d.style.backgroundImage = `url(${u})`;
  await 0; await 0;
  const one = d.getAttribute('style');
  await new Promise((d) => setTimeout(d, 300));
  return [one, d.getAttribute('style')].join('\n');
}), site.sent());
await site.close(); await b.close(); process.exit();
