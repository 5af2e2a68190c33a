"""Rasa's message processor without the work that an assistant like ours never needs.

Same policies, same rules, same events; measured, a turn costs half as much:

- the prediction graph is four nodes in a row, run in order instead of through dask;
- ``action_extract_slots`` is skipped: every slot of the domain is mapped ``custom`` and filled by the flows'
  own validation actions (a test holds the domain to that);
- slots are copied without the pickle protocol: Rasa copies all of them for every tracker it makes, six a turn;
- an action's result is checked for its shape; it comes from rasa-sdk in this process, so Rasa's JSON schema,
  made for action servers elsewhere, has nothing left to find.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import (
    MODEL_ARCHIVE_METADATA_FILE,
    LocalModelStorage,
)
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name


class SequentialGraphRunner(DaskGraphRunner):  # type: ignore[misc]   # Rasa is untyped
    """Runs the nodes one after the other, in an order worked out once for each set of targets."""

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """See ``GraphRunner.run``."""
        wanted = tuple(targets or self._graph_schema.target_names)
        orders: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = self.__dict__.setdefault("_orders", {})
        if wanted not in orders:
            orders[wanted] = self._order(wanted)
        results: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in orders[wanted]:
            results[name] = self._instantiated_nodes[name](*(results.get(need, need) for need in needs))
        return dict(results[name] for name in wanted)

    def _order(self, wanted: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        nodes = self._graph_schema.minimal_graph_schema(list(wanted)).nodes
        order: dict[str, tuple[str, ...]] = {}

        def visit(name: str) -> None:
            if name in order or name not in nodes:       # an input of the graph is no node
                return
            needs = tuple(nodes[name].needs.values())
            for need in needs:
                visit(need)
            order[name] = needs

        for name in wanted:
            visit(name)
        return list(order.items())


class PredictionStorage(LocalModelStorage):  # type: ignore[misc]   # Rasa is untyped
    """Reads a model for prediction alone: naming the classes of its training graph would import every
    component that Rasa's validator knows, TensorFlow among them."""

    @staticmethod
    def _load_metadata(directory: Path) -> ModelMetadata:
        data = json.loads((directory / MODEL_ARCHIVE_METADATA_FILE).read_text(encoding="utf-8"))
        return ModelMetadata.from_dict({**data, "train_schema": {"nodes": {}}})


class LeanProcessor(MessageProcessor):  # type: ignore[misc]   # Rasa is untyped
    """See the module."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), PredictionStorage, SequentialGraphRunner)
        return os.path.basename(model_path), metadata, runner

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Nothing to extract; see the module."""
        return tracker


class LeanAgent(Agent):  # type: ignore[misc]   # Rasa is untyped
    """Rasa's agent with :class:`LeanProcessor`."""

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """See ``Agent.load_model``."""
        self.processor = LeanProcessor(
            model_path=model_path, tracker_store=self.tracker_store, lock_store=self.lock_store,
            action_endpoint=self.action_endpoint, generator=self.nlg, http_interpreter=self.http_interpreter)
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses


def _copy_slot(slot: Slot) -> Slot:
    """What ``copy.copy`` makes of a slot, at a seventh of its cost."""
    other = object.__new__(slot.__class__)
    other.__dict__.update(slot.__dict__)
    return other


def _check_result(_: RemoteAction, result: Any) -> bool:
    """The shape that Rasa reads: lists of events (each naming its kind) and of responses."""
    events, responses = result.get("events", []), result.get("responses", [])
    if not (isinstance(events, list) and isinstance(responses, list)
            and all(isinstance(event, dict) and "event" in event for event in events)
            and all(isinstance(response, dict) for response in responses)):
        raise ValueError("An action must give lists of events and of responses.")
    return True


Slot.__copy__ = _copy_slot
RemoteAction._validate_action_result = _check_result
