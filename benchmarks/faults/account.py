"""A customer who has something done: new bank details, with a mailed code, in the demo back office.

The steps where an effect happens are broken like all others; whether it happened once is read from the
back office's own record of effects, whose keys begin with the conversation.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes, policy

from benchmarks.faults.people import Customer
from benchmarks.faults.verdict import Tally

_CODE = re.compile(r"\b(\d{3})[\s\u00a0]?(\d{3})\b")
_REFERENCE = re.compile(r"\bSOL-\w{4}-\w{4}\b")
_IBAN = "FR76 3000 6000 0112 3456 7890 189"
_next = itertools.count()


@dataclass
class AccountCustomer(Customer):
    """Follows the flow to its end, or as far as the faults let them."""

    done: bool = False

    def moves(self) -> None:
        """The whole errand."""
        number, postcode, email = self._who()
        began = time.time()
        for line in ("j'ai changé de banque, je veux vous donner mon nouveau RIB", f"{number} {postcode}", "", _IBAN, "oui"):
            text = line or self._code(email, began)
            if not text or self._handed_over():
                return
            self._send({"text": text})
            if not self.settle(30.0) or self._last_kind() not in ("flow", "smalltalk"):
                return              # the fallback answered instead: the rest of the errand makes no sense
        # who pays by transfer is asked for a day besides: only a reference says that it was done
        self.done = self._last_kind() == "flow" and bool(_REFERENCE.search(self._last_text()))

    def _who(self) -> tuple[str, str, str]:
        with closing(sqlite3.connect(f"file:{self.instance.home / 'backoffice.db'}?mode=ro", uri=True, timeout=10)) as found:
            rows = found.execute("SELECT number, postcode, email FROM customers ORDER BY number").fetchall()
        number, postcode, email = rows[next(_next) % len(rows)]
        return str(number), str(postcode), str(email)

    def _code(self, email: str, since: float, seconds: float = 20.0) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            mails = [p for p in (self.instance.home / "mail").glob("*.eml") if p.stat().st_mtime >= since - 1]
            for path in sorted(mails, key=lambda p: -p.stat().st_mtime_ns):
                message = message_from_bytes(path.read_bytes(), policy=policy.default)
                body = message.get_body(("plain",))
                code = _CODE.search(body.get_content()) if body and email in str(message["To"]) else None
                if code:
                    return "".join(code.groups())
            time.sleep(0.3)
        return ""

    def _last_text(self) -> str:
        return next((str(e.get("text")) for e in reversed(self.seen) if e["author"] == "bot"), "")

    def _last_kind(self) -> str:
        return next((str(e.get("reply")) for e in reversed(self.seen) if e["author"] == "bot"), "")


def judge_effect(customer: AccountCustomer) -> Tally:
    """The change, once where it was confirmed and at most once where it was not."""
    tally = Tally()
    with closing(sqlite3.connect(f"file:{customer.instance.home / 'backoffice.db'}?mode=ro", uri=True, timeout=10)) as found:
        count = found.execute("SELECT count(*) FROM effects WHERE key LIKE ?", (f"{customer.id}:%:iban",)).fetchone()[0]
    if customer.done:
        tally.accepted = 1
        tally.lost = int(count == 0)
    tally.doubled = max(0, count - 1)
    if tally.lost or tally.doubled:
        tally.findings.append(f"{customer.id}: confirmed {customer.done}, and the bank details were changed {count} times")
    return tally
