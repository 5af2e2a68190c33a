"""A side of an article: what it says of the price, the time, the papers, the steps.

After an answer, "combien ça coûte ?", "et si c'est pour demain ?" or "comment je fais ?" asks for a part of what was
shown. The lines that speak of it are better than the whole once more.
"""

from __future__ import annotations

import re

from bot.faq.articles import Article
from bot.language.normalise import fold, normalise

MOST_LINES = 3
MOST_STEPS = 6
STEPS, SOON = "steps", "soon"
_LINE = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s+")
_STEP = re.compile(r"^\s*\d{1,2}[.)]\s+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\d\s])")
_HEADING = re.compile(r"^#+\s+")
_TABLE = re.compile(r"^\s*\|")
_LINK = re.compile(r"\[([^\]]+)\]\([^()\s]+\)")
_STRESS = re.compile(r"\*{1,2}([^*]+)\*{1,2}")

#: How people ask for it, in folded and normalised text.
_ASKED: dict[str, dict[str, re.Pattern[str]]] = {
    "price": {
        "fr": re.compile(r"\b(?:combien(?! d[e'])|prix|tarifs?|cout\w*|frais|payant|gratuit\w*|cher)\b"),
        "en": re.compile(r"\b(?:how much(?! (?:power|capacity|kva|electricity|energy|gas|time|longer)\b)|price|costs?|fees?|free|charged?|expensive)\b"),
        "nl": re.compile(r"\b(?:hoeveel(?! (?:tijd|dagen|weken|vermogen|kva|stroom|gas)\b)|prijs|kost\w*|gratis|duur is)\b"),
        "es": re.compile(r"\b(?:cuanto (?:cuesta|vale|es|hay que pagar|cobran)|precio|cuesta\w*|coste|gratis|gratuito|caro)\b"),
        "de": re.compile(r"\b(?:wie ?viel(?! (?:leistung|kva|strom|gas|zeit|tage|wochen)\b)|preis|kost\w*|kostenlos|gebuhr\w*|teuer)\b"),
        "it": re.compile(r"\b(?:quanto (?:costa|si paga|viene|devo pagare)|prezzo|cost[ao]|gratis|gratuito|caro)\b"),
    },
    "time": {
        "fr": re.compile(r"\b(?:delais?|combien de (?:temps|jours?|semaines?|mois)|quand|c'est long|ca prend|sous combien|quelle date)\b"),
        "en": re.compile(r"\b(?:how long|when|how many (?:days|weeks|months)|how fast|what date)\b"),
        "nl": re.compile(r"\b(?:hoe lang|wanneer|hoeveel (?:tijd|dagen|weken)|hoe snel)\b"),
        "es": re.compile(r"\b(?:cuanto (?:tarda\w*|tiempo)|plazos?|cuando|cuantos dias)\b"),
        "de": re.compile(r"\b(?:wie (?:lange|schnell)|wann|wie viele (?:tage|wochen)|frist)\b"),
        "it": re.compile(r"\b(?:quanto (?:tempo|ci vuole|ci mette|dura)|quando|tempi|quanti giorni)\b"),
    },
    SOON: {
        "fr": re.compile(r"\b(?:demain|aujourd'hui|ce soir|tout de suite|urgen\w+|plus vite|presse\w*|rapidement)\b"),
        "en": re.compile(r"\b(?:tomorrow|today|tonight|right away|urgent\w*|faster|quicker|asap|in a hurry)\b"),
        "nl": re.compile(r"\b(?:morgen\w*|vandaag|vanavond|meteen|dringend|spoed|sneller)\b"),
        "es": re.compile(r"\b(?:manana|hoy|esta noche|urgente\w*|mas rapido|ya mismo|prisa)\b"),
        "de": re.compile(r"\b(?:morgen|heute|sofort|dringend|eilig|schneller)\b"),
        "it": re.compile(r"\b(?:domani|oggi|stasera|subito|urgente\w*|piu veloce|in fretta)\b"),
    },
    "papers": {
        "fr": re.compile(r"\b(?:documents?|papiers?|justificatifs?|pieces?)\b"),
        "en": re.compile(r"\b(?:documents?|papers|paperwork|proof)\b"),
        "nl": re.compile(r"\b(?:documenten|papieren|bewijs\w*)\b"),
        "es": re.compile(r"\b(?:documentos?|papeles|justificantes?)\b"),
        "de": re.compile(r"\b(?:unterlagen|papiere|dokumente|nachweis\w*)\b"),
        "it": re.compile(r"\b(?:documenti|carte|giustificativi)\b"),
    },
    STEPS: {
        "fr": re.compile(r"\b(?:comment (?:je|on|ca|faire|faut|il faut|proceder|s'y prendre)|qu'est-ce que je (?:dois )?fai\w+|je fais quoi|etapes?|demarches?|marche a suivre)\b"),
        "en": re.compile(r"\b(?:how (?:do|can|should|would) (?:i|we)|how does (?:it|that|this)|what (?:do|should) i do|steps?|how to)\b"),
        "nl": re.compile(r"\b(?:hoe (?:doe|moet|kan|werkt|gaat|regel|vraag)|wat moet ik doen|stappen)\b"),
        "es": re.compile(r"\b(?:como (?:lo |se |la )*(?:hago|hace|puedo|funciona|tengo|solicito|pido)|que (?:hago|tengo que hacer)|pasos)\b"),
        "de": re.compile(r"\b(?:wie (?:mache|geht|kann|funktioniert|muss|gehe)|was muss ich (?:tun|machen)|schritte?)\b"),
        "it": re.compile(r"\b(?:come (?:si fa|faccio|fare|funziona|posso|devo)|cosa devo fare|passaggi|passi)\b"),
    },
}
#: What a line that answers has in it, in folded text; the signs of a language and those of all.
_ANSWERED: dict[str, re.Pattern[str]] = {
    "price": re.compile(r"\d\s*(?:€|euros?\b)|€\s*\d|\b(?:gratuit\w*|sans frais|free|no charge|gratis|kosteloos|sin coste|kostenlos|kostenfrei|gratuit[oa]|senza costi)\b"),
    "time": re.compile(
        r"\b\d+\s*(?:jours?|semaines?|mois|heures?|h|minutes?|ans?|days?|weeks?|months?|hours?|years?|dagen?|weken|week|maand(?:en)?|uur|jaar"
        r"|dias?|semanas?|mes(?:es)?|horas?|anos?|tage?n?|wochen?|monate?n?|stunden?|jahre?n?|giorn[oi]|settiman[ae]|mes[ei]|or[ae]|ann[oi])\b"
        r"|\b(?:delais?|le jour meme|aussitot|immediat\w*|immediately|same day|meteen|onmiddellijk|en el acto|inmediat\w*|sofort|subito|immediatamente|in giornata)\b"
    ),
    SOON: re.compile(
        r"\b(?:24|48) ?(?:h\b|heures?|hours?|uur|horas?|stunden?|ore\b)|\b(?:le jour meme|le lendemain|aujourd'hui|demain|same day|next day|today|tomorrow"
        r"|dezelfde dag|volgende dag|vandaag|mismo dia|dia siguiente|manana|am selben tag|am nachsten tag|noch heute|morgen|stesso giorno|in giornata"
        r"|giorno dopo|domani|urgen\w*|dringend\w*|spoed\w*|eil\w*|sofort|immediat\w*|onmiddellijk|meteen)\b"
    ),
    "papers": re.compile(
        r"\b(?:justificatifs?|piece d'identite|copie|attestation|rib|livret|facture recente|document\w*|proof|copy|certificate|bewijs\w*|kopie|identiteit\w*"
        r"|justificantes?|copia|certificad\w*|nachweis\w*|ausweis\w*|bescheinigung\w*|carta d'identita|certificat\w*)\b"
    ),
}


