import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { RelaisApi as Published, RelaisEvents as PublishedEvents, Ask as PublishedAsk } from "../npm/index";
import { load } from "../npm/index.js";
import type { Ask, RelaisApi, RelaisEvents } from "../src/launcher/types";

afterEach(() => {
  delete window.Relais;
  document.head.replaceChildren();
});

describe("the package", () => {
  it("publishes the types the launcher implements", () => {
    expectTypeOf<Published>().toEqualTypeOf<RelaisApi>();
    expectTypeOf<PublishedEvents>().toEqualTypeOf<RelaisEvents>();
    expectTypeOf<PublishedAsk>().toEqualTypeOf<Ask>();
  });

  it("adds one script with its options as attributes and resolves with the API", async () => {
    const promise = load({ server: "https://support.example/", locale: "nl", position: "start" });
    const script = document.querySelector("script") as HTMLScriptElement;
    expect(script.src).toBe("https://support.example/widget.js");
    expect({ ...script.dataset }).toEqual({ locale: "nl", position: "start" });
    const api = { version: 1 } as RelaisApi;
    window.Relais = api;
    dispatchEvent(new Event("relais:ready"));
    expect(await promise).toBe(api);
    expect(await load({ server: "https://support.example" })).toBe(api);
    expect(document.querySelectorAll("script")).toHaveLength(1);
  });

  it("says so where the server is not reached, and leaves the page as it was", async () => {
    const promise = load({ server: "https://nowhere.example" });
    document.querySelector("script")?.dispatchEvent(new Event("error"));
    await expect(promise).rejects.toThrow("nowhere.example");
    expect(document.querySelector("script")).toBeNull();
  });
});
