/** The panel beside a request: who the customer is, what may help, colleagues, tags. */

import { get, post } from "../lib/api.js";
import { byId, fill, h, icon } from "../lib/dom.js";
import { keep } from "../lib/keep.js";
import { failed } from "../lib/notify.js";
import { formatDay, formatMoney, formatShare, has, label, t } from "../lib/texts.js";
import { Elsewhere } from "./elsewhere.js";
import { Links } from "./links.js";
import { askForContent } from "./macros.js";

const ORDER = ["customer.name", "customer.email", "customer.phone", "customer.postcode", "contract.number", "contract.status", "contract.offer",
  "contract.power", "contract.address", "contract.balance", "contract.payment", "contract.since"];

function factValue(name, value) {
  if (name === "contract.since") return formatDay(value);
  return has(`fact.${name}.${value}`) ? t(`fact.${name}.${value}`) : value;
}

/** `insert(macroId)` puts a macro into the reply box; `changed()` after tags moved. */
export class Side {
  constructor({ insert, quote, changed }) {
    this.insert = insert;
    this.quote = quote;
    this.changed = changed;
    this.reference = null;
    this.customer = byId("side-customer");
    this.help = byId("side-help");
    this.tagBox = byId("side-tags");
    this.elsewhere = new Elsewhere(byId("side-elsewhere-part"), byId("side-elsewhere"), () => this.changed());
    this.links = new Links(byId("side-links-part"), byId("side-links"), () => this.changed());
    const toggle = () => this.toggle();
    byId("side-toggle").addEventListener("click", toggle);
    byId("side-close").addEventListener("click", toggle);
  }

  toggle(open = !byId("side").classList.contains("is-open")) {
    byId("side").classList.toggle("is-open", open);
    byId("side-toggle").setAttribute("aria-expanded", String(open));
    (open ? byId("side-close") : byId("side-toggle")).focus({ preventScroll: true });
  }

  /** Follow a ticket; facts and help are fetched when it is another one, or its customer said something new. */
  follow(ticket) {
    const spoken = ticket.transcript.filter((event) => event.author === "customer").length;
    const stamp = `${ticket.reference}:${spoken}`;
    this.drawTags(ticket);
    this.links.draw(ticket);
    this.elsewhere.draw(ticket);
    if (stamp === this.stamp) return;
    const other = ticket.reference !== this.reference;
    this.stamp = stamp;
    this.reference = ticket.reference;
    if (other) {
      fill(this.customer, h("p", { class: "quiet small" }, t("loading")));
      fill(this.help, h("p", { class: "quiet small" }, t("loading")));
    }
    void this.load(ticket);
  }

  async load(ticket) {
    const path = `tickets/${encodeURIComponent(ticket.reference)}`;
    const mine = () => this.reference === ticket.reference;
    const quietly = (node) => () => mine() && fill(node, h("p", { class: "quiet small" }, t("side.unavailable")));
    await Promise.all([
      get(`${path}/customer`).then((facts) => mine() && this.drawCustomer(facts)).catch(quietly(this.customer)),
      get(`${path}/suggestions`).then((found) => mine() && this.drawHelp(found)).catch(quietly(this.help)),
    ]);
  }

  drawCustomer({ values, verified, bills }) {
    const known = ORDER.filter((name) => values[name]);
    keep(this.customer,
      verified && h("p", { class: "tag tag-ok" }, icon("check"), t("side.verified")),
      known.length > 0
        ? h("dl", { class: "facts facts-side" }, known.flatMap((name) => [h("dt", null, t(`fact.${name}`)), h("dd", null, factValue(name, values[name]))]))
        : h("p", { class: "quiet small" }, t("side.unknown")),
      bills.length > 0 && h("div", { class: "bills" }, h("h4", null, t("side.bills")), h("ul", null, bills.map((bill) => h("li", null,
        h("span", null, formatDay(bill.issued)), h("span", { class: "grow" }, formatMoney(bill.total)),
        h("span", { class: bill.status === "paid" ? "tag tag-ok" : "tag tag-wait" }, label("bill", bill.status)))))));
  }

  drawHelp({ articles, macros }) {
    keep(this.help,
      macros.length > 0 && h("div", null, h("h4", null, t("side.macros")), h("ul", { class: "help-list" }, macros.map((macro) => h("li", null,
        h("button", { type: "button", class: "link-button", on: { click: () => this.insert(macro.id) } }, icon("note"), macro.name))))),
      articles.length > 0 && h("div", null, h("h4", null, t("side.articles")), h("ul", { class: "help-list" }, articles.map((article) => h("li", { class: article.refused ? "is-refused" : null },
        h("a", { href: `/aide/${encodeURIComponent(article.id)}`, target: "_blank", rel: "noopener" }, article.title ?? article.id),
        article.refused ? h("span", { class: "tag" }, t("side.refused")) : article.probability !== undefined && h("span", { class: "quiet small" }, formatShare(article.probability)),
        h("button", { type: "button", class: "quiet-button", "aria-label": t("side.quote", { title: article.title ?? article.id }), title: t("side.quote_short"), on: { click: () => this.quote(article) } }, icon("link")))))),
      !articles.length && !macros.length && h("p", { class: "quiet small" }, t("side.no_help")),
      h("button", { type: "button", class: "quiet-button small", on: { click: () => void askForContent(this.reference, "article") } }, icon("plus"), t("macro.ask")));
  }

  drawTags(ticket) {
    const live = !["solved", "closed"].includes(ticket.status);
    const remove = (tag) => this.change(ticket, { remove: [tag] });
    const add = (event) => {
      event.preventDefault();
      const { tag } = event.currentTarget.elements;
      if (tag.value.trim()) void this.change(ticket, { add: [tag.value.trim()] });
      tag.value = "";
    };
    keep(this.tagBox, h("div", { class: "row" }, (ticket.tags ?? []).map((tag) => h("span", { class: "tag", dataset: { key: tag } }, tag,
      live && h("button", { type: "button", class: "tag-x", "aria-label": t("side.tag_remove", { tag }), on: { click: () => void remove(tag) } }, "×")))),
      live && h("form", { on: { submit: add } }, h("input", {
        class: "input input-small", id: "tag-add", name: "tag", maxlength: "40", list: "tags-known", autocomplete: "off",
        placeholder: t("side.tag_add"), "aria-label": t("side.tag_add"),
      })));
  }

  async change(ticket, body) {
    try {
      await post(`tickets/${encodeURIComponent(ticket.reference)}/tags`, body);
      this.changed();
    } catch (error) {
      failed(error);
    }
  }
}

