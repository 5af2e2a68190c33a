/** Elements without markup: tags and attribute names come from our code, values are only ever text. */

export type Child = Node | string | false | null | undefined;
type Prop = string | number | boolean | null | undefined | ((event: never) => void);
type Props = Record<string, Prop>;

function dress<T extends Element>(node: T, classes: string[], props: Props | null | undefined, kids: Child[]): T {
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const name in props) {
    const value = props[name];
    if (typeof value === "function") node.addEventListener(name.slice(2), value as EventListener);
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...kids.filter((kid): kid is Node | string => Boolean(kid)));
  return node;
}

/**
 * An HTML element from `tag.class.class`. Properties named `on…` are listeners; `true` is an empty
 * attribute; false, null and undefined are none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  selector: K | `${K}.${string}`,
  props?: Props | null,
  ...kids: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = selector.split(".");
  return dress(document.createElement(tag as K), classes, props, kids);
}

/** An SVG element. */
export const s = (selector: string, props?: Props | null, ...kids: Child[]): SVGElement => {
  const [tag = "", ...classes] = selector.split(".");
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), classes, props, kids);
};

/** A button of the given classes. */
export const button = (
  classes: string,
  onclick: ((event: never) => void) | null,
  kids: Child | Child[] = [],
  props?: Props,
): HTMLButtonElement =>
  h(`button.${classes}`, { type: "button", onclick, ...props }, ...(Array.isArray(kids) ? kids : [kids]));

/** A 24-unit line icon; decoration, so hidden from assistive technology. */
export const icon = (d: string): SVGElement =>
  s("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d }));

export const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1M12 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1M19 11.5a.5.5 0 1 0 .01 1 .5.5 0 0 0 0-1",
  send: "M4 12l16-8-5 16-3.5-6.5z",
  person: "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.5-3.6 3.3-5.5 7-5.5s6.5 1.9 7 5.5",
  down: "M6 9l6 6 6-6",
  page: "M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12h5M10 15.5h5",
  clip: "M8 12.5l6.5-6.5a2.8 2.8 0 0 1 4 4L10 18.5A4.5 4.5 0 0 1 3.6 12.1L11 4.7",
  sun: "M4 16a8 8 0 0 1 16 0zM12 4V2M4.9 7L3.5 5.6M19.1 7l1.4-1.4M3 20h18",
};
