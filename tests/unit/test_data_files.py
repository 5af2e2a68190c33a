"""Files for `relais ask` and `relais evaluate`: what is read, and one clear sentence for what cannot be."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.errors import BadInput, TooLarge
from bot.faq import datafiles
from bot.faq.datafiles import (
    MAX_LINE,
    MAX_TEXT,
    Labelled,
    Question,
    read_articles,
    read_batch,
    read_labelled,
    read_questions,
)
from bot.faq.evaluation import evaluate_faq, mrr_at, recall_at
from bot.faq.plot import interval, reliability_plot
from bot.understanding.data import load_phrases
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
    ('{"id": "a", "question": "x", "variants": [1]}\n', "f:1: “variants” must be"), ('{"id": "a", "question": "\\ud83d"}\n', "f:1: holds half a character"),
    ('{"id": "a", "question": "\\u200b"}\n', "f:1: “question” is empty"), ("\n\n", "f:1: the file is empty"), ("{}\n{", "f:1: “id” is missing"),
    ('{"id": "a", "question": "x"}\n'.encode("utf-16"), "f:1: not UTF-8"), ('{"id": "a", "question": "' + "x" * 20_001 + '"}\n', "f:1: “question” has 20,001 characters"),
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


def test_files_are_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed file may unpack to anything: a line without an end, or lines without number."""
    with pytest.raises(TooLarge, match=r"bomb.gz:1: a line of more than 4 MiB"):
        read_batch(put(tmp_path, "bomb.gz", b"query\tx" + b"x" * (MAX_LINE + 1)))
    monkeypatch.setattr(datafiles, "MAX_ROWS", 1000)
    with pytest.raises(TooLarge, match=r"f:1001: more than 1,000 lines"):
        read_batch(put(tmp_path, "f", "query\n" + "x\n" * 1000))
    monkeypatch.setattr(datafiles, "MAX_FILE", 1000)
    with pytest.raises(TooLarge, match=r"f:499: more than 0 MiB"):
        read_batch(put(tmp_path, "f", "query\n" + "x\n" * 600))


def test_fifty_thousand_rows_are_read(tmp_path: Path) -> None:
    """Of each kind of file; the last row's fault is named by its line."""
    n = 50_000
    assert len(read_batch(put(tmp_path, "b.tsv", "query\tlang\n" + "ma facture\tfr\n" * n))) == n
    rows = "".join(f'{{"text": "texte {i}", "label": "l{i % 3}"}}\n' for i in range(n))
    with pytest.raises(BadInput, match=r"l.jsonl:50001: not valid JSON"):
        read_labelled(put(tmp_path, "l.jsonl", rows + "{"), 2)
    questions = '{"query": "x", "ids": ["a"]}\n' * n
    with pytest.raises(BadInput, match=r"q.jsonl:50001: no article has the id “z”"):
        read_questions(put(tmp_path, "q.jsonl", questions + '{"query": "x", "ids": ["z"]}\n'), {"a"})


def test_labels_need_two_classes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="only one label"):
        read_labelled(put(tmp_path, "l", '{"text": "x", "label": "a"}\n{"text": "y", "label": null}\n'), 2)
    with pytest.raises(BadInput, match="l:1: “label” is missing"):
        read_labelled(put(tmp_path, "l", '{"text": "x"}\n'))
    with pytest.raises(BadInput, match="l:1: “label” is empty"):
        read_labelled(put(tmp_path, "l", '{"text": "x", "label": " "}\n'))
    with pytest.raises(BadInput, match="l:1: no label but null"):
        read_labelled(put(tmp_path, "l", '{"text": "x", "label": null}\n'), 2)


def test_labels_that_were_not_learnt_and_too_many_are_named_by_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = '{"text": "x", "label": "a"}\n{"text": "y", "label": null}\n{"text": "z", "label": "c"}\n'
    assert len(read_labelled(put(tmp_path, "l", rows), known={"a", "c"})) == 3
    with pytest.raises(BadInput, match="l:3: the training file does not have the label “c”"):
        read_labelled(put(tmp_path, "l", rows), known={"a"})
    monkeypatch.setattr(datafiles, "MAX_LABELS", 1)
    with pytest.raises(TooLarge, match="l:3: more than 1 labels"):
        read_labelled(put(tmp_path, "l", rows))


