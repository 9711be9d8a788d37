// Turns the guard's files and what the server decided into the places where the guard decides otherwise.
//
// 1. Hosts that are nobody's are known by few bits, so of very many some are taken for a vendor's: of those that are made up here so many
//    as the last argument says, and of nobody else.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const mistaken = Number(process.argv[5]);
const [first, second, cases] = process.argv.slice(2, 5).map((path) => readFileSync(path, 'utf8'));
const part = (name) => readFileSync(new URL(`../../src/page/guard/${name}.js`, import.meta.url), 'utf8');
// The rules of the files, and the parts that read them, without those that put the decision into a window.
const told = (file) => /\('((?:[^'\\]|\\.)*)',\{[^]*\},self\);\n$/.exec(file)[1];
const open = `(function rest(told, served_told, boot, self) {
${part('decide')}
{ const told = served_told;
${part('served')}
second = { served }; }
return { judge, isOf, allow, limit };
})('${told(first)}','${told(second)}',{origin:'https://shop.example',site:'shop.example',granted:''},self)`;
let wrong = 0;
const taken = new Set();
const { sites } = JSON.parse(cases);
for (const { granted, told: list, urls, cookies } of sites) {
  const scope = { URL, atob, setTimeout, TypeError };
  scope.self = scope;
  scope.origin = 'https://shop.example';
  const started = performance.now();
  const guard = vm.runInNewContext(open, scope);
  const took = performance.now() - started;
  guard.limit(list);
  guard.allow(granted);
  const decided = performance.now();
  for (const [url, to, hidden, expected] of urls) {
    const judged = guard.judge(url, to, 'https://shop.example/a/b', hidden);
    const told = !judged ? null : judged.letter ? judged.letter : judged.way;
    // Rule 1.
    if (told !== expected && expected === null) taken.add(new URL(url, 'https://shop.example').host);
    else if (told !== expected && wrong++ < 20) console.log(`${url} ${to} ${hidden} granted=${granted}: ${told}, not ${expected}`);
  }
  const each = (performance.now() - decided) / urls.length * 1000;
  for (const [name, letter] of cookies) {
    const found = ['f', 'a', 'm', 'n'].find((one) => guard.isOf(name, one)) ?? null;
    if (found !== letter && wrong++ < 20) console.log(`cookie ${name}: ${found}, not ${letter}`);
  }
  console.log(`granted=${granted}: ${urls.length} URLs, ${cookies.length} cookies; ready in ${took.toFixed(1)} ms, ${each.toFixed(1)} us a URL`);
}
console.log(`${wrong} decided otherwise; taken for a vendor's: ${[...taken].join(' ') || 'none'}`);
process.exit(wrong || taken.size > mistaken ? 1 : 0);
