"""Rules, service levels, waits and agents over the staff API; danger answered without the dialogue."""

from __future__ import annotations

import uuid

import pytest
from web_support import Dialogue, Web, answer, handed_over

from bot.tickets.rules import DEFAULT

FAULTY = "ma facture est fausse de 214 euros"
CALLS = [
    ("GET", "/routing", None, {"lead", "analyst"}),
    ("PUT", "/routing", {"base_version": 99, "value": DEFAULT}, {"lead"}),
    ("POST", "/routing/check", {"base_version": 0, "value": DEFAULT}, {"lead"}),
    ("POST", "/routing/try", {"language": "de"}, {"lead", "analyst"}),
    ("GET", "/sla", None, {"lead", "analyst"}),
    ("PUT", "/sla", {"base_version": 99, "value": {"policies": [{"first_response": 5}]}}, {"lead"}),
    ("GET", "/sla/forecast", None, {"agent", "lead"}),
    ("GET", "/waits", None, {"lead", "analyst"}),
    ("GET", "/alerts", None, {"agent", "lead"}),
    ("GET", "/agents", None, {"lead"}),
    ("PUT", "/agents/agent", {"capacity": 5}, {"lead"}),
    ("POST", "/agents/agent/shut", None, set()),
    ("PUT", "/me/presence", {"presence": "auto"}, {"agent", "lead"}),
    ("POST", "/tickets/SOL-AAAAAA/escalate", None, {"agent", "lead"}),
    ("POST", "/tickets/SOL-AAAAAA/merge", {"into": "SOL-BBBBBB"}, {"agent", "lead"}),
    ("POST", "/tickets/SOL-AAAAAA/assign", {"assignee": "agent"}, {"lead"}),
]


@pytest.mark.parametrize(("method", "path", "body", "allowed"), CALLS)
def test_each_call_checks_the_role(people, method, path, body, allowed):
    for name, client in people.items():
        got = client.request(method, path, json=body)
        assert (got.status_code != 403) == (name in allowed), (name, got.text)
        assert got.status_code < 500


def test_rules_are_read_checked_saved_and_tried(people):
    lead = people["lead"]
    now = lead.get("/routing").json()
    assert now["value"]["rules"][0]["id"] == "danger"
    hole = {**DEFAULT, "rules": [{"id": "nl", "when": {"language": ["nl"]}, "then": {"queue": "nl"}}]}
    refused = lead.put("/routing", json={"base_version": now["version"], "value": hole})
    assert refused.status_code == 400
    assert "No rule gives a queue to this: language" in refused.json()["detail"]
    value = {**DEFAULT, "rules": [*DEFAULT["rules"], {"id": "late", "when": {}, "then": {"queue": "x"}}]}
    assert lead.post("/routing/check", json={"base_version": 0, "value": value}).json()["notes"] == [
        "Rule 'late' is never reached: the rules before it catch everything it asks for."]
    saved = lead.put("/routing", json={"base_version": now["version"], "value": DEFAULT})
    assert saved.json()["version"] == now["version"] + 1
    second = lead.put("/routing", json={"base_version": now["version"], "value": DEFAULT})
    assert second.status_code == 409
    assert second.json()["detail"].startswith(f"lead saved version {now['version'] + 1} on ")
    tried = lead.post("/routing/try", json={"theme": "facture", "mood": "angry"}).json()
    assert (tried["queue"], tried["priority"], tried["rule"]) == ("facture", "high", "french-by-theme")
    assert lead.post("/routing/try", json={"language": "pl"}).json()["told"]
    assert lead.get(f"/routing/versions/{now['version'] + 1}").json()["author"] == "lead"
    assert lead.get("/routing/versions/999").status_code == 404


def test_service_levels_are_read_and_saved_with_what_to_know(people):
    lead = people["lead"]
    now = lead.get("/sla").json()
    saved = lead.put("/sla", json={"base_version": now["version"], "value": {
        "policies": [{"queue": "*", "priority": "*", "first_response": 30}]}})
    assert saved.json()["notes"] == ["*/* names no hours: it counts around the clock (24/7)."]
    bad = lead.put("/sla", json={"base_version": now["version"] + 1, "value": {"policies": [{"queue": "*"}]}})
    assert bad.status_code == 400
    again = lead.put("/sla", json={"base_version": now["version"] + 1, "value": now["value"]})
    assert again.json()["notes"] == []


