/** The leads' forms: what is written while something is saved, and what a colleague saved, is not lost. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript of the staff pages
import { Editor } from "../../bot/web/static/staff/console/editor.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Jobs } from "../../bot/web/static/staff/console/jobs.js";
// @ts-expect-error plain JavaScript of the staff pages
import { Macros } from "../../bot/web/static/staff/console/macros.js";
// @ts-expect-error plain JavaScript of the staff pages
import { People } from "../../bot/web/static/staff/console/rules_people.js";

type Answer = { status?: number; body: object };
type Call = { call: string; body: Record<string, unknown>; answer: (answer: Answer) => void };

/** Calls that a test answers itself, and answers to all others, by method and path. */
const server = vi.hoisted(() => {
  document.body.append(Object.assign(document.createElement("main"), { id: "main" }));
  document.getElementById("main")!.dataset.locales = "fr,en";
  const made = { waiting: [] as Call[], held: new Set<string>(), answers: {} as Record<string, object> };
  vi.stubGlobal("fetch", async (url: string, { method = "GET", body }: { method?: string; body?: string } = {}) => {
    const call = `${method} ${url.replace("/api/v1/staff/", "").replace(/\?.*/, "")}`;
    if (!made.held.has(call)) return new Response(JSON.stringify(made.answers[call] ?? {}));
    const given = await new Promise<Answer>((answer) => made.waiting.push({ call, body: JSON.parse(body ?? "{}"), answer }));
    return new Response(JSON.stringify(given.body), { status: given.status ?? 200 });
  });
  return made;
});

let panel: HTMLElement;
const forms: { rest(): void }[] = [];
const field = (id: string) => document.getElementById(id) as HTMLInputElement;
const write = (id: string, text: string) => {
  field(id).value = text;
  field(id).dispatchEvent(new Event("input", { bubbles: true }));
};
const button = (words: string, within: ParentNode = document) =>
  [...within.querySelectorAll("button")].find((one) => one.textContent!.trim() === words || one.getAttribute("aria-label") === words)!;
const toasts = () => [...document.querySelectorAll(".toast p")].map((one) => one.textContent);
/** The `count`th call that waits for its answer. */
const asked = async (count = 1) => {
  await vi.waitFor(() => expect(server.waiting).toHaveLength(count));
  return server.waiting[count - 1]!;
};

beforeEach(() => {
  document.body.append(Object.assign(document.createElement("div"), { id: "toasts" }));
  panel = document.body.appendChild(document.createElement("div"));
  Object.assign(server, { waiting: [], answers: {} });
  server.held.clear();
  // jsdom shows no dialogues.
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = function close() {
    this.dispatchEvent(new Event("close"));
  };
  HTMLElement.prototype.scrollIntoView = vi.fn();
});
afterEach(() => {
  // The page asks all of them before it is left.
  for (const form of forms.splice(0)) form.rest();
  for (const node of [...document.body.children]) if (node.id !== "main") node.remove();
});

