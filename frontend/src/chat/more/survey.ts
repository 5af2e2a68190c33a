/** "How did it go?" in five, "how easy was it?" in ten, then an optional word. */

import type { Item } from "../timeline";
import type { Ui } from "../view/context";
import type { Kit } from "./kit";
import type { MoreWords } from "./words/types";

/** The question of a survey event as a list item. An effort of 1 is easy, of 10 hard. */
export function survey({ h, button }: Kit, item: Item, ui: Ui, more: MoreWords): HTMLElement {
  if (ui.answer(item.seq)) return h("li.notice", null, h("span", null, ui.words.thanks));
  const effort = item.event.ask === "effort";
  const [low, high, question] = effort ? [more.effortLow, more.effortHigh, more.effort] : [more.rateLow, more.rateHigh, more.rate];
  const count = effort ? 10 : 5;
  let score = 0;
  const buttons = Array.from({ length: count }, (_, at) => {
    const n = at + 1;
    return button(
      "score",
      () => {
        score = n;
        buttons.forEach((other, place) => other.setAttribute("aria-pressed", String(place === at)));
        rest.hidden = false;
        rest.scrollIntoView({ block: "nearest" });
      },
      String(n),
      { "aria-pressed": "false", "aria-label": n === 1 ? `1, ${low}` : n === count ? `${n}, ${high}` : null },
    );
  });
  const id = `survey${item.seq}`;
  const comment = h("textarea", { id, rows: 2, maxlength: 1000 });
  const rest = h(
    "div",
    { hidden: true },
    h("label", { for: id }, more.comment),
    comment,
    button("primary", () => ui.survey(item.seq, effort, score, comment.value.trim()), more.commentSend),
  );
  return h(
    "li",
    null,
    h(
      "div.survey",
      { role: "group", "aria-label": question },
      h("p", null, question),
      h("div.scale", null, ...buttons),
      h("p.ends", { "aria-hidden": "true" }, h("span", null, low), h("span", null, high)),
      rest,
    ),
  );
}
