"""Fits the ranker and the calibration that Relais ships, for FAQs nobody has labelled.

``python -m bot.faq.pretrain --data DIR`` with ``DIR/paraphrases/{fr,multi}.jsonl``. Only topics of the themes
that the encoder's training holds out are asked (:data:`bot.language.training.corpus.HELD_OUT_FOLD`), since an
encoder that has seen a phrasing finds it too easily and the ranker would learn to trust it; other topics are
distractors. Many small FAQs are simulated: titles alone, titles with answers, two or eight phrasings known,
articles in one language and questions in another. Writes ``weights/ranker[-lexical].npz`` and
``weights/calibration[-lexical].json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.faq import ranker as ranking
from bot.faq.articles import Article
from bot.faq.calibration import Calibrator, expected_calibration_error, fit_calibrator
from bot.faq.index import Index
from bot.faq.retriever import rank, shipped_paths
from bot.faq.units import CHANNELS
from bot.faq.vectors import VectorCache
from bot.language.encoder import load_encoder
from bot.language.training.corpus import HELD_OUT_FOLD, Topic, read_topics

Floats = npt.NDArray[np.float32]
OTHERS = ("en", "es", "de", "nl", "it")
STRENGTH = 2.0         # of the pull towards equal weights, in queries
#: Share of the fitted weights; the rest is equal weights. The simulated customers avoid the articles' words
#: more than people do: fitted alone, the ranker trusts words too little on keyword queries (0.506 on
#: code_du_travail_fr dev, this blend 0.538), with less it loses on phrasings that share no word.
BLEND = 0.8


@dataclass(frozen=True)
class Simulated:
    """One simulated FAQ with its questions."""

    name: str
    articles: list[Article]
    queries: list[tuple[str, str, str, str]]      # text, language, id, theme


def simulations(topics: list[Topic], rng: np.random.Generator) -> Iterator[Simulated]:
    """FAQs of 40 to 400 articles; every held-out topic is asked in each kind."""
    asked = [t for t in topics if t.fold == HELD_OUT_FOLD]
    others = [t for t in topics if t.fold != HELD_OUT_FOLD]
    for size in (40, 120, 400):
        for known, answers in ((0, True), (0, False), (8, True), (2, True), (-1, True)):
            yield _french(asked, others, size, known, answers, rng)
    for code in OTHERS:
        for size, known in ((40, 0), (150, 0), (150, 2)):
            yield _foreign(asked, others, code, size, known, rng)
        yield _across(asked, others, code, rng)


def _pick(asked: list[Topic], others: list[Topic], size: int, rng: np.random.Generator) -> tuple[list[Topic], list[Topic]]:
    """Held-out topics to ask (whole themes stay together), and all topics of the FAQ."""
    mine = asked if size >= 400 else [asked[i] for i in rng.permutation(len(asked))[: max(20, size * 3 // 4)]]
    rest = others[: max(0, size - len(mine))]      # the same ones each time: less to encode
    return mine, mine + rest


def _french(asked: list[Topic], others: list[Topic], size: int, known: int, answers: bool, rng: np.random.Generator) -> Simulated:
    mine, everything = _pick(asked, others, size, rng)
    articles, queries = [], []
    for i, t in enumerate(everything):
        lines = [t.phrasings["fr"][j] for j in rng.permutation(len(t.phrasings["fr"]))]
        k = known if known >= 0 else (0, 2, 8)[i % 3]
        articles.append(Article(t.id, "fr", t.titles["fr"], t.answer if answers else "", variants=tuple(lines[:k])))
        if i < len(mine):
            queries += [(q, "fr", t.id, t.theme) for q in (lines[k:] if k else lines)[:6]]
    return Simulated(f"fr {size} known {known}{'' if answers else ' titles only'}", articles, queries)


def _foreign(asked: list[Topic], others: list[Topic], code: str, size: int, known: int, rng: np.random.Generator) -> Simulated:
    mine, everything = _pick([t for t in asked if t.phrasings.get(code)], [t for t in others if t.phrasings.get(code)], size, rng)
    articles, queries = [], []
    for i, t in enumerate(everything):
        lines = t.phrasings[code]
        articles.append(Article(t.id, code, t.titles[code], variants=tuple(lines[:known])))
        if i < len(mine):
            queries += [(q, code, t.id, t.theme) for q in lines[known:]]
    return Simulated(f"{code} {size} known {known}", articles, queries)


def _across(asked: list[Topic], others: list[Topic], code: str, rng: np.random.Generator) -> Simulated:
    mine, everything = _pick([t for t in asked if t.phrasings.get(code)], others, 120, rng)
    articles = [Article(t.id, "fr", t.titles["fr"], t.answer, variants=tuple(t.phrasings["fr"][: (0, 6)[i % 2]])) for i, t in enumerate(everything)]
    return Simulated(f"{code} asked of fr", articles, [(q, code, t.id, t.theme) for t in mine for q in t.phrasings[code]])


@dataclass
class Asked:
    """Evidence of a simulation's questions."""

    name: str
    found: ranking.Candidates
    absent: ranking.Candidates       # the same with the right topic removed
    truth: npt.NDArray[np.int64]
    texts: list[str]
    languages: list[str]
    side: npt.NDArray[np.int64]      # 0 or 1 by theme, for crossing


