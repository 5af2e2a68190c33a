"""The peer: a stock Rasa assistant on the same content, built, trained and served from a folder of its own.

DIET and ResponseSelector (100 epochs), TED, the FAQ as retrieval intents, an action server for one custom
action, the REST channel: what the Rasa documentation leads to.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import yaml

from bot.faq.articles import load_articles
from bot.settings import ROOT
from bot.understanding.data import load_phrases

ENV = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
       "RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore", "SANIC_HOST": "127.0.0.1"}
CONFIG = """
recipe: default.v1
assistant_id: stock
language: fr
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
  - name: ResponseSelector
    retrieval_intent: faq
    epochs: {epochs}
  - name: FallbackClassifier
    threshold: 0.3
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
"""
ACTION = '''
from rasa_sdk import Action
class ActionHello(Action):
    def name(self): return "action_hello"
    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Bonjour")
        return []
'''


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write(folder: Path, epochs: int) -> None:
    """The project's files."""
    articles = [a for a in load_articles(ROOT / "data" / "faq") if a.locale == "fr"]
    phrases = [p for p in load_phrases(ROOT / "data" / "nlu") if p.language == "fr" and p.intent not in ("faq", "out_of_scope")]
    intents: dict[str, list[str]] = {}
    for phrase in phrases:
        intents.setdefault(phrase.intent, []).append(phrase.text)
    intents = {f"i_{name}": texts for name, texts in intents.items()}
    nlu = [{"intent": f"faq/{a.id}", "examples": _examples(a.variants)} for a in articles]
    nlu += [{"intent": name, "examples": _examples(texts)} for name, texts in intents.items()]
    responses = {f"utter_faq/{a.id}": [{"text": a.answer}] for a in articles} | {"utter_small": [{"text": "Très bien."}]}
    domain = {"version": "3.1", "intents": ["faq", *intents], "responses": responses, "actions": ["action_hello", "utter_faq"]}
    rules = [{"rule": "faq", "steps": [{"intent": "faq"}, {"action": "utter_faq"}]}]
    rules += [{"rule": name, "steps": [{"intent": name}, {"action": "action_hello" if name == "i_greet" else "utter_small"}]} for name in intents]
    files = {"config.yml": CONFIG.format(epochs=epochs), "domain.yml": _dump(domain), "data/nlu.yml": _dump({"version": "3.1", "nlu": nlu}),
             "data/rules.yml": _dump({"version": "3.1", "rules": rules}), "actions.py": ACTION, "credentials.yml": "rest:\n"}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def _examples(texts: tuple[str, ...] | list[str]) -> str:
    return "".join(f"- {' '.join(text.split())}\n" for text in texts)


def _dump(data: object) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000)


class StockRasa:
    """A trained stock assistant behind Rasa's REST channel."""

    def __init__(self, folder: Path, epochs: int = 100) -> None:
        self.folder, self.epochs = folder, epochs
        self.port, self.actions = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.training_seconds = 0.0

    def train(self) -> None:
        """Train; kept in the folder for the next run."""
        write(self.folder, self.epochs)
        (self.folder / "endpoints.yml").write_text(f'action_endpoint:\n  url: "http://127.0.0.1:{self.actions}/webhook"\n')
        if list((self.folder / "models").glob("*.tar.gz")):
            return
        started = time.monotonic()
        self._run("train", "--quiet")
        self.training_seconds = time.monotonic() - started

    def _run(self, *arguments: str) -> None:
        with (self.folder / "train.log").open("wb") as log:
            subprocess.run([sys.executable, "-m", "rasa", *arguments], cwd=self.folder, env=ENV, check=True, stdout=log, stderr=log)

    def start(self) -> float:
        """Serve; returns seconds to the first answer."""
        started = time.monotonic()
        commands = [["run", "actions", "--port", str(self.actions)],
                    ["run", "-i", "127.0.0.1", "-p", str(self.port), "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]]
        for command in commands:
            log = (self.folder / f"{command[1]}.log").open("wb")
            self.processes.append(subprocess.Popen([sys.executable, "-m", "rasa", *command], cwd=self.folder, env=ENV, stdout=log, stderr=log))
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/", timeout=1)
                break
            except OSError:
                if time.monotonic() - started > 300:
                    raise
                time.sleep(0.3)
        return time.monotonic() - started

    def stop(self) -> None:
        """End both processes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(20)
