"""Short messages that lean on the last answer: "et pour le gaz ?", "combien ça coûte ?", "c'est quoi le délai"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.language.normalise import normalise
from bot.language.tokens import stems, words


@dataclass(frozen=True)
class ReadingContext:
    """What was last said: the article shown and its theme. All optional."""

    article: str | None = None
    theme: str | None = None


_OPENER = re.compile(r"^(?:et|mais|ok et|d'accord et|and|but|en|maar|y|pero|und|aber|e|ma)\b")
#: Questions about a side of something named before: price, delay, place, papers, manner.
_ASPECT: dict[str, re.Pattern[str]] = {
    "fr": re.compile(r"\b(?:combien|c'?est gratuit|gratuit|payant|prix|tarif|cout\w*|frais|delais?|combien de temps|quand|ou (?:ca|je|est|se)|comment (?:je |on |ca |faire|faut)|pourquoi|obligatoire|quels? (?:documents?|papiers?|justificatifs?)|plus de details|en detail|c'est long|ca prend|exemple|et apres|ensuite|et si|pareil|aussi|la meme chose)\b"),
    "en": re.compile(r"\b(?:how much|is it free|free|price|cost\w*|fees?|how long|when|where|how do i|how|why|mandatory|which documents|more details?|and then|example|what if|same)\b"),
    "nl": re.compile(r"\b(?:hoeveel|gratis|prijs|kost\w*|hoe lang|wanneer|waar|hoe|waarom|verplicht|welke documenten|meer details|en dan|voorbeeld|ook)\b"),
    "es": re.compile(r"\b(?:cuanto|gratis|precio|cuesta|coste|plazo|cuando|donde|como|por que|obligatorio|que documentos|mas detalles|y luego|ejemplo|tambien)\b"),
    "de": re.compile(r"\b(?:wie viel|wieviel|kostenlos|preis|kostet|kosten|wie lange|wann|wo|wie|warum|pflicht|welche unterlagen|mehr details|und dann|beispiel|auch)\b"),
    "it": re.compile(r"\b(?:quanto|gratis|prezzo|costa|costo|tempi|quando|dove|come|perche|obbligatorio|quali documenti|piu dettagli|e poi|esempio|anche)\b"),
}
_EMPTY = frozenset(
    ["combien", "cout", "coutent", "coute", "ca", "cela", "est", "quoi", "prix", "tarif", "frais", "delai", "gratuit", "payant", "temps", "quand", "ou", "comment", "fair", "fait", "faut", "pourquoi", "obligatoir", "document", "papier", "justif", "detail", "long", "prend", "exempl", "apres", "ensuit", "meme", "chos", "how", "much", "free", "price", "cost", "fee", "long", "when", "where", "why", "what", "it", "is", "cuanto", "es", "precio", "plazo", "cuando", "donde", "como", "wie", "viel", "preis", "kostet", "dauert", "wann", "wo", "warum", "quanto", "costa", "prezzo", "tempi", "quando", "dove", "come", "hoeveel", "kost", "prijs", "duurt", "wanneer", "waar", "hoe"]
)


def leans(text: str, language: str) -> bool:
    """Whether a message is too short to stand alone and asks for more of what was just spoken of."""
    tokens = words(text, language)
    if not tokens or len(tokens) > 9:
        return False
    folded = normalise(text, language)
    if _OPENER.search(folded):
        return True
    pattern = _ASPECT.get(language)
    if pattern is None or not pattern.search(folded):
        return False
    content = [s for s in stems(text, language) if s not in _EMPTY and len(s) > 2]
    return len(content) <= 1


def own_words(text: str, language: str) -> bool:
    """Whether a leaning message names a subject of its own ("et pour le gaz ?")."""
    return any(s not in _EMPTY and len(s) > 2 and s not in ("pour", "for", "fur", "para", "per", "voor") for s in stems(text, language))
