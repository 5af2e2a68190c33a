/** Integrations: webhook endpoints with their delivery log, and how other systems stand. */

import { del, get, post, put } from "../lib/api.js";
import { confirm, dialog } from "../lib/dialog.js";
import { fill, h, icon } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { formatAgo, formatFull, label, t } from "../lib/texts.js";
import { secretDialog } from "./secret.js";

const STATES = ["", "delivered", "waiting", "failed"];
const PAGE = 50;

const ago = (at) => h("time", { datetime: at, "data-ago": true, title: formatFull(at) }, formatAgo(at));

export class Integrations {
  constructor(panel) {
    this.state = "";
    this.endpoints = [];
    this.ends = h("ul", { class: "gap-list", "aria-label": t("hooks.list") });
    this.log = h("ul", { class: "gap-list", "aria-label": t("hooks.log") });
    this.systems = h("div");
    this.more = h("button", { type: "button", class: "button", hidden: true, on: { click: () => void this.loadLog(this.last).catch(failed) } }, t("jobs.more"));
    const states = STATES.map((name) => h("button", { type: "button", "aria-pressed": String(name === this.state), on: { click: (event) => {
      this.state = name;
      for (const button of event.currentTarget.parentElement.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      void this.loadLog().catch(failed);
    } } }, t(`hooks.state_${name || "all"}`)));
    fill(panel, h("div", { class: "stack" },
      this.systems,
      h("div", { class: "row" }, h("h2", null, t("hooks.title")),
        h("button", { type: "button", class: "button button-primary", on: { click: () => void this.edit() } }, icon("plus"), t("hooks.new"))),
      h("p", { class: "quiet" }, t("hooks.help")), this.ends,
      h("h2", null, t("hooks.log")),
      h("div", { class: "row" }, h("div", { class: "segment", role: "group", "aria-label": t("jobs.state") }, states),
        h("a", { href: "#jobs" }, t("hooks.to_jobs"))),
      this.log, this.more));
  }

  async refresh() {
    const [hooks, systems] = await Promise.all([get("webhooks"), get("connectors")]);
    this.endpoints = hooks.endpoints;
    this.events = hooks.events;
    fill(this.ends, hooks.endpoints.length ? hooks.endpoints.map((row) => this.endpoint(row))
      : h("li", { class: "empty card" }, icon("link"), h("h2", null, t("hooks.none")), h("p", null, t("hooks.none_help"))));
    this.drawSystems(systems.connectors.filter((row) => row.active || row.tickets));
    await this.loadLog();
  }

  drawSystems(rows) {
    fill(this.systems, rows.length > 0 && h("section", { class: "card stack systems" }, h("h2", null, t("systems.title")),
      h("ul", { class: "gap-list" }, rows.map((row) => h("li", { class: "row" },
        h("strong", null, label("system", row.name)),
        !row.active && h("span", { class: "tag" }, t("systems.off")),
        h("span", { class: "quiet" }, t("systems.tickets", { n: row.tickets })),
        row.in_trouble > 0 && h("span", { class: "tag tag-wait" }, t("systems.trouble", { n: row.in_trouble })),
        row.paused_until > new Date().toISOString() && h("span", { class: "tag tag-wait" }, t("systems.paused", { when: formatFull(row.paused_until) })),
        row.polled_at && h("span", { class: "small quiet" }, t("systems.looked"), " ", ago(row.polled_at)))))));
  }

  endpoint(row) {
    const act = (action, done) => (event) => void attempt(event.currentTarget, async () => {
      await action();
      await this.refresh();
    }).then((ok) => ok && done && said(done));
    return h("li", { class: "gap card", dataset: { endpoint: row.id } },
      h("div", null,
        h("p", { class: "gap-text" }, row.url, " ", !row.active && h("span", { class: "tag tag-wait" }, t("hooks.off")),
          row.active && row.failing_since && h("span", { class: "tag tag-wait" }, t("hooks.failing", { when: formatAgo(row.failing_since) }))),
        h("p", { class: "small quiet" }, [row.description, row.events.join(", ")].filter(Boolean).join(" · ")),
        row.disabled_reason && h("p", { class: "problems" }, t("hooks.disabled", { reason: row.disabled_reason }))),
      h("div", { class: "row" },
        h("button", { type: "button", class: "button", on: { click: act(() => post(`webhooks/${row.id}/test`), t("hooks.tested")) } }, icon("send"), t("hooks.test")),
        h("button", { type: "button", class: "button", on: { click: () => void this.edit(row) } }, t("hooks.edit")),
        h("button", { type: "button", class: "button", on: { click: act(() => put(`webhooks/${row.id}`, { active: !row.active })) } }, t(row.active ? "hooks.switch_off" : "hooks.switch_on")),
        h("button", { type: "button", class: "button", on: { click: () => void this.rotate(row).catch(failed) } }, t("hooks.rotate")),
        h("button", { type: "button", class: "button", on: { click: () => void this.remove(row).catch(failed) } }, icon("close"), t("hooks.remove"))));
  }

  /** The form of an endpoint: a new one, or `row`. */
  async edit(row) {
    const wanted = new Set(row ? row.events : ["ticket.*"]);
    const choices = ["*", ...new Set(this.events.map((name) => `${name.split(".")[0]}.*`)), ...this.events];
    const saved = await dialog(t(row ? "hooks.edit" : "hooks.new"), (close) => {
      const url = h("input", { class: "input", id: "hook-url", type: "url", required: true, maxlength: "1000", placeholder: "https://", value: row?.url ?? "" });
      const description = h("input", { class: "input", id: "hook-description", maxlength: "200", value: row?.description ?? "" });
      const boxes = choices.map((name) => h("label", { class: "row" }, h("input", { type: "checkbox", value: name, checked: wanted.has(name) }), h("code", null, name)));
      const save = h("button", { type: "submit", class: "button button-primary" }, t("hooks.save"));
      return h("form", { class: "stack", on: { submit: (event) => {
        event.preventDefault();
        const events = boxes.map((box) => box.firstChild).filter((box) => box.checked).map((box) => box.value);
        const body = { url: url.value, description: description.value, events };
        void attempt(save, async () => close(await (row ? put(`webhooks/${row.id}`, body) : post("webhooks", body))));
      } } },
      h("div", { class: "field" }, h("label", { for: "hook-url" }, t("hooks.url")), url),
      h("div", { class: "field" }, h("label", { for: "hook-description" }, t("hooks.description")), description),
      h("fieldset", { class: "event-choices" }, h("legend", null, t("hooks.events")), boxes),
      h("div", { class: "row row-end" }, save));
    }, { wide: true });
    if (!saved) return;
    await this.refresh().catch(failed);
    if (saved.secret) await secretDialog(saved.secret);
  }

  async rotate(row) {
    if (!(await confirm(t("hooks.rotate"), t("hooks.rotate_help"), t("hooks.rotate")))) return;
    const { secret } = await post(`webhooks/${row.id}/rotate`);
    await secretDialog(secret);
  }

  async remove(row) {
    if (!(await confirm(t("hooks.remove"), t("hooks.remove_help", { url: row.url }), t("hooks.remove")))) return;
    await del(`webhooks/${row.id}`);
    await this.refresh();
  }

  /** The log from the top, or from before a time. */
  async loadLog(before) {
    const state = this.state;
    const { deliveries } = await get("webhooks/deliveries", { state, before, limit: PAGE });
    if (state !== this.state) return;
    this.last = deliveries.at(-1)?.at;
    this.more.hidden = deliveries.length < PAGE;
    const rows = deliveries.map((message) => this.message(message));
    if (before) this.log.append(...rows);
    else fill(this.log, rows.length ? rows : h("li", { class: "empty card" }, icon("check"), h("h2", null, t("jobs.none")), h("p", null, t("hooks.log_none"))));
  }

  message(message) {
    const url = this.endpoints.find((row) => row.id === message.endpoint_id)?.url ?? message.endpoint_id;
    const last = message.tries.at(-1);
    return h("li", { class: "gap card", dataset: { message: message.id } },
      h("div", null,
        h("p", { class: "gap-text" }, h("code", null, message.type), " ", h("span", { class: message.state === "delivered" ? "tag" : "tag tag-wait" }, t(`hooks.state_${message.state}`))),
        h("p", { class: "small quiet" }, url, " · ", ago(message.at), ` · ${t("jobs.attempts", { n: message.attempts })}`,
          last && ` · ${last.code ?? last.error} (${last.millis} ms)`)),
      h("button", { type: "button", class: "button", on: { click: (event) => void attempt(event.currentTarget, async () => {
        await post(`webhooks/deliveries/${message.id}/resend`);
        await this.loadLog();
      }).then((ok) => ok && said(t("hooks.resent"))) } }, icon("undo"), t("hooks.resend")));
  }
}
