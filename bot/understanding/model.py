"""The understanding model: learns from articles and training phrases, is kept as numbers and text (npz,
json), and follows the content as it changes. Reading itself stands in :mod:`bot.understanding.reader`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np

from bot.errors import ConfigurationError, EncoderError
from bot.faq.articles import Article
from bot.faq.calibration import Calibrator
from bot.faq.datafiles import Question
from bot.faq.retriever import Retriever
from bot.faq.vectors import VectorCache
from bot.language.encoder import Encoder, load_encoder
from bot.settings import Settings, get_settings
from bot.understanding.context import ReadingContext
from bot.understanding.data import FAQ, INTENTS, Phrase, load_phrases, load_questions
from bot.understanding.decision import Decision
from bot.understanding.exact import ExactLines
from bot.understanding.files import DAMAGED, to_disk
from bot.understanding.fitting import fit_parts
from bot.understanding.intents import IntentScorer
from bot.understanding.reader import Reader
from bot.understanding.thresholds import Evidence

__all__ = ["Model", "ReadingContext", "encoder_of"]

FORMAT = 4


def encoder_of(settings: Settings) -> tuple[Encoder | None, tuple[str, ...]]:
    """The encoder of the settings, or None and why not: words alone go on then."""
    try:
        return load_encoder(settings.encoder or None), ()
    except EncoderError as error:
        return None, (error.detail,)


class Model(Reader):
    """A trained understanding. Never changed in place: what follows the content is a new model."""

    encoder_name: str = "none"
    degraded: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()      # kept out of learning: for calibration and thresholds

    # -- making
    @staticmethod
    def fit(articles: Sequence[Article], phrases: Path | Sequence[Phrase], *, settings: Settings | None = None,
            encoder: Encoder | None = None, cache: Path | None = None, max_wrong: float | None = None, seed: int = 7,
            questions: Path | Sequence[Question] = ()) -> Model:
        """Learns from articles and training phrases (or the folder that holds them); calibrates on ``questions`` too.

        With ``settings``, encoder, cache of vectors, the dial and the questions come from there; without,
        ``encoder`` None reads words alone. The same input gives the same model.
        """
        degraded: tuple[str, ...] = ()
        if settings is not None:
            questions = questions or settings.data / "calibration"
            if encoder is None:
                encoder, degraded = encoder_of(settings)
            cache = cache or settings.home_path / "cache"
            max_wrong = settings.max_wrong if max_wrong is None else max_wrong
        lines = load_phrases(phrases) if isinstance(phrases, Path) else list(phrases)
        vectors = VectorCache(encoder, cache) if encoder is not None else None
        asked = load_questions(questions) if isinstance(questions, Path) else questions
        model = Model._fit(articles, lines, vectors, 0.05 if max_wrong is None else max_wrong, seed, tuple(asked))
        model.encoder_name, model.degraded = (encoder.name if encoder else "none"), degraded
        return model

    @staticmethod
    def _fit(articles: Sequence[Article], lines: Sequence[Phrase], vectors: VectorCache | None, max_wrong: float, seed: int,
             questions: tuple[Question, ...]) -> Model:
        retriever = Retriever.fit(articles, vectors, seed=seed)
        fitted = fit_parts(retriever, articles, lines, vectors, seed, questions)
        if vectors is not None:
            vectors.save()
        model = Model(retriever, fitted.scorer, fitted.decision, fitted.articles, fitted.evidence, ExactLines(lines), max_wrong)
        model.questions = questions
        return model

    # -- following the content
    def updated(self, changed: Sequence[Article], gone: Iterable[tuple[str, str]] = ()) -> Model:
        """The model with articles put in, replaced or dropped ((id, locale) pairs); found at once,
        learnt from only by :meth:`refitted`."""
        other = copy(self)
        other.retriever = self.retriever.copy()
        for slug, locale in gone:
            other.retriever.remove(slug, locale)
        for article in changed:
            other.retriever.add(article)
        return other

    def refitted(self, seed: int = 7) -> Model:
        """A model trained afresh on the articles as they are now."""
        lines = [p for p in self.scorer.phrases if p.intent != FAQ]
        other = Model._fit(self.retriever.index.articles, lines, self.scorer.vectors, self.max_wrong, seed, self.questions)
        other.encoder_name, other.degraded = self.encoder_name, self.degraded
        return other

    def with_max_wrong(self, max_wrong: float) -> Model:
        """The same model at another setting of the dial."""
        other = copy(self)
        other.max_wrong, other.thresholds = max_wrong, self.evidence.thresholds(max_wrong)
        return other

    def with_foreign(self, foreign: Callable[[str], bool] | None) -> Model:
        """The same model, told which texts are out of scope whatever it has learnt."""
        other = copy(self)
        other.foreign = foreign
        return other

    # -- keeping
    def save(self, folder: Path) -> None:
        """Writes the model beside its place and moves it there: a reader never sees half of one."""
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        self.retriever.save(part / "retriever")
        data: dict[str, Any] = {
            "format": FORMAT, "intents": list(INTENTS), "decision": self.decision.to_json(), "articles": self.article_calibrator.to_json(),
            "max_wrong": self.max_wrong, "languages": list(self.evidence.languages), "exact": self.exact.to_json(),
            "phrases": [[p.text, p.intent, p.language] for p in self.scorer.phrases], "encoder_name": self.encoder_name,
            "questions": [[q.text, list(q.ids), q.locale] for q in self.questions],
            "encoder": self.scorer.vectors.fingerprint if self.scorer.vectors else None,
        }
        (part / "model.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        arrays: dict[str, Any] = {"alpha": self.scorer.alpha, "evidence": self.evidence.probabilities, "right": self.evidence.right,
                                  "asked": self.evidence.asked}
        if self.scorer.dense is not None:
            arrays["dense"] = self.scorer.dense.astype(np.float16)
        with (part / "intents.npz").open("wb") as stream:
            np.savez(stream, **arrays)
        to_disk(part)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)

    @staticmethod
    def load(folder: Path, encoder: Encoder | None = None, *, settings: Settings | None = None) -> Model:
        """The model in a folder, with the encoder it was trained with (by default the settings' own); the dial is the
        settings', where they are given, whatever it stood at when the model was trained.

        Raises :class:`ConfigurationError` where there is no usable model for this encoder: train again then.
        """
        try:
            return Model._load(folder, encoder, settings)
        except DAMAGED as error:
            raise ConfigurationError(f"{folder}: no usable model here; run `relais train`.") from error

    @staticmethod
    def _load(folder: Path, encoder: Encoder | None, settings: Settings | None) -> Model:
        data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with np.load(folder / "intents.npz", allow_pickle=False) as stored:
            arrays = {k: stored[k] for k in stored.files}
        if data.get("format") != FORMAT or data.get("intents") != list(INTENTS):
            raise ConfigurationError(f"{folder}: the model is of another version; run `relais train`.")
        degraded: tuple[str, ...] = ()
        if encoder is None and data["encoder"] is not None:
            encoder, degraded = encoder_of(settings or get_settings())
        if encoder is not None and data["encoder"] not in (None, encoder.fingerprint):
            raise ConfigurationError(f"{folder}: the model was trained with another sentence encoder; run `relais train`.")
        if degraded:
            raise ConfigurationError(f"{folder}: the model needs its sentence encoder ({degraded[0]}); run `relais train`.")
        vectors = VectorCache(encoder, (settings or get_settings()).home_path / "cache") if encoder is not None and data["encoder"] else None
        retriever = Retriever.load(folder / "retriever", vectors)
        dense = arrays["dense"].astype(np.float32) if "dense" in arrays else None
        scorer = IntentScorer([Phrase(*p) for p in data["phrases"]], list(INTENTS), arrays["alpha"], vectors, stored=dense)
        evidence = Evidence(arrays["evidence"], arrays["right"], data["languages"], arrays["asked"])
        model = Model(retriever, scorer, Decision.from_json(data["decision"]), Calibrator.from_json(data["articles"]), evidence,
                      ExactLines.from_json(data["exact"]), float(data["max_wrong"] if settings is None else settings.max_wrong))
        model.encoder_name = data["encoder_name"]
        model.questions = tuple(Question(text, tuple(ids), locale) for text, ids, locale in data["questions"])
        if data["encoder"] is None:
            model.degraded = ("The model was trained without a sentence encoder: it searches by words alone.",)
        return model
