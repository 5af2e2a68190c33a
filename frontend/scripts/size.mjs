// Fails where the built widget weighs more than it may. What a customer downloads is the launcher,
// the chat, its style sheet and ONE language; the sum over every file is held to the same limit.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../bot/web/static/", import.meta.url).pathname;
const LIMITS = { launcher: 5_000, customer: 20_000, everything: 26_000 };
const weigh = (path) => gzipSync(readFileSync(path), { level: 9 }).length;

const launcher = weigh(join(STATIC, "widget.js"));
const files = readdirSync(join(STATIC, "widget")).map((name) => [name, weigh(join(STATIC, "widget", name))]);
const words = files.filter(([name]) => name.startsWith("words-"));
const core = files.filter(([name]) => !name.startsWith("words-"));
const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
const heaviest = Math.max(0, ...words.map(([, size]) => size));

const rows = [
  ["launcher (widget.js)", launcher, LIMITS.launcher],
  ["one customer: launcher, chat, style, heaviest language", launcher + sum(core) + heaviest, LIMITS.customer],
  ["every file, six languages", launcher + sum(files), LIMITS.everything],
];
for (const [name, size] of files) console.log(`  ${name.padEnd(32)} ${String(size).padStart(6)} B gz`);
let failed = false;
for (const [name, size, limit] of rows) {
  const over = size > limit;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${name}: ${size} of ${limit} B gzipped`);
}
process.exit(failed ? 1 : 0);
