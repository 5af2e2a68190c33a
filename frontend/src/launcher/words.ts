/** The launcher's few words; the chat has its own, loaded with it. */
const WORDS: Record<string, [label: string, dialog: string, unread: string]> = {
  fr: ["Besoin d’aide ?", "Assistance", "messages non lus"],
  en: ["Need help?", "Support", "unread messages"],
  nl: ["Hulp nodig?", "Hulp", "ongelezen berichten"],
  es: ["¿Necesita ayuda?", "Ayuda", "mensajes sin leer"],
  de: ["Brauchen Sie Hilfe?", "Hilfe", "ungelesene Nachrichten"],
  it: ["Serve aiuto?", "Assistenza", "messaggi non letti"],
};

/** Language subtag of a locale we have words for; French otherwise, as everywhere in Relais. */
export const supported = (locale: string): string => {
  const language = locale.slice(0, 2).toLowerCase();
  return language in WORDS ? language : "fr";
};

export const words = (locale: string): [string, string, string] =>
  WORDS[supported(locale)] as [string, string, string];
