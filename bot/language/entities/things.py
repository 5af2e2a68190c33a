"""What a home has and where a cut is: phrases of a lexicon, found with spaCy and put together.

Some phrases say it all ("plaque induction"); others need each other ("chauffage … au gaz"): a thing
(``about``) and what it runs on (``fuel``) belong together inside one clause, in either order. A term
after "pas de", "without", "kein" is not there: it yields ``oven=False`` or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.language.entities._spacy import Doc, PhraseMatcher, blank
from bot.language.entities.folding import Folded, fold
from bot.language.entities.found import Found

_FOLDER = Path(__file__).parent / "lexicon"
_TOKEN = re.compile(r"\w+|[^\w\s]")
_STOPS = frozenset(",;.!?:\n()/")
_JOIN = frozenset("et and en und y e + & con mit met with avec plus ou".split())  # noqa: SIM905
_ARTICLES = frozenset("de du d des la le l les un une any a an the una uno el een de het ein eine einen der die das il lo un".split())  # noqa: SIM905
_CORRECTABLE = ("about", "fuel", "heating", "hot_water", "hob", "dwelling")
_LOOSE = frozenset({"si", "no"})        # an answer, or "if" and "no power": only before a pause or alone
_REACH = 5              # tokens between a thing and what it runs on
_SHORTEST_CORRECTED = 7 # letters; shorter words are too near to each other


@dataclass(frozen=True)
class _Hit:
    label: str
    start: int          # tokens
    end: int


@dataclass(frozen=True)
class _Lexicon:
    nlp: Any
    matcher: Any
    words: frozenset[str]
    correctable: frozenset[str]
    shortened: dict[str, str]      # a correctable word less one letter → the word; "" where two share it


@lru_cache(maxsize=1)
def _shared() -> Any:
    return blank()


@lru_cache(maxsize=1)
def towns() -> frozenset[str]:
    """Folded names of the larger French towns, hyphens as spaces."""
    lines = (_FOLDER / "towns.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(fold(line).replace("-", " ") for line in lines if line)


def terms(language: str) -> Iterator[tuple[str, str]]:
    """``(label, phrase)`` of a language's lexicon, folded, plurals added."""
    raw = yaml.load((_FOLDER / f"{language}.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    for label, value in raw.items():
        groups = value.items() if isinstance(value, dict) else [("", value)]
        for name, phrases in groups:
            for phrase in phrases:
                words = _TOKEN.findall(fold(phrase))
                variants = {" ".join(words)}
                if language in ("fr", "en", "es") and label not in ("yes", "no", "not"):
                    plural = [w if w.endswith(("s", "x")) or len(w) < 3 else w + "s" for w in words]
                    variants |= {" ".join([*words[:-1], plural[-1]]), " ".join(plural)}
                for variant in variants:
                    yield f"{label}:{name}" if name else label, variant


@lru_cache(maxsize=8)
def _lexicon(language: str) -> _Lexicon:
    nlp = _shared()
    matcher = PhraseMatcher(nlp.vocab)
    by_label: dict[str, list[Any]] = {}
    words: set[str] = set()
    correctable: set[str] = set()
    for label, phrase in terms(language):
        tokens = [token for token in _TOKEN.findall(phrase) if token not in ("-", "'")]
        words.update(token for token in tokens if token.isalpha())
        if label.startswith(_CORRECTABLE):
            correctable.update(token for token in tokens if len(token) >= _SHORTEST_CORRECTED)
        by_label.setdefault(label, []).append(Doc(nlp.vocab, words=tokens))
    for label, docs in by_label.items():
        matcher.add(label, docs)
    shortened: dict[str, str] = {}
    for word in correctable:
        for place in range(len(word)):
            key = word[:place] + word[place + 1:]
            shortened[key] = word if shortened.get(key, word) == word else ""
    return _Lexicon(nlp, matcher, frozenset(words), frozenset(correctable), shortened)


def _corrected(word: str, lexicon: _Lexicon) -> str:
    """A long word one letter off a known one (missing, added, wrong or swapped) becomes it."""
    if len(word) < _SHORTEST_CORRECTED - 1 or word in lexicon.words or len(word) > 30:
        return word
    direct = lexicon.shortened.get(word)
    if direct:
        return direct
    for place in range(1, len(word)):           # the first letter is nearly always right
        less = word[:place] + word[place + 1:]
        if less in lexicon.correctable:
            return less
        known = lexicon.shortened.get(less)
        if known and abs(len(known) - len(word)) == 0 and known[0] == word[0]:
            return known
    return word


def find(text: Folded, language: str) -> Iterator[Found]:
    """Every thing the lexicon knows; they do not overlap each other."""
    lexicon = _lexicon(language if (_FOLDER / f"{language}.yml").exists() else "fr")
    tokens = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text.text) if m.group() not in ("-", "'")]
    if not tokens:
        return
    doc = Doc(lexicon.nlp.vocab, words=[_corrected(word, lexicon) for word, _, _ in tokens])
    strings = lexicon.nlp.vocab.strings
    hits = [_Hit(strings[key], start, end) for key, start, end in lexicon.matcher(doc)]
    for found in _assemble(hits, [word for word, _, _ in tokens]):
        yield Found(found.name, found.value, tokens[found.start][1], tokens[found.end - 1][2], strength=found.strength)


