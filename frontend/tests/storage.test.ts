/** Small values: what another tab takes away is gone here too, and denied storage is no obstacle. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { keep } from "../src/chat/keep";

afterEach(() => {
  vi.restoreAllMocks();
  keep.set("known", null);
  localStorage.clear();
});

describe("small values", () => {
  it("go with the storage that another tab emptied", () => {
    keep.set("known", "1");
    expect(keep.get("known")).toBe("1");
    localStorage.removeItem("relais:known");
    expect(keep.get("known")).toBeNull();
  });

  it("live in memory where storage is denied", () => {
    const denied = () => {
      throw new DOMException("denied", "SecurityError");
    };
    for (const name of ["getItem", "setItem", "removeItem"] as const) vi.spyOn(Storage.prototype, name).mockImplementation(denied);
    expect(keep.get("known")).toBeNull();
    keep.set("known", "1");
    expect(keep.get("known")).toBe("1");
    keep.set("known", null);
    expect(keep.get("known")).toBeNull();
  });

  it("are the newest where storage is full and still has an older one", () => {
    keep.set("known", "old");
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    keep.set("known", "new");
    expect(keep.get("known")).toBe("new");
    vi.restoreAllMocks();
    keep.set("known", "newer");
    expect(localStorage.getItem("relais:known")).toBe("newer");
    localStorage.removeItem("relais:known");
    expect(keep.get("known")).toBeNull();
  });
});
