// Makes fresh TC and GPP strings with the IAB's own libraries and says what they decode them to, one JSON object a line:
//
//   node tests/consent/oracle.mjs SEED COUNT
//
// 1. What a line says is what the library *decodes* the string to, not what the string was made from.
// 2. The same seed makes the same strings. All ids are made up.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { GVL, TCModel, TCString, PurposeRestriction, RestrictionType } = require("@iabtechlabtcf/core");
const { GppModel } = require("@iabgpp/cmpapi");

const [seed, count] = process.argv.slice(2).map(Number);
let state = seed >>> 0;

/** A number from 0 to below `limit` (mulberry32). */
function below(limit) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
}

const chance = (share) => below(1000) < share * 1000;
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const some = (all, share) => all.filter(() => chance(share));

/** A list of vendors in which everybody may do anything on either basis, so that the encoder leaves nothing out. */
function list(vendors) {
  const named = (ids) => Object.fromEntries(ids.map((id) => [id, { id, name: `n${id}`, description: "", illustrations: [] }]));
  const vendor = (id) => ({
    id,
    name: `v${id}`,
    purposes: numbers(1, 11),
    legIntPurposes: [2, 7, 8, 9, 10, 11],
    flexiblePurposes: [2, 7, 8, 9, 10, 11],
    specialPurposes: [],
    features: [],
    specialFeatures: [1, 2],
    policyUrl: "",
  });
  return new GVL({
    gvlSpecificationVersion: 3,
    vendorListVersion: 1 + below(400),
    tcfPolicyVersion: 5,
    lastUpdated: "2026-01-01T00:00:00Z",
    purposes: named(numbers(1, 11)),
    specialPurposes: named([1, 2]),
    features: named([1, 2, 3]),
    specialFeatures: named([1, 2]),
    stacks: {},
    dataCategories: {},
    vendors: Object.fromEntries(vendors.map((id) => [id, vendor(id)])),
  });
}

const runs = (last) => {
  const from = 1 + below(last);
  return numbers(from, Math.min(last, from + below(300)));
};

const members = (max) =>
  [() => [], () => some(numbers(1, max), 0.5), () => some(numbers(1, max), 0.03), () => runs(max), () => [...runs(max), ...runs(max)]][below(5)]();

function tc() {
  const max = 1 + below(chance(0.1) ? 3000 : 400);
  const model = new TCModel(list(numbers(1, max)));
  model.cmpId = 2 + below(4000);
  model.cmpVersion = 1 + below(60);
  model.consentScreen = below(60);
  model.publisherCountryCode = "DE";
  model.isServiceSpecific = chance(0.9);
  model.purposeOneTreatment = chance(0.1);
  model.purposeConsents.set(some(numbers(1, 11), chance(0.4) ? 1 : 0.6));
  model.purposeLegitimateInterests.set(some([2, 7, 8, 9, 10, 11], 0.5));
  model.specialFeatureOptins.set(some([1, 2], 0.5));
  model.vendorConsents.set(members(max));
  model.vendorLegitimateInterests.set(members(max));
  model.vendorsDisclosed.set(chance(0.5) ? numbers(1, max) : members(max));
  model.publisherConsents.set(some(numbers(1, 11), 0.5));
  for (let left = below(6); left > 0; left -= 1) {
    const restriction = new PurposeRestriction();
    restriction.purposeId = 1 + below(11);
    restriction.restrictionType = [RestrictionType.NOT_ALLOWED, RestrictionType.REQUIRE_CONSENT, RestrictionType.REQUIRE_LI][below(3)];
    some(numbers(1, max), chance(0.3) ? 1 : 0.05).forEach((vendor) => model.publisherRestrictions.add(vendor, restriction));
  }
  return TCString.encode(model);
}

function decodedTc(text) {
  const model = TCString.decode(text);
  const ids = (vector) => {
    const all = [];
    vector.forEach((value, id) => value && all.push(id));
    return all.sort((a, b) => a - b);
  };
  const restrictions = model.publisherRestrictions.getRestrictions().map((restriction) => ({
    purpose: restriction.purposeId,
    kind: restriction.restrictionType,
    vendors: model.publisherRestrictions.getVendors(restriction),
  }));
  return {
    kind: "tc",
    text,
    cmp: model.cmpId,
    policy: Number(model.policyVersion),
    service_specific: model.isServiceSpecific,
    created: Math.floor(model.created.getTime() / 1000),
    features: ids(model.specialFeatureOptins),
    purposes: ids(model.purposeConsents),
    interests: ids(model.purposeLegitimateInterests),
    vendors: ids(model.vendorConsents),
    vendor_interests: ids(model.vendorLegitimateInterests),
    disclosed: ids(model.vendorsDisclosed),
    publisher: ids(model.publisherConsents),
    restrictions,
  };
}

/** The opt-outs that are compared, by section, in the order of the sections' ids from 7 on. */
const STATES = {
  usnat: ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"],
  usca: ["SaleOptOut", "SharingOptOut"],
  ...Object.fromEntries(
    "usva usco usut usct usfl usmt usor ustx usde usia usne usnh usnj ustn usmn"
      .split(" ")
      .map((name) => [name, ["SaleOptOut", "TargetedAdvertisingOptOut"]]),
  ),
};

function gpp() {
  const model = new GppModel();
  if (chance(0.5)) model.setFieldValue("tcfeuv2", "CmpId", 2 + below(4000));
  if (chance(0.3)) model.setFieldValue("tcfcav1", "CmpId", 2 + below(4000));
  if (chance(0.3)) {
    model.setFieldValue("uspv1", "Notice", "Y");
    model.setFieldValue("uspv1", "OptOutSale", "NNNY"[below(4)]);
  }
  for (const name of some(Object.keys(STATES), chance(0.3) ? 0.6 : 0.15)) {
    for (const field of STATES[name]) model.setFieldValue(name, field, [0, 2, 2, 2, 2, 2, 1][below(7)]);
    if (chance(0.3) && model.hasField(name, "Gpc")) model.setFieldValue(name, "Gpc", chance(0.2));
  }
  return model.encode();
}

function decodedGpp(text) {
  const model = new GppModel(text);
  const ids = model.getSectionIds();
  const outs = {};
  for (const [at, [name, fields]] of Object.entries(STATES).entries()) {
    if (!model.hasSection(name)) continue;
    const gpc = model.hasField(name, "Gpc") && model.getFieldValue(name, "Gpc") === true;
    outs[7 + at] = gpc || fields.some((field) => model.getFieldValue(name, field) === 1);
  }
  if (model.hasSection("uspv1")) outs[6] = model.getFieldValue("uspv1", "OptOutSale") === "Y";
  return { kind: "gpp", text, ids, outs };
}

const lines = [];
for (let left = count; left > 0; left -= 1) {
  lines.push(decodedTc(tc()));
  lines.push(decodedGpp(gpp()));
}
process.stdout.write(lines.map((line) => JSON.stringify(line)).join("\n") + "\n");
