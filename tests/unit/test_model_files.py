"""A trained model whose files are cut, as a power cut leaves them, is refused in one sentence and trained again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.assistant import training
from bot.errors import ConfigurationError
from bot.faq.articles import Article
from bot.faq.ranker import Ranker
from bot.settings import ROOT, Settings
from bot.understanding.data import Phrase, load_phrases
from bot.understanding.files import whole
from bot.understanding.model import Model

FILES = ["model.json", "intents.npz", "retriever/retriever.json", "retriever/kernel.npz", "retriever/ranker.npz"]
ARTICLES = [Article(id=f"a{n}", locale="fr", title=title, answer=f"{title}.", theme="facture")
            for n, title in enumerate(("payer la facture", "relever le compteur", "changer de puissance", "quitter le logement"))]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model, by words alone."""
    few: dict[str, list[Phrase]] = {}
    for phrase in load_phrases(ROOT / "data" / "nlu"):
        if phrase.language == "fr" and len(few.setdefault(phrase.intent, [])) < 4:
            few[phrase.intent].append(phrase)
    folder = tmp_path_factory.mktemp("trained") / "model"
    Model.fit(ARTICLES, [p for lines in few.values() for p in lines]).save(folder)
    return folder


def test_a_whole_model_is_whole(trained: Path) -> None:
    assert whole(trained)
    assert Model.load(trained).understand("payer la facture").articles
    assert not whole(trained / "nowhere")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_cut_file_is_no_usable_model(trained: Path, tmp_path: Path, name: str, kept: float) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained, folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * kept)])
    assert not whole(folder)
    with pytest.raises(ConfigurationError, match="relais train"):
        Model.load(folder)


def test_a_damaged_model_is_trained_again(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=str(tmp_path))
    monkeypatch.setattr(training, "get_encoder", lambda settings: None)
    monkeypatch.setattr(training, "load_articles", lambda folder: ARTICLES)
    good = Model.load(trained)
    fitted: list[int] = []
    monkeypatch.setattr(training, "fit", lambda *given: fitted.append(1) or good)
    path = training.understanding_path(settings, None)
    path.parent.mkdir(parents=True)
    shutil.copytree(trained, path)
    training.ensure_understanding(settings, lambda line: None)
    assert fitted == []
    (path / "retriever" / "ranker.npz").write_bytes(b"PK")
    training.ensure_understanding(settings, lambda line: None)
    assert fitted == [1]
    assert whole(path)


def test_the_dial_of_the_settings_counts_whatever_the_model_was_trained_with(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(_env_file=None, home=tmp_path, max_wrong=0.2)
    monkeypatch.setattr(training, "get_encoder", lambda settings: None)
    monkeypatch.setattr(training, "load_articles", lambda folder: ARTICLES)
    path = training.understanding_path(settings, None)
    path.parent.mkdir(parents=True)
    shutil.copytree(trained, path)
    model, _ = training.train_understanding(settings, lambda line: None)
    stored = Model.load(trained)
    assert (model.max_wrong, stored.max_wrong) == (0.2, 0.05)
    assert model.thresholds == stored.with_max_wrong(0.2).thresholds


def test_a_cut_ranker_is_none(trained: Path, tmp_path: Path) -> None:
    content = (trained / "retriever" / "ranker.npz").read_bytes()
    for size in (0, 4, len(content) // 2):
        (tmp_path / "ranker.npz").write_bytes(content[:size])
        assert Ranker.load(tmp_path / "ranker.npz") is None
