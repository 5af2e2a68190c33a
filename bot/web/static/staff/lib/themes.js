/** Subjects of articles and queues, in the order customers are asked about them. */
export const THEMES = ["facture", "paiement", "contrat", "demenagement", "compteur", "urgence", "espace-client", "services"];
/** Languages that have a queue of their own. */
export const LANGUAGES = ["fr", "en", "nl", "es", "de", "it"];
/** Every queue a request can be sent to. */
export const QUEUES = ["urgent", "trust-safety", ...THEMES.filter((theme) => theme !== "urgence"), ...LANGUAGES];
