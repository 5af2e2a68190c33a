"""Webhooks over real HTTP, on both databases: signed, told once, retried, logged, re-sent, switched off."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import Response
from web_support import ALWAYS, Served, make_settings, running

from bot.conversations import intake, store
from bot.faq import store as articles
from bot.handover.service import hand_over
from bot.integrations.webhooks import endpoints, messages
from bot.integrations.webhooks.sender import vault_of
from bot.privacy.erasure import erase_conversation
from bot.settings import Settings
from bot.staff.accounts import Member
from bot.storage import outbox as outbox_module
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import outbox, webhook_endpoints, webhook_messages
from bot.tickets import service
from bot.tickets.hours import desk
from bot.worker import Worker
from tests.standins.dripping import dripping
from tests.standins.passing import due_now
from tests.standins.receiver import Receiver

AGENT = Member("agent", "Ana", "agent")


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, Served]]:
    made = Receiver()
    served = Served(made.app).start()
    yield made, served
    served.stop()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, None, webhook_private=True, database_url=database_url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


def subscribe(database: Database, settings: Settings, url: str, *events: str) -> tuple[str, str]:
    with database.write() as connection:
        row, secret = endpoints.create(connection, vault_of(settings), url=url, events=events or ["*"],
                                       author="lead", private=True)
    return row["id"], secret


def talk(database: Database, settings: Settings, text: str = "mon adresse est ana@example.org") -> str:
    """A conversation that is handed over, answered and solved; its ticket."""
    with database.write() as connection:
        conversation, token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
    with database.write() as connection:
        intake.accept(connection, conversation.id, token, client_message_id=uuid.uuid4().hex, text=text,
                      choice=None, knows_article=lambda slug, language: None, lease_seconds=5)
    with database.write() as connection:
        done = hand_over(connection, store.get(connection, conversation.id, lock=True),
                         desk=desk(settings.copy(update={"opening_hours": ALWAYS})), now=utcnow())
    with database.write() as connection:
        service.reply(connection, done.reference, AGENT, "Bonjour, je regarde.")
    with database.write() as connection:
        service.resolve(connection, done.reference, AGENT)
    return done.reference


def test_everything_that_happens_is_told_once_in_order_signed_and_redacted(
    database, settings, receiver
) -> None:
    made, served = receiver
    _, made.secret = subscribe(database, settings, f"{served.url}/hook")
    reference = talk(database, settings)
    worker = Worker(settings, database)
    while worker.deliver():
        pass
    assert made.refused == 0
    assert len({message_id for message_id, _ in made.seen}) == len(made.seen)
    for name in ("conversation.created", "message.created", "ticket.created", "conversation.handed_over",
                 "ticket.assigned", "ticket.updated", "ticket.solved", "conversation.closed"):
        assert name in made.types, name
    assert "ana@example.org" not in str(made.seen)
    solved = next(body["data"] for _, body in made.seen if body["type"] == "ticket.solved")
    assert (solved["reference"], solved["status"], solved["by"]) == (reference, "solved", "staff")
    with database.read() as connection:
        assert {row["state"] for row in messages.log(connection)} == {"delivered"}


def test_an_endpoint_gets_what_it_subscribed_to_and_nothing_when_off(database, settings, receiver) -> None:
    made, served = receiver
    endpoint, made.secret = subscribe(database, settings, f"{served.url}/hook", "ticket.solved", "article.*")
    talk(database, settings)
    with database.write() as connection:
        articles.put_article(connection, "neu", "fr", {
            "title": "Une question ?", "answer": "Une réponse.", "body": "Plus long."}, author="lead")
    worker = Worker(settings, database)
    worker.deliver()
    assert sorted(made.types) == ["article.published", "ticket.solved"]
    with database.write() as connection:
        endpoints.change(connection, endpoint, private=True, active=False)
    talk(database, settings)
    assert worker.deliver() == 0


def test_a_rolled_back_cause_tells_nothing(database, settings, receiver) -> None:
    subscribe(database, settings, f"{receiver[1].url}/hook")
    def fail(connection) -> None:
        intake.begin(connection, locale="fr", page_url=None, language="fr")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.submit(fail).result(10)
    with database.read() as connection:
        assert messages.log(connection) == []
        assert outbox_module.counts(connection)["waiting"] == 0


def test_a_receiver_that_fails_is_tried_again_with_the_same_id_and_each_try_is_logged(
    database, settings, receiver
) -> None:
    made, served = receiver
    _, made.secret = subscribe(database, settings, f"{served.url}/hook", "ticket.solved")
    answers = [Response(status_code=500), Response(status_code=503, headers={"Retry-After": "120"}),
               Response(status_code=204)]
    made.answer = lambda: answers.pop(0)
    talk(database, settings)
    worker = Worker(settings, database)
    worker.deliver()
    due_now(database)
    worker.deliver()
    with database.read() as connection:
        row = connection.execute(sa.select(outbox).where(outbox.c.topic == "webhook")).mappings().one()
    assert row["next_at"] > later(100)         # the receiver's wish counts
    due_now(database)
    worker.deliver()
    assert len(made.seen) == 3
    assert len({message_id for message_id, _ in made.seen}) == 1
    with database.read() as connection:
        (message,) = messages.log(connection)
    assert message["state"] == "delivered"
    assert [item["code"] for item in message["tries"]] == [500, 503, 204]


def test_days_of_failure_switch_an_endpoint_off_with_a_reason_and_switching_on_forgives(
    database, settings, receiver
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    endpoint, _ = subscribe(database, settings, f"http://127.0.0.1:{port}/hook", "ticket.solved")
    talk(database, settings)
    worker = Worker(settings, database)
    worker.deliver()
    with database.write() as connection:
        row = endpoints.get(connection, endpoint)
        assert row["active"]
        assert row["failing_since"]
        connection.execute(sa.update(webhook_endpoints).values(failing_since=later(-6 * 86400)))
    due_now(database)
    worker.deliver()
    with database.write() as connection:
        row = endpoints.get(connection, endpoint)
        assert not row["active"]
        assert "since" in row["disabled_reason"]
        again = endpoints.change(connection, endpoint, private=True, active=True)
        assert (again["failing_since"], again["disabled_reason"]) == (None, None)
    with database.write() as connection:
        (message,) = messages.log(connection)
        made, served = receiver
        endpoints.change(connection, endpoint, private=True, url=f"{served.url}/hook")
        made.secret = endpoints.rotate(connection, vault_of(settings), endpoint)
        messages.resend(connection, message["id"])
    worker.deliver()
    assert [message_id for message_id, _ in made.seen] == [message["id"]]


def test_a_receiver_that_drips_headers_holds_no_delivery_for_long(
    database, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.integrations.webhooks.sender._SECONDS", 0.5)
    with dripping(b"HTTP/1.1 204 No Content\r\n") as url:
        subscribe(database, settings, f"{url}/hook", "ticket.solved")
        talk(database, settings)
        worker = Worker(settings, database)
        begun = time.monotonic()
        assert worker.deliver() == 1
        assert time.monotonic() - begun < 20      # by itself it would go on for ever
    with database.read() as connection:
        (row,) = messages.log(connection)
    assert (row["state"], [one["error"] for one in row["tries"]]) == ("waiting", ["ReadTimeout"])


def test_a_receiver_that_is_away_hears_everything_once_when_it_is_back(database, settings, receiver) -> None:
    made, served = receiver
    _, made.secret = subscribe(database, settings, f"{served.url}/hook", "ticket.*")
    served.stop()
    talk(database, settings)
    worker = Worker(settings, database)
    for _ in range(3):
        due_now(database)
        worker.deliver()
    assert made.seen == []
    again = Served(made.app, int(served.url.rpartition(":")[2])).start()
    try:
        due_now(database)
        worker.deliver()
    finally:
        again.stop()
    assert sorted(made.types) == ["ticket.assigned", "ticket.created", "ticket.solved", "ticket.updated"]
    assert len({message_id for message_id, _ in made.seen}) == len(made.seen)
    with database.read() as connection:
        assert outbox_module.counts(connection) == {"waiting": 0, "dead": 0}


def test_gone_means_gone(database, settings, receiver) -> None:
    made, served = receiver
    endpoint, made.secret = subscribe(database, settings, f"{served.url}/hook", "ticket.solved")
    made.answer = lambda: Response(status_code=410)
    talk(database, settings)
    Worker(settings, database).deliver()
    with database.read() as connection:
        assert not endpoints.get(connection, endpoint)["active"]
        assert outbox_module.counts(connection)["dead"] == 1


def test_without_the_setting_nothing_goes_to_our_own_network(database, settings, receiver) -> None:
    made, served = receiver
    subscribe(database, settings, f"{served.url}/hook", "ticket.solved")
    talk(database, settings)
    Worker(settings.copy(update={"webhook_private": False}), database).deliver()
    assert made.seen == []
    assert made.refused == 0
    with database.read() as connection:
        (message,) = messages.log(connection)
    assert message["state"] == "failed"
    assert "private network" in message["tries"][0]["error"]


def test_erasing_a_conversation_takes_its_webhook_messages_along(database, settings, receiver) -> None:
    subscribe(database, settings, f"{receiver[1].url}/hook")
    talk(database, settings)
    with database.write() as connection:
        conversation_id = connection.execute(sa.select(webhook_messages.c.conversation_id)).scalars().first()
        erase_conversation(connection, conversation_id)
        assert messages.log(connection) == []
        assert outbox_module.counts(connection)["waiting"] == 0


def test_leads_manage_endpoints_and_see_a_secret_once(tmp_path: Path, receiver) -> None:
    made, served = receiver
    with running(tmp_path, None, webhook_private=True) as web:
        lead, agent = web.staff("lead"), web.staff("agent")
        assert agent.get("/webhooks").status_code == 403
        refused = lead.post("/webhooks", json={"url": "gopher://x", "events": ["*"]})
        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/problem+json"
        created = lead.post("/webhooks", json={"url": f"{served.url}/hook", "events": ["ticket.*"]})
        assert created.status_code == 201, created.text
        made.secret, endpoint = created.json()["secret"], created.json()["id"]
        listed = lead.get("/webhooks").json()
        assert "secret" not in str(listed["endpoints"])
        tried = lead.post(f"/webhooks/{endpoint}/test")
        assert tried.status_code == 202
        Worker(web.settings, web.services.database).deliver()
        assert made.types == ["endpoint.test"]
        log = lead.get("/webhooks/deliveries", params={"state": "delivered"}).json()["deliveries"]
        assert [row["tries"][0]["code"] for row in log] == [204]
        assert lead.post(f"/webhooks/deliveries/{log[0]['id']}/resend").status_code == 202
        assert lead.post("/webhooks/deliveries/msg_none/resend").status_code == 404
        assert lead.post(f"/webhooks/{endpoint}/rotate").json()["secret"].startswith("whsec_")
        assert lead.put(f"/webhooks/{endpoint}", json={"active": False}).json()["active"] is False
        assert lead.delete(f"/webhooks/{endpoint}").status_code == 204
        assert lead.get("/webhooks").json()["endpoints"] == []
