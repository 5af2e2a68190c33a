/** Shapes of the Chat API as the widget reads them. Every field may be missing: be liberal. */

export interface Choice {
  id: string;
  label: string;
}

export interface Article {
  id: string;
  title: string;
  locale?: string;
  body?: string | null;
}

export interface Bar {
  label: string;
  value: number;
  previous?: number;
}

export interface Picture {
  kind: "bars";
  alt: string;
  title?: string;
  unit?: string;
  bars: Bar[];
}

export interface Attachment {
  /** Empty until the server has it. */
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  type?: string;
}

/** A moment a call may be asked for. */
export interface Slot {
  /** ISO 8601. */
  start: string;
  label: string;
}

export type InputKind = "text" | "number" | "date" | "email" | "tel" | "postcode" | "code" | "iban";
export type Author = "customer" | "bot" | "agent" | "system";

export interface ChatEvent {
  seq?: number;
  at?: string;
  kind: string;
  author?: Author;
  text?: string;
  reply?: string;
  choices?: Choice[];
  articles?: Article[];
  picture?: Picture | null;
  attachments?: Attachment[];
  /** What a survey asks: csat or effort. */
  ask?: string;
  input?: { kind: InputKind } | null;
  feedback?: boolean;
  choice?: string;
  client_message_id?: string;
  /** Agent's first name. */
  name?: string;
  /** Id of the agent's picture. */
  photo?: string;
  /** Who takes over, in a handover: "bot" where a person hands back. */
  to?: string;
  reference?: string;
  status?: string;
  position?: number | null;
  wait_seconds?: number | null;
  /** When people are back, where they are away now. */
  opening_at?: string | null;
}

/** What the customer wants the server to have, kept until it does. */
export interface Entry {
  id: string;
  kind: "messages" | "feedback" | "attachments";
  body: Record<string, unknown>;
  file?: File;
  /** What the customer sees of it; empty for feedback. */
  text: string;
  /** Browser's time in milliseconds. */
  at: number;
}

/** Result of one attempt to send. */
export type Outcome =
  | { ok: true; seq: number }
  | { ok: false; retry: true; after?: number | undefined }
  | { ok: false; retry: false; detail: string };

export type Delivery = "waiting" | "sent" | "refused";
export type Link = "connecting" | "live" | "offline";

/** Bodies of the requests, so that the build knows every name the server must read. */
export interface Bodies {
  client_message_id: string;
  text?: string;
  choice?: string;
  helped?: boolean;
  csat?: number;
  effort?: number;
  comment?: string;
  channel?: string;
  contact?: string;
  slot?: string;
  slots?: Slot[];
  context?: Record<string, string>;
  key?: string;
  endpoint?: string;
  p256dh?: string;
  auth?: string;
  url?: string;
  tag?: string;
  ticket?: string;
  page_url?: string;
  locale?: string;
  identity?: string;
  token?: string;
  events?: ChatEvent[];
  detail?: string;
}
