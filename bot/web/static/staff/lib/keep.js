/**
 * Draws again what is on screen without taking it away: an element that stays is the same element, in its
 * place. So a click begun on it acts, and selected text, focus and a screen reader's place stay.
 */

import { append, listen } from "./dom.js";

/** What the reader, or an action under way, has set on an element; a new drawing knows nothing of it. */
const THEIRS = ["open", "aria-busy"];

/** What a child is recognised by: `data-key` or its id; without either, its place among its like. */
const keyOf = (node) => node.dataset?.key ?? (node.id || null);

/**
 * Make the children of `parent` what `children` shows, like `fill`; what is there already is patched.
 * Listeners given to `h` are those of the newest drawing. What a field holds is left to who fills it in.
 */
export function keep(parent, ...children) {
  const keyed = new Map();
  const others = new Map();
  for (const node of parent.childNodes) {
    const key = keyOf(node);
    if (key !== null) keyed.set(key, node);
    else others.set(node.nodeName, [...(others.get(node.nodeName) ?? []), node]);
  }
  const wanted = [...append(document.createDocumentFragment(), ...children).childNodes];
  arrange(parent, wanted.map((fresh) => {
    const key = keyOf(fresh);
    const known = key === null ? others.get(fresh.nodeName)?.shift() : keyed.get(key);
    keyed.delete(key);
    return known?.nodeName === fresh.nodeName ? patch(known, fresh) : fresh;
  }));
  return parent;
}

/** Make `node` show what `fresh` shows, which is of the same kind; returns `node`. */
export function patch(node, fresh) {
  if (!(node instanceof Element)) {
    if (node.nodeValue !== fresh.nodeValue) node.nodeValue = fresh.nodeValue;
    return node;
  }
  for (const { name } of [...node.attributes]) if (!fresh.hasAttribute(name) && !THEIRS.includes(name)) node.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (node.getAttribute(name) !== value && !THEIRS.includes(name)) node.setAttribute(name, value);
  listen(node, fresh);
  return keep(node, ...fresh.childNodes);
}

/** Make `wanted` the children of `parent`, in this order, touching as few of them as can be. */
export function arrange(parent, wanted) {
  const focused = document.activeElement;
  const staying = new Set(wanted);
  for (const node of [...parent.childNodes]) if (!staying.has(node)) node.remove();
  const places = new Map([...parent.childNodes].map((node, place) => [node, place]));
  const still = rising(wanted.filter((node) => places.has(node)), (node) => places.get(node));
  let next = null;
  for (const node of [...wanted].reverse()) {
    if (!still.has(node)) parent.insertBefore(node, next);
    next = node;
  }
  // A row that had to move has lost the focus on its way.
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

/** The longest run of items whose places rise, as a set (patience sorting). */
function rising(items, placeOf) {
  const tails = [];
  const before = new Map();
  for (const item of items) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (placeOf(tails[middle]) < placeOf(item)) low = middle + 1;
      else high = middle;
    }
    before.set(item, tails[low - 1]);
    tails[low] = item;
  }
  const run = new Set();
  for (let item = tails.at(-1); item; item = before.get(item)) run.add(item);
  return run;
}
