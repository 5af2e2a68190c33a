"""Training: Rasa's rules and the understanding model, each kept by the fingerprint of what it came from.

An unchanged checkout trains nothing. Rasa's training runs in a process of its own, so that TensorFlow's
memory goes with it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.errors import ConfigurationError
from bot.faq.articles import Article, load_articles
from bot.settings import ROOT, Settings
from bot.understanding.model import Model

Say = Callable[[str], None]


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
    return [*settings.data.glob("faq/**/*.yml"), *settings.data.glob("nlu/*.yml")]


def understanding_path(settings: Settings) -> Path:
    """Where the understanding model of the content as it is now belongs."""
    from bot.language.encoder import load_encoder

    try:
        encoder = load_encoder(settings.encoder or None).fingerprint
    except Exception:
        encoder = "none"
    return settings.home_path / "models" / f"understanding-{_digest(understanding_sources(settings), encoder)}"


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
    with log.open("wb") as out:
        done = subprocess.run([sys.executable, "-m", "bot.assistant.training", str(path)], cwd=ROOT, env=environment,  # noqa: S603
                              stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0 or not path.exists():
        tail = log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["no output"]
        raise ConfigurationError(f"Rasa could not be trained: {tail[0]} (all of it in {log}).")
    for old in path.parent.glob("rasa-*.tar.gz"):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def _train_rasa_here(path: Path) -> None:
    """Child side: train core into ``path``. Written beside it first, so a killed training leaves nothing half done."""
    import shutil
    import tempfile

    import rasa.model_training

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = rasa.model_training.train_core(
            domain=str(ROOT / "domain.yml"), config=str(ROOT / "config.yml"),
            stories=[str(ROOT / "data" / "rules"), str(ROOT / "data" / "stories")], output=folder, fixed_model_name="rasa",
        )
        if not made:
            raise SystemExit("nothing was trained")
        shutil.move(str(made), path)


def train_understanding(settings: Settings, say: Say, articles: list[Article] | None = None) -> tuple[Model, list[Article]]:
    """The understanding model of the checkout's content, loaded if it is already there."""
    articles = articles if articles is not None else load_articles(settings.data / "faq")
    path = understanding_path(settings)
    if (path / "done").exists():
        return Model.load(path), articles
    say(f"Learning {len(articles)} articles and the customers' phrasings…")
    model = Model.fit(articles, settings.data / "nlu", settings=settings)
    path.mkdir(parents=True, exist_ok=True)
    model.save(path)
    (path / "done").touch()
    return model, articles


def load_or_train(settings: Settings) -> tuple[Model, list[Article]]:
    """For processes that Rasa starts: quiet."""
    return train_understanding(settings, lambda line: None)


if __name__ == "__main__":
    _train_rasa_here(Path(sys.argv[1]))
