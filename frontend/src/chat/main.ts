/** The page inside the iframe: reads its settings, loads one language, speaks with the launcher. */

import "./style.css";
import type { ToHost } from "../protocol";
import { pack, unpackToFrame } from "../protocol";
import { App } from "./app";
import { openShelf } from "./keep";
import { comeBack } from "./session";
import { speak } from "./words";

const FOCUSABLE = "button:not([disabled],[hidden]),a[href],input,textarea,[tabindex='0']";

/** The embedding page's origin, as the launcher named it; only an exact http(s) origin counts. */
function hostOrigin(named: string | null): string {
  try {
    const url = new URL(named ?? "");
    return parent !== window && /^https?:$/.test(url.protocol) ? url.origin : "";
  } catch {
    return "";
  }
}

async function boot(): Promise<void> {
  const settings = new URLSearchParams(location.hash.slice(1));
  const root = document.documentElement;
  const origin = hostOrigin(settings.get("host"));
  const accent = settings.get("accent") ?? "";
  const logo = settings.get("logo") ?? "";
  const scheme = settings.get("scheme") ?? "";
  if (/^#[0-9a-f]{6}$/.test(accent)) root.style.setProperty("--accent", accent);
  if (scheme === "light" || scheme === "dark") root.dataset["scheme"] = scheme;

  // Not inside another page: whose conversation this is may only be changed in plain sight.
  const pass = settings.get("return");
  if (pass && parent === window) {
    comeBack(pass);
    history.replaceState(null, "", location.pathname + location.search);
  }

  const post = (message: ToHost): void => {
    if (origin) parent.postMessage(pack(message), origin);
  };
  const locale = root.lang || "fr";
  const [words, shelf] = await Promise.all([speak(locale), openShelf()]);
  const app = new App(document.getElementById("app") as HTMLElement, {
    words,
    locale,
    title: settings.get("title") ?? "",
    logo: /^(https:\/\/|data:image\/(png|svg\+xml|webp);)/.test(logo) ? logo : "",
    page: settings.get("page") ?? "",
    embedded: Boolean(origin),
    owner: {
      close: () => post({ type: "close" }),
      unread: (count) => post({ type: "unread", count }),
      keep: (keep) => post({ type: "keep", keep }),
      event: (name, detail) => post({ type: "event", name, detail }),
    },
    shelf,
  });

  let modal = false;
  addEventListener("message", (event) => {
    if (!origin || event.source !== parent || event.origin !== origin) return;
    const message = unpackToFrame(event.data);
    if (message?.type === "open") {
      modal = message.modal;
      app.open(message.focus);
    } else if (message?.type === "hide") app.hide();
    else if (message?.type === "locale") void app.setLocale(message.locale);
    else if (message?.type === "context") app.visitor.setContext(message.context);
    else if (message?.type === "identify") app.visitor.identify(message.token);
    else if (message?.type === "ask") app.ask(message.choice, message.text);
  });
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") post({ type: "close" });
    // Where the chat covers the page, Tab stays in it; Escape and the close button lead out.
    if (event.key === "Tab" && modal) {
      const stops = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((node) => node.offsetParent);
      const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
      if (document.activeElement !== edge) return;
      event.preventDefault();
      (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
    }
  });
  if (origin) post({ type: "ready" });
  else app.open(true);
}

void boot();
