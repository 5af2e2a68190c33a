"""The address a customer answers to: ours, with a tag that names the ticket and proves that we wrote it.

``aide+T-SOL-7F3K2Q-mzxw6ytboi4dqnrt@example.org``: whoever has this address was sent it by us, so a
mail to it belongs to that ticket whatever its ``From`` says. The tag is base-32, because some mail
servers lower-case what stands before the ``@``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from bot.privacy.keys import derive, sign, signed

_LONGEST_LOCAL = 64      # RFC 5321
_TAG = re.compile(r"\+T-(?P<reference>[A-Z]{2,5}-[0-9A-Z]{6})-(?P<tag>[A-Z2-7]{16})@", re.I)
_REFERENCE = re.compile(r"\bSOL-[2-9A-HJKMNP-TW-Z]{6}\b", re.I)


class Addresses:
    """Tags and Message-IDs of one instance. ``inbound`` is the address mails come in at, or empty."""

    def __init__(self, key: bytes, inbound: str, sender_domain: str) -> None:
        self._tags, self._ids = derive(key, "mail-tags"), derive(key, "mail-ids")
        self._peers = derive(key, "mail-peers")
        self.inbound = inbound.strip()
        self._domain = (self.inbound.rpartition("@")[2] or sender_domain or "localhost").lower()

    def reply_to(self, reference: str) -> str | None:
        """Where answers about a ticket go; None where mails invite none."""
        local, _, domain = self.inbound.rpartition("@")
        if not local:
            return None
        tagged = f"{local}+T-{reference}-{sign(self._tags, reference.upper())}"
        return f"{tagged}@{domain}" if len(tagged) <= _LONGEST_LOCAL else self.inbound

    def tagged(self, recipients: Iterable[str]) -> str | None:
        """The ticket whose valid tag one of the recipients carries."""
        for address in recipients:
            found = _TAG.search(address)
            if found and signed(self._tags, found["reference"].upper(), found["tag"]):
                return found["reference"].upper()
        return None

    def message_id(self, key: str) -> str:
        """The Message-ID (no brackets) of the mail with this key: always the same, not to be guessed."""
        return f"{sign(self._ids, key, 32)}@{self._domain}"

    def peer(self, address: str) -> str:
        """What is stored of an address to count its mails by."""
        return hmac.new(self._peers, address.strip().lower().encode(), hashlib.sha256).hexdigest()[:32]


def reference_in(subject: str) -> str | None:
    """The ticket that a subject names."""
    found = _REFERENCE.search(subject)
    return found.group(0).upper() if found else None
