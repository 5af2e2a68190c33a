/** Calls to the staff API with the session cookie, and its errors as one sentence. */

import { t } from "./texts.js";

/** What went wrong, in a sentence for the person at the screen. */
export class Problem extends Error {
  constructor(detail, status = 0, body = {}) {
    super(detail);
    this.detail = detail;
    this.status = status;
    this.body = body;
  }
}

const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

function query(params) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== "" && value !== false) search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** A path of the staff API with its query string. */
export const staffUrl = (path, params) => `/api/v1/staff/${path}${query(params)}`;

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's error page: the status alone has to do.
  }
  const detail = typeof body.detail === "string" ? body.detail : t("error.status", { status: response.status });
  return new Problem(detail, response.status, body);
}

// Whoever signs out has chosen where to go. A refresh on its way finds the session gone, and
// sending the page to the sign-in page and back would cut that short: it is ended, and none begun.
let signingOut = false;
let signedOut = false;
let calls = new AbortController();
addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/logout") return;
  signingOut = signedOut = true;
  calls.abort();
  // Where words are not saved the browser asks first, and timers wait for the answer: whoever stays goes on.
  addEventListener("beforeunload", (asked) => setTimeout(() => {
    if (!asked.defaultPrevented) return;
    signingOut = false;
    calls = new AbortController();
  }), { once: true });
});
addEventListener("pageshow", ({ persisted }) => {
  // Kept by the browser and come back to: the session it knew is over.
  if (persisted && signedOut) location.reload();
});

/** Where the session is about to end, tell. */
export const onSignOut = (then) => calls.signal.addEventListener("abort", then, { once: true });

/** Where the session has ended, back to the sign-in page, and then to here again. */
function signInAgain() {
  const here = location.pathname + location.search + location.hash;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
}

async function call(method, path, { params, body, form, signal = calls.signal, keepalive } = {}) {
  if (signingOut) throw calls.signal.reason;
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf();
  let response;
  try {
    response = await fetch(staffUrl(path, params), {
      method, headers, signal, keepalive, credentials: "same-origin",
      body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(t("error.offline"));
  }
  if (signingOut) throw calls.signal.reason;
  if (response.status === 401) {
    signInAgain();
    throw new Problem(t("error.session"), 401);
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

export const get = (path, params, signal) => call("GET", path, { params, signal });
export const post = (path, body = {}, options = {}) => call("POST", path, { body, ...options });
export const put = (path, body, params) => call("PUT", path, { body, params });
export const del = (path) => call("DELETE", path);

/** Send a file as a form's `file`. */
export function upload(path, file, method = "POST") {
  const form = new FormData();
  form.set("file", file);
  return call(method, path, { form });
}
