/**
 * The Markdown that articles use, as nodes: headings, paragraphs, lists (also nested), quotes,
 * tables, bold, emphasis, code and links. Anything else, HTML included, stays the text it is.
 */

import { h } from "./h";
import { anchor, linkify, safeHref } from "./links";

type Nodes = (Node | string)[];

export interface Options {
  /** Opens the article a link of the form `faq:slug` names. */
  article(slug: string, title: string): void;
}

const INLINE = /\*\*(.+?)\*\*|__(.+?)__|`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)|\*([^*\s][^*]*)\*/g;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const MAX_DEPTH = 6;

function inline(text: string, options: Options, depth = 0): Nodes {
  if (depth > MAX_DEPTH) return [text];
  const out: Nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, bold2, code, label, target, soft] = match;
    out.push(...linkify(text.slice(last, match.index)));
    last = match.index + whole.length;
    if (bold ?? bold2) out.push(h("strong", null, ...inline((bold ?? bold2) as string, options, depth + 1)));
    else if (code) out.push(h("code", null, code));
    else if (soft) out.push(h("em", null, ...inline(soft, options, depth + 1)));
    else if (label && target) out.push(link(label, target, options));
  }
  out.push(...linkify(text.slice(last)));
  return out;
}

function link(label: string, target: string, options: Options): Node | string {
  const slug = /^faq:([a-z0-9-]{1,80})$/.exec(target)?.[1];
  if (slug) {
    return h("button", { type: "button", class: "link", onclick: () => options.article(slug, label) }, label);
  }
  const href = safeHref(target);
  return href ? anchor(href, label) : label;
}

/** Lines of one list, with the lists nested in it; returns the index of the first line after it. */
function list(lines: string[], from: number, options: Options, depth = 0): [Node, number] {
  const first = ITEM.exec(lines[from] as string) as RegExpExecArray;
  const indent = (first[1] as string).length;
  const node = first[2]
    ? h("ol", first[2] === "1" ? null : { start: Number(first[2]) })
    : h("ul");
  let at = from;
  let item: HTMLElement | undefined;
  while (at < lines.length) {
    const line = lines[at] as string;
    const match = ITEM.exec(line);
    if (match && (match[1] as string).length > indent + 1 && item && depth < MAX_DEPTH) {
      const [nested, next] = list(lines, at, options, depth + 1);
      item.append(nested);
      at = next;
    } else if (match && (match[1] as string).length >= indent && Boolean(match[2]) === Boolean(first[2])) {
      item = h("li", null, ...inline(match[3] as string, options));
      node.append(item);
      at += 1;
    } else if (!match && item && /^\s+\S/.test(line)) {
      item.append(" ", ...inline(line.trim(), options));
      at += 1;
    } else break;
  }
  return [node, at];
}

function table(rows: string[], options: Options): Node {
  const cells = (row: string): string[] =>
    row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head = "", , ...body] = rows;
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": cells(head).join(", ") },
    h(
      "table",
      null,
      h("thead", null, h("tr", null, ...cells(head).map((cell) => h("th", { scope: "col" }, ...inline(cell, options))))),
      h("tbody", null, ...body.map((row) => h("tr", null, ...cells(row).map((cell) => h("td", null, ...inline(cell, options)))))),
    ),
  );
}

/** The article's body, ready to append. */
export function markdown(source: string, options: Options): DocumentFragment {
  const out = document.createDocumentFragment();
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] as string;
    const heading = /^(#{1,6})\s+(.+?)\s*#*$/.exec(line);
    if (!line.trim()) at += 1;
    else if (heading) {
      // The chat's own title is level 1 and a card's title level 2: an article starts below them.
      out.append(h((heading[1] as string).length > 2 ? "h4" : "h3", null, ...inline(heading[2] as string, options)));
      at += 1;
    } else if (ITEM.test(line)) {
      const [node, next] = list(lines, at, options);
      out.append(node);
      at = next;
    } else if (line.startsWith("|") && /^\|?[\s:|-]+$/.test(lines[at + 1] ?? "")) {
      const rows: string[] = [];
      while (lines[at]?.startsWith("|")) rows.push(lines[at++] as string);
      out.append(table(rows, options));
    } else {
      const quote = line.startsWith(">");
      const text: string[] = [];
      for (;;) {
        const next = lines[at];
        if (!next?.trim() || (text.length && (ITEM.test(next) || /^(#{1,6}\s|\|)/.test(next)))) break;
        text.push(next.replace(/^>\s?/, "").trim());
        at += 1;
      }
      out.append(h(quote ? "blockquote" : "p", null, ...inline(text.join(" "), options)));
    }
  }
  return out;
}
