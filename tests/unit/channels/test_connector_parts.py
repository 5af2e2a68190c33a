"""Whose value counts, which field is which, and whether a webhook is genuine."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.integrations.connectors.mapping import read
from bot.integrations.connectors.merge import decide
from bot.integrations.connectors.ours import own_key
from bot.integrations.connectors.signatures import delivery_key, genuine, subject
from bot.settings import ROOT

EARLY, LATE = "2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z"


@pytest.mark.parametrize(("base", "ours", "theirs", "ours_at", "theirs_at", "wins"), [
    (("open", "open"), "open", "open", EARLY, LATE, "same"),
    (("open", "open"), "open", "solved", LATE, EARLY, "theirs"),        # they alone changed
    (("open", "open"), "pending", "open", EARLY, LATE, "ours"),         # we alone changed
    (("open", "open"), "on_hold", "solved", EARLY, LATE, "theirs"),     # both: the later
    (("open", "open"), "solved", "on_hold", LATE, EARLY, "ours"),
    (("solved", "solved"), "solved", "open", EARLY, LATE, "theirs"),    # a reopening
    (("pending", "pending"), "pending", "new", EARLY, LATE, "same"),    # never back
    (("solved", "solved"), "closed", "open", EARLY, LATE, "same"),      # closed for good here, opened again there: both stay
    (("solved", "solved"), "closed", "open", LATE, EARLY, "same"),
    (("open", "open"), "closed", "pending", EARLY, LATE, "ours"),       # merged into another: done with there too
    (("solved", "solved"), "solved", "closed", EARLY, LATE, "same"),
    (("on_hold", "pending"), "on_hold", "pending", EARLY, LATE, "same"),  # no word for ours: both kept
    (("new", None), "new", "open", EARLY, LATE, "same"),                # just made: nothing known yet
])
def test_the_conflict_rule_for_statuses(base, ours, theirs, ours_at, theirs_at, wins) -> None:
    assert decide("status", base=base, ours=ours, theirs=theirs, ours_at=ours_at, theirs_at=theirs_at) == wins


def test_priorities_go_either_way() -> None:
    assert decide("priority", base=("high", "high"), ours="high", theirs="normal", ours_at=EARLY, theirs_at=LATE) == "theirs"
    assert decide("priority", base=("high", "high"), ours="urgent", theirs="high", ours_at=EARLY, theirs_at=LATE) == "ours"


@pytest.mark.parametrize("system", ["zammad", "zendesk", "jira"])
def test_the_shipped_mapping_can_be_read(system: str) -> None:
    mapping = read(ROOT / "data" / "connectors.yml", system)
    if system != "jira":
        assert mapping.ours("status", mapping.status["solved"]) == "solved"
        assert mapping.ours("status", "unheard of") is None
        assert mapping.ours("priority", mapping.theirs("priority", "high")) == "high"      # never more than was meant
        assert mapping.ours("status", mapping.theirs("status", "on_hold")) == "on_hold"


def test_custom_fields_are_looked_up_by_dotted_names(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    path.write_text("zammad: {fields: {a: theme, b: slots.contract, c: slots.missing, d: slots, e: n}}")
    values = {"theme": "facture", "slots": {"contract": "C-1"}, "n": 3}
    assert read(path, "zammad").custom(values) == {"a": "facture", "b": "C-1", "e": "3"}


@pytest.mark.parametrize(("text", "said"), [
    ("zammad: {status: {asleep: x}}", "asleep"), ("zammad: [1]", "zammad"), ("{", "cannot be read"),
    ("zammad: {fields: 3}", "must be a table"), ("zammad: {priority: {asap: x}}", "asap"), ("zendesk: {}", "no part 'zammad'"),
])
def test_a_bad_mapping_is_said_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read(path, "zammad")


def test_signatures_as_the_vendors_document_them() -> None:
    key, body = b"secret", b'{"x": 1}'
    sha1, sha256 = hmac.new(key, body, hashlib.sha1).hexdigest(), hmac.new(key, body, hashlib.sha256).hexdigest()
    stamped = base64.b64encode(hmac.new(key, b"T" + body, hashlib.sha256).digest()).decode()
    assert genuine("zammad", "secret", {"x-hub-signature": f"sha1={sha1}"}, body)
    assert genuine("jira", "secret", {"x-hub-signature": f"sha256={sha256}"}, body)
    zendesk = {"x-zendesk-webhook-signature": stamped, "x-zendesk-webhook-signature-timestamp": "T"}
    assert genuine("zendesk", "secret", zendesk, body)
    assert not genuine("zendesk", "secret", zendesk | {"x-zendesk-webhook-signature-timestamp": "U"}, body)
    assert not genuine("zammad", "secret", {"x-hub-signature": f"sha256={sha256}"}, body)
    assert not genuine("zammad", "", {"x-hub-signature": f"sha1={hmac.new(b'', body, hashlib.sha1).hexdigest()}"}, body)
    assert not genuine("jira", "secret", {"x-hub-signature": "é"}, body)
    assert not genuine("other", "secret", {}, body)


@pytest.mark.parametrize(("system", "body", "found"), [
    ("zendesk", b'{"detail": {"id": "35"}}', "35"), ("zendesk", b'{"ticket_id": 7}', "7"),
    ("zammad", b'{"ticket": {"id": 3}}', "3"), ("jira", b'{"issue": {"id": "10001", "key": "A-1"}}', "10001"),
    ("zammad", b"[]", None), ("zammad", b"{", None), ("zammad", b'{"ticket": {"id": {"a": 1}}}', None),
    ("zendesk", b'{"detail": {"id": "1/../2"}}', None),
])
def test_the_ticket_a_webhook_is_about(system: str, body: bytes, found: str | None) -> None:
    assert subject(system, body) == found


def test_a_delivery_repeated_has_the_same_key() -> None:
    assert delivery_key({"x-zammad-delivery": "1"}, b"a") == delivery_key({"x-zammad-delivery": "1"}, b"a")
    assert delivery_key({"x-zammad-delivery": "1"}, b"a") != delivery_key({"x-zammad-delivery": "2"}, b"a")


def test_a_marker_counts_for_its_own_ticket_only() -> None:
    text = "Client: bonjour\n\n[Relais SOL-7F3K2Q m12]"
    assert own_key(text, "SOL-7F3K2Q") == "m12"
    assert own_key(text, "SOL-7F3K2R") is None


def test_only_a_whole_comment_of_ours_is_ours() -> None:
    ours = "Client: bonjour\n\n[Relais SOL-7F3K2Q m12]"
    quoted = "\n".join(f"> {line}" for line in ours.splitlines())
    for theirs in (f"Merci !\n\n{ours}", f"{ours}\n\nMerci !", f"{quoted}\n\nMerci !", f"Merci !\n\n{quoted}", quoted):
        assert own_key(theirs, "SOL-7F3K2Q") is None
    faked = "Client: voici [Relais SOL-7F3K2Q m99]\n\n[Relais SOL-7F3K2Q m12]\n"
    assert own_key(faked, "SOL-7F3K2Q") == "m12"
    assert own_key("Client: gaz\n\n[Relais SOL-7F3K2Q m4x1b2c3d4e]", "SOL-7F3K2Q") == "m4x1b2c3d4e"


def test_zendesks_fields_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    path.write_text("zendesk: {fields: {'360012345678': theme}}")
    assert read(path, "zendesk").fields == {"360012345678": "theme"}
    path.write_text("zendesk: {fields: {theme: theme, '²': level}}")
    with pytest.raises(ConfigurationError, match="named by their number"):
        read(path, "zendesk")
