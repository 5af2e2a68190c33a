/** What changed between two texts: lines by longest common subsequence, words inside changed lines. */

/** Edits that turn `before` into `after`: a list of `{kind: "same" | "removed" | "added", items}`. */
export function diffItems(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start
    && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  // Length of the common subsequence of a[i:] and b[j:].
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const out = [];
  const push = (kind, item) => {
    const last = out.at(-1);
    if (last?.kind === kind) last.items.push(item);
    else out.push({ kind, items: [item] });
  };
  before.slice(0, start).forEach((item) => push("same", item));
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push("same", a[i]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || common[i + 1][j] >= common[i][j + 1])) {
      push("removed", a[i]);
      i += 1;
    } else {
      push("added", b[j]);
      j += 1;
    }
  }
  before.slice(before.length - end).forEach((item) => push("same", item));
  return out;
}

const words = (text) => text.match(/\s+|[^\s]+/g) ?? [];

const ALIKE = 0.4;

/** Edits word by word; of two lines with little in common the one is replaced as a whole. */
function wordEdits(before, after) {
  const parts = diffItems(words(before), words(after));
  const letters = (list) => list.flatMap((part) => part.items).join("").replace(/\s+/g, "").length;
  const kept = letters(parts.filter((part) => part.kind === "same"));
  const longest = Math.max(1, letters([{ items: [before] }]), letters([{ items: [after] }]));
  if (kept / longest >= ALIKE) return parts;
  return [{ kind: "removed", items: [before] }, { kind: "added", items: [after] }];
}

/**
 * A text's changes line by line: `{kind, parts: [{kind, text}]}`. A removed line followed by an added one
 * is compared word by word.
 */
export function diffLines(before, after) {
  const split = (text) => (text ? text.split("\n") : []);
  const out = [];
  const edits = diffItems(split(before), split(after));
  for (let at = 0; at < edits.length; at += 1) {
    const { kind, items } = edits[at];
    const next = edits[at + 1];
    if (kind === "removed" && next?.kind === "added") {
      const pairs = Math.min(items.length, next.items.length);
      for (let n = 0; n < pairs; n += 1) {
        const parts = wordEdits(items[n], next.items[n]);
        const side = (other) => parts.filter((p) => p.kind !== other).map((p) => ({ kind: p.kind, text: p.items.join("") }));
        out.push({ kind: "removed", parts: side("added") }, { kind: "added", parts: side("removed") });
      }
      items.slice(pairs).forEach((text) => out.push({ kind: "removed", parts: [{ kind: "removed", text }] }));
      next.items.slice(pairs).forEach((text) => out.push({ kind: "added", parts: [{ kind: "added", text }] }));
      at += 1;
    } else {
      items.forEach((text) => out.push({ kind, parts: [{ kind, text }] }));
    }
  }
  return out;
}