def _assemble(hits: list[_Hit], words: list[str]) -> Iterator[Found]:
    yield from _yes_no(hits, words)
    ends = {hit.end for hit in hits if hit.label == "not"}
    gaps = {end + 1 for end in ends if end < len(words) and words[end] in _ARTICLES}
    negations = frozenset(ends | gaps)
    things = [hit for hit in hits if hit.label not in ("not", "yes", "no")]
    chosen = _longest(things)
    used: set[_Hit] = set()
    abouts: list[_Hit] = []
    pairs: list[tuple[str, str, _Hit, _Hit]] = []
    for hit in chosen:
        kind, _, name = hit.label.partition(":")
        if kind == "about":
            near = abouts and _joined(words, abouts[-1].end, hit.start)
            abouts = [*abouts, hit] if near else [hit]
            before = next((f for f in reversed(chosen) if f.label.startswith("fuel:") and f not in used
                           and 0 <= hit.start - f.end <= 1 and _fits(name, f.label[5:])), None)
            if before:
                pairs.append((name, before.label[5:], before, hit))
                used |= {before, hit}
                abouts = []
        elif kind == "fuel" and abouts and _same_clause(words, abouts[-1].end, hit.start):
            fits = [about for about in abouts if _fits(about.label[6:], name)]
            for about in fits:
                pairs.append((about.label[6:], name, about, hit))
                used |= {about, hit}
            if fits:
                abouts = []
    for name, value, first, second in pairs:
        if min(first.start, second.start) not in negations:
            # Two things that share a fuel ("chauffage et eau chaude au gaz"): each span is its own word.
            shared = sum(second is other or first is other for *_, a, b in pairs for other in (a, b)) > 2
            about = first if first.label.startswith("about:") else second
            start, end = (about.start, about.end) if shared else (min(first.start, second.start), max(first.end, second.end))
            yield Found(name, value, start, end, strength=6)
    yield from _complete(things, chosen, used, negations)
    yield from _energies(things, chosen, used)


def _complete(things: list[_Hit], chosen: list[_Hit], used: set[_Hit], negations: frozenset[int]) -> Iterator[Found]:
    """What terms say by themselves, where nothing before took them as a thing or its fuel."""
    free = {(hit.start, hit.end): hit for hit in chosen if hit not in used}
    said: set[tuple[int, int]] = set()
    for hit in things:
        name, _, value = hit.label.partition("=")
        if not value or name == "energy" or (hit.start, hit.end) not in free or (hit.start, hit.end) in said:
            continue
        negated = hit.start in negations and name != "outage_scope"
        if name == "oven":
            yield Found("oven", not negated, hit.start, hit.end, strength=5)
        elif not negated:
            yield Found(name, value, hit.start, hit.end, strength=5)
        said.add((hit.start, hit.end))


def _energies(things: list[_Hit], chosen: list[_Hit], used: set[_Hit]) -> Iterator[Found]:
    """Gas or electricity named for itself, not as what something runs on."""
    free = {(hit.start, hit.end) for hit in chosen if hit not in used}
    for hit in things:
        if hit.label.startswith("energy=") and (hit.start, hit.end) in free:
            yield Found("energy", hit.label[7:], hit.start, hit.end, strength=2)


def _longest(hits: list[_Hit]) -> list[_Hit]:
    """Longest phrases first; of equal ones, complete meanings before parts only where nothing joins them."""
    order = {"about": 0, "fuel": 1}
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start, _rank(h.label, order), h.label)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _rank(label: str, order: dict[str, int]) -> int:
    if label.startswith("fuel:"):
        return 0                # "gaz" alone: a fuel first, an energy when nothing takes it
    if label.startswith(("hot_water=", "heating=", "hob=")):
        return 1
    return order.get(label.partition(":")[0], 1) + 2


def _fits(about: str, fuel: str) -> bool:
    """Whether a thing can run on that."""
    if about == "hob":
        return fuel in ("electric", "gas", "induction", "vitro")
    if about == "hot_water":
        return fuel in ("electric", "gas", "heat_pump", "collective", "solar", "oil")
    return fuel in ("electric", "gas", "wood", "oil", "heat_pump", "collective")


def _same_clause(words: list[str], start: int, end: int) -> bool:
    return end - start <= _REACH and not any(word in _STOPS for word in words[start:end])


def _joined(words: list[str], start: int, end: int) -> bool:
    """Only a joining word (and articles) between two things."""
    between = words[start:end]
    return len(between) <= 3 and any(word in _JOIN for word in between) and not any(word in _STOPS for word in between)


def _yes_no(hits: list[_Hit], words: list[str]) -> Iterator[Found]:
    first = [
        hit for hit in hits if hit.label in ("yes", "no") and hit.start == 0
        and not (hit.end == 1 and words[0] in _LOOSE and len(words) > 2 and words[1] not in _STOPS)
    ]
    if first:
        hit = max(first, key=lambda h: h.end)
        yield Found("yes_no", hit.label == "yes", hit.start, hit.end, strength=1)
