/** Notifications: the bell with what waits to be seen, desktop messages, a sound, the number in the title. */

import { get, post, put } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { byId, counter, fill, h } from "../lib/dom.js";
import { attempt, failed, said } from "../lib/notify.js";
import { formatAgo, formatFull, formatWhen, lang, t } from "../lib/texts.js";

/** What was opened longer ago waits in the list, and is no news, in ms. */
const FRESH = 600_000;

const canShow = () => "Notification" in window && Notification.permission === "granted";

/** A short, soft two-note chime, made here so that no file has to be fetched. */
function chime() {
  try {
    const audio = new AudioContext();
    [660, 880].forEach((frequency, index) => {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      const start = audio.currentTime + index * 0.14;
      tone.frequency.value = frequency;
      loud.gain.setValueAtTime(0.0001, start);
      loud.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.25);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.26);
    });
    setTimeout(() => void audio.close(), 900);
  } catch {
    // No sound device, or not allowed before a click: the title and the bell still say it.
  }
}

export class Alerts {
  /** `open(reference)` opens a ticket; `counted(unseen)` is told how many wait. */
  constructor({ open, counted, name }) {
    this.open = open;
    this.counted = counted;
    this.name = name;
    this.switches = {};
    this.list = [];
    this.known = new Set();
    this.button = byId("bell");
    this.button.addEventListener("click", () => void this.show());
  }

  async refresh() {
    const before = this.unseen ?? 0;
    const found = await get("notifications");
    this.switches = found.switches;
    this.list = found.notifications;
    this.unseen = found.unseen;
    counter("bell-count", this.unseen);
    this.button.setAttribute("aria-label", t("alerts.button", { n: this.unseen }));
    this.counted(this.unseen);
    if (this.loaded && this.unseen > before) this.call(t("inbox.title"), this.words(this.list[0]), this.list[0].reference);
    this.loaded = true;
  }

  /** A customer wrote in a request of ours, or a new one came: told where nobody is looking. */
  heard(text, reference) {
    if (document.hidden) this.call(t("inbox.title"), text, reference);
  }

  /** Requests as they are now; those that are new and wait for someone are told once, in one message. */
  arrived(tickets) {
    const fresh = tickets.filter((one) => one.status === "new" && !this.known.has(one.reference));
    for (const { reference } of fresh) this.known.add(reference);
    const news = fresh.filter((one) => Date.now() - Date.parse(one.opened_at) < FRESH);
    if (!this.loaded || !news.length) return;
    const first = news.find((one) => one.priority === "urgent") ?? news[0];
    const key = first.priority === "urgent" ? "alerts.new_urgent" : "alerts.new";
    this.heard(t(key, { n: news.length, reference: first.reference }), first.reference);
  }

  call(title, text, reference) {
    if (this.switches.sound) chime();
    if (!this.switches.desktop || !canShow()) return;
    const shown = new Notification(title, { body: text, tag: reference ?? "relais", icon: "/static/staff/icon.svg" });
    shown.onclick = () => {
      window.focus();
      if (reference) this.open(reference);
      shown.close();
    };
  }

  words(one) {
    const { detail } = one;
    const by = this.name(detail.by) ?? "";
    return t(`alerts.${one.kind}${one.kind === "woke" ? `_${detail.by}` : ""}`, { by, reference: one.reference ?? "", text: detail.text ?? "", time: detail.slot ? formatWhen(detail.slot) : "" });
  }

  async show() {
    if (!(await attempt(null, () => this.refresh()))) return;
    const ids = this.list.filter((one) => !one.seen_at).map((one) => one.id);
    const picked = await dialog(t("alerts.title"), (close) => h("div", { class: "stack" },
      this.list.length
        ? h("ul", { class: "alert-list" }, this.list.map((one) => h("li", { class: one.seen_at ? null : "is-unseen" },
          h("button", { type: "button", class: "link-button", disabled: !one.reference, on: { click: () => close(one.reference) } }, this.words(one)),
          h("time", { class: "quiet small", datetime: one.at, title: formatFull(one.at) }, formatAgo(one.at)))))
        : h("p", { class: "quiet" }, t("alerts.none")),
      this.form()));
    if (ids.length) {
      // Only what stood in the list: what came since, or lies further down, is still to be seen.
      await post("notifications/seen", { ids }).catch(failed);
      await this.refresh().catch(() => {});
    }
    if (picked) this.open(picked);
  }

  form() {
    const box = (key) => h("input", { type: "checkbox", checked: this.switches[key], dataset: { key } });
    const email = h("input", { class: "input", type: "email", id: "alerts-email", value: this.switches.email ?? "", autocomplete: "email" });
    const boxes = ["desktop", "sound", "mail_when_away"].map(box);
    const save = h("button", { type: "submit", class: "button" }, t("alerts.save"));
    return h("form", { class: "stack alert-form", on: { submit: (event) => {
      event.preventDefault();
      void attempt(save, async () => {
        const values = Object.fromEntries(boxes.map((node) => [node.dataset.key, node.checked]));
        if (values.desktop && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
        this.switches = await put("notifications/switches", { ...values, email: email.value.trim(), language: lang });
        said(t(values.desktop && !canShow() ? "alerts.blocked" : "alerts.saved"));
      });
    } } },
    h("h3", null, t("alerts.how")),
    boxes.map((node) => h("label", { class: "check" }, node, t(`alerts.${node.dataset.key}`))),
    h("div", { class: "field" }, h("label", { for: "alerts-email" }, t("alerts.email")), email),
    h("div", { class: "row row-end" }, save));
  }
}