describe("an article", () => {
  const article = { title: "Compteur", answer: "Relevez-le.", body: "", variants: [], theme: "services", version: 3 };
  const saved = vi.fn();
  beforeEach(() => {
    saved.mockReset();
    server.answers["GET articles/compteur"] = article;
    server.answers["GET articles/facture"] = { ...article, title: "Facture" };
    server.held.add("PUT articles/compteur");
  });
  const opened = async () => {
    const editor = new Editor(panel, { saved, back: vi.fn(), known: () => false });
    forms.push(editor);
    await editor.open("compteur", "fr");
    return editor;
  };

  it("keeps what is typed while it is published, and where", async () => {
    const editor = await opened();
    write("edit-answer", "Relevez-le le 1er.");
    field("edit-answer").focus();
    const published = editor.publish();
    const put = await asked();
    write("edit-answer", "Relevez-le le 1er du mois.");
    field("edit-answer").setSelectionRange(5, 5);
    put.answer({ body: { version: 4 } });
    await published;
    expect([field("edit-answer").value, document.activeElement, field("edit-answer").selectionStart]).toEqual(["Relevez-le le 1er du mois.", field("edit-answer"), 5]);
    expect([editor.dirty(), editor.article.version, editor.base.answer]).toEqual([true, 4, "Relevez-le le 1er."]);
    expect(saved).toHaveBeenCalledWith("compteur", { locale: "fr", left: false });
  });

  it("that was left stays left, and its own gap is settled", async () => {
    const editor = await opened();
    const [mine, other] = [vi.fn(), vi.fn()];
    editor.gap = mine;
    write("edit-answer", "Relevez-le le 1er.");
    const published = editor.publish();
    const put = await asked();
    await editor.open("facture", "fr");
    editor.gap = other;
    write("edit-answer", "Autre chose");
    put.answer({ body: { version: 4 } });
    await published;
    expect([field("edit-title").value, field("edit-answer").value, editor.article.id, editor.article.version]).toEqual(["Facture", "Autre chose", "facture", 3]);
    expect([mine.mock.calls, other.mock.calls, editor.gap]).toEqual([[["compteur"]], [], other]);
    expect(saved).toHaveBeenCalledWith("compteur", { locale: "fr", left: true });
  });

  it("asked for later is the one that is shown", async () => {
    server.held.add("GET articles/compteur");
    const editor = new Editor(panel, { saved, back: vi.fn(), known: () => false });
    const slow = editor.open("compteur", "fr");
    const first = await asked();
    await editor.open("facture", "fr");
    first.answer({ body: article });
    await slow;
    expect(field("edit-title").value).toBe("Facture");
  });
});

