/** The service worker behind notifications: shows "you have an answer" and leads back to the page. */

interface Told {
  text: string;
  url: string;
  tag: string;
}
interface PushEvent extends Event {
  data?: { json(): Told };
  waitUntil(work: Promise<unknown>): void;
}
interface ClickEvent extends Event {
  notification: Notification;
  waitUntil(work: Promise<unknown>): void;
}
interface Page {
  url: string;
  focus(): Promise<unknown>;
}
declare const registration: ServiceWorkerRegistration;
declare const clients: { matchAll(filter: object): Promise<Page[]>; openWindow(url: string): Promise<unknown> };

addEventListener("push", (raw) => {
  const event = raw as PushEvent;
  const told = event.data?.json();
  if (told) event.waitUntil(registration.showNotification(title(told), { tag: told.tag, data: told.url, icon: "/static/demo/icon.svg" }));
});

/** The sentence itself is the title: it says nothing of what the answer is. */
const title = (told: Told): string => String(told.text).slice(0, 120);

addEventListener("notificationclick", (raw) => {
  const event = raw as ClickEvent;
  const url = String(event.notification.data);
  event.notification.close();
  event.waitUntil(
    clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const known = pages.find((page) => page.url.startsWith(url));
      return known ? known.focus() : /^https?:\/\/|^\//.test(url) ? clients.openWindow(url) : undefined;
    }),
  );
});
export {};
