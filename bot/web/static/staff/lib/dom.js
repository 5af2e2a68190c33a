/**
 * Builds DOM nodes. Text is only ever text: nothing in the staff pages assigns markup from strings,
 * so whatever a customer types stays inert.
 */

const SVG = "http://www.w3.org/2000/svg";

/** What each element does on which event, by type; an element drawn again takes over those of its new drawing. */
const listeners = new WeakMap();

/** Give `node` the listeners of another element, in place of its own. */
export function listen(node, other) {
  const own = listeners.get(node) ?? {};
  const theirs = listeners.get(other) ?? {};
  for (const type of Object.keys(own)) own[type] = theirs[type];
  hear(node, theirs);
}

function hear(node, added) {
  const own = listeners.get(node) ?? {};
  listeners.set(node, own);
  for (const [type, listener] of Object.entries(added)) {
    if (!(type in own)) node.addEventListener(type, (event) => own[type]?.(event));
    own[type] = listener;
  }
}

/**
 * Apply properties to an element: `class`, `on` (listeners), `dataset`, booleans as attributes,
 * everything else as an attribute; null, undefined and false are left out.
 */
function apply(node, props) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      hear(node, value);
    } else if (key === "dataset") {
      Object.assign(node.dataset, value);
    } else if (key === "value") {
      node.value = value;
    } else {
      node.setAttribute(key, value === true ? "" : String(value));
    }
  }
}

/** Append children; strings become text nodes, empty values are skipped, arrays are flattened. */
export function append(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** An HTML element: `h("p", {class: "quiet"}, "text", otherNode)`. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  append(node, ...children);
  apply(node, props);
  return node;
}

/** The same for SVG. */
export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  apply(node, props);
  return append(node, ...children);
}

/** Replace everything inside a node. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, ...children);
}

/** The element of that id; a page that lacks it is a bug, said at once. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no #${id}`);
  return node;
}

/** A number in a bubble; none where there is nothing to count. */
export function counter(id, n) {
  const node = byId(id);
  node.textContent = n ? String(n) : "";
  node.hidden = !n;
}

/** A function that runs `action` once, `wait` ms after the last call. */
export function debounce(action, wait) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), wait);
  };
}

/** A function that runs `action` at most once in `wait` ms, the first time after a random part of it. */
export function spaced(action, wait) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      action();
    }, wait * (0.25 + 0.75 * Math.random()));
  };
}

const PATHS = {
  inbox: "M4 13h4l2 3h4l2-3h4M4 13l3-8h10l3 8v6H4z",
  back: "M15 5l-7 7 7 7",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM16 16l4 4",
  send: "M4 12l16-8-6 16-3-6z",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5",
  check: "M5 12.5l4.5 4.5L19 7",
  swap: "M5 9h13l-3-3M19 15H6l3 3",
  bot: "M6 9h12v9H6zM12 9V5M9 13h.01M15 13h.01M3 12v3M21 12v3",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  help: "M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .8-1 1.7M12 17h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  undo: "M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-2",
  link: "M10 14l4-4M8 12l-2 2a3 3 0 0 0 4 4l2-2M16 12l2-2a3 3 0 0 0-4-4l-2 2",
  clip: "M8 12.5l6-6a3 3 0 0 1 4.3 4.3l-8 8a5 5 0 0 1-7-7l7.5-7.5",
  bell: "M6 17h12l-1.5-2.5V11a4.5 4.5 0 0 0-9 0v3.5zM10.5 20h3M12 6.5V4",
  up: "M12 19V6M6 11l6-6 6 6",
  more: "M5 11.5v1M12 11.5v1M19 11.5v1",
  panel: "M4 5h16v14H4zM15 5v14",
  phone: "M6.5 4h3l1.5 4.5-2 1.5a11 11 0 0 0 5 5l1.5-2 4.5 1.5v3a2 2 0 0 1-2 2A13.5 13.5 0 0 1 4.5 6a2 2 0 0 1 2-2z",
  pause: "M9 6v12M15 6v12",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
};

/** A line icon, hidden from assistive technology: the text beside it (or a label) speaks. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }));
}
