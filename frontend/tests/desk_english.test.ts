/** The desk in English and at any hour: amounts as the reader writes them, tomorrow by the desk's clock, the bell's list. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { Alerts } from "../../bot/web/static/staff/inbox/alerts.js";
// @ts-expect-error plain JavaScript of the staff pages
import { more } from "../../bot/web/static/staff/inbox/more.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Side } from "../../bot/web/static/staff/inbox/side.js";
// @ts-expect-error plain JavaScript of the staff pages
import { dayAfter, dayOf } from "../../bot/web/static/staff/lib/texts.js";

const server = vi.hoisted(() => {
  document.documentElement.lang = "en";
  const made = { answers: {} as Record<string, object>, posted: [] as [string, unknown][] };
  vi.stubGlobal("fetch", async (url: string, { method, body }: { method?: string; body?: string } = {}) => {
    if (method === "POST") made.posted.push([url, JSON.parse(body!)]);
    return method === "POST" ? new Response(null, { status: 204 }) : new Response(JSON.stringify(made.answers[url] ?? {}));
  });
  return made;
});

beforeEach(() => {
  for (const id of ["toasts", "bell", "bell-count"]) document.body.append(Object.assign(document.createElement("div"), { id }));
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = function close() {
    this.dispatchEvent(new Event("close"));
  };
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

it("bills are in the reader's figures", () => {
  const side = Object.assign(Object.create(Side.prototype), { customer: document.createElement("div") });
  side.drawCustomer({ values: {}, verified: true, bills: [{ issued: "2026-01-02", total: "1284.50", status: "paid" }] });
  expect(side.customer.querySelector(".bills").textContent).toContain("€1,284.50");
});

describe("tomorrow", () => {
  // Half past midnight in Paris is still the day before in Greenwich.
  it("is the desk's", async () => {
    vi.useFakeTimers({ now: new Date("2026-06-09T22:30:00Z"), toFake: ["Date"] });
    void more(document.createElement("button"), { reference: "SOL-AAAAAA" }, vi.fn());
    [...document.querySelectorAll("dialog button")].find((one) => one.textContent === "more.do_promise")!.dispatchEvent(new Event("click"));
    await vi.waitFor(() => expect(document.getElementById("more-day")).not.toBeNull());
    const day = document.getElementById("more-day") as HTMLInputElement;
    expect([day.min, day.value]).toEqual(["2026-06-11", "2026-06-11"]);
  });

  it("is the next day also where the clocks go back in between", () => {
    const midnight = "2026-10-24T22:15:00Z";
    expect([dayOf(midnight), dayAfter(midnight)]).toEqual(["2026-10-25", "2026-10-26"]);
  });
});

it("closing the bell marks as seen what stood in its list, and nothing else", async () => {
  const one = (id: number, seen_at: string | null = null) => ({ id, kind: "mention", reference: "SOL-AAAAAA", detail: { by: "ana" }, at: "2026-01-02T10:00:00Z", seen_at });
  const list = (...notifications: object[]) => {
    server.answers["/api/v1/staff/notifications"] = { notifications, unseen: 70, switches: {} };
  };
  list(one(9), one(8), one(3, "2026-01-02T11:00:00Z"));
  const alerts = new Alerts({ open: vi.fn(), counted: vi.fn(), name: String });
  const shown = alerts.show();
  await vi.waitFor(() => expect(document.querySelectorAll(".alert-list li")).toHaveLength(3));
  // Another one comes while the list is read.
  list(one(10), one(9), one(8));
  await alerts.refresh();
  document.querySelector<HTMLButtonElement>("dialog header button")!.click();
  await shown;
  expect(server.posted).toEqual([["/api/v1/staff/notifications/seen", { ids: [9, 8] }]]);
});
