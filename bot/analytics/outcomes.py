"""How a conversation ended: exactly one class, a pure function of its events.

Nothing else is read, so the same events always give the same class, today and in a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Protocol


class Outcome(str, Enum):
    """Classes, from the one that outweighs all others down."""

    urgent = "urgent"
    handed_over_solved = "handed_over_solved"
    handed_over = "handed_over"
    confirmed_resolved = "confirmed_resolved"
    flow_completed = "flow_completed"
    refused_answer_left = "refused_answer_left"
    answered_unconfirmed = "answered_unconfirmed"
    abandoned = "abandoned"
    no_need = "no_need"


DEFINITIONS: dict[Outcome, dict[str, str]] = {
    Outcome.urgent: {
        "fr": "Danger signalé (gaz, étincelles…) : ticket urgent ouvert, quelle que soit la suite.",
        "en": "Danger was reported (gas, sparks…): an urgent ticket was opened, whatever came next."},
    Outcome.handed_over_solved: {
        "fr": "Passée à une personne, qui l'a marquée réglée.",
        "en": "Passed to a person, who marked it settled."},
    Outcome.handed_over: {
        "fr": "Passée à une personne, pas encore réglée.",
        "en": "Passed to a person, not settled yet."},
    Outcome.confirmed_resolved: {
        "fr": "Sans personne, et le client a confirmé : « oui, cela m'a aidé », ou une note de 4 ou 5.",
        "en": "Without a person, and the customer confirmed it: 'yes, this helped', or a rating of 4 or 5."},
    Outcome.flow_completed: {
        "fr": "Sans personne, une démarche est allée au bout avec un effet et une référence.",
        "en": "Without a person, a flow was completed with an effect and a reference."},
    Outcome.refused_answer_left: {
        "fr": "La dernière réponse a été refusée (« non ») et le client est parti sans autre réponse.",
        "en": "The last answer was refused and the customer left without another one."},
    Outcome.answered_unconfirmed: {
        "fr": "Une réponse a été donnée, sans que le client dise si elle a aidé.",
        "en": "An answer was given; the customer did not say whether it helped."},
    Outcome.abandoned: {
        "fr": "Une demande sans réponse, ou une démarche arrêtée en route.",
        "en": "A request without an answer, or a flow left half way."},
    Outcome.no_need: {
        "fr": "Rien à résoudre : aucun message, ou seulement de la conversation.",
        "en": "Nothing to resolve: no message, or only small talk."},
}
WITH_PERSON = frozenset({Outcome.urgent, Outcome.handed_over_solved, Outcome.handed_over})
CONFIRMED = frozenset({Outcome.confirmed_resolved, Outcome.flow_completed})


class EventLike(Protocol):
    """What is read of an event."""

    @property
    def kind(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def payload(self) -> dict[str, Any]: ...


def classify(events: Sequence[EventLike]) -> Outcome:
    """The one class of a conversation, from its events in order."""
    tickets = [event for event in events if event.kind == "ticket"]
    if any(_danger(event.payload) for event in tickets):
        return Outcome.urgent
    if tickets:
        solved = tickets[-1].payload.get("status") in ("solved", "closed")
        return Outcome.handed_over_solved if solved else Outcome.handed_over
    return _by_the_bot(events)


def _danger(ticket: dict[str, Any]) -> bool:
    """Whether a ticket's event came of danger; one from before that was kept is judged by its priority."""
    meta = ticket.get("meta") or {}
    return bool(meta["danger"]) if "danger" in meta else ticket.get("priority") == "urgent"


def _by_the_bot(events: Iterable[EventLike]) -> Outcome:
    """The class of a conversation that no person took part in."""
    asked = answered = refused = confirmed = completed = False
    for event in events:
        if event.kind == "survey" and event.author == "customer":
            helped, csat = event.payload.get("helped"), event.payload.get("csat")
            if helped is True or (isinstance(csat, int) and csat >= 4):
                confirmed, refused = True, False
            elif helped is False or (isinstance(csat, int) and csat <= 2):
                confirmed, refused = False, answered
        elif event.kind == "message" and event.author == "bot":
            reply = event.payload.get("reply")
            effects = (event.payload.get("meta") or {}).get("effects") or []
            for effect in effects:
                kind, payload = effect.get("kind"), effect.get("payload") or {}
                if kind == "flow" and payload.get("helped"):
                    confirmed, refused = True, False
                elif kind == "flow" and payload.get("event") == "done" and payload.get("reference"):
                    completed, refused = True, False
                elif kind == "refused":
                    confirmed, refused = False, answered
            if reply == "answer":
                answered, asked, refused = True, True, False
            elif reply in ("options", "flow", "nonanswer", "handover"):
                asked = True
    if confirmed:
        return Outcome.confirmed_resolved
    if completed:
        return Outcome.flow_completed
    if refused:
        return Outcome.refused_answer_left
    if answered:
        return Outcome.answered_unconfirmed
    return Outcome.abandoned if asked else Outcome.no_need
