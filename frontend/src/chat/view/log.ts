/**
 * The list of messages. Rows are keyed and redrawn only where something in them changed, so that
 * focus, selection and unfolded cards stay as they are while new messages arrive.
 */

import type { Item, Timeline } from "../timeline";
import type { Choice } from "../types";
import type { Ui } from "./context";
import { button, h } from "./h";
import { message, notice } from "./message";
import { day, dayLabel } from "./time";

interface Row {
  key: string;
  sign: string;
  make(): HTMLElement;
}

const GROUP_GAP = 5 * 60_000;

function together(a: Item | undefined, b: Item | undefined): boolean {
  if (!a || !b || a.event.kind !== "message" || b.event.kind !== "message") return false;
  const gap = Math.abs(Date.parse(b.event.at ?? "") - Date.parse(a.event.at ?? ""));
  return a.event.author === b.event.author && a.event.name === b.event.name && !(gap > GROUP_GAP);
}

/** What may be clicked now: offered since the customer last spoke, each once. */
export function openChoices(items: Item[]): Choice[] {
  let open: Choice[] = [];
  for (const { state, event: { kind, author, choices } } of items) {
    // What was refused was not said, though it stands at the end.
    if (state === "refused") continue;
    // Spoken, or a person took over, or it is over: what the assistant offered is past.
    if (author === "customer" || author === "agent" || kind === "handover" || kind === "closed") open = [];
    else if (kind === "message" && choices?.length) open = choices;
  }
  return [...new Map(open.map((choice) => [choice.id, choice])).values()];
}

/** Whether an event has a line of its own: a ticket's change is told by the sentence that follows it. */
function told({ event }: Item, next: Item[]): boolean {
  if (event.kind === "handover" || event.kind === "closed") return true;
  const followed = next.some((other) => other.event.reference === event.reference && other.event.text);
  return event.kind === "ticket" && event.status === "new" && !followed;
}

function rows(items: Item[], ui: Ui): Row[] {
  const out: Row[] = [];
  let today = "";
  const lastMine = items.filter((item) => item.event.author === "customer" && item.state !== "refused").pop();
  items.forEach((item, at) => {
    const { event } = item;
    const now = day(event.at);
    if (event.at && now !== today && (event.kind === "message" || event.kind === "ticket")) {
      today = now;
      const label = dayLabel(event.at, ui.locale, ui.words);
      out.push({ key: `d${item.key}`, sign: label, make: () => h("li.day", null, label) });
    }
    if (event.kind === "message") {
      const place = {
        first: !together(items[at - 1], item),
        last: !together(item, items[at + 1]),
        newest: item === lastMine && item.state === "sent",
        current: item.seq > (lastMine?.seq || (lastMine ? Infinity : 0)),
      };
      const sign = [ui.locale, event.seq, item.state, item.detail, event.text, !ui.more, place.first, place.last, place.newest, place.current, ui.answer(item.seq)].join("|");
      out.push({ key: item.key, sign, make: () => message(item, place, ui) });
    } else if (event.kind === "survey" && event.author !== "customer") {
      out.push({ key: item.key, sign: `${ui.locale}${!ui.more}${ui.answer(item.seq) ?? ""}`, make: () => survey(item, ui) });
    } else if (told(item, items.slice(at + 1, at + 3))) {
      out.push({ key: item.key, sign: ui.locale, make: () => notice(item, ui) });
    }
  });
  const choices = openChoices(items);
  if (choices.length) {
    const key = `c${items[items.length - 1]?.key ?? ""}`;
    out.push({
      key,
      sign: choices.map((choice) => choice.id + choice.label).join("|"),
      make: () =>
        h(
          "li.choices",
          null,
          ...choices.map((choice) =>
            button("chip", () => ui.choose(choice), choice.label),
          ),
        ),
    });
  }
  return out;
}

function survey(item: Item, ui: Ui): HTMLElement {
  if (ui.more) return ui.more.survey(item, ui);
  void ui.need();
  return h("li.notice", null, item.event.text);
}

/** Rows shown at first, and more each time the customer scrolls to the top of them. */
const MOST = 150;

export class Log {
  readonly list = h("ol.messages", null);
  readonly pane: HTMLElement;
  readonly jumper: HTMLButtonElement;
  private drawn = new Map<string, { sign: string; node: HTMLElement }>();
  private timeline: Timeline | undefined;
  private most = MOST;

  constructor(private readonly ui: Ui) {
    this.pane = h("div.log", { tabindex: 0, role: "log", "aria-live": "off" }, this.list);
    this.jumper = button("jump", () => this.bottom(), [], { hidden: true });
    this.pane.addEventListener("scroll", () => {
      if (this.atBottom) this.jumper.hidden = true;
      if (this.pane.scrollTop < 400) this.earlier();
    }, { passive: true });
  }

  private get atBottom(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.pane;
    return scrollHeight - scrollTop - clientHeight < 90;
  }

  bottom(): void {
    this.pane.scrollTop = this.pane.scrollHeight;
    this.jumper.hidden = true;
  }

  /** Draw older messages above; what is being read stays where it is. */
  private earlier(): void {
    const { pane, timeline } = this;
    if (!timeline || timeline.size <= this.most) return;
    const below = pane.scrollHeight - pane.scrollTop;
    this.most += MOST;
    const { hidden } = this.jumper;
    this.redraw(timeline);
    // Older messages are new on the page, and no news.
    this.jumper.hidden = hidden;
    pane.scrollTop = pane.scrollHeight - below;
  }

  /** Bring the page in line with the timeline. `follow`: the customer just spoke, go where they look. */
  redraw(timeline: Timeline, follow?: boolean): void {
    const stick = follow || this.atBottom;
    this.timeline = timeline;
    this.pane.setAttribute("aria-label", this.ui.words.conversation);
    this.jumper.textContent = this.ui.words.newMessages;
    const next = new Map<string, { sign: string; node: HTMLElement }>();
    let fresh: HTMLElement | undefined;
    const first = this.drawn.size === 0;
    let at = 0;
    for (const row of rows(timeline.list().slice(-this.most), this.ui)) {
      const old = this.drawn.get(row.key);
      const entry = old?.sign === row.sign ? old : { sign: row.sign, node: row.make() };
      const { node } = entry;
      this.drawn.delete(row.key);
      next.set(row.key, entry);
      if (node !== old?.node) {
        old?.node.replaceWith(node);
        if (!old && !first) {
          node.classList.add("new");
          if (/ (bot|agent)/.test(node.className)) fresh ??= node;
        }
      }
      if (this.list.children[at] !== node) this.list.insertBefore(node, this.list.children[at] ?? null);
      at += 1;
    }
    for (const { node } of this.drawn.values()) node.remove();
    this.drawn = next;
    if (!stick) {
      if (fresh) this.jumper.hidden = false;
    } else if (fresh && this.list.scrollHeight - fresh.offsetTop > this.pane.clientHeight) {
      // An answer longer than the window is read from its beginning.
      this.pane.scrollTop = fresh.offsetTop - 12;
    } else this.bottom();
  }

  clear(): void {
    this.list.replaceChildren();
    this.drawn.clear();
    this.most = MOST;
  }
}
