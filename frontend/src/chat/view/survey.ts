/** "How did it go?": five numbered buttons, then an optional word. */

import type { Item } from "../timeline";
import type { Ui } from "./context";
import { button, h } from "./h";

export function survey(item: Item, ui: Ui): HTMLElement {
  const { words } = ui;
  const given = ui.answer(item.seq);
  if (given) return h("li.notice", null, h("span", null, words.thanks));
  let score = 0;
  const buttons = [1, 2, 3, 4, 5].map((n) =>
    button(
      "score",
      () => {
        score = n;
        buttons.forEach((other, at) => other.setAttribute("aria-pressed", String(at === n - 1)));
        more.hidden = false;
        more.scrollIntoView({ block: "nearest" });
      },
      String(n),
      {
        "aria-pressed": "false",
        "aria-label": n === 1 ? `1, ${words.rateLow}` : n === 5 ? `5, ${words.rateHigh}` : null,
      },
    ),
  );
  const id = `survey${item.seq}`;
  const comment = h("textarea", { id, rows: 2, maxlength: 1000 });
  const more = h(
    "div",
    { hidden: true },
    h("label", { for: id }, words.comment),
    comment,
    button("primary", () => ui.survey(item.seq, score, comment.value.trim()), words.commentSend),
  );
  return h(
    "li",
    null,
    h(
      "div.survey",
      { role: "group", "aria-label": words.rate },
      h("p", null, words.rate),
      h("div.scale", null, ...buttons),
      h("p.ends", { "aria-hidden": "true" }, h("span", null, words.rateLow), h("span", null, words.rateHigh)),
      more,
    ),
  );
}
