/** The reply box: to the customer or as an internal note, with a draft kept per ticket. */

import { byId } from "../lib/dom.js";
import { attempt } from "../lib/notify.js";
import { label, t } from "../lib/texts.js";

const TYPING_EVERY = 3000;
const drafts = new Map();
const draftKey = (reference, mode) => `relais-draft:${reference}:${mode}`;

/** Drafts live in the tab's own storage: gone with the tab, not left on a shared computer. */
function keepDraft(key, text) {
  drafts.set(key, text);
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Denied or full: the map above still has it.
  }
}

function draft(key) {
  try {
    return sessionStorage.getItem(key) ?? drafts.get(key) ?? "";
  } catch {
    return drafts.get(key) ?? "";
  }
}

/** `send(mode, text)` delivers a reply or note; `typing()` tells the customer someone writes; `files()` says whether files wait. */
export class Composer {
  constructor({ send, typing, writing, files }) {
    this.send = send;
    this.writing = writing;
    this.files = files;
    this.typing = typing;
    this.reference = null;
    this.mode = "reply";
    this.lastTyping = 0;
    this.onItsWay = new Map();   // by ticket
    this.waiting = new Set();    // the same
    this.box = byId("composer-text");
    this.button = byId("composer-send");
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void this.submit();
      } else if (event.key === "Escape") this.box.blur();
    });
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.between = null;
    this.chosen = new Map();     // by ticket, whether its answers are translated
    this.translateBox = byId("composer-translate");
    this.once = new Map();       // the same for the next answer only: a macro's own language
    this.translateBox.addEventListener("change", () => {
      this.once.delete(this.reference);
      this.chosen.set(this.reference, this.translateBox.checked);
    });
    for (const mode of ["reply", "note"]) {
      const tab = byId(`tab-${mode}`);
      tab.addEventListener("click", () => this.focus(mode));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        const other = this.mode === "reply" ? "note" : "reply";
        this.show(other);
        byId(`tab-${other}`).focus();
      });
    }
  }

  /** Follow another ticket, or the same one in another state. `replying` is false where it is not ours to answer. */
  follow(reference, { replying, noting }) {
    const changed = reference !== this.reference;
    this.reference = reference;
    this.allowed = { reply: replying, note: noting };
    if (changed) this.show(replying ? "reply" : "note");
    else this.update();
  }

  /** Offer to translate answers `between` two languages; null where that cannot be done. `first` is the choice at first. */
  translation(reference, between, first) {
    this.between = between;
    if (between) byId("composer-translate-text").textContent = t("composer.translate", { language: label("language", between.to) });
    this.translateBox.checked = this.once.get(reference) ?? this.chosen.get(reference) ?? first;
  }

  /** What a macro decided was for this answer. */
  answered(reference) {
    this.once.delete(reference);
  }

  translate(on) {
    this.once.set(this.reference, on);
    this.translateBox.checked = on;
  }

  translating() {
    return Boolean(this.between) && this.translateBox.checked;
  }

  show(mode) {
    this.mode = mode;
    this.box.value = draft(draftKey(this.reference, mode));
    this.update();
  }

  update() {
    const { mode } = this;
    for (const name of ["reply", "note"]) {
      byId(`tab-${name}`).setAttribute("aria-selected", String(name === mode));
      byId(`tab-${name}`).tabIndex = name === mode ? 0 : -1;
    }
    byId("composer").classList.toggle("is-note", mode === "note");
    byId("composer-panel").setAttribute("aria-labelledby", `tab-${mode}`);
    const allowed = this.allowed?.[mode] ?? false;
    // Not disabled: that would take the focus from whoever types, and make shortcuts of the rest of their sentence.
    this.box.readOnly = !allowed;
    this.box.setAttribute("aria-disabled", String(!allowed));
    this.button.disabled = !allowed;
    this.button.setAttribute("aria-busy", String(this.onItsWay.has(this.reference)));
    for (const id of ["composer-attach", "composer-macro"]) byId(id).disabled = !allowed || mode === "note";
    byId("composer-translate-line").hidden = !this.between || !allowed || mode === "note";
    this.box.placeholder = t(allowed ? `composer.${mode}_placeholder` : `composer.${mode}_closed`);
    this.box.setAttribute("aria-label", t(`composer.${mode}`));
    byId("composer-send-text").textContent = t(`composer.send_${mode}`);
  }

  focus(mode) {
    if (!this.reference) return;
    this.show(mode);
    if (this.allowed[mode]) this.box.focus();
  }

  typed() {
    keepDraft(draftKey(this.reference, this.mode), this.box.value);
    if (this.box.value.trim()) this.writing();
    const now = Date.now();
    if (this.mode === "reply" && this.box.value.trim() && now - this.lastTyping > TYPING_EVERY) {
      this.lastTyping = now;
      this.typing();
    }
  }

  /** Put text where the cursor is (a macro, a link); the agent reads it before it goes. False where no reply is allowed. */
  insert(text) {
    if (!this.allowed?.reply) return false;
    if (this.mode !== "reply") this.show("reply");
    const { box } = this;
    const before = box.value.slice(0, box.selectionStart);
    const gap = before && !/\s$/.test(before) ? "\n" : "";
    box.setRangeText(gap + text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    return true;
  }

  async submit() {
    const text = this.box.value.trim();
    const { mode, reference } = this;
    if ((!text && !(mode === "reply" && this.files())) || this.button.disabled) {
      this.box.focus();
      return;
    }
    const before = this.onItsWay.get(reference);
    if (before) {
      // The key held down sends once; what was typed since goes after what is on its way, never nowhere.
      if (this.waiting.has(reference) || (before.text === text && before.mode === mode)) return;
      this.waiting.add(reference);
      const arrived = await before.sent;
      this.waiting.delete(reference);
      const same = this.reference === reference && this.mode === mode && this.box.value.trim() === text;
      if (arrived && same) await this.submit();
      return;
    }
    const going = { mode, text, sent: attempt(null, () => this.send(mode, text)) };
    this.onItsWay.set(reference, going);
    this.update();
    const sent = await going.sent;
    this.onItsWay.delete(reference);
    this.update();
    if (!sent) return;
    // Another ticket may be open by now, or more may have been typed: only what was sent goes.
    const key = draftKey(reference, mode);
    if (draft(key).trim() === text) keepDraft(key, "");
    if (this.reference === reference && this.mode === mode && this.box.value.trim() === text) this.box.value = "";
    this.lastTyping = 0;
    // Back to the box from the button; whoever moved on meanwhile is not pulled back.
    if (document.activeElement === this.button) this.box.focus();
  }
}
