/**
 * The Markdown that articles use, as DOM nodes: headings, paragraphs, lists, tables, quotes, bold, italics,
 * code, links. Anything else stays text. Links: http(s), mailto, tel, and faq:slug.
 */

import { append, h } from "./dom.js";

const INLINE = /(\*\*|__)(?=\S)(.+?)\1|(\*|_)(?=\S)(.+?)\3(?!\w)|`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)/s;
const SAFE = /^(https?:\/\/|mailto:|tel:)/i;

function linkTo(text, target, options) {
  if (target.startsWith("faq:")) {
    const slug = target.slice(4);
    return h("a", { href: options.article?.(slug) ?? `/aide/${encodeURIComponent(slug)}`, class: "faq-link" }, ...inline(text, options));
  }
  if (!SAFE.test(target)) return h("span", null, text);
  return h("a", { href: target, rel: "noopener noreferrer", target: "_blank" }, ...inline(text, options));
}

/** Inline marks of one text as nodes and strings. */
function inline(text, options) {
  const out = [];
  let rest = text;
  while (rest) {
    const found = INLINE.exec(rest);
    if (!found) {
      out.push(rest);
      break;
    }
    if (found.index) out.push(rest.slice(0, found.index));
    const [whole, , strong, , em, code, label, target] = found;
    if (strong !== undefined) out.push(h("strong", null, ...inline(strong, options)));
    else if (em !== undefined) out.push(h("em", null, ...inline(em, options)));
    else if (code !== undefined) out.push(h("code", null, code));
    else out.push(linkTo(label, target, options));
    rest = rest.slice(found.index + whole.length);
  }
  return out;
}

const HEADING = /^ {0,3}(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,3}[.)])\s+(.*)$/;
const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function table(lines, options) {
  const [head, , ...rows] = lines;
  return h("div", { class: "table-scroll", tabindex: "0", role: "group" }, h("table", null,
    h("thead", null, h("tr", null, cells(head).map((cell) => h("th", { scope: "col" }, ...inline(cell, options))))),
    h("tbody", null, rows.map((row) => h("tr", null, cells(row).map((cell) => h("td", null, ...inline(cell, options))))))));
}

/** A list from the lines at `start`; items deeper than the first one's indent become lists inside. */
function list(lines, start, options) {
  const [, indent, marker] = ITEM.exec(lines[start]);
  const node = h(/\d/.test(marker) ? "ol" : "ul");
  let at = start;
  while (at < lines.length) {
    const found = ITEM.exec(lines[at]);
    if (found && found[1].length === indent.length) {
      node.append(append(h("li"), ...inline(found[3], options)));
      at += 1;
    } else if (found && found[1].length > indent.length && node.lastElementChild) {
      const [inner, next] = list(lines, at, options);
      node.lastElementChild.append(inner);
      at = next;
    } else if (!found && lines[at].trim() && /^\s/.test(lines[at]) && node.lastElementChild) {
      append(node.lastElementChild, " ", ...inline(lines[at].trim(), options));
      at += 1;
    } else break;
  }
  return [node, at];
}

/**
 * A Markdown text as a fragment. `options.base` is the level of its first headings (2 by default);
 * `options.article(slug)` gives the address of a linked article.
 */
export function markdown(text, options = {}) {
  const out = document.createDocumentFragment();
  const lines = String(text ?? "").replaceAll("\r\n", "\n").split("\n");
  const base = (options.base ?? 2) - 2;
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const heading = HEADING.exec(line);
    if (!line.trim()) at += 1;
    else if (heading) {
      const level = Math.min(6, Math.max(2, heading[1].length) + base);
      out.append(append(h(`h${level}`), ...inline(heading[2], options)));
      at += 1;
    } else if (ITEM.test(line)) {
      const [node, next] = list(lines, at, options);
      out.append(node);
      at = next;
    } else if (line.includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] ?? "")) {
      let end = at;
      while (end < lines.length && lines[end].includes("|")) end += 1;
      out.append(table(lines.slice(at, end), options));
      at = end;
    } else if (/^ {0,3}>/.test(line)) {
      let end = at;
      while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
      out.append(h("blockquote", null, markdown(lines.slice(at, end).map((l) => l.replace(/^ {0,3}> ?/, "")).join("\n"), options)));
      at = end;
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end].trim() && !HEADING.test(lines[end]) && !ITEM.test(lines[end])) end += 1;
      const paragraph = h("p");
      lines.slice(at, end).forEach((part, index) => {
        if (index) paragraph.append(/ {2}$/.test(lines[at + index - 1]) ? h("br") : " ");
        append(paragraph, ...inline(part.trim(), options));
      });
      out.append(paragraph);
      at = end;
    }
  }
  return out;
}
