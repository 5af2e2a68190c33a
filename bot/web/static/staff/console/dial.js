/** The risk dial: the largest share of wrong answers the lead accepts, and what follows from it. */

import { get, put } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { attempt, said } from "../lib/notify.js";
import { formatShare, t } from "../lib/texts.js";

const STEP = 0.01;
const LOWEST = 0.01;
const HIGHEST = 0.3;

export class Dial {
  constructor(panel) {
    this.panel = panel;
  }

  async refresh() {
    const now = await get("settings");
    this.value = now.max_wrong;
    this.draw(now);
  }

  draw(now) {
    const value = h("p", { class: "dial-value", "aria-hidden": "true" });
    const meaning = h("div", { class: "stack", "aria-live": "polite" });
    const range = h("input", { type: "range", id: "dial", min: LOWEST, max: HIGHEST, step: STEP, value: this.value });
    const save = h("button", { type: "submit", class: "button button-primary" }, t("dial.save"));
    const show = () => {
      const share = Number(range.value);
      value.textContent = formatShare(share);
      range.setAttribute("aria-valuetext", formatShare(share));
      const every = Math.round(1 / share);
      fill(meaning,
        h("p", null, t("dial.means", { share: formatShare(share), every })),
        h("p", { class: "quiet" }, t(share <= 0.03 ? "dial.careful" : share <= 0.1 ? "dial.balanced" : "dial.bold")));
      save.disabled = Math.abs(share - this.value) < STEP / 2;
    };
    range.addEventListener("input", show);
    fill(this.panel, h("form", { class: "card dial stack", on: { submit: (event) => {
      event.preventDefault();
      void attempt(save, async () => {
        const share = Number(range.value);
        await put("settings", { max_wrong: share });
        said(t("dial.saved", { share: formatShare(share) }));
        await this.refresh();
      });
    } } },
    h("h2", null, h("label", { for: "dial" }, t("dial.title"))),
    value, range,
    h("p", { class: "dial-ends", "aria-hidden": "true" }, h("span", null, t("dial.less")), h("span", null, t("dial.more"))),
    meaning,
    h("p", { class: "small quiet" }, t("dial.default", { share: formatShare(now.default) })),
    h("div", { class: "row row-end" }, save)));
    show();
  }
}
