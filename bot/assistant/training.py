"""Training: Rasa's rules and the understanding model, each kept by the fingerprint of what it came from.

An unchanged checkout trains nothing. Rasa's training runs in a process of its own, so that TensorFlow's
memory goes with it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from bot.errors import ConfigurationError, EncoderError
from bot.faq.articles import Article, load_articles
from bot.language.encoder import Encoder, load_encoder
from bot.settings import ROOT, Settings
from bot.understanding.data import OUT_OF_SCOPE, Phrase, load_phrases
from bot.understanding.files import whole
from bot.understanding.model import Model

Say = Callable[[str], None]
#: Other models that are kept, those used last, so that going back to other content or another encoder is quick.
KEPT = 2


def _digest(paths: Iterable[Path], salt: str) -> str:
    digest = hashlib.blake2b(salt.encode(), digest_size=8)
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def rasa_sources(root: Path = ROOT) -> list[Path]:
    """Files that Rasa's dialogue model is made of."""
    return [root / "config.yml", root / "domain.yml", *(root / "data" / "rules").glob("*.yml"), *(root / "data" / "stories").glob("*.yml")]


def rasa_model_path(settings: Settings) -> Path:
    """Where the Rasa model of the checkout as it is now belongs."""
    return settings.home_path / "models" / f"rasa-{_digest(rasa_sources(), 'rasa-3.6.21')}.tar.gz"


def understanding_sources(settings: Settings) -> list[Path]:
    """Files the understanding model is made of."""
    return [*settings.data.glob("faq/**/*.yml"), *settings.data.glob("nlu/*.yml"), *settings.data.glob("calibration/*.jsonl")]


def get_encoder(settings: Settings) -> Encoder | None:
    """The sentence encoder of the settings, or None where it cannot be loaded: words alone serve then."""
    try:
        return load_encoder(settings.encoder or None)
    except EncoderError as error:
        structlog.get_logger().error("encoder.missing", detail=error.detail)
        return None


def understanding_path(settings: Settings, encoder: Encoder | None) -> Path:
    """Where the understanding model of the content as it is now belongs."""
    name = encoder.fingerprint if encoder is not None else "words"
    return settings.home_path / "models" / f"understanding-{_digest(understanding_sources(settings), name)}"


def train_rasa(settings: Settings, say: Say) -> Path:
    """The Rasa model's path, trained if the checkout changed; raises ConfigurationError with Rasa's last words."""
    path = rasa_model_path(settings)
    if path.exists():
        return path
    say("Training the dialogue (Rasa rules and forms), about 20 seconds…")
    path.parent.mkdir(parents=True, exist_ok=True)
    log = settings.home_path / "logs" / "rasa-train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1",
                   "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as out, tempfile.TemporaryDirectory(dir=path.parent) as folder:     # ours: a killed child removes nothing
        done = subprocess.run([sys.executable, "-m", "bot.assistant.training", str(path), folder], cwd=ROOT, env=environment,  # noqa: S603
                              stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0 or not path.exists():
        tail = log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["no output"]
        raise ConfigurationError(f"Rasa could not be trained: {tail[0]} (all of it in {log}).")
    for old in path.parent.glob("rasa-*.tar.gz"):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def _train_rasa_here(path: Path, folder: Path) -> None:
    """Child side: train core into ``path``. Written in ``folder`` first, so a killed training leaves nothing half done."""
    import rasa.model_training

    sources = folder / "sources"          # one folder is all that train_core takes
    sources.mkdir()
    for source in rasa_sources()[2:]:
        shutil.copy(source, sources / f"{source.parent.name}-{source.name}")
    made = rasa.model_training.train_core(
        domain=str(ROOT / "domain.yml"), config=str(ROOT / "config.yml"), stories=str(sources), output=str(folder),
        fixed_model_name="rasa",
    )
    if not made:
        raise SystemExit("nothing was trained")
    shutil.move(str(made), path)


def train_understanding(settings: Settings, say: Say) -> tuple[Model, list[Article]]:
    """The understanding model of the checkout's content, loaded where it is already there."""
    articles = load_articles(settings.data / "faq")
    encoder = get_encoder(settings)
    path = understanding_path(settings, encoder)
    if path.exists():
        try:
            model = Model.load(path, encoder, settings=settings)
            with suppress(OSError):      # those used last are kept
                os.utime(path)
            return model, articles
        except ConfigurationError:
            say("The trained model is of another version or damaged; training again.")
    started = time.monotonic()
    say(f"Learning {len({a.id for a in articles})} articles and the customers' phrasings…")
    model = fit(articles, settings, encoder)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    others = sorted((p for p in path.parent.glob("understanding-*") if p != path), key=lambda p: p.stat().st_mtime)
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    say(f"Learned in {time.monotonic() - started:.0f} s.")
    return model, articles


def ensure_understanding(settings: Settings, say: Say) -> None:
    """Train the understanding model where there is no whole one for the content as it is; loads nothing otherwise."""
    if not whole(understanding_path(settings, get_encoder(settings))):
        train_understanding(settings, say)


def fit(articles: list[Article], settings: Settings, encoder: Encoder | None, scope: Sequence[tuple[str, str]] = ()) -> Model:
    """A model of these articles and the checkout's training phrases; vectors are kept between trainings.

    ``scope`` holds (language, text) of messages that leads called out of scope.
    """
    phrases = [*load_phrases(settings.data / "nlu"), *(Phrase(text, OUT_OF_SCOPE, language) for language, text in scope)]
    return Model.fit(articles, phrases, settings=settings, encoder=encoder)


def load_or_train(settings: Settings) -> tuple[Model, list[Article]]:
    """For processes that Rasa starts: quiet."""
    return train_understanding(settings, lambda line: None)


if __name__ == "__main__":
    _train_rasa_here(Path(sys.argv[1]), Path(sys.argv[2]))
