"""Keeps a dialogue process's content as published: live within a second or two, without a restart.

A thread looks at the database's content version. A changed article is put into the running index at
once (found by its title, answer and phrasings), and so is a message that a lead called out of scope; the
model is then trained again behind it, for messages like these too, and swapped in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence

import structlog

from bot.assistant.catalogue import Catalogue
from bot.assistant.engine import Engine
from bot.coverage.gaps import fold, without_labels
from bot.faq.articles import Article
from bot.modules import command
from bot.privacy.redaction import redact
from bot.settings import Settings
from bot.understanding.model import Model

log = structlog.get_logger()
#: Seconds between looks, of quiet before a refit, and until a refit that failed is tried again.
LOOK, SETTLE, AGAIN = 0.7, 3.0, 60.0
#: (language, text) of what leads called out of scope.
Scope = Sequence[tuple[str, str]]


def foreign_to(scope: Scope) -> Callable[[str], bool] | None:
    """Whether a text is one that leads called out of scope, told apart as the list of gaps does; None for no decisions."""
    known = frozenset(fold(text) for _, text in scope)
    return (lambda text: fold(redact(text)) in known) if known else None


def refitted(articles: list[Article], settings: Settings, scope: Scope = ()) -> Model:
    """A model trained on these articles and decisions; the work is done by a child process, so that turns go on."""
    folder = settings.home_path / "models" / f"live-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "articles.json").write_text(json.dumps([a.to_json() for a in articles], ensure_ascii=False), "utf-8")
    lines = [(language, said) for language, text in scope if (said := without_labels(text))]
    (folder / "scope.json").write_text(json.dumps(lines, ensure_ascii=False), "utf-8")
    cores = str(os.cpu_count() or 1)      # its linear algebra may use them all: it steps back for turns
    environment = {**os.environ, "OMP_NUM_THREADS": cores, "OPENBLAS_NUM_THREADS": cores}
    try:
        subprocess.run(command("bot.assistant.refit", str(folder)), check=True, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603
        return Model.load(folder / "model", settings=settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class ContentWatcher:
    """Watches published articles and swaps the engine's content."""

    def __init__(
        self, settings: Settings, get: Callable[[], Engine], put: Callable[[Engine], None],
        version: Callable[[], int], articles: Callable[[], list[Article]], max_wrong: Callable[[], float | None],
        scope: Callable[[], Scope],
    ) -> None:
        self.settings = settings
        self._get, self._put = get, put
        self._version, self._articles, self._max_wrong, self._scope = version, articles, max_wrong, scope
        self._seen: int | None = None
        self._decided: Scope = ()
        self._stop = threading.Event()
        self._refit_due: float | None = None
        self._thread = threading.Thread(target=self._run, name="content", daemon=True)

    def start(self) -> None:
        """Begin watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns at once."""
        self._stop.set()

    def look(self) -> None:
        """Take over what was published or decided since the last look.

        A version counts as seen once it is in force: a look that failed on the way is made again.
        """
        version = self._version()
        if version == self._seen:
            return
        engine = self._get()
        articles, scope = self._articles(), self._scope()
        known = {(a.id, a.locale): a for a in engine.catalogue.every()}
        current = {(a.id, a.locale): a for a in articles}
        gone = [key for key in known if key not in current]
        changed = [a for key, a in current.items() if known.get(key) != a]
        decided = list(scope) != list(self._decided)
        dial = self._max_wrong()
        if changed or gone or decided or dial not in (None, engine.model.max_wrong):
            model = engine.model.updated(changed, gone) if changed or gone else engine.model
            if decided:
                model = model.with_foreign(foreign_to(scope))
            if dial is not None:
                model = model.with_max_wrong(dial)
            self._put(engine.with_content(model, Catalogue(articles)))
            log.info("content.updated", version=version, changed=len(changed), gone=len(gone), decided=decided, first=self._seen is None)
        self._seen, self._decided = version, scope
        if changed or gone or decided:
            self._refit_due = SETTLE

    def _refit(self) -> None:
        """Train again on what is published, in a process of its own, and swap the model in."""
        engine = self._get()
        model = refitted(engine.catalogue.every(), self.settings, self._decided).with_foreign(foreign_to(self._decided))
        if (dial := self._max_wrong()) is not None:
            model = model.with_max_wrong(dial)
        self._put(self._get().with_content(model, engine.catalogue))
        log.info("content.refitted", articles=len(engine.catalogue))

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            try:
                self.look()
                if self._refit_due is not None:
                    self._refit_due -= LOOK
                    if self._refit_due <= 0:
                        self._refit_due = AGAIN
                        self._refit()
                        self._refit_due = None
            except Exception:
                log.exception("content.failed")