def ask(simulated: Simulated, vectors: VectorCache | None) -> Asked:
    """Indexes and asks one simulation."""
    index = Index(simulated.articles, vectors)
    index.fit_kernel()
    position = {slug: i for i, slug in enumerate(index.ids)}
    texts, languages = [q[0] for q in simulated.queries], [q[1] for q in simulated.queries]
    truth = np.array([position[q[2]] for q in simulated.queries], np.int64)
    query = vectors.encode(texts) if vectors is not None else None
    parts = []
    for i in range(0, len(texts), 256):
        parts.append(index.channels(texts[i : i + 256], languages[i : i + 256], None if query is None else query[i : i + 256]))
    channels = np.concatenate(parts)
    allowed = np.ones(channels.shape[:2], bool)
    allowed[np.arange(len(truth)), truth] = False
    themes = sorted({q[3] for q in simulated.queries})
    side = np.array([themes.index(q[3]) % 2 for q in simulated.queries], np.int64)
    has = index.variants > 0
    return Asked(simulated.name, ranking.candidates(channels, has), ranking.candidates(channels, has, allowed), truth, texts, languages, side)


def fit(asked: list[Asked], side: int | None = None) -> ranking.Ranker:
    """The ranker over all simulations, or over one side's themes; each simulation counts alike."""
    features, positive, weights = [], [], []
    for a in asked:
        rows = np.flatnonzero(a.side == side) if side is not None else np.arange(len(a.truth))
        features.append(_padded(a.found.features[rows]))
        right = a.found.topics[rows] == a.truth[rows][:, None]
        positive.append(np.pad(right, ((0, 0), (0, ranking.CANDIDATES - right.shape[1]))))
        weights.append(np.full(len(rows), 300 / max(1, len(rows))))
    fitted = ranking.fit(np.concatenate(features), np.concatenate(positive), ranking.plain(), STRENGTH, np.concatenate(weights))
    return ranking.Ranker((BLEND * fitted.weights + (1 - BLEND) * ranking.plain().weights).astype(np.float32))


def _padded(features: Floats) -> Floats:
    """Small FAQs have fewer candidates: the rest can never win (a z-score far below)."""
    missing = ranking.CANDIDATES - features.shape[1]
    if not missing:
        return features
    filler = np.zeros((len(features), missing, features.shape[2]), np.float32)
    filler[:, :, : len(CHANNELS)] = -50.0
    return np.concatenate([features, filler], axis=1)


def calibrate(asked: list[Asked]) -> tuple[Calibrator, float]:
    """The calibration on decisions of rankers that have not seen their themes, and its error on the other
    themes (crossed), with a fifth of the questions unanswerable by weight."""
    signals, right, languages, weights, sides = [], [], list[str](), [], []
    for side in (0, 1):
        ranker = fit(asked, side)
        for a in asked:
            rows = np.flatnonzero(a.side != side)
            for found, share in ((a.found, 1.0), (a.absent, 0.25)):
                ranked = rank(_rows(found, rows), ranker, [a.texts[i] for i in rows])
                signals.append(ranked.signals)
                right.append(ranked.topics[:, 0] == a.truth[rows] if share == 1.0 else np.zeros(len(rows), bool))
                languages += [a.languages[i] for i in rows]
                weights.append(np.full(len(rows), share * 300 / max(1, len(a.truth))))
                sides.append(np.full(len(rows), side))
    x, y, w, s = np.vstack(signals), np.concatenate(right), np.concatenate(weights), np.concatenate(sides)
    errors = []
    for side in (0, 1):
        half = fit_calibrator(x[s == side], y[s == side], None, w[s == side])
        keep = (s != side) & (np.random.default_rng(1).random(len(s)) < np.minimum(1, w / w.max()))
        errors.append(expected_calibration_error(half.probabilities(x[keep]), y[keep]))
    return fit_calibrator(x, y, None, w), float(np.mean(errors))


def _rows(found: ranking.Candidates, rows: npt.NDArray[np.int64]) -> ranking.Candidates:
    return ranking.Candidates(found.topics[rows], found.features[rows], found.raw[rows], found.z[rows])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fit the ranker and calibration that Relais ships.")
    parser.add_argument("--data", type=Path, required=True, help="folder with paraphrases/fr.jsonl and multi.jsonl")
    parser.add_argument("--encoder", default=None, help="a folder or hub name; default: the shipped one")
    parser.add_argument("--lexical", action="store_true", help="fit the weights used without an encoder")
    parser.add_argument("--cache", type=Path, default=None, help="folder for vectors")
    options = parser.parse_args()
    vectors = None if options.lexical else VectorCache(load_encoder(options.encoder), options.cache)
    topics = read_topics(options.data)
    rng = np.random.default_rng(3)
    asked = []
    for simulated in simulations(topics, rng):
        asked.append(ask(simulated, vectors))
        print(f"asked {simulated.name}: {len(simulated.queries)} questions, {len(simulated.articles)} articles", flush=True)
        if vectors is not None:
            vectors.save()
    halves = [fit(asked, 0), fit(asked, 1)]
    for a in asked:
        hits = 0
        for side, ranker in enumerate(halves):
            rows = np.flatnonzero(a.side != side)
            if len(rows):
                ranked = rank(_rows(a.found, rows), ranker, [a.texts[i] for i in rows])
                hits += int((ranked.topics[:, 0] == a.truth[rows]).sum())
        print(f"{a.name:<28} R@1 {hits / len(a.truth):.3f}  candidates hold it {np.mean((a.found.topics == a.truth[:, None]).any(axis=1)):.3f}")
    calibrator, error = calibrate(asked)
    ranker_path, calibration_path = shipped_paths(vectors is not None)
    fit(asked).save(ranker_path)
    calibration_path.write_text(json.dumps(calibrator.to_json()), encoding="utf-8")
    print(f"ECE on themes not fitted on: {error:.4f}; wrote {ranker_path.name}, {calibration_path.name}")


if __name__ == "__main__":
    main()
