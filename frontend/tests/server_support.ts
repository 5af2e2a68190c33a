/** A chat in a page, and the server it speaks with, for tests of the whole of it. */

import { vi } from "vitest";
import { App } from "../src/chat/app";
import { NO_SHELF, type Shelf } from "../src/chat/keep";
import type { ChatEvent } from "../src/chat/types";
import words from "../src/chat/words/fr";

const json = (body: unknown, status = 200): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** Conversations by id with their events. New ones are c1, c2, …; what is not here is gone. */
export class Server {
  readonly stories: Record<string, ChatEvent[]> = {};
  /** Locales that conversations were made in. */
  readonly made: string[] = [];
  private readonly waiting: { id: string; after: number; answer: (response: Response) => void }[] = [];
  /** Makes the next conversation wait until it is called. */
  hold: ((go: () => void) => void) | undefined;

  constructor() {
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => this.answer(new URL(url, "http://x"), init));
  }

  tell(id: string, event: ChatEvent): void {
    this.stories[id]?.push(event);
    this.look();
  }

  /** Answer who waits for what is there by now. */
  look(): void {
    this.waiting.splice(0).forEach((one) => {
      const { [one.id]: story } = this.stories;
      const news = story?.filter(({ seq = 0 }) => seq > one.after);
      if (!story) one.answer(json({ detail: "Gone." }, 404));
      else if (news?.length) one.answer(json({ events: news }));
      else this.waiting.push(one);
    });
  }

  private async answer(url: URL, init: RequestInit): Promise<Response> {
    const [, id = "", what] = /conversations(?:\/(\w+)\/(\w+))?$/.exec(url.pathname) ?? [];
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, string>) : {};
    if (!id) {
      this.made.push(body["locale"] ?? "");
      const fresh = `c${this.made.length}`;
      if (this.hold) await new Promise<void>((go) => this.hold?.(go));
      this.stories[fresh] = [{ seq: 1, kind: "message", author: "bot", text: `Bonjour (${body["locale"]})` }];
      return json({ id: fresh, token: "t" }, 201);
    }
    const story = this.stories[id];
    if (!story) return json({ detail: "Gone." }, 404);
    if (what === "visitor") return json({}, 204);
    if (what === "messages") {
      const seq = story.length + 1;
      this.tell(id, { seq, kind: "message", author: "customer", text: body["text"] ?? "", client_message_id: body["client_message_id"] ?? "" });
      return json({ seq }, 202);
    }
    return new Promise((answer, fail) => {
      init.signal?.addEventListener("abort", () => fail(new Error("aborted")));
      this.waiting.push({ id, after: Number(url.searchParams.get("after")), answer });
      this.look();
    });
  }
}

export interface Shown {
  app: App;
  root: HTMLElement;
  unread: ReturnType<typeof vi.fn>;
  /** What the host page was told. */
  event: ReturnType<typeof vi.fn>;
}

const pages: { app: App; control: AbortController }[] = [];

/** A page with the chat in it, after a moment. Needs fake timers. */
export async function page(locale = "fr", shelf: Shelf = NO_SHELF): Promise<Shown> {
  const owner = { close: vi.fn(), unread: vi.fn(), keep: vi.fn(), event: vi.fn() };
  const root = document.createElement("div");
  const control = new AbortController();
  // What it listens to, it does until it ends.
  const { addEventListener: listen } = window;
  const until = vi.spyOn(window, "addEventListener").mockImplementation((type: string, heard: EventListenerOrEventListenerObject) =>
    listen.call(window, type, heard, { signal: control.signal }));
  const app = new App(root, { words, locale, title: "", logo: "", page: "", embedded: true, owner, shelf });
  until.mockRestore();
  pages.push({ app, control });
  await vi.advanceTimersByTimeAsync(50);
  return { app, root, unread: owner.unread, event: owner.event };
}

/** All pages are closed; what the browser keeps stays. */
export function end(): void {
  for (const { app, control } of pages.splice(0)) {
    app.hide();
    control.abort();
    (app.uplink as unknown as { stream?: { stop(): void } }).stream?.stop();
  }
}
