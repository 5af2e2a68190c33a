"""Two tickets about one thing become one: the duplicate closes with a pointer to the survivor.

Its history stays. What its customer writes from then on lands in the survivor (``store.of_conversation``
follows the pointer), and what agents write is said in both conversations. A call or news promised to its
customer is the survivor's to keep.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels import callbacks
from bot.conversations import store as conversations
from bot.conversations.model import Draft
from bot.conversations.wording import speak
from bot.errors import BadInput, Conflict
from bot.language.wording import get_wording
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.storage.schema import conversations as conversations_table
from bot.tickets import follow_ups, store
from bot.tickets.service import Done, both, must_hold, set_mode
from bot.tickets.states import LIVE
from bot.tickets.store import Ticket


def merge(connection: Connection, reference: str, who: Member, *, into: str) -> Done:
    """Merge ``reference`` into ``into``; gives the survivor and the events of both customers.

    Raises BadInput for a ticket and itself, Conflict where one is closed, where someone else has one,
    where the two are known to come from different customers, or where a customer waits, or was promised
    something, that a solved survivor would not keep.
    """
    if reference == into:
        raise BadInput("A ticket cannot be merged into itself.", key="merge_itself")
    _lock_conversations(connection, reference, into)
    duplicate, conversation = both(connection, reference)
    kept, survivor_conversation = both(connection, into)
    must_hold(duplicate, who)
    if kept["status"] == "closed":
        raise Conflict(f"{into} is closed: nothing can be merged into it.", key="merge_closed", into=into)
    _same_customer(duplicate, kept)
    if duplicate["status"] in LIVE:
        kept = _promises(connection, duplicate, kept, who)
    duplicate_waits = duplicate["waiting_since"]
    duplicate = store.act(connection, duplicate, "merge", who.username, {"to": into},
                          merged_into=into, assignee=duplicate["assignee"])
    changes: dict[str, Any] = {
        "priority": min(kept["priority"], duplicate["priority"]),
        "tags": list(dict.fromkeys([*kept["tags"], *duplicate["tags"]])),
        "packet": _joined(kept["packet"], duplicate["packet"]),
        "outage": kept["outage"] or duplicate["outage"],
        "waiting_since": kept["waiting_since"],
    }
    if kept["status"] != "solved":     # whoever waited longest is still waiting
        waiting = [at for at in (kept["waiting_since"], duplicate_waits) if at]
        changes["waiting_since"] = min(waiting) if waiting else None
    unheard = duplicate_waits and kept["status"] != "solved" and (
        kept["waiting_since"] is None or kept["status"] in ("pending", "on_hold"))
    kept = store.act(connection, kept, "absorb", who.username, {"to": reference}, **changes)
    if unheard:     # in sight, and on the clock for the next response
        kept = store.act(connection, kept, "customer", "customer", {"merged": reference})
    mode = conversations.get(connection, survivor_conversation.id).mode
    set_mode(connection, kept, "closed" if kept["status"] == "solved" else mode)
    language = speak(conversation.language)
    words = get_wording().say("tickets.merged", language, seed=reference, reference=into)
    shown = {"reference": into, "status": kept["status"], "queue": kept["queue"]}
    return kept, conversations.append(connection, conversation.id, [
        Draft("ticket", "system", shown | {"merged": reference}),
        Draft("handover", "system", {"text": words, "reference": into})])


def _promises(connection: Connection, duplicate: Ticket, kept: Ticket, who: Member) -> Ticket:
    """Hand on what the duplicate's customer was promised, before its closing lets go of it."""
    one, into = duplicate["reference"], kept["reference"]
    if kept["status"] in LIVE:
        callbacks.carry(connection, one, into, who.username)
        return follow_ups.carry(connection, duplicate, kept, who, now=utcnow())
    if duplicate["waiting_since"]:
        raise Conflict(f"{one} still waits for an answer, and {into} is solved: merge {into} into {one} instead.",
                       key="merge_waiting", one=one, into=into)
    if duplicate["promised_at"] or callbacks.promised(connection, one):
        raise Conflict(f"{one} has a call or news promised, and {into} is solved: merge {into} into {one} "
                       "instead.", key="merge_promised", one=one, into=into)
    return kept


def _lock_conversations(connection: Connection, *references: str) -> None:
    """All of both tickets' conversations, in one order whoever merges what."""
    ids: set[str] = set()
    for name in references:
        ids |= {store.get(connection, name)["conversation_id"],
                *store.merged_conversations(connection, name)}
    connection.execute(
        sa.select(conversations_table.c.id).where(conversations_table.c.id.in_(sorted(ids)))
        .order_by(conversations_table.c.id).with_for_update(key_share=True)).all()


def _same_customer(one: Ticket, other: Ticket) -> None:
    """What an agent writes is said in both chats: never to two people who are known to differ."""
    known = _known(one["packet"]), _known(other["packet"])
    names = {"contract", "user"}
    if one["packet"].get("channel") == other["packet"].get("channel"):
        names.add("contact")      # a number and an address may be one person's
    if any(known[0][name] != known[1][name] for name in names & known[0].keys() & known[1].keys()):
        raise Conflict(
            f"{one['reference']} and {other['reference']} come from different customers: link "
            "them instead of merging.", key="merge_strangers", one=one["reference"], other=other["reference"])


def _known(packet: dict[str, Any]) -> dict[str, str]:
    """Who a packet's customer is: the contract they verified, the host's user, where they want the answer."""
    verified = (packet.get("slots") or {}).get("contract_number") if packet.get("verified") else None
    values = {"contract": verified, "user": (packet.get("identity") or {}).get("user_id"), "contact": packet.get("contact")}
    found = {name: str(value).strip() for name, value in values.items() if value}
    return {name: value if name == "user" else value.casefold() for name, value in found.items() if value}


def _joined(kept: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The survivor's packet with what only the duplicate knew, and its request beside its own."""
    joined = {**{k: v for k, v in more.items() if v not in (None, "", [], {})},
              **{k: v for k, v in kept.items() if v not in (None, "", [], {})}}
    joined["slots"] = {**(more.get("slots") or {}), **(kept.get("slots") or {})}
    if more.get("verified") and not kept.get("verified"):     # the contract that was proved, not one that was only named
        joined["slots"] |= {k: v for k, v in (more.get("slots") or {}).items() if k == "contract_number"}
    request = more.get("request")
    if request and request != kept.get("request"):
        joined["merged_requests"] = [*(kept.get("merged_requests") or ()), request]
    return joined
