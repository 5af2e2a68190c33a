/** The Chat API over fetch: what a status means for the caller, and nothing about pages. */

import type { ChatEvent, Entry, Outcome } from "./types";

export interface Conversation {
  id: string;
  token: string;
}

/** A problem (RFC 9457) with the sentence the server wrote for a person. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly after?: number,
  ) {
    super(detail);
  }

  /** The same request may succeed later, unchanged. */
  get temporary(): boolean {
    return this.status === 0 || this.status >= 500 || [408, 429].includes(this.status);
  }

  /** The conversation is not (or no longer) ours: erased, or its token is void. */
  get gone(): boolean {
    return [401, 403, 404, 410].includes(this.status);
  }
}

const ROOT = "/api/v1/conversations";
const TIMEOUT = 20_000;

/** Server's clock minus this browser's, in milliseconds; 0 until an answer told. */
export let skew = 0;

export async function call(
  path: string,
  init: RequestInit & { token?: string | undefined } = {},
  timeout = TIMEOUT,
): Promise<Response> {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), timeout);
  init.signal?.addEventListener("abort", () => control.abort());
  const headers = new Headers(init.headers);
  if (init.token) headers.set("Authorization", `Bearer ${init.token}`);
  if (typeof init.body === "string") headers.set("Content-Type", "application/json");
  if (document.documentElement.lang) headers.set("Accept-Language", document.documentElement.lang);
  let response: Response;
  try {
    response = await fetch(ROOT + path, {
      ...init,
      headers,
      signal: control.signal,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Problem(0, "");
  } finally {
    clearTimeout(timer);
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (date) skew = date - Date.now();
  if (response.ok) return response;
  const wait = Number(response.headers.get("Retry-After"));
  const body = (await response.json().catch(() => null)) as { detail?: unknown } | null;
  // Without our sentence it is not our server that speaks (a proxy's "too large" is final all the same).
  throw new Problem(
    body?.detail || response.status === 413 ? response.status : 0,
    String(body?.detail ?? ""),
    wait > 0 ? wait * 1000 : undefined,
  );
}

export const post = async (path: string, body: unknown, token?: string): Promise<Record<string, unknown>> => {
  const file = body instanceof FormData;
  const response = await call(path, { method: "POST", body: file ? body : JSON.stringify(body), token }, file ? 120_000 : TIMEOUT);
  // Ours answer 201, 202 or 204: this is a captive portal's own page.
  if (response.status === 200) throw new Problem(0, "");
  return (await response.json().catch(() => ({}))) as Record<string, unknown>;
};

export async function create(body: Record<string, unknown>): Promise<Conversation> {
  const { id, token } = await post("", body);
  return { id: String(id), token: String(token) };
}

/** One attempt at one entry. Throws only for a conversation that is gone. */
export async function deliver(to: Conversation, entry: Entry): Promise<Outcome> {
  try {
    let body: unknown = entry.body;
    if (entry.file) {
      const form = (body = new FormData());
      form.set("client_message_id", entry.id);
      form.set("file", entry.file);
    }
    const made = await post(`/${to.id}/${entry.kind}`, body, to.token);
    return { ok: true, seq: Number(made["seq"]) || 0 };
  } catch (error) {
    if (!(error instanceof Problem)) return { ok: false, retry: true };
    if (error.gone) throw error;
    if (error.temporary) return { ok: false, retry: true, after: error.after };
    return { ok: false, retry: false, detail: error.detail };
  }
}

/** Who the customer is and where, as the host's page says. */
export const visitor = (to: Conversation, said: unknown): Promise<unknown> => post(`/${to.id}/visitor`, said, to.token);

export const typing = (to: Conversation): Promise<unknown> => post(`/${to.id}/typing`, {}, to.token);

/** Long poll: events after `seq`, waiting up to `wait` seconds for the first. */
export async function poll(to: Conversation, seq: number, wait: number, signal: AbortSignal): Promise<ChatEvent[]> {
  const response = await call(
    `/${to.id}/events?after=${seq}&wait=${wait}`,
    { token: to.token, signal },
    (wait + 15) * 1000,
  );
  return ((await response.json()) as { events: ChatEvent[] }).events;
}
