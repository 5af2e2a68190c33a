/**
 * The small window that asks the browser for notifications: a frame inside another site may not.
 * The conversation's key stands behind the # and is taken out of the address at once.
 */

const [id, token] = decodeURIComponent(location.hash.slice(1)).split(" ");
history.replaceState(null, "", location.pathname + location.search);
const note = document.getElementById("note") as HTMLElement;
const yes = document.getElementById("yes") as HTMLButtonElement;
const no = document.getElementById("no") as HTMLButtonElement;
const say = (key: string): void => void (note.textContent = note.dataset[key] ?? "");

const call = async (method: string, body?: unknown): Promise<void> => {
  const response = await fetch(`/api/v1/conversations/${id}/push`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body ? JSON.stringify(body) : null,
    credentials: "omit",
  });
  if (!response.ok) throw new Error(String(response.status));
};

const worker = (): Promise<ServiceWorkerRegistration> => navigator.serviceWorker.register("/static/widget/worker.js");

async function subscribe(): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") return say("denied");
  const registration = await worker();
  // The first registration is not active at once, and only an active one can subscribe.
  const starting = registration.installing;
  if (starting) await new Promise<void>((done) => starting.addEventListener("statechange", () => starting.state === "activated" && done()));
  const answer = (await (await fetch("/api/v1/push-key", { credentials: "omit" })).json()) as { key: string };
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: answer.key });
  const { endpoint, keys } = made.toJSON();
  await call("POST", { endpoint, p256dh: keys?.["p256dh"], auth: keys?.["auth"] });
  say("done");
  show(true);
}

async function unsubscribe(): Promise<void> {
  await call("DELETE");
  await (await (await worker()).pushManager.getSubscription())?.unsubscribe();
  say("off");
  show(false);
}

function show(subscribed: boolean): void {
  yes.hidden = subscribed;
  no.hidden = !subscribed;
}

yes.addEventListener("click", () => void subscribe().catch(() => say("failed")));
no.addEventListener("click", () => void unsubscribe().catch(() => say("failed")));
if (!id || !token || !("PushManager" in window)) {
  say("unable");
  yes.hidden = true;
} else if (Notification.permission === "granted") {
  void worker()
    .then((registration) => registration.pushManager.getSubscription())
    // The browser is asked once, the server told for each conversation.
    .then((known) => (known ? subscribe() : undefined))
    .catch(() => say("failed"));
}
export {};
