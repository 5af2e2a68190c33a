/** Chats the bot is having: who may need a person, reading along, stepping in. */

import { get, post } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { byId, counter, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed } from "../lib/notify.js";
import { formatAgo, label, quoted, t } from "../lib/texts.js";
import { atEnd, drawTalk, lines } from "./talk.js";

const SERIOUS = 25;
const EVERY = 15_000;

const signTags = (signs) => signs.map((sign) => h("span", { class: `tag ${sign === "urgent" ? "tag-urgent" : "tag-wait"}` }, t(`sign.${sign}`)));

export class RunningChats {
  /** `taken(reference)` is told which ticket stepping in opened. */
  constructor(taken) {
    this.taken = taken;
    this.button = byId("running");
    this.button.addEventListener("click", () => void this.show());
    setInterval(() => document.hidden || void this.refresh().catch(() => {}), EVERY);
  }

  async refresh() {
    this.chats = (await get("running")).chats;
    const troubled = this.chats.filter((chat) => chat.weight >= SERIOUS).length;
    counter("running-count", troubled);
    this.button.setAttribute("aria-label", t("running.button", { n: this.chats.length, troubled }));
  }

  async show() {
    if (!(await attempt(null, () => this.refresh()))) return;
    const id = await dialog(t("running.title"), (close) => h("div", { class: "stack" },
      h("p", { class: "quiet" }, t("running.help")),
      this.chats.length
        ? h("ul", { class: "chat-list" }, this.chats.map((chat) => h("li", null,
          h("button", { type: "button", class: "chat-row", on: { click: () => close(chat.conversation_id) } },
            h("span", { class: "row" }, signTags(chat.signs), h("span", { class: "tag" }, label("language", chat.language)),
              chat.theme && h("span", { class: "tag" }, label("queue", chat.theme)), h("span", { class: "quiet small" }, formatAgo(chat.last_at))),
            h("span", { class: "chat-words" }, chat.last_words ? quoted(chat.last_words) : t("running.silent"))))))
        : h("p", { class: "quiet" }, t("running.none"))), { wide: true });
    if (id) await this.read(id);
  }

  /** Read along; the conversation keeps itself up to date while the dialogue is open. */
  async read(id) {
    const list = h("ol", { class: "talk" });
    const head = h("div", { class: "row" });
    const scroll = h("div", { class: "read-along", tabindex: "0", role: "group", "aria-label": t("ticket.talk") }, list);
    let timer = 0;
    const load = async () => {
      const chat = await get(`running/${id}`);
      keep(head, signTags(chat.signs), h("span", { class: "tag" }, label("language", chat.language)), h("span", { class: "quiet small grow" }, t("transcript.redacted")));
      const following = atEnd(scroll);
      if (drawTalk(list, lines(chat.transcript, [], (name) => name)) && following) scroll.scrollTop = scroll.scrollHeight;
    };
    try {
      await load();
    } catch (error) {
      failed(error.status === 404 ? { detail: t("running.gone") } : error);
      return;
    }
    const taken = await dialog(t("running.read"), (close) => {
      timer = setInterval(() => void load().catch((error) => error.status === 404 && close()), 3000);
      const step = h("button", { type: "button", class: "button button-primary", on: { click: () => void attempt(step, async () => {
        close((await post(`conversations/${id}/take`)).reference);
      }) } }, icon("person"), t("running.step_in"));
      requestAnimationFrame(() => { scroll.scrollTop = scroll.scrollHeight; });
      return h("div", { class: "stack" }, head, scroll, h("div", { class: "row row-end" }, h("span", { class: "quiet small grow" }, t("running.step_in_help")), step));
    }, { wide: true });
    clearInterval(timer);
    if (taken) this.taken(taken);
  }
}