def asked_for(text: str, language: str) -> str | None:
    """Which side a message asks for: ``price``, ``time``, ``soon`` (by tomorrow), ``papers``, ``steps``, or None."""
    folded = normalise(text, language)
    return next((side for side, patterns in _ASKED.items() if language in patterns and patterns[language].search(folded)), None)


def excerpt(article: Article, side: str) -> list[str]:
    """At most three lines of the article that speak of that side, as plain text, the short answer's first; or its steps."""
    if side == STEPS:
        return [_plain(_STEP.sub("", line).strip()) for line in article.body.splitlines() if _STEP.match(line)][:MOST_STEPS]
    found: list[str] = []
    for line in [*_sentences(article.answer), *_lines(article.body)]:
        plain = _plain(line)
        if _ANSWERED[side].search(fold(plain)) and plain not in found:
            found.append(plain)
    if side == SOON and not found:
        return excerpt(article, "time")
    return found[:MOST_LINES]


def _plain(line: str) -> str:
    return _STRESS.sub(r"\1", _LINK.sub(r"\1", line))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(" ".join(text.split())) if part.strip()]


def _lines(body: str) -> list[str]:
    lines: list[str] = []
    for line in body.splitlines():
        if not line.strip() or _HEADING.match(line) or _TABLE.match(line):
            continue
        item = _LINE.sub("", line).strip()
        lines += [item] if _LINE.match(line) else _sentences(item)
    return lines
