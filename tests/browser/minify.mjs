// Turns the parts of the guard (src/page/guard/*.js) into its two minified files, which stand beside them.
//
//   npm ci --ignore-scripts && node minify.mjs [--check]
//
// 1. Each file is one function. What the second one's parts use of the first one's names is handed to it as a list, which is found here.
// 2. The first line of each says what it was made of: the SHA-256 of its parts, one behind the other (tests/guard/files.rs).
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'acorn';
import { minify } from 'terser';

const folder = new URL('../../src/page/guard/', import.meta.url);
const PARTS = {
  first: ['boot', 'decide', 'net', 'dom', 'markup', 'hooks', 'wait', 'main'],
  second: ['served', 'revive', 'place', 'forget', 'end'],
};
const text = (parts) => parts.map((part) => readFileSync(new URL(`${part}.js`, folder), 'utf8')).join('');
/** `text` with the functions of its object `native` as names of their own, which are shorter. */
function flat(text) {
  const { body } = parse(text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
  const found = body.flatMap(({ declarations }) => declarations ?? []).find(({ id }) => id.name === 'native');
  const { properties } = found?.init.right ?? { properties: [] };
  const names = properties.map(({ key }) => `native_${key.name}`);
  const values = properties.map(({ value }) => text.slice(value.start, value.end));
  const list = found ? `${text.slice(0, found.start)}[${names}] = proto ? [${values}] : []${text.slice(found.end)}` : text;
  return list.replace(/\bnative\.(\w+)/g, 'native_$1');
}
const parts = { first: text(PARTS.first), second: text(PARTS.second) };
const code = { first: flat(parts.first), second: flat(parts.second) };

/** The names that a text declares outside of its functions, by the kind of their declaration. */
function declared(text) {
  const names = new Map();
  const take = (node, kind) => {
    if (!node) return;
    if (node.type === 'Identifier') names.set(node.name, kind);
    else (node.elements ?? node.properties ?? [node.value ?? node.argument ?? node.left]).forEach((part) => take(part?.value ?? part, kind));
  };
  const { body } = parse(text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
  for (const { type, kind, declarations } of body) if (type === 'VariableDeclaration') declarations.forEach(({ id }) => take(id, kind));
  return names;
}

const options = { ecma: 2022, compress: { passes: 3, unsafe_arrows: true }, mangle: true, format: { comments: false } };
const small = async (text) => (await minify(`self.x=${text}`, options)).code.replace(/^self\.x=|;$/g, '');

// Rule 1. Where all of its own names are short, those that stay are not its own.
const alone = (await minify(`self.x=function rest(told,setups,self){${code.second}}`, { ...options, compress: { passes: 1, inline: false } })).code;
const own = declared(code.second);
const shared = [...declared(code.first), ['boot', 'param']].filter(([name]) => !own.has(name) && new RegExp(`(?<![.\\w$'"-])${name.replaceAll('$', '\\$')}(?![\\w$'"-])`).test(alone));
for (const [name, kind] of shared) if (kind === 'let') throw new Error(`${name} changes in the first file: the second one would not see it`);
const list = `[${shared.map(([name]) => name)}]`;
const files = {
  first: `function start(told,boot,self){'use strict';${code.first.replace('SHARED', () => list)}}`,
  second: `function rest(told,setups,self){'use strict';const guard=self[Symbol.for('consentry.guard')];if(guard&&guard.add)guard.add((${list})=>{${code.second}})}`,
};
let stale = false;
for (const [name, whole] of Object.entries(files)) {
  const made = createHash('sha256').update(parts[name]).digest('hex');
  const file = new URL(`${name}.min.js`, folder);
  const now = `// Made by tests/browser/minify.mjs of ${made}\n${await small(whole)}\n`;
  if (!process.argv.includes('--check')) writeFileSync(file, now);
  else if (now !== readFileSync(file, 'utf8')) stale = true;
}
if (stale) { console.log('the minified guard is not what its parts make: run node tests/browser/minify.mjs'); process.exit(1); }
