"""What the assistant remembers of a conversation between turns, besides a flow's slots.

Stored in one Rasa slot (``memory``) as plain JSON, so that it travels with the turn's state.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

#: How many sentences back the bot avoids repeating itself.
RECENT = 16


@dataclass
class Memory:
    """Policy memory. ``last`` is the kind of the last bot reply."""

    language: str = "fr"
    last: str = ""
    unknown: int = 0                    # messages not understood since the last good answer
    offered: list[str] = field(default_factory=list)     # choice ids last offered
    shown: list[str] = field(default_factory=list)       # articles shown as answers
    refused: list[str] = field(default_factory=list)     # articles the customer said did not help
    article: str | None = None          # article the conversation is about now
    theme: str | None = None
    qualified: bool = False             # the theme question was asked already
    anger: int = 0                      # angry messages so far
    asks: list[str] = field(default_factory=list)        # the customer's requests in their own words
    said: list[str] = field(default_factory=list)        # fingerprints of recent sentences
    pending: str | None = None          # an offer that awaits yes or no: helped | human | flow:<id>
    tongue: str = ""                    # the language the customer writes, where it is none of ours
    which: int = 0                      # times running that a yes to several titles was asked back: which one?
    note: str = ""                      # what an agent wrote when handing the chat back
    turns: int = 0

    @classmethod
    def load(cls, data: object) -> Memory:
        """From the slot's JSON; unknown keys of another version are ignored."""
        if not isinstance(data, dict):
            return cls()
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})

    def dump(self) -> dict[str, Any]:
        """As JSON for the slot, bounded in size."""
        self.said = self.said[-RECENT:]
        self.asks = self.asks[-5:]
        self.shown = self.shown[-10:]
        self.refused = self.refused[-10:]
        return asdict(self)
