/** The reply box: what is typed meanwhile, what still uploads, and a request somebody else takes. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { Composer } from "../../bot/web/static/staff/inbox/composer.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Files } from "../../bot/web/static/staff/inbox/files.js";
// @ts-expect-error plain JavaScript of the staff pages
import { listenKeys } from "../../bot/web/static/staff/inbox/keys.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Mention } from "../../bot/web/static/staff/inbox/mention.js";

/** Uploads wait here until a test lets them through. */
const uploads = vi.hoisted(() => {
  const waiting: { url: string; name: string; answer: (response: Response) => void }[] = [];
  vi.stubGlobal("fetch", (url: string, { body }: { body?: FormData } = {}) => url.includes("/attachments")
    ? new Promise<Response>((answer) => waiting.push({ url, name: (body!.get("file") as File).name, answer }))
    : Promise.resolve(new Response("{}")));
  return waiting;
});

const REFERENCE = "SOL-AAAAAA";
const PAGE = `<div id="toasts"></div><form id="composer"><p id="composer-panel"></p><button type="button" id="tab-reply"></button><button type="button" id="tab-note"></button>
  <textarea id="composer-text"></textarea><ul id="mention-list"></ul><ul id="composer-files"></ul><label id="composer-translate-line"><input type="checkbox" id="composer-translate"></label>
  <button type="button" id="composer-macro"></button><button type="button" id="composer-attach"></button><input type="file" id="composer-file"><button id="composer-send"><span id="composer-send-text"></span></button></form>`;

const box = () => document.getElementById("composer-text") as HTMLTextAreaElement;
const write = (text: string) => {
  box().value = text;
  box().dispatchEvent(new Event("input"));
};
const toasts = () => [...document.querySelectorAll(".toast-error p")].map((one) => one.textContent);

function composer(more: object = {}) {
  const made = new Composer({ send: async () => {}, typing: vi.fn(), writing: vi.fn(), files: () => false, ...more });
  made.follow(REFERENCE, { replying: true, noting: true });
  return made;
}

beforeEach(() => {
  document.body.append(...new DOMParser().parseFromString(PAGE, "text/html").body.childNodes);
  uploads.length = 0;
});
afterEach(() => {
  document.body.replaceChildren();
  sessionStorage.clear();
});

describe("a reply on its way", () => {
  it("keeps no answer to another request waiting", async () => {
    const send = vi.fn(() => new Promise<void>(() => {}));
    const made = composer({ send });
    write("Bonjour");
    void made.submit();
    expect(send).toHaveBeenCalledTimes(1);
    made.follow("SOL-DDDDDD", { replying: true, noting: true });
    write("Une autre réponse");
    void made.submit();
    expect(send).toHaveBeenCalledTimes(2);
  });

  it("leaves the draft of what was typed since", async () => {
    let resolve = () => {};
    const promise = new Promise<void>((then) => {
      resolve = then;
    });
    const made = composer({ send: () => promise });
    write("Bonjour");
    const sent = made.submit();
    write("Bonjour, encore une chose");
    resolve();
    await sent;
    made.follow("SOL-BBBBBB", { replying: true, noting: true });
    expect(box().value).toBe("");
    made.follow(REFERENCE, { replying: true, noting: true });
    expect(box().value).toBe("Bonjour, encore une chose");
  });

  it("takes its own draft with it", async () => {
    const made = composer();
    write(" Bonsoir\n");
    await made.submit();
    expect([box().value, sessionStorage.length]).toEqual(["", 0]);
  });
});

describe("a request somebody else takes", () => {
  it("stops the typing, and makes no shortcuts of the rest of the sentence", () => {
    const made = composer();
    const take = vi.fn();
    listenKeys({ t: take });
    write("Votre compteur ");
    box().focus();
    made.follow(REFERENCE, { replying: false, noting: true });
    expect([box().readOnly, box().disabled, document.activeElement]).toEqual([true, false, box()]);
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "t", bubbles: true }));
    expect(take).not.toHaveBeenCalled();
    expect(made.insert("Bonjour")).toBe(false);
    expect(box().value).toBe("Votre compteur ");
    made.follow(REFERENCE, { replying: true, noting: true });
    expect([box().readOnly, made.insert("est plein.")]).toEqual([false, true]);
  });
});

describe("files", () => {
  const file = (name: string) => new File(["x"], name, { type: "text/plain" });
  const stored = (id: string) => new Response(JSON.stringify({ id, name: id, size: 1 }));
  const next = async (count: number) => {
    await vi.waitFor(() => expect(uploads).toHaveLength(count));
    return uploads[count - 1]!;
  };

  it("chosen while others upload come after them, and the next reply waits for all", async () => {
    const files = new Files(() => REFERENCE);
    files.add([file("a.txt")]);
    files.add([file("b.txt")]);
    expect([files.any(), files.button.getAttribute("aria-busy")]).toEqual([true, "true"]);
    const all = files.uploaded(REFERENCE);
    (await next(1)).answer(stored("a.txt"));
    const second = await next(2);
    expect(second.name).toBe("b.txt");
    files.add([file("c.txt")]);
    second.answer(stored("b.txt"));
    (await next(3)).answer(stored("c.txt"));
    expect(await all).toBe(true);
    expect(files.ids(REFERENCE)).toEqual(["a.txt", "b.txt", "c.txt"]);
    expect(files.button.getAttribute("aria-busy")).toBe("false");
  });

  it("one that does not arrive holds the reply back, and is told; the others are there", async () => {
    const files = new Files(() => REFERENCE);
    files.add([file("a.txt"), file("b.txt")]);
    const all = files.uploaded(REFERENCE);
    (await next(1)).answer(new Response(JSON.stringify({ detail: "Trop grand." }), { status: 413 }));
    (await next(2)).answer(stored("b.txt"));
    expect(await all).toBe(false);
    expect([files.ids(REFERENCE), toasts()]).toEqual([["b.txt"], ["Trop grand."]]);
    expect(await files.uploaded(REFERENCE)).toBe(true);
  });

  it("go to the request they were chosen in, and those chosen after a reply left wait for the next", async () => {
    let open = REFERENCE;
    const files = new Files(() => open);
    files.add([file("a.txt"), file("b.txt")]);
    open = "SOL-BBBBBB";
    expect(files.any()).toBe(false);
    (await next(1)).answer(stored("a.txt"));
    (await next(2)).answer(stored("b.txt"));
    expect(await files.uploaded(REFERENCE)).toBe(true);
    expect(uploads.every(({ url }) => url.includes(REFERENCE))).toBe(true);
    files.sent(REFERENCE, ["a.txt"]);
    expect(files.ids(REFERENCE)).toEqual(["b.txt"]);
  });
});

it("a colleague is called by a name with accents, and an address is no call", () => {
  const found = (text: string) => {
    const mention = new Mention({ people: () => [{ username: "zoe", first_name: "Zoé" }], active: () => true });
    box().value = text;
    box().setSelectionRange(text.length, text.length);
    mention.update();
    return mention.list.hidden ? null : mention.list.textContent;
  };
  expect(found("vu avec @Zoé")).toContain("Zoé");
  expect(found("rené@zo")).toBeNull();
});
