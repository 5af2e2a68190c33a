/**
 * What passes between the host page (launcher) and the chat's iframe by `postMessage`.
 *
 * Both sides send to one exact origin and accept messages from one exact window and origin only.
 * Every message carries the protocol's version; what is not shaped as declared here is dropped.
 * The conversation's token never crosses this border.
 */

export const VERSION = 1;

/** What the page tells the assistant about where the customer is. Shown to agents, never trusted. */
export type Context = Record<string, string>;

/** Launcher → frame. */
export type ToFrame =
  | { type: "open"; focus: boolean; modal: boolean }
  | { type: "hide" }
  | { type: "locale"; locale: string }
  | { type: "context"; context: Context }
  | { type: "identify"; token: string }
  | { type: "ask"; choice: string; text: string };

/** Frame → launcher. */
export type ToHost =
  | { type: "ready" }
  | { type: "close" }
  | { type: "unread"; count: number }
  | { type: "keep"; keep: boolean }
  | { type: "event"; name: string; detail: string };

type Shape = Record<string, "string" | "boolean" | "number" | "texts">;

const FRAME_SHAPES: Record<ToFrame["type"], Shape> = {
  open: { focus: "boolean", modal: "boolean" },
  hide: {},
  locale: { locale: "string" },
  context: { context: "texts" },
  identify: { token: "string" },
  ask: { choice: "string", text: "string" },
};

const HOST_SHAPES: Record<ToHost["type"], Shape> = {
  ready: {},
  close: {},
  unread: { count: "number" },
  keep: { keep: "boolean" },
  event: { name: "string", detail: "string" },
};

const MAX_TEXT = 4000;

function fits(value: unknown, kind: Shape[string]): boolean {
  if (kind === "texts") {
    return (
      typeof value === "object" &&
      value !== null &&
      Object.entries(value).length <= 20 &&
      Object.values(value).every((item) => fits(item, "string"))
    );
  }
  return typeof value === kind && (kind !== "string" || (value as string).length <= MAX_TEXT);
}

function unpack<T>(data: unknown, shapes: Record<string, Shape>): T | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const message = data as Record<string, unknown>;
  if (message["relais"] !== VERSION || typeof message["type"] !== "string") return undefined;
  if (!Object.prototype.hasOwnProperty.call(shapes, message["type"])) return undefined;
  const shape = shapes[message["type"]] as Shape;
  return Object.keys(shape).every((key) => fits(message[key], shape[key] as Shape[string]))
    ? (message as T)
    : undefined;
}

/** A message as it is posted. */
export function pack<T extends ToFrame | ToHost>(message: T): T & { relais: number } {
  return { ...message, relais: VERSION };
}

/** What the frame received, or undefined where it is not one of ours. */
export const unpackToFrame = (data: unknown): ToFrame | undefined => unpack(data, FRAME_SHAPES);

/** What the launcher received, or undefined where it is not one of ours. */
export const unpackToHost = (data: unknown): ToHost | undefined => unpack(data, HOST_SHAPES);
