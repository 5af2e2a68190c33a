// Fails where the built widget weighs more than it may. Who opens the chat and talks downloads the
// launcher, the chat, its style sheet and ONE language. Who opens the menu, asks for a person, sees a
// chart or a survey also gets the part loaded on demand; who asks for notifications, their page.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../bot/web/static/", import.meta.url).pathname;
const LIMITS = { launcher: 5_000, customer: 20_000, all: 23_500, notify: 1_500 };
const weigh = (path) => gzipSync(readFileSync(path), { level: 9 }).length;

const launcher = weigh(join(STATIC, "widget.js"));
const files = readdirSync(join(STATIC, "widget")).map((name) => [name, weigh(join(STATIC, "widget", name))]);
const of = (prefix) => files.filter(([name]) => name.startsWith(prefix));
const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
const heaviest = (prefix) => Math.max(0, ...of(prefix).map(([, size]) => size));
const first = launcher + sum(of("chat.")) + heaviest("words-");
const known = [...of("chat."), ...of("words-"), ...of("more"), ...of("notify."), ...of("worker.")];
if (known.length !== files.length) throw new Error("a built file that no budget counts");

const rows = [
  ["launcher (widget.js)", launcher, LIMITS.launcher],
  ["a conversation: launcher, chat, style, heaviest language", first, LIMITS.customer],
  ["the same with all that is loaded on demand", first + sum(of("more.")) + heaviest("more-"), LIMITS.all],
  ["notifications: their page and service worker", sum(of("notify.")) + sum(of("worker.")), LIMITS.notify],
];
for (const [name, size] of files) console.log(`  ${name.padEnd(32)} ${String(size).padStart(6)} B gz`);
let failed = false;
for (const [name, size, limit] of rows) {
  const over = size > limit;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${name}: ${size} of ${limit} B gzipped`);
}
process.exit(failed ? 1 : 0);
