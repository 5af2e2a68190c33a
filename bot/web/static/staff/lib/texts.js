/** The words of the staff pages, and dates and numbers as their readers write them. */

export const lang = document.documentElement.lang === "en" ? "en" : "fr";
const timezone = document.body.dataset.timezone || "Europe/Paris";

const response = await fetch(`/static/staff/texts/${lang}.json`);
if (!response.ok) throw new Error("The dictionary of the page cannot be read.");
const texts = await response.json();

/** True where the dictionary has the key. */
export const has = (key) => Object.hasOwn(texts, key);

/**
 * A text by its key. `{name}` is replaced by `values.name`; with `values.n` the variant `<key>.one` is
 * taken for a single thing (in French also for none).
 */
export function t(key, values = {}) {
  const single = values.n === 1 || (lang === "fr" && values.n === 0);
  const found = single && has(`${key}.one`) ? texts[`${key}.one`] : texts[key];
  if (found === undefined) return key;
  return found.replace(/\{(\w+)\}/g, (_, name) => format(values[name]));
}

/** The text of a code (`status.open`); the code itself, readable, where the dictionary has none. */
export const label = (group, code) =>
  code && has(`${group}.${code}`) ? t(`${group}.${code}`) : String(code ?? "").replaceAll(/[_-]/g, " ");

/** Someone's words in the reader's quotation marks, which never stand alone on a line. */
export const quoted = (words) => (lang === "fr" ? `«\u00a0${words}\u00a0»` : `“${words}”`);

const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 1 });
const money = new Intl.NumberFormat(lang, { style: "currency", currency: "EUR" });
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: timezone });
const fullDay = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", timeZone: timezone });
const hour = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", timeZone: timezone });
const full = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short", timeZone: timezone });
const iso = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: timezone });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto", style: "short" });

const format = (value) => (typeof value === "number" ? number.format(value) : String(value ?? ""));
export const formatNumber = (value) => number.format(value);
/** A share between 0 and 1 as a percentage. */
export const formatShare = (value) => percent.format(value);
export const formatMoney = (euros) => money.format(euros);
export const formatTime = (at) => hour.format(new Date(at));
export const formatFull = (at) => full.format(new Date(at));
export const formatFullDay = (at) => fullDay.format(new Date(at));
export const formatDay = (at) => day.format(new Date(at));
/** A moment as one says it: the time alone today, with its day otherwise. */
export const formatWhen = (at, now = Date.now()) => (dayOf(at) === dayOf(now) ? formatTime(at) : `${formatDay(at)} ${formatTime(at)}`);
/** The calendar day (YYYY-MM-DD) of a moment, in the desk's time zone. */
export const dayOf = (at) => iso.format(new Date(at));
/** The calendar day after it: a day has 23 or 25 hours where the clocks change. */
export const dayAfter = (at) => new Date(Date.parse(dayOf(at)) + 86_400_000).toISOString().slice(0, 10);

/** How long ago, in one unit: "il y a 3 min". */
export function formatAgo(at, now = Date.now()) {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return t("time.now");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

/** A duration in seconds, in words: "4 min", "1 h 20". */
export function formatDuration(seconds) {
  if (seconds < 60) return t("time.seconds", { count: Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("time.minutes", { count: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return t("time.days", { count: Math.round(hours / 24) });
  const rest = String(minutes % 60).padStart(2, "0");
  return minutes % 60 ? t("time.hours_minutes", { hours, minutes: rest }) : t("time.hours", { count: hours });
}
