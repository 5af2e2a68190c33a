/** Files with a reply: uploaded when chosen, shown as chips, sent with the next message. */

import { del, upload } from "../lib/api.js";
import { byId, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { attempt, failed } from "../lib/notify.js";
import { formatNumber, t } from "../lib/texts.js";

/** A file's size as people read it. */
export function size(bytes) {
  if (bytes < 1_000_000) return t("file.kb", { count: formatNumber(Math.max(1, Math.round(bytes / 1000))) });
  return t("file.mb", { count: formatNumber(Math.round(bytes / 100_000) / 10) });
}

export class Files {
  constructor(reference) {
    this.reference = reference;
    this.waiting = new Map();
    this.uploads = new Map();    // by ticket, what is on its way up: resolves to whether all of it arrived
    this.input = byId("composer-file");
    this.button = byId("composer-attach");
    this.chips = byId("composer-files");
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    const box = byId("composer-text");
    box.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || this.button.disabled) return;
      event.preventDefault();
      this.add(files);
    });
    const form = byId("composer");
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!this.button.disabled) this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Ids of what goes with the next reply to a ticket. */
  ids(reference) {
    return (this.waiting.get(reference) ?? []).map((file) => file.id);
  }

  /** Whether anything goes with the next reply to this ticket, be it still on its way up. */
  any() {
    const reference = this.reference();
    return this.uploads.has(reference) || this.ids(reference).length > 0;
  }

  /** Upload what was chosen, one after the other; what is chosen meanwhile comes after it. */
  add(files) {
    const reference = this.reference();
    this.input.value = "";
    const all = (this.uploads.get(reference) ?? Promise.resolve(true)).then(async (arrived) => {
      for (const file of files) arrived = (await attempt(null, () => this.send(reference, file))) && arrived;
      if (this.uploads.get(reference) === all) this.uploads.delete(reference);
      this.draw();
      return arrived;
    });
    this.uploads.set(reference, all);
    this.draw();
  }

  async send(reference, file) {
    const row = await upload(`tickets/${encodeURIComponent(reference)}/attachments`, file);
    this.waiting.set(reference, [...(this.waiting.get(reference) ?? []), row]);
    this.draw();
  }

  /** Wait for what is on its way up for a ticket; false where some of it did not arrive. */
  async uploaded(reference) {
    let arrived = true;
    while (this.uploads.has(reference)) arrived = await this.uploads.get(reference);
    return arrived;
  }

  /** Those files are with the customer; what was chosen since waits for the next reply. */
  sent(reference, ids) {
    this.waiting.set(reference, (this.waiting.get(reference) ?? []).filter((file) => !ids.includes(file.id)));
    this.draw();
  }

  draw() {
    const files = this.waiting.get(this.reference()) ?? [];
    this.button.setAttribute("aria-busy", String(this.uploads.has(this.reference())));
    this.chips.hidden = !files.length;
    keep(this.chips, files.map((file) => h("li", { class: "file-chip", dataset: { key: file.id } }, icon("clip"), h("span", null, file.name), h("span", { class: "quiet small" }, size(file.size)),
      h("button", { type: "button", class: "quiet-button", "aria-label": t("file.remove", { name: file.name }), on: { click: () => void this.drop(file) } }, icon("close")))));
  }

  async drop(file) {
    const reference = this.reference();
    this.waiting.set(reference, (this.waiting.get(reference) ?? []).filter((one) => one.id !== file.id));
    this.draw();
    try {
      await del(`attachments/${encodeURIComponent(file.id)}`);
    } catch (error) {
      if (error.status !== 404) failed(error);
    }
  }
}

/** Files of a message in the conversation, as links that download. */
export const fileLinks = (files) => h("ul", { class: "file-list" }, files.map((file) => h("li", null,
  h("a", { class: "file-chip", href: `/api/v1/staff/attachments/${encodeURIComponent(file.id)}`, download: file.name },
    icon("clip"), h("span", null, file.name), h("span", { class: "quiet small" }, size(file.size))))));