@pytest.mark.parametrize(("text", "said"), [("", "the file is empty"), ("text\tlang\n", "no column “query”"), ("query\n", "no row"), ("query\tlang\na\tfr\tx\n", "f.tsv:2: 3 columns"), ("query\tQuery\na\tb\n", "f.tsv:1: the header names a column twice")])
def test_batches_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_batch(put(tmp_path, "f.tsv", text))


def test_batch_with_and_without_language(tmp_path: Path) -> None:
    assert read_batch(put(tmp_path, "f.tsv", "id\tquery\tlang\n1\tça \"va\"\tfr\n2\tok\t\n")) == [('ça "va"', "fr"), ("ok", None)]
    spreadsheet = "query\tlang\t\t\nma facture\tfr\t\t\nmon relevé\tfr\n"
    assert read_batch(put(tmp_path, "s.tsv", spreadsheet)) == [("ma facture", "fr"), ("mon relevé", "fr")]
    assert read_batch(put(tmp_path, "t.tsv", "query\tlang\nma facture\tfr\t\n")) == [("ma facture", "fr")]


def test_a_batch_keeps_the_texts_as_they_were_given(tmp_path: Path) -> None:
    given = ["coupure de l’électricité", "70 m²", "Œuvre  à 15 €", "ﬁn"]
    assert [text for text, _ in read_batch(put(tmp_path, "f.tsv", "query\n" + "".join(f" {text} \n" for text in given)))] == given
    assert read_batch(put(tmp_path, "g.tsv", "query\n" + "x" * (MAX_TEXT + 5) + "\n")) == [("x" * MAX_TEXT, None)]


@pytest.mark.parametrize(("text", "said"), [
    ("nlu:\n- intent: greet\n  examples: |\n   - a\n  - b: [\n", r"x.yml:\d+: not valid YAML"), ("- intent: greet\n", "x.yml:1: expected Rasa's form"), ("nlu: greet\n", "x.yml:1: “nlu” must be a list"),
    ("version: '3.1'\nnlu:\n- intent: gret\n  examples: |\n    - a\n", "x.yml:3: unknown intent “gret”"), (b"nlu:\n- intent: greet\n  examples: |\n    - caf\xe9\n", "x.yml:4: not UTF-8"),
])
def test_training_phrases_that_cannot_be_read(tmp_path: Path, text: str | bytes, said: str) -> None:
    put(tmp_path, "x.yml", text)
    with pytest.raises(BadInput, match=said):
        load_phrases(tmp_path)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_reliability_diagram_is_drawn(tmp_path: Path, ending: str) -> None:
    bins = [{"low": 0.0, "high": 0.1, "n": 40, "stated": 0.05, "true": 0.0}, {"low": 0.9, "high": 1.0, "n": 9, "stated": 0.97, "true": 1.0}]
    path = tmp_path / f"r.{ending}"
    reliability_plot(bins, path, 0.034)
    assert path.read_bytes()[:5] == (b"\x89PNG\r" if ending == "png" else b"<?xml")
    if ending == "svg":
        assert "calibration error" in path.read_text("utf-8")


def test_interval_of_a_share() -> None:
    """Clopper and Pearson's own bounds: 0 of 10 → at most 0.308; 10 of 10 → at least 0.692."""
    assert interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert interval(10, 10) == pytest.approx((0.6915, 1.0), abs=1e-4)


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
    ["evaluate", "faq", "--articles", "missing.jsonl", "--queries", "q"], ["evaluate", "intents", "--train", "missing", "--test", "x"], ["ask", "--batch", "missing.tsv"], ["ask"], ["ask", "--json", "bonjour", "caf\udce9"],
    ["ask", "--locale", "xx", "bonjour"], ["evaluate", "nonsense"], ["faq", "interference", "--articles", "missing"],
    ["evaluate", "faq", "--articles", "missing.jsonl", "--queries", "q", "--plot", "x.pdf"], ["evaluate", "intents", "--train", "x", "--test", "x", "--max-wrong", "2"],
])
def test_bad_usage_exits_2_with_one_line(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "bot.cli.app", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
