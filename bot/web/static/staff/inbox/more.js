/** What is done with a request less often: priority, level, hold, links, merge, a promise of news. */

import { del, post, put } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { attempt, said } from "../lib/notify.js";
import { dayAfter, formatFullDay, label, t } from "../lib/texts.js";

const path = (reference, action) => `tickets/${encodeURIComponent(reference)}/${action}`;
const send = (key) => h("div", { class: "row row-end" }, h("button", { type: "submit", class: "button button-primary" }, t(key)));

/** A dialogue with one field; resolves to its value. */
function one(title, text, id, field, button) {
  return dialog(title, (close) => h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); close(field.value.trim()); } } },
    text && h("p", { class: "quiet" }, text), h("div", { class: "field" }, h("label", { for: id }, t(`more.${id.slice(5)}`)), field), send(button)));
}

const input = (id, more = {}) => h("input", { class: "input", id, autocomplete: "off", ...more });

/** Ask for one value and post what it makes; resolves to the value. */
async function asked(ticket, name, id, field, action, body, button = `more.${name}`) {
  const value = await one(t(`more.${name}_title`), t(`more.${name}_text`), id, field, button);
  if (value) await post(path(ticket.reference, action), body(value));
  return value;
}

const other = (id) => input(id, { required: true, placeholder: "SOL-…", maxlength: "20" });

const DOES = {
  async priority(ticket) {
    const field = h("select", { class: "select", id: "more-priority" }, ["urgent", "high", "normal"].map((name) => h("option", { value: name, selected: name === ticket.priority }, label("priority", name))));
    const priority = await one(t("more.priority_title"), "", "more-priority", field, "more.apply");
    if (priority) await post(path(ticket.reference, "priority"), { priority });
    return priority;
  },
  escalate: (ticket) => asked(ticket, "escalate", "more-reason", h("textarea", { class: "textarea", id: "more-reason", maxlength: "1000", required: true }),
    "escalate", (reason) => ({ reason })),
  async hold(ticket) {
    await post(path(ticket.reference, "hold"));
    return true;
  },
  link: (ticket) => asked(ticket, "link", "more-other", other("more-other"), "links", (to) => ({ to: to.toUpperCase() })),
  outage: (ticket) => asked(ticket, "outage", "more-outage", input("more-outage", { required: true, maxlength: "60", value: ticket.outage ?? "" }),
    "links", (outage) => ({ outage }), "more.outage_link"),
  merge: (ticket) => asked(ticket, "merge", "more-into", other("more-into"), "merge", (into) => ({ into: into.toUpperCase() })),
  async promise(ticket) {
    const tomorrow = dayAfter(Date.now());
    const day = await one(t("more.promise_title"), t("more.promise_text"), "more-day", input("more-day", { type: "date", required: true, min: tomorrow, value: tomorrow }), "more.promise");
    if (day) await put(path(ticket.reference, "follow-up"), { next_by: day });
    return day;
  },
  async unpromise(ticket) {
    await del(path(ticket.reference, "follow-up"));
    return true;
  },
};

/** Ask what to do and do it; `done()` after something changed. */
export async function more(button, ticket, done) {
  const plan = ticket.follow_up;
  const never = { escalate: ticket.level === "expert", hold: ticket.status === "on_hold" };
  const keys = ["priority", "escalate", "hold", "link", "outage", "merge", plan ? "unpromise" : "promise"].filter((key) => !never[key]);
  const icons = { priority: "alert", escalate: "up", hold: "pause", link: "link", outage: "alert", merge: "swap", promise: "clock", unpromise: "close" };
  const chosen = await dialog(t("more.title"), (close) => h("div", { class: "stack" },
    plan?.due_at && h("p", { class: "quiet" }, t("more.promised", { day: formatFullDay(plan.due_at) })),
    h("ul", { class: "option-list" }, keys.map((key) => h("li", null, h("button", { type: "button", class: "button", on: { click: () => close(key) } }, icon(icons[key]), t(`more.do_${key}`)))))));
  if (!chosen) return;
  await attempt(button, async () => {
    if (!(await DOES[chosen](ticket))) return;
    said(t("more.done"));
    await done();
  });
}
