// Turns the guard's file and what the server decided into the places where the guard decides otherwise.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [file, cases] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'));
// Without its last part, which puts the decision into a window.
const cut = file.indexOf('const KEY = Symbol.for');
const end = file.lastIndexOf("})('");
const open = `${file.slice(0, cut)}\nreturn {judge, isOf, grantAll: (l, list) => { granted = l; limit(list); }};${file.slice(end).replace("',{},self", `',{origin:'https://shop.example',site:'shop.example',granted:''},self`)}`;
let wrong = 0;
const { sites } = JSON.parse(cases);
for (const { granted, told: list, urls, cookies } of sites) {
  const scope = { URL, atob, setTimeout, TypeError };
  scope.self = scope;
  scope.origin = 'https://shop.example';
  const guard = vm.runInNewContext(open, scope);
  guard.grantAll(granted, list);
  for (const [url, to, hidden, expected] of urls) {
    const judged = guard.judge(url, to, 'https://shop.example/a/b', hidden);
    const told = !judged ? null : judged.letter ? judged.letter : judged.way;
    if (told !== expected && wrong++ < 20) console.log(`${url} ${to} ${hidden} granted=${granted}: ${told}, not ${expected}`);
  }
  for (const [name, letter] of cookies) {
    const found = ['f', 'a', 'm', 'n'].find((one) => guard.isOf(name, one)) ?? null;
    if (found !== letter && wrong++ < 20) console.log(`cookie ${name}: ${found}, not ${letter}`);
  }
  console.log(`granted=${granted}: ${urls.length} URLs, ${cookies.length} cookies`);
}
console.log(`${wrong} decided otherwise`);
process.exit(wrong ? 1 : 0);
