"""The sets in data/eval: readable, complete, about articles and intents that exist, and apart from what is trained on."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bot.cli.evaluate import articles_from, training_rows
from bot.errors import BadInput
from bot.faq.articles import Article, load_articles
from bot.faq.datafiles import read_labelled, read_questions
from bot.language.normalise import normalise
from bot.settings import LOCALES, ROOT
from bot.understanding.data import FLOWS, INTENTS, OUT_OF_SCOPE, load_phrases, load_questions
from bot.understanding.types import SMALLTALK

EVAL = ROOT / "data" / "eval"
NOT_LETTERS = re.compile(r"[\W_]+")


@cache
def articles() -> tuple[Article, ...]:
    return tuple(load_articles(ROOT / "data" / "faq"))


def bare(text: str, language: str) -> str:
    """The normalised words alone; what has none (an emoji) is compared as it is."""
    return NOT_LETTERS.sub(" ", normalise(text, language)).strip() or text.strip()


@cache
def trained_on(language: str) -> frozenset[str]:
    texts = [t for a in articles() if a.locale == language for t in (a.title, *a.variants)]
    texts += [p.text for p in load_phrases(ROOT / "data" / "nlu") if p.language == language and p.intent != "emoji"]
    return frozenset(bare(t, language) for t in texts)


@pytest.mark.parametrize("locale", LOCALES)
def test_questions_cover_every_article_and_what_none_answers(locale: str) -> None:
    known = {a.id for a in articles() if a.locale == locale}
    questions = read_questions(EVAL / f"faq.{locale}.jsonl", known)
    each, outside = (6, 150) if locale == "fr" else (3, 60)
    assert Counter(q.ids[0] for q in questions if q.ids) == dict.fromkeys(known, each)
    assert sum(not q.ids for q in questions) == outside
    assert all(len(set(q.ids)) == len(q.ids) for q in questions)
    assert {q.locale for q in questions} == {locale}
    assert len({bare(q.text, locale) for q in questions}) == len(questions)


@pytest.mark.parametrize("locale", LOCALES)
def test_intents_cover_every_flow_and_what_is_out_of_scope(locale: str) -> None:
    rows = read_labelled(EVAL / f"intents.{locale}.jsonl", minimum_classes=2)
    counts = Counter(r.label for r in rows)
    each, outside = (12, 150) if locale == "fr" else (4, 60)
    assert {label for label in counts if label} <= set(INTENTS) - {OUT_OF_SCOPE}
    assert {flow: counts[f"flow_{flow}"] for flow in FLOWS} == dict.fromkeys(FLOWS, each)
    assert counts[None] == outside
    if locale == "fr":
        assert sum(counts[i] for i in (*SMALLTALK, "human")) == 60
        assert all(counts[i] for i in SMALLTALK)
    assert {r.locale for r in rows} == {locale}
    assert len({bare(r.text, locale) for r in rows}) == len(rows)


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_that_is_measured_on_is_trained_on(locale: str) -> None:
    known = {a.id for a in articles()}
    texts = [q.text for q in read_questions(EVAL / f"faq.{locale}.jsonl", known)]
    texts += [r.text for r in read_labelled(EVAL / f"intents.{locale}.jsonl")]
    assert [t for t in texts if bare(t, locale) in trained_on(locale)] == []


def test_questions_for_the_thresholds_are_complete_and_neither_learnt_nor_measured_on() -> None:
    questions = load_questions(ROOT / "data" / "calibration")
    known = {a.id for a in articles()}
    assert {q.locale for q in questions} <= set(LOCALES)
    assert {i for q in questions for i in q.ids} <= known
    for locale in {q.locale for q in questions}:
        mine = [q for q in questions if q.locale == locale]
        texts = [bare(q.text, str(locale)) for q in mine]
        assert len(set(texts)) == len(texts)
        assert min(Counter(i for q in mine for i in q.ids)[slug] for slug in known) >= 4
        assert sum(not q.ids for q in mine) >= len(mine) / 10
        measured = [q.text for q in read_questions(EVAL / f"faq.{locale}.jsonl")] + [r.text for r in read_labelled(EVAL / f"intents.{locale}.jsonl")]
        assert not {bare(t, str(locale)) for t in measured} & set(texts)
        assert len(set(texts) & trained_on(str(locale))) <= len(texts) / 50      # these say nothing and are left out


def test_no_measured_line_repeats_an_articles_own_sentence() -> None:
    for locale in LOCALES:
        sentences = {bare(s, locale) for a in articles() if a.locale == locale for s in re.split(r"(?<=[.!?])\s|\n", f"{a.answer}\n{a.body}")}
        assert not [q.text for q in read_questions(EVAL / f"faq.{locale}.jsonl") if bare(q.text, locale) in sentences]


def test_evaluation_takes_the_projects_own_folders(tmp_path: Path) -> None:
    assert {a.locale for a in articles_from(ROOT / "data" / "faq")} == set(LOCALES)
    rows = training_rows(ROOT / "data" / "nlu")
    assert {None, "human", "flow_outage"} <= {r.label for r in rows}
    assert OUT_OF_SCOPE not in {r.label for r in rows}
    with pytest.raises(BadInput, match="fewer than two intents"):
        training_rows(tmp_path)
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(json.dumps({"id": i, "question": i}) + "\n" for i in "ab"), "utf-8")
    assert [a.id for a in articles_from(lines)] == ["a", "b"]
