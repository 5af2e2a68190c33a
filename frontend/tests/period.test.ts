/** The dashboard's period: what an address may ask for. */

import { beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({})));
});

it.each([
  ["2026-11-01", "2026-11-26", true],
  ["0026-11-01", "2026-11-26", false],
  ["2026-11-01", "9999-12-31", false],
  ["2026-11-26", "2026-11-01", false],
])("from %s to %s is shown as asked: %s", async (from, to, kept) => {
  // @ts-expect-error plain JavaScript of the staff pages
  const { readAddress } = await import("../../bot/web/static/staff/dashboard/period.js");
  location.hash = `#figures?from=${from}&to=${to}`;
  const read = readAddress();
  expect(read.from === from && read.to === to).toBe(kept);
  expect(read.from <= read.to).toBe(true);
});

it("the picker offers the years the server takes", async () => {
  // @ts-expect-error plain JavaScript of the staff pages
  const { picker } = await import("../../bot/web/static/staff/dashboard/period.js");
  const form = picker({ from: "2026-11-01", to: "2026-11-26" }, () => undefined);
  for (const input of form.querySelectorAll("input[type=date]")) expect(input.getAttribute("min")).toBe("2000-01-01");
});
