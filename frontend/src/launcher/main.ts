/**
 * The script a host page embeds:
 *   <script src="https://support.example/widget.js" async data-locale="fr"></script>
 * It draws one button and loads nothing more until the customer (or the page) opens the chat.
 */

import type { ToFrame } from "../protocol";
import { pack, texts, unpackToHost } from "../protocol";
import { plain, readable } from "./colour";
import { STYLE } from "./style";
import type { Ask, Context, RelaisApi } from "./types";
import { supported, words } from "./words";

const FULL_SCREEN = "(max-width:480px),(max-height:480px)";
/** An answer is awaited here. */
const KEEP = "relais:keep";
/** Somebody signed out where the chat was not loaded. */
const OUT = "relais:out";
/** A chat that is not there by then shows the launcher again, to close it by. */
const PATIENCE = 2000;

/** Storage of the page, which private modes and policies may refuse. */
function remember(store: "localStorage" | "sessionStorage", value?: string | null, key = KEEP): string | null {
  try {
    if (value === null) window[store].removeItem(key);
    else if (value !== undefined) window[store].setItem(key, value);
    return window[store].getItem(key);
  } catch {
    return null;
  }
}

function start(script: HTMLScriptElement): void {
  if (window.Relais) return;
  const origin = new URL(script.src).origin;
  const data = script.dataset;
  let locale = supported(data["locale"] ?? (document.documentElement.lang || navigator.language));
  const listeners: Record<string, Set<(detail: string) => void>> = {};
  const waiting: ToFrame[] = [];
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let open = false;

  const host = document.createElement("relais-widget");
  host.dataset["position"] = data["position"] === "start" ? "start" : "end";
  const root = host.attachShadow({ mode: "open" });
  try {
    // Not held back by a page's own style-src, unlike a <style> element.
    const rules = new CSSStyleSheet();
    rules.replaceSync(STYLE);
    root.adoptedStyleSheets = [rules];
  } catch {
    root.appendChild(document.createElement("style")).textContent = STYLE;
  }

  let accent = "";
  /** The host's colour, by attribute or by its own style sheet, as dark as white text needs. */
  function paint(): void {
    const given = data["accent"] ?? getComputedStyle(host).getPropertyValue("--relais-accent").trim();
    if (!given) return;
    const shade = plain(given);
    accent = readable(shade) ?? "#0b5a5e";
    if (accent !== shade) console.warn(`Relais: ${given} is too light for white text, or no plain colour; using ${accent}.`);
    host.style.setProperty("--relais-accent", accent);
  }

  const button = document.createElement("button");
  button.type = "button";
  const label = button.appendChild(document.createElement("span"));
  label.className = "label";
  const count = button.appendChild(document.createElement("span"));
  count.className = "count";
  const panel = document.createElement("div");
  panel.className = "panel";
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  root.append(panel, button);

  function name(): void {
    const [text, dialog, unread] = words(locale);
    host.lang = locale;
    label.textContent = data["label"] ?? text;
    panel.setAttribute("aria-label", dialog);
    if (frame) frame.title = dialog;
    if (count.textContent) button.setAttribute("aria-label", `${label.textContent} (${count.textContent} ${unread})`);
    else button.removeAttribute("aria-label");
    button.setAttribute("aria-expanded", String(open));
  }

  function emit(event: string, detail: string): void {
    listeners[event]?.forEach((listener) => listener(detail));
  }

  function send(message: ToFrame): void {
    if (ready) frame?.contentWindow?.postMessage(pack(message), origin);
    else waiting.push(message);
  }

  function load(): void {
    if (frame) return;
    frame = document.createElement("iframe");
    const settings = new URLSearchParams({
      host: location.origin,
      accent,
      scheme: data["scheme"] ?? "",
      title: data["title"] ?? "",
      logo: data["logo"] ?? "",
      page: location.origin + location.pathname,
    });
    // The settings stand behind the #: they stay in the browser and in no server's log.
    frame.src = `${origin}/widget/frame?lang=${locale}#${settings}`;
    frame.referrerPolicy = "no-referrer";
    name();
    panel.append(frame);
  }

  function show(focus: boolean): void {
    load();
    const modal = matchMedia(FULL_SCREEN).matches;
    panel.setAttribute("aria-modal", String(modal));
    panel.hidden = false;
    button.hidden = true;
    setTimeout(() => (button.hidden = open && ready), PATIENCE);
    if (focus) frame?.focus();
    send({ type: "open", focus, modal });
    if (!open) emit("open", "");
    open = true;
    remember("sessionStorage", "open");
    name();
  }

  function hide(): void {
    if (!open) return;
    open = false;
    panel.hidden = true;
    button.hidden = false;
    send({ type: "hide" });
    if (!ready) {
      // It did not come: the next click tries anew.
      frame?.remove();
      frame = undefined;
    }
    name();
    button.focus();
    remember("sessionStorage", null);
    emit("close", "");
  }

  function unread(n: number): void {
    count.textContent = n > 0 ? String(Math.min(n, 99)) : "";
    name();
    // The page's own title says so in the tab, and is put back as it was.
    document.title = (n && document.hidden ? `(${n}) ` : "") + document.title.replace(/^\(\d+\) /, "");
    emit("unread", String(n));
  }

  addEventListener("message", (event) => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    const message = unpackToHost(event.data);
    if (message?.type === "ready") {
      ready = true;
      button.hidden = open;
      waiting.splice(0).forEach(send);
      remember("localStorage", null, OUT);
      emit("ready", "");
    } else if (message?.type === "close") hide();
    else if (message?.type === "unread") unread(message.count);
    else if (message?.type === "keep") remember("localStorage", message.keep ? String(Date.now()) : null);
    else if (message?.type === "event") emit(message.name, message.detail);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open && root.activeElement) hide();
  });
  button.addEventListener("click", () => (open ? hide() : show(true)));
  // The first sign of interest warms up the connection, so that the click feels instant.
  button.addEventListener("pointerenter", load, { once: true });

  const api: RelaisApi = {
    version: 1,
    open(ask?: Ask) {
      show(true);
      const { article, text = "" } = ask ?? {};
      if (article || text) send({ type: "ask", choice: article ? `article:${article}` : "", text });
    },
    close: hide,
    identify(token) {
      if (!token && !ready) remember("localStorage", "1", OUT);
      send({ type: "identify", token: String(token ?? "") });
    },
    setLocale(next) {
      locale = supported(next);
      name();
      if (frame) send({ type: "locale", locale });
    },
    setContext(context: Context) {
      send({ type: "context", context: texts(context) });
    },
    on(event, listener) {
      const set = (listeners[event] ??= new Set());
      set.add(listener);
      return () => void set.delete(listener);
    },
  };
  window.Relais = api;

  // Links the page marks itself: <a data-relais-article="slug"> or <a data-relais-open>.
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.<HTMLElement>("[data-relais-open],[data-relais-article]");
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    const { relaisArticle: article, relaisText: text } = link.dataset;
    api.open({ article, text });
  });

  const place = (): void => {
    name();
    document.body.append(host);
    paint();
    if (remember("localStorage", undefined, OUT)) send({ type: "identify", token: "" });
    dispatchEvent(new CustomEvent("relais:ready"));
    // The chat was open on the page before, or someone's answer is awaited: go on where it was.
    if (remember("sessionStorage") === "open" && !matchMedia(FULL_SCREEN).matches) show(false);
    else if (Date.now() - Number(remember("localStorage") ?? 0) < 7 * 86_400_000) setTimeout(load, 1500);
  };
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) start(script);
