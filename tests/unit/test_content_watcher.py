"""A dialogue process follows what leads publish and decide, also after a look or a training that failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.assistant import content, refit
from bot.assistant.catalogue import Catalogue
from bot.assistant.content import ContentWatcher, foreign_to
from bot.assistant.engine import Engine
from bot.faq.articles import Article
from bot.settings import Settings
from bot.understanding.reader import Reader
from bot.understanding.types import ArticleCandidate, Understanding

DRUM = ("fr", "mon voisin joue du tambour")


@dataclass(frozen=True)
class KnownModel:
    """As much of a model as the watcher touches."""

    max_wrong: float = 0.05
    slugs: tuple[str, ...] = ()
    foreign: Callable[[str], bool] | None = None

    def updated(self, changed: Sequence[Article], gone: Iterable[tuple[str, str]] = ()) -> KnownModel:
        return replace(self, slugs=(*self.slugs, *(a.id for a in changed)))

    def with_max_wrong(self, max_wrong: float) -> KnownModel:
        return replace(self, max_wrong=max_wrong)

    def with_foreign(self, foreign: Callable[[str], bool] | None) -> KnownModel:
        return replace(self, foreign=foreign)


@dataclass
class KnownEngine:
    """As much of an engine."""

    model: KnownModel
    catalogue: Catalogue

    def with_content(self, model: KnownModel, catalogue: Catalogue) -> KnownEngine:
        return KnownEngine(model, catalogue)


@dataclass
class Published:
    """What the database says."""

    version: int = 1
    articles: list[Article] = field(default_factory=list)
    scope: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def read(self) -> list[Article]:
        if self.broken:
            raise ConnectionError("the database restarts")
        return list(self.articles)


class Process:
    """A dialogue process without its Rasa."""

    def __init__(self) -> None:
        self.told = Published()
        self.engine = KnownEngine(KnownModel(), Catalogue([]))
        self.watcher = ContentWatcher(
            Settings(home=Path("/nonexistent")), lambda: cast(Engine, self.engine), self._put, lambda: self.told.version,
            self.told.read, lambda: None, lambda: list(self.told.scope))
        self.watcher.look()

    def _put(self, engine: Any) -> None:
        self.engine = engine


@pytest.fixture
def process() -> Process:
    return Process()


def test_a_look_that_failed_is_made_again(process: Process) -> None:
    process.told.version, process.told.articles, process.told.broken = 2, [Article(id="neuf", locale="fr", title="Neuf")], True
    with pytest.raises(ConnectionError):
        process.watcher.look()
    process.told.broken = False
    process.watcher.look()
    assert process.engine.model.slugs == ("neuf",)
    assert len(process.engine.catalogue) == 1


def test_a_message_called_out_of_scope_is_so_at_once_and_until_it_is_taken_back(process: Process) -> None:
    assert process.engine.model.foreign is None
    process.told.version, process.told.scope = 2, [DRUM]
    process.watcher.look()
    foreign = process.engine.model.foreign
    assert foreign is not None
    assert foreign("Mon voisin joue du TAMBOUR !")
    assert not foreign("mon voisin joue de la facture")
    assert process.watcher._refit_due == content.SETTLE
    process.told.version, process.told.scope = 3, []
    process.watcher.look()
    assert process.engine.model.foreign is None


def test_a_refit_learns_the_decisions_and_is_tried_again_where_it_failed(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refitted(articles: list[Article], settings: Settings, scope: Sequence[tuple[str, str]]) -> KnownModel:
        asked.append(list(scope))
        if len(asked) == 1:
            raise OSError("no memory")
        process.watcher.stop()
        return KnownModel(slugs=("refitted",))

    monkeypatch.setattr(content, "refitted", refitted)
    for name in ("LOOK", "SETTLE", "AGAIN"):
        monkeypatch.setattr(content, name, 0.01)
    process.told.version, process.told.scope = 2, [DRUM]
    process.watcher.start()
    process.watcher._thread.join(timeout=20)
    assert asked == [[DRUM], [DRUM]]
    assert process.engine.model.slugs == ("refitted",)
    assert process.engine.model.foreign is not None
    assert process.engine.model.foreign(DRUM[1])


def test_what_is_learnt_holds_no_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def run(command: list[str], **_: Any) -> None:
        folder = Path(command[-1])
        assert json.loads((folder / "scope.json").read_text("utf-8")) == [["fr", "rappelez le voisin au"]]
        learnt: list[Any] = []

        class Saved:
            def save(self, folder: Path) -> None:
                learnt.append(folder.name)

        monkeypatch.setattr(refit, "fit", lambda articles, settings, encoder, scope: learnt.extend(scope) or Saved())
        monkeypatch.setattr(refit, "get_encoder", lambda settings: None)
        refit.main(folder)
        assert learnt == [("fr", "rappelez le voisin au"), "model"]
        raise Stop

    monkeypatch.setattr(content.subprocess, "run", run)
    with pytest.raises(Stop):
        content.refitted([], Settings(home=tmp_path), [("fr", "rappelez le voisin au [téléphone]"), ("fr", "[e-mail]")])


class NoPhrasings:
    """A retriever that knows one line word for word."""

    def exact(self, text: str, language: str) -> str | None:
        return "nuisances" if text == "le tambour" else None


def reading(text: str, intent: str, **more: Any) -> Understanding:
    reader = Reader.__new__(Reader)
    reader.retriever = cast(Any, NoPhrasings())
    reader.foreign = foreign_to([DRUM, ("fr", "le tambour"), ("fr", "ça sent le gaz [téléphone]"), ("fr", "merci bien")])
    articles = (ArticleCandidate("a", "fr", "A", 0.9),)
    return reader._as_decided(Understanding(text, "fr", 1.0, intent, 0.8, articles=articles, flow=("outage", 0.4), **more))


@pytest.mark.parametrize("intent", ["faq", "out_of_scope", "flow_outage"])
def test_a_decided_message_is_out_of_scope_whatever_was_learnt(intent: str) -> None:
    found = reading("Tambour, joue mon voisin du", intent)
    assert found.intent == "out_of_scope"
    assert found.articles[0].probability < 0.5
    assert found.flow is None


def test_personal_data_in_a_message_makes_no_difference() -> None:
    assert reading("ça sent le gaz 06 39 98 55 55", "faq").intent == "out_of_scope"


@pytest.mark.parametrize(("text", "intent", "more"), [
    ("ça sent le gaz 06 39 98 12 34", "urgent", {}),              # danger is always heard
    ("merci bien", "thanks", {}),
    ("le tambour", "faq", {}),                                    # an article has it as a phrasing by now
    (DRUM[1], "faq", {"notes": ("context",)}),                    # asked of the article just read
    ("mon voisin", "faq", {}),
])
def test_what_stays_as_it_is(text: str, intent: str, more: dict[str, Any]) -> None:
    assert reading(text, intent, **more).intent == intent
