"""Subscriptions, addresses, signatures and waiting, without a network."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest
from standardwebhooks import Webhook

from bot.conversations.model import Event
from bot.errors import BadInput, ConfigurationError, Unavailable
from bot.integrations.http import retry_after_of
from bot.integrations.webhooks import catalogue
from bot.integrations.webhooks.endpoints import check_url, new_secret
from bot.integrations.webhooks.safety import is_public, resolve
from bot.integrations.webhooks.sender import signature
from bot.privacy.keys import Vault, sign, signed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(("subscriptions", "name", "wanted"), [
    (["*"], "ticket.solved", True), (["ticket.*"], "ticket.solved", True),
    (["ticket.solved"], "ticket.solved", True), (["ticket.*"], "message.created", False),
    (["message.created"], "conversation.created", False), ([], "ticket.solved", False),
])
def test_a_subscription_covers_names_and_subjects(subscriptions, name, wanted) -> None:
    assert catalogue.wants(subscriptions, name) is wanted


def test_a_subscription_to_nothing_known_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadInput, match=r"ticket\.created"):
        catalogue.check(["ticket.exploded"])
    with pytest.raises(BadInput, match="at least one"):
        catalogue.check([" "])


def test_words_leave_redacted_and_private_values_stay() -> None:
    event = Event("c", 4, "2026-01-01T00:00:00.000Z", "message", "customer",
                  {"text": "mon mail est ana@example.org", "meta": {"by": "x"}, "contact": "0612345678"})
    name, data = catalogue.of_event(event)
    assert name == "message.created"
    assert "ana@example.org" not in str(data)
    assert "[e-mail]" in data["text"]
    assert "meta" not in data
    assert "contact" not in data


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.5.5", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
])
def test_addresses_inside_are_not_public(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_outside_are_public(address) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", [
    "https://127.0.0.1/x", "https://localhost/x", "https://[::1]:8443/x", "https://2130706433/",
    "https://0x7f.1/",
])
def test_a_webhook_to_our_own_network_is_refused_and_a_setting_allows_it(url) -> None:
    with pytest.raises((BadInput, Unavailable)):
        resolve(url, private=False)


def test_the_connection_goes_to_the_checked_address_with_the_name_for_tls() -> None:
    target = resolve("https://localhost:8443/hook?a=1", private=True)
    assert target.url.split("/hook")[0] in ("https://127.0.0.1:8443", "https://[::1]:8443")
    assert target.url.endswith("/hook?a=1")
    assert (target.host, target.name) == ("localhost:8443", "localhost")


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://example.org", "https://", "x",
                                 "https://user:pw@example.org/", "https://example.org:99999/",
                                 "javascript:alert(1)", "https://[::1/"])
def test_addresses_that_are_none_are_refused(url) -> None:
    with pytest.raises(BadInput):
        check_url(url, private=False)


def test_two_secrets_give_two_signatures_and_either_receiver_accepts() -> None:
    old, new = new_secret(), new_secret()
    now = datetime.now(timezone.utc)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": signature([new, old], "msg_1", now, '{"é": 1}')}
    assert Webhook(old).verify('{"é": 1}', headers) == {"é": 1}
    assert Webhook(new).verify('{"é": 1}', headers) == {"é": 1}


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    def answer(value: str) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": value})

    assert retry_after_of(answer("30")) == 30
    assert retry_after_of(answer(format_datetime(NOW + timedelta(seconds=90), usegmt=True)), NOW) == 90
    assert retry_after_of(answer("9999999")) == 86400
    assert retry_after_of(answer("soon")) is None
    assert retry_after_of(httpx.Response(429)) is None


def test_a_sealed_secret_opens_with_its_key_only() -> None:
    sealed = Vault(b"one", "webhooks").seal("whsec_x")
    assert "whsec" not in sealed
    assert Vault(b"one", "webhooks").open(sealed) == "whsec_x"
    for other in (Vault(b"two", "webhooks"), Vault(b"one", "mail")):
        with pytest.raises(ConfigurationError):
            other.open(sealed)


def test_a_tag_is_valid_for_its_text_only_and_in_either_case() -> None:
    tag = sign(b"key", "SOL-ABC")
    assert signed(b"key", "SOL-ABC", tag.upper())
    assert not signed(b"key", "SOL-ABD", tag)
    assert not signed(b"other", "SOL-ABC", tag)
    assert not signed(b"key", "SOL-ABC", "")
    assert not signed(b"key", "SOL-ABC", tag[:8])
