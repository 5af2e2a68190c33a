/** Who can take what: languages, skills, tickets at a time, away or not. */

import { get, put } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { attempt, said } from "../lib/notify.js";
import { t } from "../lib/texts.js";
import { head } from "./rules_head.js";

const list = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);

export class People {
  constructor(panel) {
    this.panel = panel;
    this.rows = new Map();     // by username: the row, and whether something in it is not saved
  }

  /** True while a row holds changes nobody saved. */
  changed() {
    return [...this.rows.values()].some((row) => row.dirty());
  }

  async refresh() {
    if (this.panel.contains(document.activeElement)) return;      // someone types here
    const { agents } = await get("agents");
    const heads = ["person", "languages", "skills", "capacity", "there", "has", "save"];
    fill(this.panel, head("people"), h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("rules.people") },
      h("table", null, h("thead", null, h("tr", null, heads.map((key) => h("th", { scope: "col" }, t(`rules.${key}`))))),
        h("tbody", null, agents.map((agent) => this.kept(agent).node)))));
  }

  /** A row that somebody changes stays as it is. */
  kept(agent) {
    const known = this.rows.get(agent.username);
    const row = known?.dirty() ? known : this.row(agent);
    this.rows.set(agent.username, row);
    return row;
  }

  row(agent) {
    const name = (key) => `${t(`rules.${key}`)} · ${agent.first_name}`;
    const languages = h("input", { class: "input", "aria-label": name("languages"), value: agent.languages.join(", ") });
    const skills = h("input", { class: "input", "aria-label": name("skills"), placeholder: t("rules.any"), value: agent.skills.join(", ") });
    const capacity = h("input", { class: "input", type: "number", min: 0, max: 100, "aria-label": name("capacity"), value: agent.capacity });
    const away = h("input", { type: "checkbox", checked: agent.away, "aria-label": name("away") });
    const there = h("span");
    const has = h("td");
    const values = () => JSON.stringify({ languages: list(languages.value), skills: list(skills.value), capacity: Number(capacity.value), presence: away.checked ? "away" : "auto" });
    let saved = values();
    const show = ({ present, open_tickets }) => {
      there.className = present ? "tag tag-ok" : "tag";
      there.textContent = t(present ? "rules.present" : "rules.absent");
      has.textContent = open_tickets;
    };
    // Only this row is drawn again: another one may hold what is not saved yet.
    const store = async () => {
      const sent = values();
      await put(`agents/${encodeURIComponent(agent.username)}`, JSON.parse(sent));
      saved = sent;
      said(t("rules.person_saved", { name: agent.first_name }));
      const now = (await get("agents")).agents.find((one) => one.username === agent.username);
      if (now) show(now);
    };
    const save = h("button", { type: "button", class: "button", "aria-label": name("save"), on: { click: () => void attempt(save, store) } }, t("rules.save"));
    show(agent);
    const node = h("tr", null, h("th", { scope: "row" }, agent.first_name, " ", h("span", { class: "small quiet" }, agent.username)),
      h("td", null, languages), h("td", null, skills), h("td", null, capacity),
      h("td", null, there, " ", h("label", { class: "check" }, away, t("rules.away"))),
      has, h("td", null, save));
    return { node, dirty: () => values() !== saved };
  }
}
