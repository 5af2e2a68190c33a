"""Every effect on a contract is confirmed in writing, once."""

from __future__ import annotations

from bot.integrations.mail import SpooledMail, SpoolMailer
from tests.unit.conftest import Desk

CONTRACT = "C-10420226"


def confirmations(desk: Desk, reference: str) -> list[SpooledMail]:
    desk.backoffice.post.deliver()
    return [mail for mail in SpoolMailer(desk.home / "mail").list() if reference in mail.subject]


def test_an_effect_is_confirmed_by_mail_with_its_reference(desk: Desk) -> None:
    receipt = desk.backoffice.update_debit_day(desk.access(CONTRACT), 20, "k1")
    (mail,) = confirmations(desk, receipt.reference)
    assert mail.to == desk.row(CONTRACT)["email"]
    assert CONTRACT in mail.text


def test_the_same_effect_asked_twice_is_confirmed_once(desk: Desk) -> None:
    access = desk.access(CONTRACT)
    first = desk.backoffice.update_debit_day(access, 20, "k1")
    assert len(confirmations(desk, first.reference)) == 1
    again = desk.backoffice.update_debit_day(access, 20, "k1")
    assert again.reference == first.reference
    assert len(confirmations(desk, first.reference)) == 1
