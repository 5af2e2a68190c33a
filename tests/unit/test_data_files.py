"""Files for `relais ask` and `relais evaluate`: what is read, and one clear sentence for what cannot be."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.errors import BadInput
from bot.faq.datafiles import (
    Labelled,
    Question,
    read_articles,
    read_batch,
    read_labelled,
    read_questions,
)
from bot.faq.evaluation import evaluate_faq, mrr_at, recall_at
from bot.understanding.intent_evaluation import evaluate_intents, risk_coverage

A = '{"id": "a", "question": "Payer sa facture"}\n{"id": "b", "question": "Odeur de gaz"}\n'


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(("text", "said"), [
    ("", "f:1: the file is empty"), ('{"id": "a", "question": "x"\n', "f:1: not valid JSON"), ("[1]\n", "f:1: expected a JSON object"),
    ('{"id": "a", "question": "x"}\n{"id": "a", "question": "y"}\n', "f:2: id “a” (fr) was already used in line 1"), ('{"question": "x"}\n', "f:1: “id” is missing"),
    ('{"id": "a"}\n', "f:1: “question” is missing"), ('{"id": "a", "question": "x"}\n', "one article only"), (b'{"id": "a", "question": "caf\xe9"}\n', "f:1: not UTF-8"),
    ('{"id": "a", "question": "x", "variants": [1]}\n', "f:1: “variants” must be"),
])
def test_articles_that_cannot_be_read(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_articles(put(tmp_path, "f", text))
    assert said in caught.value.detail


def test_questions_name_unknown_ids_and_gzip_is_read(tmp_path: Path) -> None:
    assert read_questions(put(tmp_path, "q.gz", '{"query": "x", "ids": []}\n'), {"a"}) == [Question("x", ())]
    with pytest.raises(BadInput, match="q:1: no article has the id “zz”"):
        read_questions(put(tmp_path, "q", '{"query": "x", "ids": ["zz"]}\n'), {"a"})
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 5000)[:20])
    with pytest.raises(BadInput, match="not a complete gzip"):
        read_questions(tmp_path / "cut.gz")
    with pytest.raises(BadInput, match="no such file"):
        read_questions(tmp_path / "missing")


def test_labels_need_two_classes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="only one label"):
        read_labelled(put(tmp_path, "l", '{"text": "x", "label": "a"}\n{"text": "y", "label": null}\n'), 2)
    with pytest.raises(BadInput, match="l:1: “label” is missing"):
        read_labelled(put(tmp_path, "l", '{"text": "x"}\n'))


@pytest.mark.parametrize(("text", "said"), [("", "the file is empty"), ("text\tlang\n", "no column “query”"), ("query\n", "no row"), ("query\tlang\na\tfr\tx\n", "f.tsv:2: 3 columns")])
def test_batches_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_batch(put(tmp_path, "f.tsv", text))


def test_batch_with_and_without_language(tmp_path: Path) -> None:
    assert read_batch(put(tmp_path, "f.tsv", "id\tquery\tlang\n1\tça \"va\"\tfr\n2\tok\t\n")) == [('ça "va"', "fr"), ("ok", None)]


def test_metrics_by_hand() -> None:
    ranks = [1, 2, None, 4]
    assert recall_at(ranks, 1) == 0.25
    assert recall_at(ranks, 3) == 0.5
    assert mrr_at(ranks) == pytest.approx((1 + 0.5 + 0.25) / 4)
    assert risk_coverage(np.array([0.9, 0.1]), np.array([True, False]))[-1]["risk"] == 0.5


def test_evaluation_of_an_faq_without_labels(tmp_path: Path) -> None:
    articles = read_articles(put(tmp_path, "a", A + '{"id": "c", "question": "Changer de mot de passe", "variants": ["mdp perdu"]}\n'))
    found = evaluate_faq(articles, [Question("sa sent le gaz", ("b",)), Question("payer ma factur", ("a",)), Question("mdp perdu", ("c",)), Question("météo", ())], None)
    assert found["recall@1"] == 1.0
    assert (found["with_answer"], found["without_answer"]) == (3, 1)
    assert found["guaranteed"] is False


def test_evaluation_of_intents_learns_and_warns() -> None:
    words = {"pay": "facture payer euros", "gas": "gaz odeur fuite", "move": "adresse déménager logement"}
    train = [Labelled(f"{w} {i}", label) for label, text in words.items() for i, w in enumerate(text.split() * 4)] + [Labelled("seul", "rare")]
    train += [Labelled(t, None) for t in ("météo demain", "recette crêpes", "score du match", "film ce soir")]
    result = evaluate_intents(train, [Labelled("payer facture", "pay"), Labelled("fuite gaz", "gas"), Labelled("quelle recette", None)], None, max_wrong=0.3)
    assert result["accuracy"] == 1.0
    assert "rare" in result["warnings"][0]
    assert len(result["risk_coverage"]) == 11
    with pytest.raises(BadInput, match="which the training file does not have"):
        evaluate_intents(train, [Labelled("x", "other")], None)


@pytest.mark.parametrize("arguments", [
    ["evaluate", "faq", "--articles", "missing.jsonl", "--queries", "q"], ["evaluate", "intents", "--train", "missing", "--test", "x"], ["ask", "--batch", "missing.tsv"], ["ask"],
    ["ask", "--locale", "xx", "bonjour"], ["evaluate", "nonsense"], ["faq", "interference", "--articles", "missing"],
])
def test_bad_usage_exits_2_with_one_line(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "bot.cli.app", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
