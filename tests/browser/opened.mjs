// Turns a body that a vendor was sent into everything that can be read in it.
//
// 1. What a body is is told by its bytes: gzip (RFC 1952) and zlib (RFC 1950) by their first two, the rest by trying.
// 2. Each layer is kept beside what is in it: percent-encoding, base64, JSON in a string, fields, lines.
import { gunzipSync, inflateSync } from 'node:zlib';

const DEPTH = 8;
const BASE64 = /^[A-Za-z0-9+/_-]{12,}={0,2}$/;

/** `bytes` without gzip or zlib. */
export function unpacked(bytes) {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpacked(gunzipSync(bytes));
    if (bytes[0] === 0x78 && (bytes[0] * 256 + bytes[1]) % 31 === 0) return unpacked(inflateSync(bytes));
  } catch {
    // Not one after all.
  }
  return bytes;
}

/** Every text in `text`, as deep as it goes, `text` first. */
export function texts(text, depth = DEPTH, seen = new Set()) {
  if (seen.has(text)) return [];
  seen.add(text);
  const inside = depth ? [unescaped(text), unbased(text), ...split(text), ...leaves(text)] : [];
  return [text, ...inside.filter((other) => other !== undefined && other !== text).flatMap((other) => texts(other, depth - 1, seen))];
}

/** The JSON in `text`, in lines, in a form's field or in base64, one value for each; `undefined` where there is none. */
export function json(text) {
  for (const one of texts(text)) {
    const lines = one.split(/\r?\n/).filter((line) => line !== '');
    const values = lines.map(parsed);
    if (values.length && values.every((value) => typeof value === 'object' && value !== null)) return values;
  }
  return undefined;
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

function unescaped(text) {
  if (!text.includes('%')) return undefined;
  try { return decodeURIComponent(text.replaceAll('+', ' ')); } catch { return undefined; }
}

function unbased(text) {
  if (!BASE64.test(text)) return undefined;
  const inside = unpacked(Buffer.from(text, 'base64')).toString('utf8');
  return /^[\t\n\r\u0020-\u007e\u00a0-\uffff]*$/.test(inside) && !inside.includes('\ufffd') ? inside : undefined;
}

/** Lines, and fields of a query or form. */
function split(text) {
  const lines = text.split(/\r?\n/);
  if (lines.length > 1) return lines;
  const value = parsed(text);
  if (value !== undefined || !/^[^\s=&{]+=[^&]*/.test(text)) return [];
  return text.split('&').map((field) => field.slice(field.indexOf('=') + 1)).filter((field) => field !== '');
}

/** Names and strings in JSON. */
function leaves(text) {
  const all = [];
  const walk = (value) => {
    if (typeof value === 'string') all.push(value);
    else if (typeof value === 'number') all.push(String(value));
    else if (value && typeof value === 'object') for (const [name, inner] of Object.entries(value)) { if (!Array.isArray(value)) all.push(name); walk(inner); }
  };
  walk(parsed(text));
  return all;
}
