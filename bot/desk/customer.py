"""Facts about the customer beside a ticket: what they said, and their contract where they proved who they are.

The back office is asked with the key the customer's own verification opened, for this conversation only,
and never for longer than that key lives; what it said is kept with the ticket, so that an agent an hour
later still has it. An agent gets no access a customer did not open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.assistant.known import key_of
from bot.backoffice.port import Backoffice
from bot.backoffice.records import Access, Contract
from bot.conversations.model import Conversation
from bot.errors import RelaisError
from bot.tickets.store import Ticket

_log = structlog.get_logger(__name__)
#: Slots that are facts of a person or contract, under the name the pages use.
_FROM_SLOTS = {
    "contract_number": "contract.number", "contract": "contract.number", "contract_postcode": "customer.postcode",
    "postcode": "customer.postcode", "person": "customer.name", "email": "customer.email", "phone": "customer.phone",
}


@dataclass(frozen=True)
class Facts:
    """``values`` by placeholder name; ``verified`` where the back office said them; ``bills`` newest first."""

    values: dict[str, str]
    verified: bool
    bills: list[dict[str, str]]

    def public(self) -> dict[str, Any]:
        """As the staff API gives it and the ticket keeps it."""
        return {"values": self.values, "verified": self.verified, "bills": self.bills}


def said(ticket: Ticket, conversation: Conversation) -> dict[str, str]:
    """What the customer gave, by placeholder name."""
    packet = ticket["packet"]
    values = {name: str(packet["slots"][slot]) for slot, name in _FROM_SLOTS.items()
              if (packet.get("slots") or {}).get(slot)}
    contact = conversation.contact or packet.get("contact")
    if contact:
        values["customer.email" if "@" in str(contact) else "customer.phone"] = str(contact)
    identity = packet.get("identity")
    for name in ("name", "email"):
        if isinstance(identity, Mapping) and identity.get(name):
            values.setdefault(f"customer.{name}", str(identity[name]))
    return values


def look_up(ticket: Ticket, conversation: Conversation, connect: Callable[[], Backoffice]) -> Facts:
    """The facts, asking the back office where the customer's key still opens it. Blocks; never raises for it.

    ``connect`` gives the back office; it is not called where there is no key.
    """
    values = said(ticket, conversation)
    kept = ticket["packet"].get("account")
    key = key_of(conversation.state)
    if key:
        access = Access(token=key, conversation_id=conversation.id)
        try:
            backoffice = connect()
            contract = backoffice.get_contract(access)
            bills = [{"number": bill.number, "issued": bill.issued.isoformat(), "total": f"{bill.total_eur:.2f}",
                      "status": bill.status} for bill in backoffice.last_bills(access, 2)]
            return Facts(values | _of(contract), True, bills)
        except RelaisError as error:     # the key has expired, or the system is away
            _log.info("no customer facts", code=error.code)
    if isinstance(kept, Mapping):
        return Facts(values | dict(kept.get("values") or {}), bool(kept.get("verified")), list(kept.get("bills") or []))
    return Facts(values, False, [])


def _of(contract: Contract) -> dict[str, str]:
    values = {
        "customer.name": contract.holder, "customer.first_name": contract.first_name,
        "customer.postcode": contract.postcode, "contract.number": contract.number,
        "contract.address": f"{contract.address}, {contract.postcode} {contract.town}",
        "contract.town": contract.town, "contract.offer": contract.offer_name,
        "contract.power": f"{contract.power_kva} kVA" if contract.power_kva else "",
        "contract.balance": f"{contract.balance_eur:.2f} €", "contract.status": contract.status,
        "contract.since": contract.since.isoformat(), "contract.payment": contract.payment,
    }
    return {name: value for name, value in values.items() if value}
