"""What a ticket system must be able to do. Three implementations pass one contract suite.

Statuses and priorities are ours (``bot/tickets/states.py``); an implementation translates by its
mapping. Every call may raise :class:`~bot.errors.Unavailable` (later, perhaps ``retry_after``),
:class:`~bot.errors.BadInput` (refused for good) and :class:`~bot.errors.NotFound` (gone there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

#: What stands where the customer's words stood, and asks for the rest where we may not delete.
ERASED = "Erased at the customer's wish or past its time. Please delete what is left of it here."
By = Literal["customer", "agent"]


@dataclass(frozen=True)
class NewTicket:
    """A ticket to make there. ``values`` are looked up for custom fields, by our dotted names."""

    reference: str
    subject: str
    body: str
    status: str
    priority: str
    contact: str | None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What came of it: the id that stays, and where people look at it."""

    external_id: str
    url: str


@dataclass(frozen=True)
class RemoteTicket:
    """A ticket as it is there. ``status`` is ours where the mapping knows it, else None."""

    external_id: str
    status: str | None
    priority: str | None
    updated_at: str          # as stored text (bot/storage/clock.py)
    label: str               # the status in their words
    url: str


@dataclass(frozen=True)
class Comment:
    """A message or note on its way there; ``marker`` in its text tells it from theirs."""

    text: str
    internal: bool
    by: By
    name: str


@dataclass(frozen=True)
class RemoteComment:
    """A comment as it is there, as plain text. ``files`` are names: the files themselves stay there."""

    external_id: str
    text: str
    internal: bool
    by: By
    name: str
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Gone:
    """A ticket whose conversation was erased here. ``comments`` are the ids of those we wrote there."""

    external_id: str
    reference: str
    comments: Sequence[str] = ()


class TicketSystem(Protocol):
    """A system of theirs."""

    name: str
    #: Whether statuses and messages go there (a twin), or notes only (an issue).
    mirror: bool
    #: How many comments of ours a ticket there takes in how many seconds; None where that is not limited.
    pace: tuple[int, float] | None

    def word(self, name: str, ours: str) -> str | None:
        """Their word for a ``status`` or ``priority`` of ours; two of ours may share one."""
        ...

    def custom(self, values: Mapping[str, object]) -> dict[str, str]:
        """Their custom fields with our values."""
        ...

    def create(self, new: NewTicket) -> Made:
        """Make the ticket."""
        ...

    def find(self, reference: str) -> Made | None:
        """The ticket made for this reference, if one was."""
        ...

    def get(self, external_id: str) -> RemoteTicket:
        """The ticket as it is now."""
        ...

    def update(self, external_id: str, changes: Mapping[str, str], custom: Mapping[str, str]) -> None:
        """Set ``status`` and ``priority`` (ours) and custom fields (their names; empty: no value any more)."""
        ...

    def comment(self, external_id: str, comment: Comment) -> str:
        """Add a comment; its id."""
        ...

    def comments(self, external_id: str) -> Sequence[RemoteComment]:
        """All comments, oldest first."""
        ...

    def erase(self, gone: Gone) -> str | None:
        """Remove the ticket or, where that is not ours to do, what came from us in it.

        A sentence on what people have to do there; None where nothing is left. Harmless when repeated.
        """
        ...

    def changed(self, cursor: str | None) -> tuple[Sequence[str], str]:
        """Ids changed since ``cursor`` (None: now), and the next cursor."""
        ...
