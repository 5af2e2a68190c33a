"""Finds the article that answers, and says how probable it is that it does.

``fit`` indexes, trains the classifier, refits the ranker and the calibration on phrasings held out in
folds; without phrasings enough, or with more texts than memory holds, the weights that Relais ships serve. ``add`` and ``remove`` change what
is found at once; a later ``fit`` learns from the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.faq import kernel as krr
from bot.faq import ranker as ranking
from bot.faq.articles import Article
from bot.faq.calibration import Calibrator, fit_calibrator
from bot.faq.index import Index
from bot.faq.training import Fold, folds_of, held_out
from bot.faq.units import CHANNELS
from bot.faq.vectors import VectorCache
from bot.language.detect import detect
from bot.language.encoder import Encoder
from bot.language.normalise import normalise
from bot.understanding.types import ArticleCandidate

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_NOT_WORD = re.compile(r"[^\w]+")
_WEIGHTS = Path(__file__).parent / "weights"
SIGNALS = (
    "logit", "margin", "entropy", "dense_answer", "dense_best", "char_variant", "char_full", "bm25", "kernel", "kernel_margin",
    "z_dense", "z_lexical", "agreement", "length", "cold",
)
#: Groups of folds: a fold is decided by the ranker fitted on the other groups.
CROSSED = 3
#: Fewer phrasings than this in all and nothing is refitted.
REFIT_FROM = 60
#: The same for articles.
FEWEST = 4


@dataclass(frozen=True)
class Ranking:
    """The candidates of a batch of queries, best first, before calibration."""

    topics: npt.NDArray[np.int64]     # queries × candidates, columns of the index
    scores: Floats                    # log-odds up to a constant a query
    signals: Doubles                  # queries × SIGNALS, about the first candidate


@dataclass(frozen=True)
class Held:
    """How a phrasing was decided by an index that did not hold it."""

    language: str
    slug: str                    # the right article
    signals: Doubles
    found: tuple[str, ...]       # the best three


def line_key(text: str, language: str) -> str:
    """What must be equal for two lines to be the same: the words of the normalised text."""
    return " ".join(_NOT_WORD.sub(" ", normalise(text, language)).split())


class Retriever:
    """See the module. Thread-safe for ``search``; ``add``, ``remove`` and ``fit`` swap in what they built."""

    def __init__(self, index: Index, ranker: ranking.Ranker, calibrator: Calibrator, second: float = 0.4) -> None:
        self.index = index
        self.ranker = ranker
        self.calibrator = calibrator
        self.second = second    # P(a later candidate is right | the first is wrong and the question is answered)
        self.decisions: tuple[Doubles, npt.NDArray[np.bool_], list[str]] | None = None   # held-out, for thresholds
        self.hidden: list[tuple[str, Held]] = []     # phrasings as decided when they were hidden
        self.held: dict[str, Held] = {}              # the same by text: two articles may share one

    # -- making
    @staticmethod
    def fit(articles: Sequence[Article], encoder: Encoder | VectorCache | None, *, refit: bool = True, seed: int = 7) -> Retriever:
        """A retriever over the articles; ``encoder`` None searches by words alone."""
        vectors = encoder if encoder is None or isinstance(encoder, VectorCache) else VectorCache(encoder)
        index = Index(articles, vectors)
        dense = vectors is not None
        shipped = ranking.Ranker.load(shipped_paths(dense)[0]) or ranking.plain()
        retriever = Retriever(index, shipped, shipped_calibration(dense))
        # Folds hold every similarity of the texts in memory. Beyond what the classifier takes the shipped weights serve,
        # which know articles without one.
        fits = sum(len(a.variants) for a in articles) >= REFIT_FROM and len(index.units.texts) <= krr.MAX_TEXTS
        if refit and fits and len(index.ids) >= FEWEST:
            retriever._refit(seed)
        else:
            index.fit_kernel()
        return retriever

    def _refit(self, seed: int) -> None:
        folds = held_out(self.index, folds_of(self.index, seed))
        final = _fit_ranker(folds, self.ranker)
        rankers = [_fit_ranker([f for i, f in enumerate(folds) if i % CROSSED != out], self.ranker, start=final) for out in range(CROSSED)]
        signals, right, languages, weights = [], [], list[str](), []
        for number, fold in enumerate(folds):
            ranker = rankers[number % CROSSED]
            self._remember(fold, ranker)
            for allowed, share in ((None, 1.0), (fold.without_truth(), 0.25)):
                found = ranking.candidates(fold.channels, fold.has_variants, allowed)
                ranked = rank(found, ranker, fold.queries)
                ok = ranked.topics[:, 0] == fold.truth if allowed is None else np.zeros(len(fold.truth), bool)
                signals.append(ranked.signals)
                right.append(ok)
                languages += fold.languages
                weights.append(np.full(len(ok), share * fold.share))
        everything = (np.vstack(signals), np.concatenate(right), languages)
        self.calibrator = fit_calibrator(everything[0], everything[1], languages, np.concatenate(weights))
        self.decisions = everything
        self.ranker = final

    def _remember(self, fold: Fold, ranker: ranking.Ranker) -> None:
        if not fold.warm:
            return
        ranked = rank(ranking.candidates(fold.channels, fold.has_variants), ranker, fold.queries)
        for i, text in enumerate(fold.queries):
            held = Held(fold.languages[i], self.index.ids[fold.truth[i]], ranked.signals[i],
                        tuple(self.index.ids[t] for t in ranked.topics[i][:3]))
            self.hidden.append((text, held))
            self.held[text] = held

    # -- asking
    def rank(self, texts: Sequence[str], languages: Sequence[str], vectors: Floats | None = None) -> Ranking:
        """Candidates of many queries at once."""
        channels = self.index.channels(texts, languages, vectors)
        return rank(ranking.candidates(channels, self.index.variants > 0), self.ranker, texts)

    def search(self, text: str, *, language: str | None = None, k: int = 10, vectors: Floats | None = None) -> list[ArticleCandidate]:
        """The ``k`` best articles, one a slug, in the customer's language where there is one."""
        if not self.index.ids or not text.strip():
            return []
        code = language or detect(text).language
        ranked = self.rank([text], [code], vectors)
        return self.candidates(ranked, 0, code, k)

    def candidates(self, ranked: Ranking, row: int, language: str, k: int = 10, first: float | None = None) -> list[ArticleCandidate]:
        """One row of a ranking with probabilities and the texts that would be shown.

        ``first`` is the probability of the best, where someone knows better than the retriever alone.
        """
        if first is None:
            first = float(self.calibrator.probabilities(ranked.signals[row : row + 1], [language])[0])
        probabilities = spread(ranked.scores[row], first, self.second)
        out = []
        for topic, p in zip(ranked.topics[row][:k], probabilities[:k], strict=True):
            article = self.article(self.index.ids[topic], language)
            if article is not None:
                out.append(ArticleCandidate(article.id, article.locale, article.title, round(float(p), 4), article.flow))
        return out

    def article(self, slug: str, language: str) -> Article | None:
        """The article in the language, else in French, else in whichever locale it has."""
        have = self._table().get(slug, {})
        return have.get(language) or have.get("fr") or have.get("en") or next(iter(have.values()), None)

    def _table(self) -> dict[str, dict[str, Article]]:
        articles = self.index.articles
        cached: tuple[Any, dict[str, dict[str, Article]]] | None = getattr(self, "_cached", None)
        if cached is None or cached[0] is not articles:
            table: dict[str, dict[str, Article]] = {}
            for a in articles:
                table.setdefault(a.id, {})[a.locale] = a
            self._cached = cached = (articles, table)
        return cached[1]

    def exact(self, text: str, language: str) -> str | None:
        """The slug whose title or phrasing the text is, word for word; None where two articles claim it.

        A phrasing published a second ago is found by it, before anything has learnt from it.
        """
        articles = self.index.articles
        cached: tuple[Any, dict[str, str]] | None = getattr(self, "_phrasings", None)
        if cached is None or cached[0] is not articles:
            owners: dict[str, set[str]] = {}
            for a in articles:
                for line in (a.title, *a.variants):
                    owners.setdefault(line_key(line, a.locale), set()).add(a.id)
            self._phrasings = cached = (articles, {k: next(iter(v)) for k, v in owners.items() if k and len(v) == 1})
        return cached[1].get(line_key(text, language))

    # -- changing
    def copy(self) -> Retriever:
        """Another retriever over the same content, free to change."""
        other = copy(self)
        other.index = self.index.copy()
        return other

    def add(self, article: Article) -> None:
        """Adds or replaces one article in one locale; the next search finds it."""
        others = [a for a in self.index.articles if a.id == article.id and a.locale != article.locale]
        if article.id in self.index.ids:
            self.index.remove(self.index.ids.index(article.id))
        self.index.add([*others, article])

    def remove(self, slug: str, locale: str | None = None) -> None:
        """Drops an article in one locale, or in all; unknown ones are no error."""
        if slug not in self.index.ids:
            return
        others = [a for a in self.index.articles if a.id == slug and locale is not None and a.locale != locale]
        self.index.remove(self.index.ids.index(slug))
        if others:
            self.index.add(others)

    # -- keeping
    def save(self, folder: Path) -> None:
        """Numbers and texts only (npz, json); the index is rebuilt from them at loading."""
        folder.mkdir(parents=True, exist_ok=True)
        self.ranker.save(folder / "ranker.npz")
        arrays: dict[str, Any] = {"covered": self.index.covered}
        if self.index.alpha is not None:
            arrays["alpha"] = self.index.alpha.astype(np.float32)
        if self.index.vectors is not None:
            arrays["units"] = self.index.unit_vectors().astype(np.float16)
            arrays["passages"] = self.index.passage_vectors().astype(np.float16)
        with (folder / "kernel.npz").open("wb") as stream:
            np.savez(stream, **arrays)
        data = {
            "articles": [a.to_json() for a in self.index.articles], "calibrator": self.calibrator.to_json(), "second": self.second,
            "encoder": self.index.vectors.fingerprint if self.index.vectors else None,
        }
        (folder / "retriever.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def load(folder: Path, encoder: Encoder | VectorCache | None) -> Retriever:
        """The inverse of :meth:`save`; with another encoder the vectors are made anew and the
        classifier, which belongs to the old ones, is trained again. A damaged file raises what reading it raises."""
        data = json.loads((folder / "retriever.json").read_text(encoding="utf-8"))
        vectors = encoder if encoder is None or isinstance(encoder, VectorCache) else VectorCache(encoder)
        same = data["encoder"] == (vectors.fingerprint if vectors else None)
        with np.load(folder / "kernel.npz", allow_pickle=False) as stored:
            arrays = {k: stored[k] for k in stored.files}
        articles = [Article.from_json(a) for a in data["articles"]]
        ready = (arrays["units"], arrays["passages"]) if same and "units" in arrays else None
        index = Index(articles, vectors, ready=ready)
        if same and "alpha" in arrays and arrays["alpha"].shape == (len(index.units.texts), len(index.ids)):
            index.alpha, index.covered = arrays["alpha"], arrays["covered"]
        elif not same:
            index.fit_kernel()
        ranker = ranking.Ranker.load(folder / "ranker.npz")
        if ranker is None:      # the calibration beside it belongs to this ranker and no other
            raise ValueError(f"{folder / 'ranker.npz'}: no ranker for these channels")
        return Retriever(index, ranker, Calibrator.from_json(data["calibrator"]), float(data["second"]))


def _fit_ranker(folds: Sequence[Fold], prior: ranking.Ranker, start: ranking.Ranker | None = None) -> ranking.Ranker:
    features, positive, shares = [], [], []
    for fold in folds:
        found = ranking.candidates(fold.channels, fold.has_variants)
        features.append(found.features)
        positive.append(found.topics == fold.truth[:, None])
        shares.append(np.full(len(fold.truth), fold.share))
    return ranking.fit(np.concatenate(features), np.concatenate(positive), prior, query_weights=np.concatenate(shares), start=start)


def rank(found: ranking.Candidates, ranker: ranking.Ranker, texts: Sequence[str]) -> Ranking:
    """Orders candidates and collects the signals that calibration reads."""
    scores = ranker.scores(found)
    order = np.argsort(-scores, axis=1, kind="stable")
    topics = np.take_along_axis(found.topics, order, axis=1)
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    first = order[:, :1, None]
    raw = np.take_along_axis(found.raw, first, axis=1)[:, 0]
    z = np.take_along_axis(found.z, first, axis=1)[:, 0]
    return Ranking(topics, sorted_scores, _signals(sorted_scores, raw, z, found, topics, texts))


def _signals(scores: Floats, raw: Floats, z: Floats, found: ranking.Candidates, topics: npt.NDArray[np.int64],
             texts: Sequence[str]) -> Doubles:
    column = {name: i for i, name in enumerate(CHANNELS)}
    shifted = scores - scores.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    top = np.clip(p[:, 0], 1e-6, 1 - 1e-6)
    margin = scores[:, 0] - scores[:, 1] if scores.shape[1] > 1 else np.full(len(scores), 5.0)
    kernels = np.sort(found.raw[:, :, column["kernel"]], axis=1)
    kernel_margin = kernels[:, -1] - kernels[:, -2] if kernels.shape[1] > 1 else kernels[:, -1]
    bests = found.topics[np.arange(len(topics))[:, None], found.z.argmax(axis=1)]     # each channel's favourite
    agreement = (bests == topics[:, :1]).mean(axis=1)
    cold = found.features[np.arange(len(topics)), (found.topics == topics[:, :1]).argmax(axis=1), -3]
    dense_best = np.maximum(raw[:, column["dense_title"]], raw[:, column["dense_variant"]])
    return np.column_stack([
        np.log(top / (1 - top)), np.minimum(margin, 12), -(p * np.log(p + 1e-9)).sum(axis=1), raw[:, column["dense_answer"]], dense_best,
        np.maximum(raw[:, column["char_variant"]], raw[:, column["char_title"]]), raw[:, column["char_full"]],
        np.minimum(raw[:, column["bm25_full"]], 4), raw[:, column["kernel"]], kernel_margin,
        z[:, column["dense_answer"]], z[:, column["char_full"]], agreement,
        np.array([np.log1p(len(t.split())) for t in texts]), cold,
    ]).astype(np.float64)


def spread(scores: Floats, first: float, second: float) -> Doubles:
    """Probabilities of all candidates given the first one's: the rest share what the first leaves."""
    if len(scores) == 1:
        return np.array([first])
    rest = np.exp(scores[1:] - scores[1])
    rest = rest / rest.sum() * (1 - first) * second
    return np.concatenate([[first], np.minimum(rest, first)])


def shipped_paths(dense: bool) -> tuple[Path, Path]:
    """Files of the ranker and the calibration that Relais ships, with or without an encoder."""
    ending = "" if dense else "-lexical"
    return _WEIGHTS / f"ranker{ending}.npz", _WEIGHTS / f"calibration{ending}.json"


def shipped_calibration(dense: bool) -> Calibrator:
    """The calibration for FAQs without labels, from topics that neither encoder nor ranker has seen."""
    try:
        found = Calibrator.from_json(json.loads(shipped_paths(dense)[1].read_text(encoding="utf-8")))
        if len(found.mean) == len(SIGNALS):
            return found
    except (OSError, ValueError, KeyError):
        pass
    return Calibrator.of_one(len(SIGNALS), SIGNALS.index("logit"), 0.9, -0.5)
