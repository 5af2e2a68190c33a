"""Cuts a message into sentences and into questions that stand apart."""

from __future__ import annotations

import re
from itertools import pairwise

from bot.language.normalise import clean

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[?!])(?=\S)")
#: Words that open a second request in the same breath.
_JOINT: dict[str, re.Pattern[str]] = {
    "fr": re.compile(r"\s*(?:[,;]\s*)?\b(?:et aussi|et puis|et sinon|et par ailleurs|par ailleurs|sinon|autre question|et autre chose|deuxième question|ensuite|au passage|et en même temps|ainsi que|et comment|et combien|et où|et quand|et pourquoi|et est-ce qu(?:e|')|et c'est|et quel(?:le)?s?|et qui|et je voudrais|et je veux|et j'aimerais)\b\s*", re.I),
    "en": re.compile(r"\s*(?:[,;]\s*)?\b(?:and also|also|and then|another question|by the way|as well as|and how|and when|and where|and why|and what|and which|and is|and do|and can|and i want|and i would)\b\s*", re.I),
    "nl": re.compile(r"\s*(?:[,;]\s*)?\b(?:en ook|en verder|daarnaast|nog een vraag|trouwens|en hoe|en wanneer|en waar|en waarom|en wat|en welke|en is|en ik wil)\b\s*", re.I),
    "es": re.compile(r"\s*(?:[,;]\s*)?\b(?:y también|y además|además|otra pregunta|por cierto|y cómo|y cuándo|y dónde|y por qué|y cuánto|y qué|y cuál|y quiero)\b\s*", re.I),
    "de": re.compile(r"\s*(?:[,;]\s*)?\b(?:und auch|außerdem|und dann|noch eine frage|übrigens|und wie|und wann|und wo|und warum|und was|und welche|und ich möchte)\b\s*", re.I),
    "it": re.compile(r"\s*(?:[,;]\s*)?\b(?:e anche|inoltre|e poi|un'altra domanda|a proposito|e come|e quando|e dove|e perché|e quanto|e qual è|e quali|e cosa|e che cosa|e vorrei)\b\s*", re.I),
}
_KEEP = re.compile(r"(?:et|and|en|y|und|e)\s+((?:comment|combien|où|quand|pourquoi|est-ce qu|c'est|quel|qui|je|j'|how|when|where|why|what|which|is|do|can|i|hoe|wanneer|waar|waarom|wat|welke|ik|cómo|cuándo|dónde|por qué|cuánto|qué|cuál|quiero|wie|wann|wo|warum|was|welche|ich|come|quando|dove|perché|quanto|qual|cosa|che cosa|vorrei).*)", re.I)


#: A line of at least so many characters may have been wrapped by a mail program: what goes on in small letters belongs to it.
_WRAPPED = 50
_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")


def lines_apart(text: str) -> str:
    """The text with every line that stands for itself ended as a sentence, so that lists and requests in lines come apart."""
    lines = [_BULLET.sub("", line.strip()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    out = lines[:1]
    for before, line in pairwise(lines):
        goes_on = before[-1] in ".!?…:;,(" or (len(before) >= _WRAPPED and line[0].islower())
        out.append(line if goes_on else f". {line}")
    return " ".join(out).replace(" . ", ". ")


def sentences(text: str) -> list[str]:
    """Sentences of a message, pieces of fewer than three letters left out."""
    return [s.strip() for s in _SENTENCE.split(clean(text)) if sum(c.isalpha() for c in s) >= 3]


def requests(text: str, language: str) -> list[str]:
    """Pieces that may be requests of their own: sentences, cut again where a second one is joined on."""
    pattern = _JOINT.get(language)
    out: list[str] = []
    for sentence in sentences(text):
        if pattern is None:
            out.append(sentence)
            continue
        last = 0
        for match in pattern.finditer(sentence):
            if match.start() > 8:
                out.append(sentence[last : match.start()])
                opener = _KEEP.match(match.group().strip(" ,;"))
                last = match.end() - len(opener.group(1)) - 1 if opener else match.end()
                last = max(last, match.start())
        out.append(sentence[last:])
    return [p.strip(" ,;") for p in out if sum(c.isalpha() for c in p) >= 5]