describe("a macro", () => {
  const macro = { id: 7, name: "Rappel", theme: null, texts: { fr: "Bonjour" }, version: 1, active: true, uses: 0, author: "lea" };
  const requests = [{ id: 5, kind: "macro", text: "les relevés", author: "ana", at: "2026-01-02T10:00:00Z" }];
  const listed = (more: object = {}) => {
    server.answers["GET macros"] = { macros: [{ ...macro, ...more }], placeholders: [] };
  };
  const opened = async () => {
    listed();
    server.answers["GET requests"] = { requests };
    server.held.add("PUT macros/7");
    const macros = new Macros(panel);
    forms.push(macros);
    await macros.refresh();
    await macros.pick(macros.macros[0]);
    return macros;
  };
  const save = () => field("macro-name").form!.dispatchEvent(new Event("submit", { cancelable: true }));

  it("a colleague changed is shown beside one's own text, which can be saved over it", async () => {
    await opened();
    write("macro-fr", "Bonjour à vous");
    save();
    listed({ version: 2, texts: { fr: "Bonsoir" }, active: false });
    (await asked()).answer({ status: 409, body: { detail: "lea a modifié" } });
    await vi.waitFor(() => expect(document.querySelector("dialog")).not.toBeNull());
    expect(document.querySelector("dialog .diff")!.textContent).toMatch(/Bonsoir.*vous/s);
    expect(field("macro-fr").value).toBe("Bonjour à vous");
    button("macros.overwrite").click();
    const second = await asked(2);
    expect(second.body).toMatchObject({ version: 2, active: false, texts: { fr: "Bonjour à vous" } });
    listed({ version: 3, texts: { fr: "Bonjour à vous" } });
    second.answer({ body: { ...macro, version: 3, texts: { fr: "Bonjour à vous" } } });
    await vi.waitFor(() => expect(toasts()).toContain("macros.saved"));
    save();
    expect((await asked(3)).body.version).toBe(3);
  });

  it("whose name is taken says so; what one keeps writing stays", async () => {
    const macros = await opened();
    write("macro-name", "Relevé");
    save();
    (await asked()).answer({ status: 409, body: { detail: "Ce nom est pris." } });
    await vi.waitFor(() => expect(panel.querySelector(".error")!.textContent).toBe("Ce nom est pris."));
    expect([document.querySelector("dialog"), field("macro-name").value, macros.dirty()]).toEqual([null, "Relevé", true]);
  });

  it("keeps what is typed while it is saved, and answers to requests begun beside it", async () => {
    const macros = await opened();
    write("answer-5", "C'est bien");
    const box = field("answer-5");
    write("macro-fr", " Bonjour à vous ");
    save();
    const put = await asked();
    write("macro-en", "Hello");
    put.answer({ body: { ...macro, version: 2, texts: { fr: "Bonjour à vous" } } });
    await vi.waitFor(() => expect(toasts()).toContain("macros.saved"));
    expect([field("macro-fr").value, field("macro-en").value, macros.dirty()]).toEqual(["Bonjour à vous", "Hello", true]);
    await macros.refresh();
    expect([field("answer-5"), box.value, box.isConnected]).toEqual([box, "C'est bien", true]);
    server.held.add("POST requests/5");
    button("requests.done").click();
    expect((await asked(2)).body).toEqual({ status: "done", answer: "C'est bien" });
  });

  it("half written is not left for another one, nor with the page, without asking", async () => {
    const macros = await opened();
    const leave = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(false);
    write("macro-fr", "Bonjour à vous");
    expect(leave()).toBe(true);
    button("macros.new").click();
    button("cancel", document.querySelector("dialog")!).click();
    await vi.waitFor(() => expect(document.querySelector("dialog")).toBeNull());
    expect([field("macro-fr").value, macros.current.id]).toEqual(["Bonjour à vous", 7]);
    button("macros.new").click();
    document.querySelector("dialog form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await vi.waitFor(() => expect(field("macro-fr").value).toBe(""));
    expect([macros.dirty(), leave()]).toEqual([false, false]);
  });
});

it("saving one person leaves what is not saved of another", async () => {
  const person = (username: string) => ({ username, first_name: username, languages: ["fr"], skills: [], capacity: 3, away: false, present: true, open_tickets: 0 });
  server.answers["GET agents"] = { agents: [person("ana"), person("paul")] };
  const people = new People(panel);
  await people.refresh();
  const capacity = (name: string) => panel.querySelector<HTMLInputElement>(`[aria-label="rules.capacity · ${name}"]`)!;
  capacity("ana").value = "5";
  capacity("paul").value = "9";
  server.answers["GET agents"] = { agents: [{ ...person("ana"), capacity: 5, open_tickets: 2 }, person("paul")] };
  button("rules.save · ana").click();
  await vi.waitFor(() => expect(panel.querySelector("tbody tr td:nth-child(6)")!.textContent).toBe("2"));
  expect([capacity("ana").value, capacity("paul").value, people.changed()]).toEqual(["5", "9", true]);
  await people.refresh();
  expect([capacity("paul").value, people.changed()]).toEqual(["9", true]);
  button("rules.save · paul").click();
  await vi.waitFor(() => expect(people.changed()).toBe(false));
});

it("jobs listed twice at once, or gone on twice, stand there once", async () => {
  server.held.add("GET jobs");
  const jobs = new Jobs(panel, vi.fn());
  const page = (from: number) => ({ body: { jobs: Array.from({ length: 100 }, (_, at) => ({ id: from - at, topic: "mail", created_at: "2026-01-02T10:00:00Z", attempts: 1 })), dead: 1, waiting: 0 } });
  const both = [jobs.refresh(), jobs.refresh()];
  await asked(2);
  for (const call of server.waiting) call.answer(page(300));
  await Promise.all(both);
  expect(jobs.jobs).toHaveLength(100);
  const more = [jobs.load(201), jobs.load(201)];
  await asked(4);
  for (const call of server.waiting.slice(2)) call.answer(page(200));
  await Promise.all(more);
  expect(new Set(jobs.jobs.map((job: { id: number }) => job.id)).size).toBe(200);
  expect(panel.querySelectorAll("[data-job]")).toHaveLength(200);
});
