"""Short messages that lean on the last answer: "et pour le gaz ?", "combien ça coûte ?", "c'est quoi le délai"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.language.normalise import normalise
from bot.language.tokens import stem, stems, words


@dataclass(frozen=True)
class ReadingContext:
    """What was last said: the article shown and its theme. All optional."""

    article: str | None = None
    theme: str | None = None


#: Each in its own language: "en fait", "ma facture" and "y a plus de courant" are French of another kind.
_OPENER: dict[str, re.Pattern[str]] = {
    language: re.compile(rf"^\W*(?:(?:{agreed})\W+)?(?:{opener})\b(?!-)") for language, agreed, opener in (
        ("fr", "ok|d'accord", "et|mais"), ("en", "ok|okay", "and|but"), ("nl", "ok|oke", "en|maar"), ("es", "ok|vale", "y|pero"),
        ("de", "ok|okay", "und|aber"), ("it", "ok|va bene", "e|ma"),
    )
}
#: Questions about a side of something named before: price, delay, place, papers, manner.
_ASPECT: dict[str, re.Pattern[str]] = {
    "fr": re.compile(r"\b(?:combien|c'?est gratuit|gratuit|payant|prix|tarif|cout\w*|frais|delais?|combien de temps|quand|ou (?:ca|je|est|se)|comment (?:je |on |ca |faire|faut)|pourquoi|obligatoire|quels? (?:documents?|papiers?|justificatifs?)|plus de details|en detail|c'est long|ca prend|exemple|et apres|ensuite|et si|je fais quoi|qu'est-ce que je (?:dois )?fai\w+|que (?:dois|faut)|pareil|aussi|la meme chose)\b"),
    "en": re.compile(r"\b(?:how much|is it free|free|price|cost\w*|fees?|how long|when|where|how do i|how|why|mandatory|(?:which|what) (?:documents?|papers)|more details?|and then|what (?:do|should) i do|what now|example|what if|same)\b"),
    "nl": re.compile(r"\b(?:hoeveel|gratis|prijs|kost\w*|hoe lang|wanneer|waar|hoe|waarom|verplicht|welke (?:documenten|papieren)|meer details|en dan|wat moet ik (?:dan )?doen|wat nu|voorbeeld|ook)\b"),
    "es": re.compile(r"\b(?:cuanto|gratis|precio|cuesta|coste|plazo|cuando|donde|como|por que|obligatorio|que (?:documentos|papeles)|mas detalles|y luego|que (?:hago|tengo que hacer)|ejemplo|tambien)\b"),
    "de": re.compile(r"\b(?:wie viel|wieviel|kostenlos|preis|kostet|kosten|wie lange|wann|wo|wie|warum|pflicht|welche (?:unterlagen|papiere|dokumente)|mehr details|und dann|was (?:muss|soll|mache) ich|beispiel|auch)\b"),
    "it": re.compile(r"\b(?:quanto|gratis|prezzo|costa|costo|tempi|quando|dove|come|perche|obbligatorio|quali (?:documenti|carte)|piu dettagli|e poi|(?:che )?cosa (?:devo|faccio)|esempio|anche)\b"),
}
#: Words that name no subject of their own: of asking, of price, time and papers, of doing something at all.
_PLAIN: dict[str, str] = {
    "fr": "combien coût coûte coûtent coûter prix tarif frais gratuit payant délai délais temps quand où comment pourquoi quel quelle quels quelles quoi obligatoire document "
          "documents papier papiers justificatif justificatifs détail détails long longue exemple après ensuite même chose pareil cela ça est faire fais fait font faut falloir doit dois prend prendre "
          "prends compter partir durer dure attendre euros jours peux peut pour alors aussi besoin",
    "en": "how much cost costs free price fee fees long take takes time when where why what which is it do does need happen happens then documents papers document mandatory example same details must should can days wait for there",
    "nl": "hoeveel kost kosten gratis prijs lang duurt duren tijd wanneer waar waarom hoe wat welke is het doe doen moet heb nodig gebeurt gebeuren dan documenten papieren verplicht voorbeeld details dagen kan voor",
    "es": "cuánto cuánta cuesta cuestan coste gratis precio plazo tarda tardan tiempo lleva cuándo dónde cómo por qué cuál hay hago hacer hace necesito necesita documentos papeles obligatorio ejemplo luego detalles días debo puedo para",
    "de": "wie viel wieviel kostet kosten kostenlos preis lange dauert dauern zeit wann wo warum was welche welcher ab brauche braucht mache machen macht muss unterlagen papiere dokumente pflicht beispiel dann details tage kann das für",
    "it": "quanto quanta costa costano costo gratis prezzo tempi tempo vuole vogliono dura durano quando dove come perché quale quali cosa sono serve servono faccio fare documenti carte obbligatorio esempio poi dettagli giorni devo posso anche per",
}
_EMPTY: dict[str, frozenset[str]] = {
    language: frozenset(form for word in words(plain, language) for form in (word, stem(word, language))) for language, plain in _PLAIN.items()
}


_WHY = re.compile(r"^\W*(?:(?:et|mais|ah|and|but|en|maar|y|pero|und|aber|e|ma|ok)\W+)?(?:pourquoi|pk|pq|why|waarom|por que|warum|wieso|weshalb|perche)(?: (?:ca|cela|faire|donc|that|this|dat|eso|das|denn|mai))?\W*$")


def asks_why(text: str) -> bool:
    """Whether a message is a bare "pourquoi ?", in any of the six languages."""
    return _WHY.match(normalise(text, "")) is not None


def leans(text: str, language: str) -> bool:
    """Whether a message is too short to stand alone and asks for more of what was just spoken of."""
    tokens = words(text, language)
    if not tokens or len(tokens) > 9:
        return False
    folded = normalise(text, language)
    opener = _OPENER.get(language)
    if opener is not None and opener.search(folded):
        return True
    pattern = _ASPECT.get(language)
    if pattern is None or not pattern.search(folded):
        return False
    return len(_subjects(text, language)) <= 1


def own_words(text: str, language: str) -> bool:
    """Whether a leaning message names a subject of its own ("et pour le gaz ?")."""
    return bool(_subjects(text, language))


def _subjects(text: str, language: str) -> list[str]:
    """Stems that say what a message is about."""
    empty = _EMPTY.get(language, frozenset())
    return [s for s in stems(text, language) if s not in empty and len(s) > 2]
