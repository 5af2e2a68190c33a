"""One understanding of a message: language, danger, intent, flow, articles, mood, parts.

``Model.fit`` learns from articles and training phrases, ``understand`` reads one message; everything is
kept as numbers and text (npz, json). Messages are remembered nowhere.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import ConfigurationError
from bot.faq.articles import Article
from bot.faq.calibration import Calibrator
from bot.faq.retriever import Ranking, Retriever
from bot.faq.vectors import VectorCache
from bot.language.detect import Detection, detect
from bot.language.encoder import Encoder
from bot.language.normalise import clean
from bot.understanding import polarity
from bot.understanding.context import Context, leans, own_words
from bot.understanding.data import FLOWS, INTENTS, OUT_OF_SCOPE, Phrase
from bot.understanding.decision import Decision
from bot.understanding.exact import ExactLines
from bot.understanding.fitting import Fitted, article_signals, fit_parts, inputs_of
from bot.understanding.intents import IntentScorer
from bot.understanding.segments import requests, sentences
from bot.understanding.signs import of_signs
from bot.understanding.thresholds import Thresholds
from bot.understanding.types import ArticleCandidate, Entity, Understanding
from bot.understanding.urgent import urgent

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

FORMAT = 1
LONG_WORDS = 18          # from here a message is also read sentence by sentence
MAX_PIECES = 8
_FLOW_COLUMNS = [INTENTS.index(f"flow_{f}") for f in FLOWS]


class Model:
    """See the module. ``understand`` may be called from several threads."""

    def __init__(self, retriever: Retriever, scorer: IntentScorer, decision: Decision, articles: Calibrator,
                 thresholds: Thresholds, exact: ExactLines) -> None:
        self.retriever = retriever
        self.scorer = scorer
        self.decision = decision
        self.article_calibrator = articles
        self.thresholds = thresholds
        self.exact = exact

    # -- making and keeping
    @staticmethod
    def fit(articles: Sequence[Article], phrases: Sequence[Phrase], encoder: Encoder | None, *, cache: Path | None = None,
            max_wrong: float = 0.05, seed: int = 7) -> Model:
        """Learns from articles and training phrases; ``encoder`` None reads words alone.

        ``cache`` is a folder for vectors, so that a second training encodes only what is new. The same
        input gives the same model.
        """
        vectors = VectorCache(encoder, cache) if encoder is not None else None
        retriever = Retriever.fit(articles, vectors, seed=seed)
        fitted: Fitted = fit_parts(retriever, articles, phrases, vectors, max_wrong, seed)
        if vectors is not None:
            vectors.save()
        return Model(retriever, fitted.scorer, fitted.decision, fitted.articles, fitted.thresholds, ExactLines(phrases))

    def save(self, folder: Path) -> None:
        """Writes the model beside its place and moves it there, so that a reader never sees half of one."""
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        self.retriever.save(part / "retriever")
        data: dict[str, Any] = {
            "format": FORMAT, "intents": list(INTENTS), "decision": self.decision.to_json(), "articles": self.article_calibrator.to_json(),
            "thresholds": self.thresholds.to_json(), "exact": self.exact.to_json(),
            "phrases": [[p.text, p.intent, p.language] for p in self.scorer.phrases],
            "encoder": self.scorer.vectors.fingerprint if self.scorer.vectors else None,
        }
        (part / "model.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        arrays: dict[str, Any] = {"alpha": self.scorer.alpha}
        if self.scorer.dense is not None:
            arrays["dense"] = self.scorer.dense.astype(np.float16)
        with (part / "intents.npz").open("wb") as stream:
            np.savez(stream, **arrays)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)

    @staticmethod
    def load(folder: Path, encoder: Encoder | None) -> Model:
        """The model in a folder; raises :class:`ConfigurationError` where it was trained with another
        encoder or another version of the intents: it must be trained again then."""
        try:
            data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            with np.load(folder / "intents.npz", allow_pickle=False) as stored:
                arrays = {k: stored[k] for k in stored.files}
        except (OSError, ValueError, KeyError) as error:
            raise ConfigurationError(f"{folder}: no usable model here; run `relais train`.") from error
        if data.get("format") != FORMAT or data.get("intents") != list(INTENTS):
            raise ConfigurationError(f"{folder}: the model is of another version; run `relais train`.")
        vectors = VectorCache(encoder) if encoder is not None else None
        if data["encoder"] != (vectors.fingerprint if vectors else None):
            raise ConfigurationError(f"{folder}: the model was trained with another sentence encoder; run `relais train`.")
        retriever = Retriever.load(folder / "retriever", vectors)
        dense = arrays["dense"].astype(np.float32) if "dense" in arrays else None
        scorer = IntentScorer([Phrase(*p) for p in data["phrases"]], list(INTENTS), arrays["alpha"], vectors, stored=dense)
        return Model(retriever, scorer, Decision.from_json(data["decision"]), Calibrator.from_json(data["articles"]),
                     Thresholds.from_json(data["thresholds"]), ExactLines.from_json(data["exact"]))

    # -- reading
    def understand(self, text: str, *, locale_hint: str | None = None, previous_languages: Sequence[str] = (),
                   context: Context | None = None, split: bool = True) -> Understanding:
        """One message, understood. Never raises on any text."""
        text = clean(text)[:4000]
        language = detect(text, locale_hint=locale_hint, previous=previous_languages)
        signs = of_signs(text)
        if signs is not None:
            return Understanding(text, language.language, language.confidence, signs[0], 0.97, ranking=((signs[0], 0.97),), mood=signs[1])
        vectors = self.scorer.vectors
        pieces = self._pieces(text, language.language)
        query = vectors.fresh(pieces) if vectors is not None else None
        codes = [language.language] * len(pieces)
        ranked, probabilities, article_p = self._read(pieces, codes, query)
        found = self._conclude(text, language, ranked, probabilities, article_p)
        if context is not None and context.article:
            found = self._in_context(found, context)
        if split:
            found = self._with_parts(found)
        return found

    def _pieces(self, text: str, language: str) -> list[str]:
        """The message, and its sentences where it is long: the request may be in any of them."""
        pieces = [text]
        if len(text.split()) >= LONG_WORDS:
            parts = [s for s in sentences(text) if len(s.split()) >= 3]
            if len(parts) > 1:
                pieces += parts[: MAX_PIECES // 2] + parts[max(MAX_PIECES // 2, len(parts) - MAX_PIECES // 2) :]
        return pieces

    def _read(self, texts: Sequence[str], languages: Sequence[str], query: Floats | None) -> tuple[Ranking, Doubles, Doubles]:
        """Rankings, intent probabilities and the calibrated probability of each best article."""
        ranked = self.retriever.rank(texts, languages, query)
        scores, nearest = self.scorer.scores(texts, languages, query)
        p = self.retriever.calibrator.probabilities(ranked.signals, languages)
        probabilities = self.decision.probabilities(inputs_of(scores, nearest, p, ranked.signals, texts))
        domain = probabilities[:, 0] + probabilities[:, _FLOW_COLUMNS].sum(axis=1)
        article_p = self.article_calibrator.probabilities(article_signals(p, domain), languages)
        return ranked, probabilities, article_p

    def _conclude(self, text: str, language: Detection, ranked: Ranking, probabilities: Doubles, article_p: Doubles) -> Understanding:
        code = language.language
        p = probabilities[0].copy()
        articles = self._articles(ranked, 0, float(article_p[0]), code)
        if len(probabilities) > 1:
            p, articles = self._join_pieces(p, articles, ranked, probabilities, article_p, code)
        exact = self.exact.intent(text, code)
        if exact is not None:
            p *= 0.03 / max(1e-9, 1 - p[INTENTS.index(exact)])
            p[INTENTS.index(exact)] = 0.97
            if exact == OUT_OF_SCOPE or not exact.startswith("flow_"):
                articles = tuple(replace(a, probability=round(a.probability * 0.2, 4)) for a in articles)
        danger = urgent(text)
        notes = list[str]()
        if danger is not None:
            p *= 0.01
            p[INTENTS.index("urgent")] = 0.99
            notes.append(f"danger: {danger}")
        negative = polarity.negated(text, code)
        if negative:
            p = _without_flows(p)
        p = p / p.sum()
        order = np.argsort(-p, kind="stable")
        intent = INTENTS[int(order[0])]
        flow = max(FLOWS, key=lambda f: p[INTENTS.index(f"flow_{f}")])
        return Understanding(
            text=text, language=code, language_confidence=round(language.confidence, 4), intent=intent, confidence=round(float(p[order[0]]), 4),
            articles=articles, flow=(flow, round(float(p[INTENTS.index(f"flow_{flow}")]), 4)),
            ranking=tuple((INTENTS[int(i)], round(float(p[i]), 4)) for i in order[:6]), entities=_entities(text, code),
            mood=polarity.mood(text, code, intent), negated=negative, notes=tuple(notes),
        )

    def _articles(self, ranked: Ranking, row: int, first: float, language: str) -> tuple[ArticleCandidate, ...]:
        found = self.retriever.candidates(ranked, row, language, first=first)
        return tuple(found)

    def _join_pieces(self, p: Doubles, articles: tuple[ArticleCandidate, ...], ranked: Ranking, probabilities: Doubles, article_p: Doubles,
                     code: str) -> tuple[Doubles, tuple[ArticleCandidate, ...]]:
        """Joins the whole with its sentences: a sentence that is surer of its article than the whole wins."""
        table = {a.id: a for a in articles}
        for row in range(1, len(probabilities)):
            for a in self._articles(ranked, row, float(article_p[row]) * 0.9, code):
                if a.id not in table or table[a.id].probability < a.probability:
                    table[a.id] = a
        joined = sorted(table.values(), key=lambda a: -a.probability)
        total = sum(a.probability for a in joined)
        if total > 1:
            joined = [replace(a, probability=round(a.probability / total, 4)) for a in joined]
        serious = [0, *_FLOW_COLUMNS, INTENTS.index("human")]
        best = probabilities[1:, serious].max(axis=0) * 0.9
        p[serious] = np.maximum(p[serious], best)
        return p, tuple(joined[:10])

    def _in_context(self, found: Understanding, context: Context) -> Understanding:
        """Reads a message that leans on the last answer together with it."""
        article = self.retriever.article(context.article or "", found.language)
        sure = found.articles and found.articles[0].probability >= self.thresholds.answer_in(found.language)
        if article is None or not leans(found.text, found.language) or found.intent in ("urgent", "human") or sure and own_words(found.text, found.language):
            return found
        if not own_words(found.text, found.language):
            same = ArticleCandidate(article.id, article.locale, article.title, 0.8)
            rest = tuple(a for a in found.articles if a.id != article.id)
            return replace(found, intent="faq", confidence=max(found.confidence if found.intent == "faq" else 0.0, 0.8),
                           articles=(same, *(replace(a, probability=round(a.probability * 0.25, 4)) for a in rest))[:10], notes=(*found.notes, "context"))
        together = self.understand(f"{article.title} : {found.text}", locale_hint=found.language, previous_languages=(found.language,), split=False)
        if not together.articles or together.articles[0].probability < 0.3:
            return found
        return replace(found, intent="faq", confidence=together.confidence if together.intent == "faq" else found.confidence,
                       articles=together.articles, notes=(*found.notes, "context"))

    def _with_parts(self, found: Understanding) -> Understanding:
        """Fills ``parts`` where a message holds two requests that are each understood on their own."""
        pieces = requests(found.text, found.language)
        if not 2 <= len(pieces) <= 6 or found.intent == "urgent":
            return found
        parts = list[Understanding]()
        for piece in pieces:
            part = self.understand(piece, locale_hint=found.language, previous_languages=(found.language, found.language), split=False)
            subject = _subject(part, self.thresholds)
            if subject and all(_subject(other, self.thresholds) != subject for other in parts):
                parts.append(replace(part, language=found.language))
        return replace(found, parts=tuple(parts)) if len(parts) >= 2 else found


def _subject(part: Understanding, thresholds: Thresholds) -> str | None:
    """What a part is surely about: a flow or an article; None where it is unsure or small talk."""
    if part.intent.startswith("flow_") and part.confidence >= thresholds.flow:
        return part.intent
    if part.articles and part.articles[0].probability >= max(0.5, thresholds.answer_in(part.language) * 0.9) and len(part.text.split()) >= 2:
        return part.articles[0].id
    return None


def _article_signals(p: Doubles, domain: Doubles) -> Doubles:
    from bot.understanding.fitting import article_signals

    return article_signals(p, domain)


def _without_flows(p: Doubles) -> Doubles:
    """A negated wish starts no flow: what the flows had goes to the articles."""
    p = p.copy()
    columns = [*_FLOW_COLUMNS, INTENTS.index("cancel")]
    moved = float(p[columns].sum()) * 0.9
    p[columns] *= 0.1
    p[0] += moved
    return p


def _entities(text: str, language: str) -> tuple[Entity, ...]:
    """Entities where the extractor is installed; a message is understood without them too."""
    try:
        from bot.language.entities import extract
    except ImportError:
        return ()
    try:
        return tuple(extract(text, language))
    except Exception:  # an extractor's fault must not cost the customer an answer
        return ()
