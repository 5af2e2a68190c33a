"""Files through the API: sent once, given back as downloads, only to whom they belong, gone with the conversation."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_support import Customer, Web, make_settings, running

from bot.attachments import store
from bot.attachments.files import Files
from bot.conversations import intake
from bot.conversations.errors import UnknownConversation
from bot.conversations.store import get
from bot.privacy.erasure import erase_conversation
from bot.storage.database import Database
from bot.storage.migrate import upgrade

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00" + b"\0" * 8


def unique() -> bytes:
    return PNG + uuid.uuid4().bytes


def with_ticket(web: Web) -> tuple[Customer, str]:
    customer = web.customer()
    customer.say("je voudrais envoyer mon bail")
    got = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    return customer, got.json()["ticket"]


def send(customer: Customer, content: bytes, name: str = "bail.png", **more: Any) -> httpx.Response:
    return customer.http.post(
        f"{customer.url}/attachments", headers={**customer.headers, "Accept-Language": "fr"},
        files={"file": (name, content, "application/x-whatever")},
        data={"client_message_id": more.pop("message_id", str(uuid.uuid4())), **more})


def test_a_file_arrives_as_a_message_and_comes_back_as_a_download(web: Web):
    customer, reference = with_ticket(web)
    content = unique()
    sent = send(customer, content, "Bail signé.PNG", text="le voici")
    assert sent.status_code == 202, sent.text
    event = customer.until(lambda e: e["seq"] == sent.json()["seq"])[-1]
    assert (event["kind"], event["author"], event["text"]) == ("message", "customer", "le voici")
    assert event["attachments"] == sent.json()["attachments"]
    (item,) = event["attachments"]
    assert {k: item[k] for k in ("name", "size", "type")} == {
        "name": "Bail signé.png", "size": len(content), "type": "image/png"}
    assert len(item["id"]) >= 20
    got = customer.http.get(f"{customer.url}/attachments/{item['id']}", headers=customer.headers)
    assert got.content == content
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    agent = web.staff("agent")
    assert agent.get(f"/attachments/{item['id']}").content == content
    assert web.staff("analyst").get(f"/attachments/{item['id']}").status_code == 403
    assert agent.get(f"/tickets/{reference}").json()["transcript"][-1]["attachments"] == [item]
    assert "[Bail signé.png]" in customer.http.get(f"{customer.url}/transcript", headers=customer.headers).text


def test_sending_twice_is_sending_once(web: Web):
    customer, _ = with_ticket(web)
    first = send(customer, unique(), message_id="m-1")
    again = send(customer, unique(), message_id="m-1")
    assert first.json() == again.json()
    assert sum(bool(event.get("attachments")) for event in customer.events()) == 1


def test_without_a_ticket_no_file_is_taken(web: Web):
    customer = web.customer()
    refused = send(customer, unique())
    assert refused.status_code == 409
    assert "dès qu'une personne" in refused.json()["detail"]


@pytest.mark.parametrize(("content", "name", "status", "code"), [
    (b"MZ\x90\x00" + b"\0" * 100, "facture.pdf", 400, "executable-file"), (b"\x01\x00\x02" * 30, "a.bin", 400, "file-type"),
    (b"", "vide.pdf", 400, "empty-file"), (b"%PDF-1.4\n" + b"x" * 25_000_000, "gros.pdf", 413, "file-too-large"),
    (b"%PDF-1.4\n" + b"x" * 10_000_001, "gros.pdf", 413, "file-too-large"),
])
def test_what_cannot_be_taken_is_said_in_a_sentence(web: Web, content: bytes, name: str, status: int, code: str):
    customer, _ = with_ticket(web)
    refused = send(customer, content, name)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert not any(event.get("attachments") for event in customer.events())


def test_a_file_is_for_its_own_conversation_only(web: Web):
    customer, _ = with_ticket(web)
    other, _ = with_ticket(web)
    (item,) = send(customer, unique()).json()["attachments"]
    for url, headers in (
        (f"{other.url}/attachments/{item['id']}", other.headers),
        (f"{customer.url}/attachments/{item['id']}", other.headers),
        (f"{customer.url}/attachments/{'x' * 24}", customer.headers),
    ):
        assert customer.http.get(url, headers=headers).status_code == 404
    assert customer.http.get(f"{customer.url}/attachments/{item['id']}").status_code == 401
    assert send(customer, unique(), message_id="x").status_code == 202
    stranger = httpx.post(f"{customer.url}/attachments", headers=other.headers, files={"file": ("a.png", PNG)},
                          data={"client_message_id": "y"})
    assert stranger.status_code == 404


def test_too_many_files_are_slowed(web: Web):
    customer, _ = with_ticket(web)
    codes = [send(customer, unique()).status_code for _ in range(8)]
    assert codes[:6] == [202] * 6
    assert codes[6:] == [429, 429]


def test_an_agent_sends_a_file_with_a_reply(web: Web):
    customer, reference = with_ticket(web)
    agent, lead = web.staff("agent"), web.staff("lead")
    content = unique()
    row = agent.post(f"/tickets/{reference}/attachments", files={"file": ("plan.png", content)})
    assert row.status_code == 201, row.text
    aid = row.json()["id"]
    # Not the customer's until it is sent, and nobody else's to send or drop.
    assert customer.http.get(f"{customer.url}/attachments/{aid}", headers=customer.headers).status_code == 404
    assert lead.delete(f"/attachments/{aid}").status_code == 404
    assert agent.post(f"/tickets/{reference}/reply", json={"text": "Voici.", "attachments": ["nope"]}).status_code == 404
    assert agent.post(f"/tickets/{reference}/reply", json={"attachments": [aid]}).status_code == 200
    event = customer.until(lambda e: e["author"] == "agent" and e["kind"] == "message")[-1]
    assert [item["id"] for item in event["attachments"]] == [aid]
    assert customer.http.get(f"{customer.url}/attachments/{aid}", headers=customer.headers).content == content
    assert agent.delete(f"/attachments/{aid}").status_code == 404, "what was sent cannot be unsent"
    other = agent.post(f"/tickets/{reference}/attachments", files={"file": ("b.png", unique())}).json()["id"]
    assert agent.delete(f"/attachments/{other}").status_code == 204


def test_a_file_an_agent_sends_opens_in_the_merged_chat_too(web: Web):
    (kept, into), (merged, duplicate), (stranger, _) = (with_ticket(web) for _ in range(3))
    agent = web.staff("agent")
    assert agent.post(f"/tickets/{duplicate}/merge", json={"into": into}).status_code == 200
    (theirs,) = send(kept, unique()).json()["attachments"]
    content = unique()
    aid = agent.post(f"/tickets/{into}/attachments", files={"file": ("plan.png", content)}).json()["id"]

    def opened(customer: Customer, attachment: str) -> httpx.Response:
        return customer.http.get(f"{customer.url}/attachments/{attachment}", headers=customer.headers)

    assert opened(merged, aid).status_code == 404, "not sent yet"
    assert agent.post(f"/tickets/{into}/reply", json={"attachments": [aid]}).status_code == 200
    assert [opened(customer, aid).content for customer in (kept, merged)] == [content, content]
    assert opened(stranger, aid).status_code == 404
    assert opened(merged, theirs["id"]).status_code == 404, "what the other chat's customer sent stays there"


def test_files_can_be_turned_off(tmp_path: Path, dialogue):
    with running(tmp_path, dialogue, attachments_per_conversation=0) as web:
        customer, _ = with_ticket(web)
        assert_full(send(customer, PNG))


def assert_full(refused: httpx.Response) -> None:
    """Refused for good: nothing that tells a client to try again."""
    assert (refused.status_code, refused.json()["code"]) == (409, "files-full")
    assert "ne peut pas recevoir d'autres fichiers" in refused.json()["detail"].replace("\u2019", "'")
    assert "retry-after" not in refused.headers


def test_a_full_conversation_says_so_for_good(tmp_path: Path, dialogue):
    with running(tmp_path, dialogue, attachments_per_conversation=1, attachments_per_minute=2) as web:
        customer, reference = with_ticket(web)
        sent = send(customer, unique(), message_id="first")
        assert sent.status_code == 202
        # More often than files may come in a minute: the answer stays the one that is true later too.
        for _ in range(3):
            assert_full(send(customer, unique()))
        assert send(customer, unique(), message_id="first").json() == sent.json()
        agent = web.staff("agent")
        codes = [agent.post(f"/tickets/{reference}/attachments", files={"file": ("plan.png", unique())}).status_code
                 for _ in range(2)]
        assert codes == [201, 409]


def test_a_file_goes_with_its_last_conversation(database_url: str, tmp_path: Path):
    database, files = Database(database_url), Files(tmp_path / "attachments")
    upgrade(database)
    ids = []
    sha256 = files.put(PNG)
    for _ in range(2):
        with database.write() as connection:
            conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
            store.add(connection, conversation_id=conversation.id, author="customer", name="a.png",
                      kind="image/png", size=len(PNG), sha256=sha256, seq=2)
        ids.append(conversation.id)
    for conversation_id, left in ((ids[0], True), (ids[1], False)):
        with database.write() as connection:
            erase_conversation(connection, conversation_id)
        store.purge(database, files)
        assert files.path(sha256).is_file() == left
        with pytest.raises(UnknownConversation), database.read() as connection:
            get(connection, conversation_id)
    database.close()


def test_uploads_never_sent_are_forgotten(database_url: str, tmp_path: Path):
    database, files = Database(database_url), Files(tmp_path / "attachments")
    upgrade(database)
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        store.add(connection, conversation_id=conversation.id, author="agent", uploader="ana", name="a.png",
                  kind="image/png", size=len(PNG), sha256=files.put(PNG))
        assert not store.has_stale(connection, "2020-01-01")
        assert store.drop_stale(connection, "2999-01-01") == 1
    assert store.purge(database, files) == 1
    database.close()


def test_an_unknown_scanner_stops_the_start(tmp_path: Path):
    from bot.attachments.service import build
    from bot.errors import ConfigurationError

    with pytest.raises(ConfigurationError):
        build(make_settings(tmp_path, None, virus_scanner="ftp://x"), Database("sqlite://"))
