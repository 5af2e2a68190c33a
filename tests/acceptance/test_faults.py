"""Faults for real: processes killed, the back office gone, a restart. Nothing is lost, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from bot.backoffice.demo import demo_customers
from tests.product import Product

pytestmark = pytest.mark.usefixtures("trained")


def bot_said(events: list[dict[str, object]]) -> list[str]:
    return [str(e["text"]) for e in events if e["author"] == "bot" and e["kind"] == "message"]


def test_a_killed_dialogue_process_loses_no_message_and_is_back(product: Product) -> None:
    customer = product.customer()
    assert customer.say("bonjour")["reply"] == "smalltalk"
    victim = product.children()["dialogue"]
    os.kill(victim, signal.SIGKILL)
    started = time.monotonic()
    said = customer.say("où trouver mon numéro de PDL ?", seconds=8)
    assert time.monotonic() - started < 6
    assert said["reply"] in ("options", "answer", "handover")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if product.children().get("dialogue") not in (None, victim) and product.http.get(f"{product.url}/readyz").json()["status"] == "ready":
            break
        time.sleep(0.5)
    ready = product.http.get(f"{product.url}/readyz").json()
    assert ready["status"] == "ready", ready
    assert product.customer().say("bonjour")["reply"] == "smalltalk"


def test_a_killed_web_process_keeps_what_it_accepted(product: Product) -> None:
    customer = product.customer()
    customer.say("bonjour")
    accepted = customer.post("comment payer ma facture ?")
    assert accepted.status_code == 202
    os.kill(product.children()["web"], signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if product.http.get(f"{product.url}/readyz").status_code == 200:
                break
        except Exception:
            time.sleep(0.3)
    seen = customer.until(lambda e: e["author"] == "bot" and e["kind"] == "message", after=accepted.json()["seq"], seconds=15)
    texts = [e["text"] for e in customer.events() if e["author"] == "customer"]
    assert texts == ["bonjour", "comment payer ma facture ?"]
    assert bot_said(seen)


def test_the_back_office_down_leads_to_a_ticket(product: Product) -> None:
    sign = Path(product.home) / "backoffice.down"
    sign.write_text("")
    try:
        customer = product.customer()
        customer.say("je veux changer la date de mon prélèvement")
        known = demo_customers()[0]
        sent = customer.post(f"{known.contract} {known.postcode}")
        seen = customer.until(lambda e: e["kind"] == "ticket", after=sent.json()["seq"], seconds=10)
        assert bot_said(seen)
    finally:
        sign.unlink()


@pytest.mark.slow
def test_a_second_start_is_fast_and_a_stop_leaves_no_process(tmp_path: Path, product: Product) -> None:
    instance = Product(tmp_path / "home").start()
    customer = instance.customer()
    customer.say("bonjour")
    pids = list(instance.children().values())
    assert instance.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    instance.output.unlink()
    instance.start()
    try:
        assert "Learning" not in instance.output.read_text("utf-8")
        assert "Training" not in instance.output.read_text("utf-8")
        assert "password" not in instance.output.read_text("utf-8")
        texts = [e["text"] for e in customer_events(instance, customer) if e["author"] == "customer"]
        assert texts == ["bonjour"]
    finally:
        instance.stop()


def customer_events(instance: Product, customer: object) -> list[dict[str, object]]:
    """The same conversation, asked of the instance after its restart."""
    events = instance.http.get(f"{instance.url}/api/v1/conversations/{customer.id}/events", headers=customer.headers)  # type: ignore[attr-defined]
    return list(events.json()["events"])


@pytest.mark.slow
def test_without_its_encoder_the_assistant_still_answers(tmp_path: Path) -> None:
    instance = Product(tmp_path / "home", RELAIS_ENCODER=str(tmp_path / "missing")).start()
    try:
        assert instance.http.get(f"{instance.url}/readyz").json()["degraded"]
        assert instance.customer().say("mot de passe oublié")["reply"] in ("answer", "options")
    finally:
        instance.stop()
