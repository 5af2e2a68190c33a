"""Who the customer is, where they are, what they read, whom to notify: on SQLite and PostgreSQL."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_ece
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from web_support import Dialogue, Served, Web, running

from bot.jobs.listing import jobs
from bot.privacy.erasure import erase_conversation
from bot.privacy.export import export_conversation
from bot.storage.schema import article_views, push_subscriptions, visitors
from bot.visitors.identity import sign
from bot.worker import Worker

KEY = "un-secret-partage-avec-le-site-hote"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def token(user: str = "u-1", seconds: float = 600, key: str = KEY, **more: Any) -> str:
    return sign(key.encode(), {"sub": user, "exp": time.time() + seconds, **more})


class PushService:
    """A push service that keeps what it is sent, and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 201
        self.served = Served(Starlette(routes=[Route("/send/{who}", self._take, methods=["POST"])]))

    async def _take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status, headers={"Location": "http://127.0.0.1:9/"})


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    made = PushService()
    made.served.start()
    yield made
    made.served.stop()


@pytest.fixture
def site(database_url: str, tmp_path: Path, dialogue: Dialogue, service: PushService) -> Iterator[Web]:
    service.got.clear()
    service.status = 201
    with running(tmp_path, dialogue, database_url=database_url, demo=True,
                 identity_secret=SecretStr(KEY), push_hosts=f"{service.served.url}, push.example") as made:
        yield made


def tell(site: Web, customer: Any, **body: Any) -> Any:
    return site.http.post(f"{customer.url}/visitor", json=body, headers=customer.headers)


def packet_of(site: Web, customer: Any) -> dict[str, Any]:
    agent = site.staff("agent")
    found = next(t for t in agent.get("/tickets").json()["tickets"] if t["conversation_id"] == customer.id)
    return agent.get(f"/tickets/{found['reference']}").json()["packet"]


def test_identity_and_context_reach_the_agent(site: Web) -> None:
    customer = site.customer()
    assert tell(site, customer, identity=token(name="Ana Silva"), context={"page": "/panier", "order": "CMD-7"}).status_code == 204
    site.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    packet = packet_of(site, customer)
    assert packet["identity"]["user_id"] == "u-1"
    assert packet["identity"]["name"] == "Ana Silva"
    assert packet["identity"]["verified_at"]
    assert packet["context"] == {"page": "/panier", "order": "CMD-7"}
    assert tell(site, customer, context={"page": "/retours"}).status_code == 204
    assert packet_of(site, customer)["context"] == {"page": "/retours"}      # as of now
    assert packet_of(site, customer)["identity"]["user_id"] == "u-1"


def test_nobody_poses_as_someone_else(site: Web) -> None:
    customer = site.customer()
    for forged in (token(key="another secret"), token(seconds=-3600), token()[:-4] + "AAAA", "u-1"):
        refused = tell(site, customer, identity=forged)
        assert refused.status_code == 400
        assert forged not in refused.text
    assert tell(site, customer, identity=token("u-1")).status_code == 204
    assert tell(site, customer, identity=token("u-1")).status_code == 204     # again is the same
    assert tell(site, customer, identity=token("u-2")).status_code == 409     # another user's chat is not theirs
    stranger = site.customer()
    assert site.http.post(f"{customer.url}/visitor", json={"context": {"a": "b"}}, headers=stranger.headers).status_code in (403, 404)
    with site.services.database.read() as connection:
        assert connection.execute(sa.select(visitors.c.user_id)).scalars().all() == ["u-1"]


def test_an_expired_token_does_not_keep_the_context_out(site: Web) -> None:
    customer = site.customer()
    site.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    refused = tell(site, customer, identity=token(seconds=-3600), context={"page": "/panier", "order": "CMD-7"})
    assert refused.status_code == 400
    packet = packet_of(site, customer)
    assert packet["context"] == {"page": "/panier", "order": "CMD-7"}
    assert not packet.get("identity")
    tell(site, customer, identity=token("u-1"))
    assert tell(site, customer, identity=token("u-2"), context={"page": "/x"}).status_code == 409
    assert packet_of(site, customer)["context"] == {"page": "/panier", "order": "CMD-7"}     # not the other's


@pytest.mark.parametrize("context", [
    {str(i): "x" for i in range(21)}, {"x" * 41: "y"}, {"x": "y" * 501}, {"x": 1}, {"x": {"y": "z"}}, [1], "x",
])
def test_a_context_is_bounded(site: Web, context: Any) -> None:
    assert tell(site, site.customer(), context=context).status_code in (400, 422)


