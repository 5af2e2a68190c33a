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
  }

  async refresh() {
    if (this.panel.contains(document.activeElement)) return;      // someone types here
    const { agents } = await get("agents");
    const heads = ["person", "languages", "skills", "capacity", "there", "has", "save"];
    fill(this.panel, head("people"), h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("rules.people") },
      h("table", null, h("thead", null, h("tr", null, heads.map((key) => h("th", { scope: "col" }, t(`rules.${key}`))))),
        h("tbody", null, agents.map((agent) => this.row(agent))))));
  }

  row(agent) {
    const name = (key) => `${t(`rules.${key}`)} · ${agent.first_name}`;
    const languages = h("input", { class: "input", "aria-label": name("languages"), value: agent.languages.join(", ") });
    const skills = h("input", { class: "input", "aria-label": name("skills"), placeholder: t("rules.any"), value: agent.skills.join(", ") });
    const capacity = h("input", { class: "input", type: "number", min: 0, max: 100, "aria-label": name("capacity"), value: agent.capacity });
    const away = h("input", { type: "checkbox", checked: agent.away, "aria-label": name("away") });
    const save = h("button", { type: "button", class: "button", "aria-label": name("save"), on: { click: () => void attempt(save, async () => {
      await put(`agents/${encodeURIComponent(agent.username)}`, {
        languages: list(languages.value), skills: list(skills.value), capacity: Number(capacity.value), presence: away.checked ? "away" : "auto" });
      said(t("rules.person_saved", { name: agent.first_name }));
      save.blur();
      await this.refresh();
    }) } }, t("rules.save"));
    return h("tr", null, h("th", { scope: "row" }, agent.first_name, " ", h("span", { class: "small quiet" }, agent.username)),
      h("td", null, languages), h("td", null, skills), h("td", null, capacity),
      h("td", null, h("span", { class: agent.present ? "tag tag-ok" : "tag" }, t(agent.present ? "rules.present" : "rules.absent")), " ", h("label", { class: "check" }, away, t("rules.away"))),
      h("td", null, agent.open_tickets), h("td", null, save));
  }
}
