/** Elements without markup: tags and attribute names come from our code, values are only ever text. */

export type Child = Node | string | false | null | undefined;
type Prop = string | number | boolean | null | undefined | ((event: never) => void);

function dress(node: Element, props: Record<string, Prop> | null, kids: Child[]): void {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  for (const kid of kids) if (kid || kid === "") node.append(kid);
}

/** An HTML element. Properties named `on…` are listeners; `true` is an empty attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Record<string, Prop> | null,
  ...kids: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  dress(node, props ?? null, kids);
  return node;
}

/** An SVG element. */
export function s(tag: string, props?: Record<string, Prop> | null, ...kids: Child[]): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(node, props ?? null, kids);
  return node;
}

/** A 24-unit line icon; decoration, so hidden from assistive technology. */
export const icon = (d: string): SVGElement =>
  s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" }, s("path", { d }));

export const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1M12 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1M19 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1",
  send: "M4 12l16-8-5 16-3.5-6.5z",
  person: "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.5-3.6 3.3-5.5 7-5.5s6.5 1.9 7 5.5",
  down: "M6 9l6 6 6-6",
  page: "M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12h5M10 15.5h5",
};
