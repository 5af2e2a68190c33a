import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contrastWithWhite, parseHex, readable, type Rgb } from "../src/launcher/colour";
import { pack, texts, unpackToFrame, unpackToHost } from "../src/protocol";
import { SseReader } from "../src/chat/sse";
import { backoff } from "../src/chat/backoff";
import de from "../src/chat/words/de";
import en from "../src/chat/words/en";
import es from "../src/chat/words/es";
import fr from "../src/chat/words/fr";
import it_ from "../src/chat/words/it";
import nl from "../src/chat/words/nl";
import moreDe from "../src/chat/more/words/de";
import moreEn from "../src/chat/more/words/en";
import moreEs from "../src/chat/more/words/es";
import moreFr from "../src/chat/more/words/fr";
import moreIt from "../src/chat/more/words/it";
import moreNl from "../src/chat/more/words/nl";
import { fill, speak } from "../src/chat/words/index";

describe("protocol", () => {
  it("passes what it declares", () => {
    const open = { type: "open", focus: true, modal: false } as const;
    expect(unpackToFrame(pack(open))).toMatchObject(open);
    const context = { type: "context", context: { page: "/x" } } as const;
    expect(unpackToFrame(pack(context))).toMatchObject(context);
    expect(unpackToHost(pack({ type: "unread", count: 2 }))).toMatchObject({ count: 2 });
  });

  it("takes what a page knows of an order as texts", () => {
    const context = texts({ order: 4711, page: "/x", paid: true, note: undefined, until: null });
    expect(context).toEqual({ order: "4711", page: "/x", paid: "true", note: "", until: "" });
    expect(unpackToFrame(pack({ type: "context", context }))).toMatchObject({ context });
    expect(texts(null)).toEqual({});
  });

  it("drops everything else, and never throws", () => {
    fc.assert(fc.property(fc.anything(), (data) => unpackToFrame(data) === undefined && unpackToHost(data) === undefined));
    for (const data of [
      { relais: 1, type: "toString" }, { relais: 1, type: "__proto__" }, { relais: 2, type: "hide" }, { type: "hide" },
      { relais: 1, type: "open", focus: "yes", modal: false }, { relais: 1, type: "identify", token: "x".repeat(4001) },
      { relais: 1, type: "context", context: { a: 1 } }, { relais: 1, type: "context", context: null }, { relais: 1, type: "context", context: Array(21).fill("x") },
      { relais: 1, type: "unread", count: 1 },
    ]) expect(unpackToFrame(data)).toBeUndefined();
    expect(unpackToHost({ relais: 1, type: "open", focus: true, modal: true })).toBeUndefined();
  });
});

describe("theme colours", () => {
  it("leaves every corrected colour readable under white text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (n) => {
        const given = `#${n.toString(16).padStart(6, "0")}`;
        const made = readable(given);
        expect(contrastWithWhite(parseHex(made ?? "") as Rgb)).toBeGreaterThanOrEqual(5.1);
        expect(made !== given).toBe(contrastWithWhite(parseHex(given) as Rgb) < 5.1);
      }),
    );
  });

  it("refuses what is no colour", () => expect(readable("red;}*{display:none")).toBeUndefined());
});

describe("event stream", () => {
  it("reads the same events however the bytes are cut", () => {
    const stream = 'retry: 2000\n\n: \n\nid: 1\ndata: {"a":"é"}\n\nid: 2\r\ndata: x\r\ndata: y\r\n\r\n: beat\n\ndata:z\n\n';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const reader = new SseReader();
        const found = at.slice(1).flatMap((end, i) => reader.push(stream.slice(at[i], end)));
        expect(found).toEqual(['{"a":"é"}', "x\ny", "z"]);
      }),
    );
  });
});

describe("words", () => {
  const all = { fr, en, nl, es, de, it: it_ };
  const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();

  it.each(Object.entries(all))("%s says everything, with the placeholders of French", (_, words) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(fr).sort());
    for (const [key, text] of Object.entries(words)) {
      expect(text.trim()).not.toBe("");
      expect(holes(text)).toEqual(holes(fr[key as keyof typeof fr]));
    }
  });

  it.each(Object.entries({ moreFr, moreEn, moreNl, moreEs, moreDe, moreIt }))("%s says everything that is loaded on demand", (_, words) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(moreFr).sort());
    for (const text of Object.values(words)) expect(text.trim()).not.toBe("");
  });

  it("fills placeholders and leaves unknown ones alone", () => expect(fill("{n} et {x}", { n: 3 })).toBe("3 et {x}"));

  it("tries again while the network is down, and falls back to French", async () => {
    const asked: string[] = [];
    const words = await speak("xx", async (name) => {
      asked.push(name);
      if (asked.length < 2) throw new TypeError("network");
      return { default: fr };
    });
    expect(words).toBe(fr);
    expect(asked).toEqual(["words-fr", "words-fr"]);
  });
});

describe("back-off", () => {
  it("grows, stays bounded, and never repeats at once", () => {
    expect(backoff(1, () => 1)).toBe(1000);
    expect(backoff(50, () => 1)).toBe(30_000);
    for (let i = 0; i < 40; i++) expect(backoff(i, () => 0)).toBeGreaterThanOrEqual(250);
  });
});
