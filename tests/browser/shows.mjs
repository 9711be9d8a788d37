// Turns `consentry serve --origin URL` before an old shop into visits, and their choices into the records that must be there.
//
//   node shows.mjs --program consentry --folder DIR [--shots DIR] [--only WORD]
//
// 1. What the companies' servers and the sink counted is the truth; a page's own word is used only for what ran in it.
// 2. Each visit is a new browser context. All are on one server, whose records are looked at last, by the program's own commands.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { launch } from './chromium.mjs';
import { proxy } from './front.mjs';
import { companies, shop } from './shows/shop.mjs';
import { SECRET } from './shows/visitor.mjs';
import { VISITS } from './shows/visits.mjs';
import { certificate } from './sink.mjs';

const { values: args } = parseArgs({ options: {
  program: { type: 'string', default: process.env.CONSENTRY }, folder: { type: 'string' }, shots: { type: 'string' }, only: { type: 'string', default: '' },
} });
const NAME = 'shop';

/** What the program says of its records. */
async function records(...words) {
  const { stdout } = await promisify(execFile)(args.program, ['records', ...words, '--config', join(args.folder, `${NAME}.toml`)]);
  return stdout;
}

/** The records, as the visits made them: one row for each choice, the newest first. */
async function proven(expected) {
  console.log((await records('verify')).trim());
  const lines = (await records('list', '--limit', '500')).trim().split('\n');
  const rows = lines.filter((line) => /^\s*\d+\s+\d{4}-/.test(line)).reverse();
  const found = rows.map((row) => row.trim().split(/\s{2,}/)).map(([, , , method, allowed]) => [method, allowed]);
  assert.deepEqual(found, expected, lines.join('\n'));
  const receipts = rows.map((row) => row.trim().split(/\s+/).at(-1));
  expected.forEach(([, allowed], at) => assert.match(receipts[at], allowed === 'nothing' ? /^-$/ : /^[0-9a-f]{32}$/));
  const page = await records('receipt', receipts.find((receipt) => receipt !== '-'));
  assert.match(page, /<html/);
  return rows.length;
}

mkdirSync(args.folder, { recursive: true });
if (args.shots) mkdirSync(args.shots, { recursive: true });
const vendors = await companies();
const old = shop();
const config = `${vendors.config}[gate]\nguard = true\n[banner]\nvendors = ["clarity"]\n[records]\nstore = "sqlite:proof.db"\nspool = "spool"\nsecret = "${SECRET}"\n`;
const running = await proxy(args.program, NAME, config, old.answer, args.folder);
const browser = await launch();
const world = { browser, front: running.front, secure: certificate(), companies: vendors, shots: args.shots };
const choices = [];
let failed = 0;
for (const [name, visit] of Object.entries(VISITS)) {
  if (args.only && !args.only.split(',').includes(name)) continue;
  try {
    choices.push(...await visit(world));
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}
try {
  await browser.close();
  assert.deepEqual(running.failures, []);
  await records('verify');
  await running.stop();
  if (!failed) console.log(`${await proven(choices)} records`);
} catch (error) {
  failed += 1;
  console.log(`FAILED records: ${error.stack}`);
} finally {
  vendors.close();
}
process.exit(failed ? 1 : 0);
