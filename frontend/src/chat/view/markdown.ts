/**
 * The Markdown that articles use, as nodes: headings, paragraphs, lists (also nested), tables, quotes, bold,
 * emphasis, code and links. Anything else, HTML included, stays the text it is.
 */

import { button, h } from "./h";
import { anchor, linkify, safeHref } from "./links";

type Nodes = (Node | string)[];

/** Opens the article a link of the form `faq:slug` names. */
export type OpenArticle = (slug: string, title: string) => void;

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)|\*([^*\s][^*]*)\*/g;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const RULE = /^\|[\s:|-]+$/;
const MAX_DEPTH = 6;

function inline(text: string, open: OpenArticle, depth = 0): Nodes {
  if (depth > MAX_DEPTH) return [text];
  const out: Nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, code, label, target, soft] = match;
    const inside = bold ?? soft;
    out.push(...linkify(text.slice(last, match.index)));
    last = match.index + whole.length;
    if (inside) out.push(h(bold ? "strong" : "em", null, ...inline(inside, open, depth + 1)));
    else if (code) out.push(h("code", null, code));
    else if (label && target) out.push(link(label, target, open));
  }
  return [...out, ...linkify(text.slice(last))];
}

function link(label: string, target: string, open: OpenArticle): Node | string {
  const slug = /^faq:([a-z0-9-]{1,80})$/.exec(target)?.[1];
  const href = safeHref(target);
  return slug ? button("link", () => open(slug, label), label) : href ? anchor(href, label) : label;
}

/** Lines of one list, with the lists nested in it; returns the index of the first line after it. */
function list(lines: string[], from: number, open: OpenArticle, depth = 0): [Node, number] {
  const [, indent = "", ordered] = ITEM.exec(lines[from] as string) ?? [];
  const node = h(ordered ? "ol" : "ul", { start: ordered === "1" ? null : ordered });
  let at = from;
  let item: HTMLElement | undefined;
  for (; at < lines.length; at++) {
    const line = lines[at] as string;
    const match = ITEM.exec(line);
    const [, space = "", number, text = ""] = match ?? [];
    if (match && item && space.length > indent.length + 1 && depth < MAX_DEPTH) {
      const [nested, next] = list(lines, at, open, depth + 1);
      item.append(nested);
      at = next - 1;
    } else if (match && space.length >= indent.length && !number === !ordered) {
      node.append((item = h("li", null, ...inline(text, open))));
    } else if (!match && item && /^\s+\S/.test(line)) item.append(" ", ...inline(line.trim(), open));
    else break;
  }
  return [node, at];
}

const cells = (line: string): string[] => line.trim().replace(/^\||\|$/g, "").split("|");

/** A table with its head; it scrolls by itself where it is wider than the chat. */
function table(lines: string[], from: number, open: OpenArticle): [Node, number] {
  const row = (line: string, tag: "th" | "td"): Node => h("tr", null, ...cells(line).map((cell) => h(tag, null, ...inline(cell.trim(), open))));
  let at = from + 2;
  while (lines[at]?.[0] === "|") at++;
  const body = lines.slice(from + 2, at).map((line) => row(line, "td"));
  return [h("div.table", { tabindex: 0, role: "group" }, h("table", null, h("thead", null, row(lines[from] as string, "th")), h("tbody", null, ...body))), at];
}

/** The article's body, ready to append. */
export function markdown(source: string, open: OpenArticle): Nodes {
  const out: Nodes = [];
  const lines = source.split(/\r\n?|\n/);
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as string;
    const [, marks, title] = /^(#{1,6})\s+(.+?)\s*#*$/.exec(line) ?? [];
    if (marks && title) {
      // The chat's own title is level 1; an article starts below it.
      out.push(h(marks.length > 2 ? "h3" : "h2", null, ...inline(title, open)));
      at++;
    } else if (line[0] === "|" && RULE.test(lines[at + 1] ?? "")) {
      const [node, next] = table(lines, at, open);
      out.push(node);
      at = next;
    } else if (ITEM.test(line)) {
      const [node, next] = list(lines, at, open);
      out.push(node);
      at = next;
    } else {
      const text: string[] = [];
      for (let next = lines[at]; next?.trim() && !(text.length && (next[0] === "|" || ITEM.test(next) || /^#{1,6}\s/.test(next))); next = lines[at]) {
        text.push(next.replace(/^>\s?/, "").trim());
        at++;
      }
      if (text.length) out.push(h(line[0] === ">" ? "blockquote" : "p", null, ...inline(text.join(" "), open)));
      else at++;
    }
  }
  return out;
}