def test_a_visit_to_an_article_is_counted_once_a_day_for_each_reader(site: Web) -> None:
    def visits() -> list[tuple[str, str | None]]:
        with site.services.database.read() as connection:
            rows = connection.execute(sa.select(article_views).where(article_views.c.result == "visited"))
            return [(row.article_id, row.conversation_id) for row in rows]

    for _ in range(3):
        assert site.http.get(f"{site.url}/aide/relever-compteur", headers=BROWSER).status_code == 200
    site.http.get(f"{site.url}/aide/relever-compteur", headers={"user-agent": "Googlebot/2.1"})
    site.http.get(f"{site.url}/aide/relever-compteur", headers=BROWSER | {"sec-purpose": "prefetch"})
    site.http.get(f"{site.url}/aide/nothing-here", headers=BROWSER)
    assert visits() == [("relever-compteur", None)]
    site.http.get(f"{site.url}/aide/relever-compteur", headers={"user-agent": "Mozilla/5.0 Safari/605"})
    site.http.get(f"{site.url}/aide/demenager", headers=BROWSER)
    assert sorted(visits()) == [("demenager", None), ("relever-compteur", None), ("relever-compteur", None)]


def browser_keys() -> tuple[Any, dict[str, str], bytes]:
    private, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    text = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (point, auth)]
    return private, {"p256dh": text[0], "auth": text[1]}, auth


def answered(site: Web, customer: Any) -> None:
    """An agent replies, and the worker delivers what that queued."""
    site.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    agent = site.staff("agent")
    found = next(t for t in agent.get("/tickets").json()["tickets"] if t["conversation_id"] == customer.id)
    assert agent.post(f"/tickets/{found['reference']}/reply", json={"text": "Un secret de facture."}).status_code == 200
    Worker(site.settings, site.services.database).deliver()


def test_a_browser_that_asked_is_told_and_only_it_can_read(site: Web, service: PushService) -> None:
    customer = site.customer(page_url="https://shop.example/panier")
    private, keys, auth = browser_keys()
    body = {"endpoint": f"{service.served.url}/send/a", **keys}
    for _ in range(2):
        assert site.http.post(f"{customer.url}/push", json=body, headers=customer.headers).status_code == 204
    answered(site, customer)
    (headers, sealed), = service.got
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert site.http.get(f"{site.url}/api/v1/push-key").json()["key"] in headers["authorization"]
    said = json.loads(http_ece.decrypt(sealed, private_key=private, auth_secret=auth, version="aes128gcm"))
    assert said["text"].endswith("vous a répondu.")
    assert said["url"] == "https://shop.example/panier"
    assert "facture" not in json.dumps(said)
    assert site.http.delete(f"{customer.url}/push", headers=customer.headers).status_code == 204
    answered(site, customer)
    assert len(service.got) == 1


def test_a_browser_whose_service_refuses_does_not_keep_the_others_from_being_told(site: Web, service: PushService) -> None:
    service.status = 403
    customer = site.customer()
    for name in ("c", "d"):
        body = {"endpoint": f"{service.served.url}/send/{name}", **browser_keys()[1]}
        assert site.http.post(f"{customer.url}/push", json=body, headers=customer.headers).status_code == 204
    answered(site, customer)
    assert len(service.got) == 2
    with site.services.database.read() as connection:
        assert [job["topic"] for job in jobs(connection, state="dead")] == ["push"]


def test_a_browser_that_is_gone_is_forgotten_and_redirects_lead_nowhere(site: Web, service: PushService) -> None:
    for status, left in ((410, 0), (307, 1)):
        service.status = status
        customer = site.customer()
        body = {"endpoint": f"{service.served.url}/send/b", **browser_keys()[1]}
        assert site.http.post(f"{customer.url}/push", json=body, headers=customer.headers).status_code == 204
        answered(site, customer)
        with site.services.database.read() as connection:
            kept = connection.execute(sa.select(push_subscriptions.c.id).where(
                push_subscriptions.c.conversation_id == customer.id)).all()
        assert len(kept) == left


@pytest.mark.parametrize("endpoint", [
    "http://push.example/x", "https://push.example:8443/x", "https://push.example.evil.example/x", "https://evilpush.example/x",
    "https://a:b@push.example/x", "http://169.254.169.254/latest", "file:///etc/passwd", "https://push.example\\@evil.example/", "x",
])
def test_notifications_go_to_push_services_only(site: Web, endpoint: str) -> None:
    customer = site.customer()
    sent = site.http.post(f"{customer.url}/push", json={"endpoint": endpoint, **browser_keys()[1]}, headers=customer.headers)
    assert sent.status_code == 400


def test_erasure_and_export_cover_what_the_widget_told(site: Web, service: PushService) -> None:
    customer = site.customer()
    tell(site, customer, identity=token(), context={"page": "/x"})
    site.http.post(f"{customer.url}/push", json={"endpoint": f"{service.served.url}/send/c", **browser_keys()[1]},
                   headers=customer.headers)
    with site.services.database.write() as connection:
        copy = export_conversation(connection, customer.id)
        assert len(copy["visitors"]) == len(copy["push_subscriptions"]) == 1
        erase_conversation(connection, customer.id)
        assert connection.execute(sa.select(sa.func.count()).select_from(visitors)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(push_subscriptions)).scalar_one() == 0
