/** The queue's filters as a form: read, set, kept in this browser. */

import { byId, counter, h } from "../lib/dom.js";
import { recall, remember } from "../lib/shell.js";
import { label, t } from "../lib/texts.js";

const KEY = "relais-inbox-filters";
const NAMES = ["status", "queue", "priority", "level", "locale", "channel", "assignee", "sla", "snoozed", "tag"];
const GROUPS = { locale: "language", queue: "queue" };
export const FIRST = { status: "live", snoozed: "no" };

function saved() {
  try {
    return JSON.parse(recall(KEY) ?? "null") ?? FIRST;
  } catch {
    return FIRST;
  }
}

export class FilterForm {
  constructor(changed) {
    this.form = byId("queue-filters");
    this.set(saved());
    this.form.addEventListener("change", () => {
      this.keep();
      changed();
    });
  }

  values() {
    return Object.fromEntries(NAMES.map((name) => [name, byId(`filter-${name}`).value.trim()]).filter(([, value]) => value));
  }

  set(values) {
    for (const name of NAMES) {
      const field = byId(`filter-${name}`);
      const value = values[name] ?? "";
      // A queue or language nobody has seen yet on this page still is what the view says.
      if (field.tagName === "SELECT" && value && ![...field.options].some((option) => option.value === value)) {
        field.append(h("option", { value }, label(GROUPS[name] ?? name, value)));
      }
      field.value = value;
    }
    this.keep();
  }

  keep() {
    const values = this.values();
    remember(KEY, JSON.stringify(values));
    const count = Object.entries(values).filter(([name, value]) => FIRST[name] !== value).length;
    counter("filters-count", count);
  }

  /** Whether the queue shows less than what is live. */
  narrowed() {
    return JSON.stringify(this.values()) !== JSON.stringify(FIRST);
  }

  /** Offer every queue and language seen so far. */
  learn(tickets) {
    for (const name of ["queue", "locale"]) {
      const field = byId(`filter-${name}`);
      const known = new Set([...field.options].map((option) => option.value));
      const fresh = [...new Set(tickets.map((ticket) => ticket[name]))].filter((value) => value && !known.has(value)).sort();
      for (const value of fresh) field.append(h("option", { value }, label(GROUPS[name], value)));
    }
    const tags = byId("tags-known");
    const known = new Set([...tags.options].map((option) => option.value));
    for (const tag of new Set(tickets.flatMap((ticket) => ticket.tags ?? []))) if (!known.has(tag)) tags.append(h("option", { value: tag }));
  }
}

/** What a filter is called, for the line under the search. */
export const filterName = (name) => t(`filter.${name}`);