def test_a_ticket_shows_level_tags_links_and_service_level(web: Web, people):
    agent = people["agent"]
    _, one = handed_over(web, FAULTY)
    _, other = handed_over(web, FAULTY)
    assert agent.post(f"/tickets/{one}/tags", json={"add": ["relance"]}).json()["tags"] == ["relance"]
    assert agent.post(f"/tickets/{one}/escalate", json={"reason": "expertise"}).json()["level"] == "L2"
    assert agent.post(f"/tickets/{one}/priority", json={"priority": "high"}).json()["priority"] == "high"
    assert agent.post(f"/tickets/{one}/links", json={"outage": "PAN-7"}).status_code == 200
    assert [t["reference"] for t in agent.get("/outages/PAN-7/tickets").json()["tickets"]] == [one]
    assert agent.post(f"/tickets/{other}/merge", json={"into": one}).json()["reference"] == one
    shown = agent.get(f"/tickets/{one}").json()
    assert shown["links"] == [{"kind": "outage", "to": "PAN-7"}, {"kind": "duplicate", "to": other}]
    assert {"first_response", "resolution"} == {clock["target"] for clock in shown["sla"]["clocks"]}
    assert shown["sla"]["next"]["target"] == "first_response"
    assert len(shown["merged"]) == 1
    listed = next(t for t in agent.get("/tickets", params={"q": one}).json()["tickets"] if t["reference"] == one)
    assert (listed["level"], listed["tags"], listed["sla"]["breached"]) == ("L2", ["relance"], False)
    assert agent.get(f"/tickets/{other}").json()["merged_into"] == one


def test_promised_news_and_ratings_with_a_reason(web: Web, people):
    customer, reference = handed_over(web, FAULTY)
    planned = people["agent"].put(f"/tickets/{reference}/follow-up", json={"next_by": "2000-01-01"})
    assert planned.status_code == 400
    import datetime

    day = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=4)).date().isoformat()
    assert people["agent"].put(f"/tickets/{reference}/follow-up", json={"next_by": day}).json()["promised_at"]
    assert reference in customer.events()[-1]["text"]
    assert people["agent"].get(f"/tickets/{reference}").json()["follow_up"]["every_days"] >= 3
    assert people["agent"].request("DELETE", f"/tickets/{reference}/follow-up").status_code == 200
    people["agent"].post(f"/tickets/{reference}/resolve")
    bad = web.http.post(f"{customer.url}/feedback", json={"csat": 2, "reason": "whatever"}, headers=customer.headers)
    assert bad.status_code == 400
    sent = web.http.post(f"{customer.url}/feedback", json={"csat": 2, "reason": "slow"}, headers=customer.headers)
    assert sent.status_code == 204
    shown = people["agent"].get(f"/tickets/{reference}").json()
    assert (shown["satisfaction"], shown["satisfaction_reason"]) == (2, "slow")


def test_self_harm_is_answered_without_the_dialogue_and_goes_first(web: Web, people, dialogue: Dialogue):
    dialogue.script = lambda body: answer("Voici votre facture.")
    customer = web.customer()
    asked = len(dialogue.seen)
    said = customer.say("avec cette facture j'ai envie de mourir")
    assert "3114" in said["text"]
    assert len(dialogue.seen) == asked
    ticket = next(e for e in customer.until(lambda e: e["kind"] == "ticket") if e["kind"] == "ticket")
    assert (ticket["queue"], ticket["priority"]) == ("trust-safety", "urgent")
    shown = people["agent"].get(f"/tickets/{ticket['reference']}").json()
    assert shown["packet"]["request"] == "avec cette facture j'ai envie de mourir"
    customer.post("je suis perdu", message_id=str(uuid.uuid4()))
    assert len(dialogue.seen) == asked


def test_agents_are_described_and_say_when_they_are_away(people):
    edited = people["lead"].put("/agents/agent", json={"languages": ["fr", "pl"], "skills": ["facture"], "capacity": 3})
    assert edited.status_code == 200
    assert "password_hash" not in edited.json()
    assert people["agent"].put("/me/presence", json={"presence": "away"}).json() == {"presence": "away"}
    row = next(a for a in people["lead"].get("/agents").json()["agents"] if a["username"] == "agent")
    assert (row["present"], row["away"], row["capacity"], row["skills"]) == (False, True, 3, ["facture"])
    assert people["lead"].put("/agents/agent", json={"languages": []}).status_code == 400
    assert people["lead"].put("/agents/agent", json={"presence": "asleep"}).status_code == 400
    assert people["lead"].put("/agents/personne", json={"capacity": 3}).status_code == 404
    people["agent"].put("/me/presence", json={"presence": "auto"})
    people["lead"].put("/agents/agent", json={"languages": ["fr", "en", "nl", "es", "de", "it"], "skills": [], "capacity": 5})
