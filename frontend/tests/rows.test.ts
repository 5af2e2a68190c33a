/** The desk's list kept by single rows is the list the server would have given. */

import { describe, expect, it } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { before, fits, merged } from "../../bot/web/static/staff/inbox/rows.js";

const row = (more: object = {}) => ({
  reference: "SOL-AAAAAA", version: 3, status: "new", priority: "normal", queue: "facture", level: "L1", locale: "fr", channel: "chat",
  assignee: null, tags: ["vip"], snoozed_until: null, opened_at: "2026-01-02T10:00:00.000Z", sla: { clocks: [] }, ...more,
});

describe("fits", () => {
  it.each([
    [{}, {}, true],
    [{ status: "live", snoozed: "no" }, {}, true],
    [{ status: "live" }, { status: "solved" }, false],
    [{ status: "open,solved" }, { status: "solved" }, true],
    [{ priority: "urgent,high" }, {}, false],
    [{ queue: "facture", locale: "fr", level: "L1", channel: "chat" }, {}, true],
    [{ queue: "compteur" }, {}, false],
    [{ tag: "vip" }, {}, true],
    [{ tag: "vi" }, {}, false],
    [{ assignee: "none" }, {}, true],
    [{ assignee: "me" }, {}, false],
    [{ assignee: "me" }, { assignee: "ana" }, true],
    [{ assignee: "bo" }, { assignee: "bo" }, true],
    [{ assignee: "none" }, { assignee: "ana" }, false],
    [{ snoozed: "no" }, { snoozed_until: "2026-02-01T00:00:00.000Z" }, false],
    [{ snoozed: "only" }, { snoozed_until: "2026-02-01T00:00:00.000Z" }, true],
    [{ snoozed: "only" }, {}, false],
  ])("%j with %j: %s", (filters, more, wanted) => expect(fits(row(more), filters, "ana")).toBe(wanted));

  it("knows what is late and what is due within the hour", () => {
    const now = Date.parse("2026-01-02T12:00:00Z");
    const due = (at: string, state = "running") => row({ sla: { clocks: [{ state, due_at: at }] } });
    expect(fits(due("2026-01-02T11:59:00Z"), { sla: "late" }, "ana", now)).toBe(true);
    expect(fits(due("2026-01-02T12:30:00Z"), { sla: "late" }, "ana", now)).toBe(false);
    expect(fits(due("2026-01-02T12:30:00Z"), { sla: "due" }, "ana", now)).toBe(true);
    expect(fits(due("2026-01-02T14:00:00Z"), { sla: "due" }, "ana", now)).toBe(false);
    expect(fits(due("2026-01-02T11:00:00Z", "met"), { sla: "due" }, "ana", now)).toBe(false);
  });
});

describe("the list", () => {
  const live = { status: "live" };

  it("puts the most pressing first and settled ones last, newest first", () => {
    const list = [
      row({ reference: "d", status: "solved", opened_at: "2026-01-01" }), row({ reference: "c", status: "closed", opened_at: "2026-01-03" }),
      row({ reference: "b", opened_at: "2026-01-02" }), row({ reference: "a", priority: "urgent", opened_at: "2026-01-03" }),
      row({ reference: "e", opened_at: "2026-01-01" }),
    ];
    expect(list.sort(before).map((one) => one.reference)).toEqual(["a", "e", "b", "c", "d"]);
  });

  it("takes a new request in, replaces a known one, lets a settled one go", () => {
    const first = merged([], row(), live, "ana");
    expect(first).toHaveLength(1);
    expect(merged(first, row({ version: 4, assignee: "bo" }), live, "ana")[0].assignee).toBe("bo");
    expect(merged(first, row({ version: 4, status: "solved" }), live, "ana")).toEqual([]);
  });

  it("keeps as many as were asked for", () => {
    const list = Array.from({ length: 3 }, (_, at) => row({ reference: `SOL-${at}`, opened_at: `2026-01-0${at + 1}` }));
    expect(merged(list, row(), live, "ana", 3).map((one: { reference: string }) => one.reference)).toEqual(["SOL-0", "SOL-1", "SOL-AAAAAA"]);
    expect(merged(list, row(), live, "ana", 4)).toHaveLength(4);
  });

  it("is not set back by an older state", () => {
    const list = [row({ version: 5, assignee: "bo" })];
    expect(merged(list, row(), live, "ana")).toBe(list);
  });
});
