// Writes countries.tsv: the names of countries from the ICU data of Node.js. `node countries.mjs`

import { writeFileSync } from 'node:fs'

const LANGUAGES =
  'en bg hr cs da nl et fi fr de el hu ga is it lv lt mt nb pl pt ro sk sl es sv tr uk ar'.split(' ')
const LOCALES = { en: 'en-GB', pt: 'pt-PT' }
// Codes that ICU names and ISO 3166-1 does not have.
const OTHERS = new Set('AC CP CQ DG EA EU EZ IC QO TA UK UN XA XB XK ZZ'.split(' '))
// What the data does not have.
const MISSING = { 'mt IO': 'Territorju Brittaniku tal-Oċean Indjan' }

const names = new Map(LANGUAGES.map((language) => {
  const locale = LOCALES[language] ?? language
  return [language, new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' })]
}))
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const isCountry = (code) =>
  !OTHERS.has(code) && names.get('en').of(code) && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`
const codes = letters.flatMap((first) => letters.map((second) => first + second)).filter(isCountry)
const line = (code) =>
  [code, ...LANGUAGES.map((l) => names.get(l).of(code) ?? MISSING[`${l} ${code}`])].join('\t')

writeFileSync(new URL('countries.tsv', import.meta.url), `\
# The names of countries: a line for each code of ISO 3166-1 and for EU, a column for each language. Made by countries.mjs.
# From the Unicode Common Locale Data Repository, version ${process.versions.cldr}; see conf/NOTICE.
code\t${LANGUAGES.join('\t')}
${[...codes, 'EU'].sort().map(line).join('\n')}
`)
