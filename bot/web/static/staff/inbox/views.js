/** Saved views above the queue: filters under a name, one's own or shared by a lead. */

import { del, get, post } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { byId, fill, h } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { t } from "../lib/texts.js";

const LEADS = ["lead", "admin"];

/** `filters` is the queue's `FilterForm`; `changed()` is told when a view was picked. */
export class Views {
  constructor({ filters, changed }) {
    this.filters = filters;
    this.changed = changed;
    this.known = [];
    this.select = byId("view");
    this.select.addEventListener("change", () => this.pick(this.select.value));
    byId("view-save").addEventListener("click", (event) => void this.save(event.currentTarget));
    byId("view-remove").addEventListener("click", (event) => void this.remove(event.currentTarget));
  }

  async load() {
    this.known = (await get("views")).views;
    this.draw();
  }

  name(view) {
    return view.name ?? t(`view.${view.id}`);
  }

  draw() {
    const group = (label, list) => list.length > 0 && h("optgroup", { label }, list.map((view) => h("option", { value: view.id }, this.name(view))));
    const own = this.known.filter((view) => view.name && !view.shared);
    const shared = this.known.filter((view) => view.name && view.shared);
    fill(this.select, this.known.filter((view) => !view.name).map((view) => h("option", { value: view.id }, this.name(view))),
      group(t("view.shared"), shared), group(t("view.own"), own), h("option", { value: "", hidden: true }, t("view.custom")));
    this.match();
  }

  /** Show which view the filters are, if they are one. */
  match() {
    const now = JSON.stringify(sorted(this.filters.values()));
    const view = this.known.find((one) => JSON.stringify(sorted(one.filters)) === now);
    this.select.value = view?.id ?? "";
    byId("view-save").hidden = Boolean(view);
    byId("view-remove").hidden = !view?.name || (view.shared && !LEADS.includes(document.body.dataset.role));
  }

  pick(id) {
    const view = this.known.find((one) => one.id === id);
    if (!view) return;
    this.filters.set(view.filters);
    this.match();
    this.changed();
  }

  async save(button) {
    const lead = LEADS.includes(document.body.dataset.role);
    const given = await dialog(t("view.save_title"), (close) => {
      const name = h("input", { class: "input", id: "view-name", maxlength: "40", required: true, autocomplete: "off" });
      const shared = h("input", { type: "checkbox" });
      return h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); close({ name: name.value, shared: shared.checked }); } } },
        h("div", { class: "field" }, h("label", { for: "view-name" }, t("view.name")), name),
        lead && h("label", { class: "check" }, shared, t("view.share")),
        h("div", { class: "row row-end" }, h("button", { type: "submit", class: "button button-primary" }, t("view.save"))));
    });
    if (!given?.name.trim()) return;
    await attempt(button, async () => {
      await post("views", { ...given, filters: this.filters.values() });
      await this.load();
      said(t("view.saved", { name: given.name.trim() }));
    });
  }

  async remove(button) {
    const view = this.known.find((one) => one.id === this.select.value);
    if (!view || !(await confirm(t("view.remove_title", { name: view.name }), t("view.remove_text"), t("view.remove")))) return;
    await attempt(button, async () => {
      await del(`views/${view.id}`);
      await this.load();
    });
  }

  refresh() {
    void this.load().catch(failed);
  }
}

const sorted = (filters) => Object.entries(filters).filter(([, value]) => value).sort(([a], [b]) => (a < b ? -1 : 1));
