// Checks the setups of conf/vendors.toml: node tests/catalog/setups.mjs
//
// 1. A setup is a script that runs in an empty page, twice, without throwing; it holds nothing that would end its <script> element,
//    and nothing newer than ES5.
// 2. What the vendor's snippet and script do after it leads to the site's own paths, and what the page has set itself stays.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import assert from "node:assert/strict";
import vm from "node:vm";

const CATALOG = join(dirname(fileURLToPath(import.meta.url)), "../../conf/vendors.toml");
const BASE = "https://shop.example/_consentry/v/";

const setups = {};
for (const table of readFileSync(CATALOG, "utf8").split(/^\[\[vendor\]\]$/m)) {
  const [, id] = table.match(/^id = "(.+)"$/m) ?? [];
  const [, text] = table.match(/^setup = '''(.*)'''$/m) ?? [];
  if (text) setups[id] = text;
}

/** A page in which the setup of `id` has run. */
function page(id, before = "") {
  const events = {};
  const document = { readyState: "loading", addEventListener: (name, act) => (events[name] = act), querySelectorAll: () => document.found };
  const window = vm.createContext({ document, events });
  window.window = window;
  vm.runInContext(before, window);
  vm.runInContext(setups[id].replaceAll("{base}", BASE), window);
  return window;
}

for (const [id, text] of Object.entries(setups)) {
  assert(!/<\/script|<!--|<script/i.test(text), id);
  assert(!/=>|`|\b(let|const|class)\b/.test(text), `${id} is newer than ES5`);
  assert(text.includes("{base}"), id);
  const window = page(id);
  vm.runInContext(text.replaceAll("{base}", BASE), window);
}
assert.deepEqual(Object.keys(setups).sort(), ["datadog", "ga4", "gtm", "plausible", "segment"]);

for (const id of ["ga4", "gtm"]) {
  const window = page(id, "dataLayer=[{a:1}]");
  assert.equal(window.dataLayer.length, 2);
  const [command, value] = window.dataLayer[1];
  assert.equal(Object.prototype.toString.call(window.dataLayer[1]), "[object Arguments]");
  assert.deepEqual([command, value.transport_url], ["set", `${BASE}www.google-analytics.com`]);
}

{
  // What the bundle does: it puts its own object in the place of the snippet's queue and runs what waits in it.
  const window = page("datadog", "DD_RUM={q:[],onReady:function(f){DD_RUM.q.push(f)}}");
  vm.runInContext("DD_RUM.onReady(function(){DD_RUM.init({site:'us3.datadoghq.com',clientToken:'t'})})", window);
  vm.runInContext("var q=DD_RUM.q;DD_RUM={init:function(o){window.seen=o;window.self=this}};q.forEach(function(f){f()})", window);
  const at = (o) => o.proxy({ path: "/api/v2/rum", parameters: "ddsource=browser" });
  assert.equal(at(window.seen), `${BASE}browser-intake-us3-datadoghq.com/api/v2/rum?ddsource=browser`);
  assert.equal(window.seen.clientToken, "t");
  assert.equal(window.self, window.DD_RUM);
  vm.runInContext("DD_RUM.init({})", window);
  assert.equal(at(window.seen), `${BASE}browser-intake-datadoghq.com/api/v2/rum?ddsource=browser`);
  vm.runInContext("DD_RUM.init({proxy:'/own'})", window);
  assert.equal(window.seen.proxy, "/own");
  vm.runInContext("DD_LOGS={init:function(o){window.logs=o}};DD_LOGS.init({site:'datadoghq.eu'})", window);
  assert.match(at(window.logs), /\/v\/browser-intake-datadoghq\.eu\//);
}

{
  const load = "analytics=window.analytics||[];analytics.load=function(k,o){analytics._loadOptions=o};";
  const host = (window) => JSON.parse(JSON.stringify(window.analytics._loadOptions.integrations["Segment.io"]));
  const own = { apiHost: "shop.example/_consentry/v/api.segment.io/v1", protocol: "https" };
  for (const options of ["", ",{}", ",{integrations:{All:false,'Segment.io':true}}"]) {
    const window = page("segment");
    vm.runInContext(`${load}analytics.load('k'${options})`, window);
    assert.deepEqual(host(window), own);
    assert.equal(window.analytics._cdn, `${BASE}cdn.segment.com`);
  }
  const window = page("segment");
  vm.runInContext(`${load}analytics.load('k',{integrations:{'Segment.io':{apiHost:'t.shop.example/v1'}}})`, window);
  assert.equal(host(window).apiHost, "t.shop.example/v1");
  const off = page("segment");
  vm.runInContext(`${load}analytics.load('k',{integrations:{'Segment.io':false}})`, off);
  assert.equal(off.analytics._loadOptions.integrations["Segment.io"], false);
}

{
  const window = page("plausible");
  const set = {};
  window.document.found = [{ setAttribute: (name, value) => (set[name] = value) }];
  window.events.readystatechange();
  assert.deepEqual(set, {});
  window.document.readyState = "interactive";
  window.events.readystatechange();
  assert.deepEqual(set, { "data-api": `${BASE}plausible.io/api/event` });
}

console.log(`${Object.keys(setups).length} setups lead to the site's own paths`);
