/** Versions of an article: who, when, what changed, and back to any of them. */

import { get, post } from "../lib/api.js";
import { confirm } from "../lib/dialog.js";
import { fill, h, icon } from "../lib/dom.js";
import { diffLines } from "../lib/diff.js";
import { attempt, said } from "../lib/notify.js";
import { formatAgo, formatFull, label, t } from "../lib/texts.js";

const CONTEXT = 2;
const SIGNS = { added: "+", removed: "−", same: "" };
const PART = { added: "ins", removed: "del", same: "span" };
const asText = (content, name) => (name === "variants" ? (content[name] ?? []).join("\n") : String(content[name] ?? "").trim());

/** Lines far from any change are folded away. */
function near(lines, at) {
  for (let i = Math.max(0, at - CONTEXT); i <= Math.min(lines.length - 1, at + CONTEXT); i += 1) {
    if (lines[i].kind !== "same") return true;
  }
  return false;
}

function fieldDiff(before, after) {
  const lines = diffLines(before, after);
  const out = [];
  let folded = false;
  lines.forEach((line, at) => {
    if (!near(lines, at)) {
      if (!folded) out.push(h("div", { class: "diff-gap" }, "⋯"));
      folded = true;
      return;
    }
    folded = false;
    out.push(h("div", { class: `diff-line diff-${line.kind}`, dataset: { sign: SIGNS[line.kind] } },
      h("span", null, line.kind !== "same" && h("span", { class: "visually-hidden" }, t(`diff.${line.kind}`)), line.parts.map((part) => h(PART[part.kind], null, part.text)))));
  });
  return out;
}

/** What differs, part by part: `[name, before, after]` each. */
export function partsDiff(parts) {
  const shown = parts.flatMap(([name, before, after]) => (before === after ? []
    : [h("h3", { class: "small" }, name), h("div", { class: "diff", tabindex: "0", role: "group", "aria-label": name }, fieldDiff(before, after))]));
  return h("div", null, shown.length ? shown : h("p", { class: "quiet" }, t("diff.none")));
}

/** What differs between two contents of an article, field by field. */
export const articleDiff = (before, after) =>
  partsDiff(["title", "answer", "body", "variants"].map((name) => [t(`editor.${name}`), asText(before, name), asText(after, name)]));

export class Versions {
  /** `mayLeave()` asks before unpublished changes go, `restored()` after an earlier version went live. */
  constructor({ article, mayLeave, restored }) {
    Object.assign(this, { article, mayLeave, restored });
    this.list = h("ul", { class: "versions" });
    this.root = h("details", { class: "stack", id: "versions" }, h("summary", { class: "field-label" }, t("versions.title")), this.list);
    this.root.addEventListener("toggle", () => {
      if (this.root.open) void attempt(null, () => this.load());
    });
  }

  async load() {
    const { id, locale } = this.article;
    const { versions } = await get(`articles/${encodeURIComponent(id)}/versions`, { locale });
    const sorted = [...versions].sort((a, b) => b.version - a.version);
    this.newest = sorted[0]?.version;
    fill(this.list, sorted.map((version, index) => this.row(version, sorted[index + 1], index === 0)));
  }

  row(version, before, current) {
    const space = h("div", { hidden: true });
    const toggle = h("button", { type: "button", class: "quiet-button", "aria-expanded": "false", on: { click: () => {
      const open = space.hidden;
      toggle.setAttribute("aria-expanded", String(open));
      space.hidden = !open;
      if (open && !space.children.length) fill(space, articleDiff(before.content, version.content));
    } } }, t("versions.compare"));
    return h("li", null,
      h("div", { class: "version" },
        h("strong", null, t("editor.version", { version: version.version })),
        h("span", { class: "grow small" }, label("versions", version.author), " · ",
          h("time", { datetime: version.at, title: formatFull(version.at) }, formatAgo(version.at)), version.note && ` · ${version.note}`),
        before && toggle,
        current ? h("span", { class: "tag tag-ok" }, t("versions.live"))
          : h("button", { type: "button", class: "button", on: { click: (event) => void this.restore(event.currentTarget, version) } }, icon("undo"), t("versions.restore"))),
      space);
  }

  async restore(button, version) {
    if (!(await this.mayLeave())) return;
    if (!(await confirm(t("versions.restore_title", { version: version.version }), t("versions.restore_text"), t("versions.restore")))) return;
    const done = await attempt(button, async () => {
      const { id, locale } = this.article;
      try {
        await post(`articles/${encodeURIComponent(id)}/rollback?locale=${encodeURIComponent(locale)}`, { version: version.version, base_version: this.newest });
      } catch (error) {
        if (error.status === 409) await this.load(); // what a colleague published meanwhile is there to compare
        throw error;
      }
      await this.restored();
    });
    if (done) said(t("versions.restored", { version: version.version }));
  }
}
