"""Rasa's NLU component over the same understanding that serves customers.

In ``config.yml`` the pipeline is this one component: what ``rasa train nlu`` and ``rasa shell nlu`` do is what
customers get. It learns the intents from Rasa's training data (so files may be given in Rasa's usual ways)
and the articles from the data folder, keeps the model in Rasa's model storage, and sets ``intent``,
``intent_ranking``, ``entities`` and ``relais`` (the whole understanding as JSON) on a message.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.faq.articles import load_articles
from bot.language.detect import detect
from bot.settings import LOCALES, get_settings
from bot.understanding.data import FAQ, INTENTS, Phrase, load_phrases
from bot.understanding.model import Model
from bot.understanding.types import Understanding

RELAIS = "relais"
_FOLDER = "understanding"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class RelaisUnderstanding(GraphComponent):  # type: ignore[misc]
    """Trains, keeps and runs the understanding inside Rasa's graph."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: Model | None = None) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``articles``: folder of articles, empty for the data folder of the settings."""
        return {"articles": ""}

    @staticmethod
    def supported_languages() -> list[str]:
        """Rasa's ``language`` key may be any of the six; messages may be in all of them at once."""
        return list(LOCALES)

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> RelaisUnderstanding:
        """A component to train."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext,
             **kwargs: Any) -> RelaisUnderstanding:
        """A trained component."""
        with model_storage.read_from(resource) as folder:
            model = Model.load(Path(folder) / _FOLDER)
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from Rasa's examples and the articles' phrasings, and keeps the model."""
        settings = get_settings()
        articles = load_articles(Path(self._config["articles"] or settings.data / "faq"))
        self._model = Model.fit(articles, phrases_of(training_data, settings.data / "nlu"), settings=settings)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(Path(folder) / _FOLDER)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leaves training data as it is: nothing downstream needs features."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Understands each message that has text."""
        for message in messages:
            text = message.get(TEXT)
            if text and self._model is not None:
                locale = (message.get("metadata") or {}).get("locale")
                _set(message, self._model.understand(text, locale_hint=locale))
        return messages


def phrases_of(training_data: TrainingData, folder: Path) -> list[Phrase]:
    """Training lines with their language: from the file they stand in, else detected."""
    known = {(p.text, p.intent): p.language for p in load_phrases(folder)} if folder.is_dir() else {}
    out = []
    for example in training_data.intent_examples:
        intent = str(example.get(INTENT)).split("/")[0]
        text = str(example.get(TEXT) or "")
        if intent in INTENTS and intent != FAQ and text.strip():
            out.append(Phrase(text, intent, known.get((text, intent)) or detect(text, locale_hint="fr").language))
    return out


def _set(message: Message, found: Understanding) -> None:
    ranking = [{"name": name, "confidence": p} for name, p in found.ranking]
    message.set(INTENT, {"name": found.intent, "confidence": found.confidence}, add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
    message.set(ENTITIES, [
        {"entity": e.name, "value": e.value, "start": e.start, "end": e.end, "extractor": "RelaisUnderstanding", **({"role": e.role} if e.role else {})}
        for e in found.entities
    ], add_to_output=True)
    message.set(RELAIS, asdict(found), add_to_output=True)
