/** What leaves in the background: what waits, what is dead, and a new start for it. */

import { get, post } from "../lib/api.js";
import { fill, h, icon } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { formatAgo, formatFull, label, t } from "../lib/texts.js";

const STATES = ["dead", "retrying", "waiting", "running", "done"];
const PAGE = 100;

export class Jobs {
  /** `counted(n)` tells how many dead letters there are. */
  constructor(panel, counted) {
    this.counted = counted;
    this.state = "dead";
    this.jobs = [];
    this.turn = 0;
    const states = STATES.map((name) => h("button", { type: "button", "aria-pressed": String(name === this.state), on: { click: (event) => {
      this.state = name;
      for (const button of event.currentTarget.parentElement.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      void this.refresh().catch(failed);
    } } }, t(`jobs.${name}`)));
    this.all = h("button", { type: "button", class: "button", hidden: true, on: { click: (event) => void this.retryAll(event.currentTarget) } }, icon("undo"), t("jobs.retry_all"));
    this.more = h("button", { type: "button", class: "button", hidden: true, on: { click: () => void this.load(this.jobs.at(-1)?.id).catch(failed) } }, t("jobs.more"));
    this.status = h("span", { class: "small quiet", role: "status" });
    this.list = h("ul", { class: "gap-list", "aria-label": t("jobs.list") });
    fill(panel, h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("jobs.help")),
      h("div", { class: "row" }, h("div", { class: "segment", role: "group", "aria-label": t("jobs.state") }, states), this.status, this.all),
      this.list, this.more));
  }

  async refresh() {
    this.jobs = [];
    this.turn += 1;
    await this.load();
  }

  /** The first page, or the one below the job numbered `before`. */
  async load(before) {
    const { state, turn } = this;
    const found = await get("jobs", { state, before, limit: PAGE });
    // The list may have begun anew, or gone on, meanwhile: nothing stands in it twice.
    if (turn !== this.turn || (before && before !== this.jobs.at(-1)?.id)) return;
    this.jobs = before ? [...this.jobs, ...found.jobs] : found.jobs;
    this.counted(found.dead);
    this.status.textContent = t("jobs.counts", { waiting: found.waiting, dead: found.dead });
    this.all.hidden = state !== "dead" || !this.jobs.length;
    this.more.hidden = found.jobs.length < PAGE;
    fill(this.list, this.jobs.length ? this.jobs.map((job) => this.row(job))
      : h("li", { class: "empty card" }, icon("check"), h("h2", null, t("jobs.none")), h("p", null, t(state === "dead" ? "jobs.none_dead" : "jobs.none_help"))));
  }

  row(job) {
    return h("li", { class: "gap card", dataset: { job: String(job.id) } },
      h("div", null,
        h("p", { class: "gap-text" }, label("topic", job.topic), job.about && ` · ${job.about}`),
        h("p", { class: "small quiet" }, job.to && `${job.to} · `,
          h("time", { datetime: job.created_at, "data-ago": true, title: formatFull(job.created_at) }, formatAgo(job.created_at)),
          ` · ${t("jobs.attempts", { n: job.attempts })}`,
          job.state === "retrying" && ` · ${t("jobs.next", { when: formatAgo(job.next_at) })}`),
        job.error && h("p", { class: "problems" }, job.error)),
      job.state === "dead" && h("div", { class: "row" },
        h("button", { type: "button", class: "button", on: { click: (event) => void this.retry(job, event.currentTarget) } }, icon("undo"), t("jobs.retry")),
        job.conversation_id && h("a", { href: `/dashboard#conversation/${job.conversation_id}` }, t("jobs.conversation"))));
  }

  async retry(job, button) {
    const done = await attempt(button, async () => {
      await post(`jobs/${job.id}/retry`);
      await this.refresh();
    });
    if (done) said(t("jobs.retried", { n: 1 }));
  }

  async retryAll(button) {
    let count = 0;
    const done = await attempt(button, async () => {
      count = (await post("jobs/retry")).retried;
      await this.refresh();
    });
    if (done) said(t("jobs.retried", { n: count }));
  }
}
