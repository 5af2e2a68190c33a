"""Words, stems, sound keys and character n-grams of a text, for lexical search and classifiers.

Everything works on the form made by :func:`bot.language.normalise.normalise`. Stemming is Snowball's
(Porter 2001); German and Dutch compounds are split where both halves are words of the collection;
the sound key for French is a reduction in the manner of Phonex (Brouard), so that "jé pa resu ma
factur" meets "je n'ai pas reçu ma facture".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import snowballstemmer

from bot.language.normalise import normalise

_NAMES = {"fr": "french", "en": "english", "nl": "dutch", "es": "spanish", "de": "german", "it": "italian"}
_WORD = re.compile(r"[^\W_]+")
_stemmers = {code: snowballstemmer.stemmer(name) for code, name in _NAMES.items()}

#: Words too common to say what a question is about. Few on purpose: BM25 weighs the others down.
STOP: dict[str, frozenset[str]] = {
    "fr": frozenset(["a", "ai", "au", "aux", "avec", "c", "ce", "ces", "cet", "cette", "d", "dans", "de", "des", "du", "elle", "en", "est", "et", "etre", "eu", "il", "ils", "j", "je", "l", "la", "le", "les", "leur", "lui", "m", "ma", "mes", "moi", "mon", "n", "ne", "nous", "on", "ou", "par", "pas", "pour", "qu", "que", "qui", "s", "sa", "ses", "si", "son", "sont", "sur", "t", "te", "tu", "un", "une", "vos", "votre", "vous", "y", "bonjour", "bonsoir", "merci", "plait", "svp"]),
    "en": frozenset(["a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "do", "does", "for", "from", "had", "has", "have", "he", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or", "s", "she", "so", "t", "that", "the", "their", "them", "they", "this", "to", "us", "was", "we", "were", "will", "with", "you", "your", "please", "hello", "hi", "thanks"]),
    "nl": frozenset(["aan", "als", "bij", "dat", "de", "den", "der", "die", "dit", "een", "en", "er", "hem", "het", "hij", "hun", "ik", "in", "is", "je", "jij", "jullie", "m", "met", "mij", "mijn", "n", "na", "naar", "nog", "of", "om", "ons", "ook", "op", "t", "te", "u", "uit", "uw", "van", "voor", "was", "wat", "we", "wel", "wij", "ze", "zij", "zijn", "zo", "hallo", "alstublieft"]),
    "es": frozenset(["a", "al", "con", "de", "del", "el", "ella", "en", "es", "esta", "este", "ha", "he", "la", "las", "le", "les", "lo", "los", "me", "mi", "mis", "no", "nos", "o", "para", "por", "que", "se", "si", "su", "sus", "te", "tu", "un", "una", "y", "ya", "yo", "hola", "gracias", "favor"]),
    "de": frozenset(["als", "am", "an", "auch", "auf", "aus", "bei", "bin", "da", "das", "dass", "dem", "den", "der", "des", "die", "du", "ein", "eine", "einem", "einen", "einer", "er", "es", "für", "fur", "hat", "habe", "ich", "ihr", "im", "in", "ist", "ja", "mein", "meine", "mich", "mir", "mit", "nach", "noch", "o", "sich", "sie", "sind", "so", "um", "und", "uns", "vom", "von", "vor", "was", "wir", "wird", "zu", "zum", "zur", "hallo", "bitte"]),
    "it": frozenset(["a", "ad", "ai", "al", "alla", "anche", "c", "che", "chi", "ci", "con", "da", "dei", "del", "della", "di", "e", "ed", "gli", "ho", "i", "il", "in", "io", "l", "la", "le", "lo", "ma", "mi", "mia", "mie", "mio", "nei", "nel", "nella", "non", "o", "per", "piu", "se", "si", "sono", "su", "sul", "ti", "tu", "un", "una", "uno", "vi", "ciao", "grazie"]),
}


def words(text: str, language: str = "fr") -> list[str]:
    """Words of the normalised text, in order."""
    return _WORD.findall(normalise(text, language))


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """Snowball stem of one folded word; numbers and short words stay."""
    stemmer = _stemmers.get(language)
    if stemmer is None or len(word) < 4 or word[0].isdigit():
        return word
    return str(stemmer.stemWord(word))


def stems(text: str, language: str = "fr") -> list[str]:
    """Stems without stop words; if only stop words stand there, those."""
    tokens = words(text, language)
    stop = STOP.get(language, frozenset())
    kept = [stem(w, language) for w in tokens if w not in stop]
    return kept or [stem(w, language) for w in tokens]


class CompoundSplitter:
    """Splits German and Dutch compounds into known words ("Stromzählerstand" → strom zaehler stand).

    A word is split where both sides are words of the collection of at least four letters, a linking
    "s", "n", "en" or "es" allowed between them; the split whose shorter side is longest wins.
    """

    def __init__(self, vocabulary: Iterable[str], language: str) -> None:
        self._language = language
        self._known = {w for w in vocabulary if len(w) >= 4 and w.isalpha()}
        self._cache: dict[str, tuple[str, ...]] = {}

    def split(self, word: str) -> tuple[str, ...]:
        """The parts of the word, or the word alone."""
        if self._language not in ("de", "nl") or len(word) < 8:
            return (word,)
        found = self._cache.get(word)
        if found is None:
            found = self._cache[word] = tuple(self._parts(word, 3))
        return found

    def _parts(self, word: str, depth: int) -> list[str]:
        best: list[str] | None = None
        score = 0
        for i in range(4, len(word) - 3):
            head, tail = word[:i], word[i:]
            if tail not in self._known and depth <= 1:
                continue
            for link in ("", "s", "n", "en", "es"):
                stemmed = head[: -len(link)] if link and head.endswith(link) else head
                if link and stemmed == head:
                    continue
                if stemmed in self._known and tail in self._known and min(len(stemmed), len(tail)) > score:
                    best, score = [stemmed, tail], min(len(stemmed), len(tail))
        return best or [word]


_SOUND: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), value)
    for pattern, value in (
        (r"^h", ""), (r"(?<=[^csp])h", ""), (r"ph", "f"), (r"ch|sh", "C"), (r"qu?|ck|k", "k"), (r"c(?=[eiy])", "s"),
        (r"c", "k"), (r"g(?=[eiy])", "j"), (r"gu(?=[eiy])", "g"), (r"tion", "siN"), (r"eaux?|aux?|ot$|op$", "o"),
        (r"(?:ai|ei)n(?![aeiouy])|[iy][nm](?![aeiouynm])|un$", "I"), (r"[ae][nm](?![aeiouynm])", "A"), (r"on(?![aeiouyn])", "N"),
        (r"ai[st]?|ei|er$|ez$|et$|es$|ee?s?$", "e"), (r"oi", "W"), (r"oux?", "U"), (r"y", "i"), (r"z", "s"), (r"x$", ""),
        (r"(.)\1+", r"\1"), (r"(?<=..)[estdxp]+$", ""),
    )
)


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """How a French word sounds, roughly: "resu" and "recu", "factur" and "facture" get one key."""
    if word[0].isdigit() or len(word) < 3:
        return word
    for pattern, value in _SOUND:
        word = pattern.sub(value, word)
    return word


def _word_ngrams(word: str, low: int, high: int) -> Iterator[str]:
    """Character n-grams of one word, its edges marked by a space."""
    padded = f" {word} "
    length = len(padded)
    if length <= low:
        yield padded
        return
    for n in range(low, min(high, length) + 1):
        for i in range(length - n + 1):
            yield padded[i : i + n]


def analyse_words(text: str, language: str, splitter: CompoundSplitter | None = None) -> list[str]:
    """Terms for BM25: stems, and the stems of a compound's parts beside it."""
    if splitter is None or language not in ("de", "nl"):
        return stems(text, language)
    stop = STOP[language]
    out: list[str] = []
    for word in words(text, language):
        if word in stop:
            continue
        out.append(stem(word, language))
        parts = splitter.split(word)
        if len(parts) > 1:
            out.extend(stem(part, language) for part in parts)
    return out or stems(text, language)


def character_pieces(text: str, language: str) -> list[str]:
    """Words of the text and, in French, their sound keys marked by "~": what :func:`piece_ngrams` expands."""
    found = _WORD.findall(normalise(text, language))
    if language != "fr":
        return found
    return found + [f"~{key}" for key in map(sound, found) if len(key) > 1]


def piece_ngrams(piece: str) -> list[str]:
    """Character n-grams of a word (3 to 5) or of a marked sound key (3 and 4)."""
    if piece.startswith("~"):
        return ["~" + g for g in _word_ngrams(piece[1:], 3, 4)]
    return list(_word_ngrams(piece, 3, 5))
