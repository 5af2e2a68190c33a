"""What a conversation's dialogue state knows of its customer, for the people who take over.

Reads the state that :mod:`bot.assistant.rasa_agent` writes; nothing of Rasa is needed for that. Secret
slots (codes, the key to the account, an IBAN) and the flow engine's own are left out. And what is left of
a state once people have taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET = re.compile(r"^(?:memory|requested_slot|flow_.*|customer_token|identity_.*|.*_iban)$")
#: Slots in which a flow keeps its own notes: quotes, previews, confirmations, whole contracts.
_INSIDE = re.compile(r"_(?:contract|confirm|preview|quote|options|offer|shown|direct|odd|anyway|meter|found|advice)$")

#: What outlasts a flow: who the customer is, and what was talked about.
_KEPT = frozenset({"memory", "contract_number", "contract_postcode", "customer_token", "identity_challenge"})


def put_down(state: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The state once people took over: no flow waits for a yes, no offer for an answer.

    What the customer says to a person ("ok, merci") would else be taken for the answer to the bot's last
    question, and carry out what the two had just agreed not to do.
    """
    if not state:
        return None
    slots = {name: value for name, value in (state.get("slots") or {}).items() if name in _KEPT}
    if isinstance(slots.get("memory"), Mapping):
        slots["memory"] = {**slots["memory"], "pending": None, "offered": [], "unknown": 0, "last": "handover"}
    return {**state, "loop": None, "slots": slots}


def slots_of(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the customer gave so far, by slot; simple values only."""
    slots = (state or {}).get("slots") or {}
    return {
        name: value for name, value in slots.items()
        if value not in (None, "", [], {}) and not _SECRET.match(name)
        and (not _INSIDE.search(name) or name == "contract") and isinstance(value, (str, int, float, bool, list))
    }


def key_of(state: Mapping[str, Any] | None) -> str | None:
    """The key the customer's verification opened, None where they did not verify (it expires by itself)."""
    token = ((state or {}).get("slots") or {}).get("customer_token")
    return str(token) if token else None


def mood_of(state: Mapping[str, Any] | None) -> str | None:
    """``angry`` after angry messages, as the dialogue remembers them."""
    memory = ((state or {}).get("slots") or {}).get("memory") or {}
    return "angry" if isinstance(memory, Mapping) and int(memory.get("anger") or 0) > 0 else None


def request_of(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The dialogue's memory in a hand-over's terms: requests, answers refused, theme, the flow under way."""
    memory = ((state or {}).get("slots") or {}).get("memory") or {}
    if not isinstance(memory, Mapping):
        return {}
    loop = str((state or {}).get("loop") or "")
    found = {"asks": list(memory.get("asks") or ()), "refused": list(memory.get("refused") or ()),
             "theme": memory.get("theme"), "flow": loop.removesuffix("_form") or None}
    return {name: value for name, value in found.items() if value}
