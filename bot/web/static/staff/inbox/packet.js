/** The hand-over packet: everything the bot learnt, so that nobody is asked twice. */

import { h, icon } from "../lib/dom.js";
import { has, label, t } from "../lib/texts.js";

const list = (items) => h("ul", null, items.map((item) => h("li", null, item)));

function section(key, content) {
  return content ? h("section", { dataset: { key } }, h("h3", null, t(key)), content) : null;
}

/** An article by title, linking to the help centre; an id alone where the title is unknown. */
function article(entry) {
  const id = typeof entry === "string" ? entry : entry.id ?? entry.slug;
  const title = typeof entry === "string" ? entry : entry.title ?? id;
  return h("a", { href: `/aide/${encodeURIComponent(id)}`, target: "_blank", rel: "noopener" }, title);
}

function slotValue(value) {
  if (value === true) return t("yes");
  if (value === false) return t("no");
  if (Array.isArray(value)) return value.map(slotValue).join(", ");
  if (value && typeof value === "object") return Object.values(value).map(slotValue).join(", ");
  return String(value);
}

function slots(values) {
  const known = Object.entries(values ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!known.length) return null;
  return h("dl", { class: "facts" }, known.flatMap(([name, value]) =>
    [h("dt", null, label("slot", name)), h("dd", null, has(`value.${value}`) ? t(`value.${value}`) : slotValue(value))]));
}

/** Why the bot stopped, in words. The dialogue gives a short English reason, some with a slug behind it. */
function reason(packet) {
  if (!packet.reason) return null;
  const code = slug(packet.reason);
  return label("reason", code.startsWith("flow_") ? "flow" : code);
}

/** The words before a colon as a key of our texts. */
const slug = (text) => String(text).split(":")[0].trim().replaceAll(" ", "_");

/** What a flow noted when it stopped, in words where it is one of its own short notes; an agent's note stays as written. */
function noted(note) {
  return String(note).split(" · ").map((one) => {
    const key = `note.${slug(one)}`;
    return has(key) ? [t(key), ...one.split(":").slice(1)].join(" :") : one;
  }).join(" · ");
}

/** What was tried, in words: flow, the bot's note, answers given. */
function tried(packet) {
  const lines = [];
  if (packet.instructed) lines.push(t("packet.instructed", { danger: label("danger", packet.instructed) }));
  if (packet.flow) lines.push(t("packet.flow", { flow: label("flow", packet.flow) }));
  if (packet.note) lines.push(noted(packet.note));
  // What the server derives from the conversation (instructions, articles, flow) has its own place here.
  lines.push(...(packet.tried ?? []).map(String).filter((line) => !/^(réponse|proposé) : |^parcours \S+ commencé$|^consignes de sécurité données$/.test(line)));
  return lines;
}

/** Two lines: what it is about and why it is here; what came of the bot's help. */
function summary(packet, ticket) {
  const theme = packet.theme ?? ticket.theme;
  const about = [theme && label("queue", theme), packet.flow && label("flow", packet.flow), reason(packet)].filter(Boolean).join(" · ");
  const shown = packet.articles_shown?.length ?? 0;
  const refused = packet.articles_refused?.length ?? 0;
  const came = !shown && !packet.flow && !tried(packet).length ? t("packet.nothing_tried")
    : [packet.instructed && t("packet.instructed", { danger: label("danger", packet.instructed) }), shown && t("packet.n_shown", { n: shown }), refused && t("packet.n_refused", { n: refused }), packet.flow && t("packet.flow", { flow: label("flow", packet.flow) })].filter(Boolean).join(" · ");
  return `${about || t("packet.no_subject")}\n${came}`;
}

function contact(packet, ticket) {
  const value = packet.contact?.value ?? packet.contact ?? ticket.contact;
  const channel = packet.channel ?? packet.contact?.channel ?? ticket.channel;
  const lines = [];
  if (channel) lines.push(t(`channel.${channel}`));
  if (typeof value === "string" && value) {
    const href = value.includes("@") ? `mailto:${value}` : `tel:${value.replace(/[^\d+]/g, "")}`;
    lines.push(h("a", { href }, value));
  }
  return lines.length ? list(lines) : null;
}

/** Whom the host's own server vouches for: a name where it gave one, and its id of the user. */
function identity(known) {
  return known && [known.name, known.email, known.user_id].filter(Boolean).join(" · ");
}

/** What the page says about where the customer is: its own names, no translation. */
function context(said) {
  const entries = Object.entries(said ?? {});
  return entries.length > 0 && h("dl", { class: "facts" }, entries.flatMap(([name, value]) =>
    [h("dt", null, name), h("dd", null, page(String(value)))]));
}

/** The page the customer wrote from: a link only where it is a web address. */
function page(address) {
  if (!address || !/^https?:\/\//i.test(address)) return address;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address.replace(/^https?:\/\//i, ""));
}

function about(packet, ticket) {
  const facts = [
    ["packet.language", label("language", packet.language ?? ticket.locale)],
    ["packet.theme", (packet.theme ?? ticket.theme) && label("queue", packet.theme ?? ticket.theme)],
    ["packet.mood", packet.mood && packet.mood !== "neutral" && label("mood", packet.mood)],
    ["packet.urgency", ticket.priority !== "normal" && label("priority", ticket.priority)],
    ["packet.verified", packet.verified && t("yes")],
    ["packet.identity", identity(packet.identity)],
    ["packet.page", page(packet.page_url)],
  ].filter(([, value]) => value);
  return h("dl", { class: "facts" }, facts.flatMap(([key, value]) => [h("dt", null, t(key)), h("dd", null, value)]));
}

/** The packet of a ticket as an element, open at first. */
export function packetView(ticket) {
  const packet = ticket.packet ?? {};
  const { request } = packet;
  const shown = packet.articles_shown ?? [];
  const titles = new Map(shown.map((entry) => [entry.id, entry]));
  const refused = (packet.articles_refused ?? []).map((slug) => titles.get(slug) ?? slug);
  return h("details", { class: "card packet", open: true, dataset: { key: ticket.reference } },
    h("summary", null, icon("inbox"), t("packet.title")),
    h("div", { class: "packet-body" },
      h("p", { class: "packet-summary" }, summary(packet, ticket)),
      section("packet.request", request && h("blockquote", { class: "words", lang: packet.language ?? ticket.locale }, request)),
      h("div", { class: "packet-grid" },
        tried(packet).length > 0 && section("packet.tried", list(tried(packet))),
        shown.length > 0 && section("packet.shown", list(shown.map(article))),
        refused.length > 0 && section("packet.refused", list(refused.map(article))),
        section("packet.slots", slots(packet.slots)),
        section("packet.contact", contact(packet, ticket)),
        section("packet.context", context(packet.context)),
        section("packet.about", about(packet, ticket)))));
}
