"""The desk through the staff API: search, replies, macros, bulk, presence, takeover, survey, transcript by mail."""

from __future__ import annotations

import threading

import httpx
import pytest
import sqlalchemy as sa
from web_support import Dialogue, Web, answer, handed_over

from bot.storage.clock import later
from bot.storage.schema import facts, outbox

CALLS = [
    ("GET", "/views", None, {"agent", "lead"}), ("POST", "/views", {"name": "x", "filters": {}}, {"agent", "lead"}),
    ("DELETE", "/views/1", None, {"agent", "lead"}), ("GET", "/notifications", None, {"agent", "lead"}),
    ("GET", "/macros", None, {"agent", "lead"}), ("POST", "/macros", {"name": "x", "texts": {}}, {"lead"}),
    ("PUT", "/macros/1", {"name": "x", "texts": {}, "version": 1}, {"lead"}), ("GET", "/requests", None, {"lead"}),
    ("POST", "/requests", {"kind": "macro", "text": ""}, {"agent", "lead"}), ("GET", "/running", None, {"agent", "lead"}),
    ("POST", "/me/here", None, {"agent", "lead"}),
    ("POST", "/tickets/bulk", {"references": ["SOL-AAAAAA"], "action": "take"}, {"agent", "lead"}),
    ("GET", "/tickets/SOL-AAAAAA/customer", None, {"agent", "lead"}),
    ("GET", "/tickets/SOL-AAAAAA/suggestions", None, {"agent", "lead"}),
    ("POST", "/tickets/SOL-AAAAAA/presence", {"state": "viewing"}, {"agent", "lead"}),
]


@pytest.mark.parametrize(("method", "path", "body", "allowed"), CALLS)
def test_each_call_checks_the_role(web: Web, people, method, path, body, allowed):
    for name, client in people.items():
        got = client.request(method, path, json=body)
        assert (got.status_code != 403) == (name in allowed), (name, got.text)
        assert got.status_code < 500
    assert httpx.request(method, f"{web.url}/api/v1/staff{path}", json=body).status_code == 401


def test_search_finds_a_message_at_once_and_shows_its_line(web: Web, people):
    customer, reference = handed_over(web)
    customer.post("et mon voisin Zéphyrin paie moins")
    got = people["agent"].get("/tickets", params={"q": "zephyrin"}).json()["tickets"]
    assert [ticket["reference"] for ticket in got] == [reference]
    assert got[0]["match"]["text"] == "et mon voisin Zéphyrin paie moins"


def test_the_list_says_whether_there_is_more(web: Web, people):
    for _ in range(2):
        handed_over(web)
    one = people["agent"].get("/tickets", params={"limit": 1}).json()
    assert (len(one["tickets"]), one["more"]) == (1, True)
    assert people["agent"].get("/tickets", params={"limit": 1000}).json()["more"] is False


def test_a_macro_is_filled_and_what_is_missing_is_asked_for(web: Web, people):
    _, reference = handed_over(web)
    broken = people["lead"].post("/macros", json={"name": "Cassée", "texts": {"fr": "Bonjour {{customer.nom}}"}})
    assert (broken.status_code, broken.json()["code"]) == (400, "broken-placeholder")
    assert "{{customer.nom}}" in broken.json()["detail"]
    made = people["lead"].post("/macros", json={"name": "Rappel", "theme": "facture", "texts": {
        "fr": "{{agent.first_name}} : dossier {{ticket.reference}}, contrat {{contract.number}}, le {{ask.jour}}."}}).json()
    filled = people["agent"].get(f"/tickets/{reference}/macros/{made['id']}").json()
    assert filled["text"] == f"Ana : dossier {reference}, contrat {{{{contract.number}}}}, le {{{{ask.jour}}}}."
    assert filled["missing"] == ["contract.number", "ask.jour"]
    refused = people["agent"].post(f"/tickets/{reference}/reply", json={"text": filled["text"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "unfilled-placeholder")
    sent = people["agent"].post(f"/tickets/{reference}/reply", json={"text": "Tout est rempli.", "macro": made["id"]})
    assert sent.status_code == 200
    assert next(m for m in people["lead"].get("/macros").json()["macros"] if m["id"] == made["id"])["uses"] == 1


def test_suggestions_come_from_words_where_no_dialogue_answers(web: Web, people):
    _, reference = handed_over(web, "comment lire mon compteur linky ?")
    people["lead"].post("/macros", json={"name": "Lire le compteur Linky", "texts": {"fr": "Appuyez sur + du compteur Linky."}})
    got = people["agent"].get(f"/tickets/{reference}/suggestions").json()
    assert "linky" in [article["id"] for article in got["articles"]]
    assert all(article["title"] for article in got["articles"])
    assert got["macros"][0]["name"] == "Lire le compteur Linky"


def test_asking_again_is_noted_for_the_figures(web: Web, people, dialogue: Dialogue):
    dialogue.script = lambda body: answer("Je passe la main.", "handover", effects=[{
        "kind": "handover", "key": "h", "payload": {"reason": "asked", "slots": {"contract_number": "C-12345674"}}}])
    customer = web.customer()
    customer.say("une personne")
    reference = next(e["reference"] for e in customer.until(lambda e: e["kind"] == "ticket") if e["kind"] == "ticket")
    for text in ("Quel est votre numéro de contrat ?", "Bonjour, je regarde."):
        assert people["agent"].post(f"/tickets/{reference}/reply", json={"text": text}).status_code == 200
    with web.services.database.read() as connection:
        kept = connection.execute(sa.select(facts.c.payload).where(
            facts.c.kind == "reask", facts.c.conversation_id == customer.id)).scalars().all()
    assert [(fact["thing"], fact["by"]) for fact in kept] == [("contract", "agent")]
    figure = next(m for m in people["lead"].get("/metrics").json()["metrics"] if m["name"] == "reask_rate")
    assert figure["n"] >= 1
    assert 0 < figure["value"] <= 1
    assert figure["definition"]


def test_several_tickets_at_once_each_with_its_own_outcome(web: Web, people):
    (_, one), (_, two) = handed_over(web), handed_over(web)
    people["lead"].post(f"/tickets/{two}/take")
    got = people["agent"].post("/tickets/bulk", json={"references": [one, two, "SOL-ZZZZZZ", one], "action": "take"}).json()
    assert [(r["reference"], r["ok"]) for r in got["results"]] == [(one, True), (two, False), ("SOL-ZZZZZZ", False)]
    assert got["results"][1]["detail"] == "Mehdi already has this ticket."
    got = people["agent"].post("/tickets/bulk", json={"references": [one], "action": "snooze", "until": later(3600)}).json()
    assert got["results"] == [{"reference": one, "ok": True}]
    assert people["agent"].get(f"/tickets/{one}").json()["snoozed_until"]
    assert people["agent"].post("/tickets/bulk", json={"references": [one], "action": "snooze"}).json()["results"][0]["ok"] is False
    assert people["agent"].post("/tickets/bulk", json={"references": [one] * 101, "action": "take"}).status_code == 422


def test_presence_is_told_to_colleagues_live(web: Web, people):
    _, reference = handed_over(web)
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with people["lead"].stream("GET", "/events", timeout=10) as stream:
            ready.set()
            for line in stream.iter_lines():
                heard.append(line)
                if '"presence"' in line:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    ready.wait(5)
    people["agent"].post(f"/tickets/{reference}/presence", json={"state": "replying"})
    thread.join(8)
    assert any('"presence"' in line and reference in line and '"Ana"' in line for line in heard)
    got = people["lead"].post(f"/tickets/{reference}/presence", json={"state": "viewing"}).json()
    assert got["present"] == [{"username": "agent", "name": "Ana", "state": "replying"}]
    assert people["lead"].get(f"/tickets/{reference}").json()["present"] == got["present"]


def test_a_note_with_a_mention_and_a_transfer_tell_the_colleague(web: Web, people):
    _, reference = handed_over(web)
    before = people["lead"].get("/notifications").json()["unseen"]
    people["agent"].post(f"/tickets/{reference}/note", json={"text": "@lead tu peux regarder ?"})
    people["agent"].post(f"/tickets/{reference}/transfer", json={"assignee": "lead"})
    got = people["lead"].get("/notifications").json()
    assert got["unseen"] == before + 2
    assert [n["kind"] for n in got["notifications"][:2]] == ["assigned", "mention"]
    people["lead"].post("/notifications/seen", json={"reference": reference})
    assert people["lead"].get("/notifications").json()["unseen"] == before


def test_stepping_into_a_chat_silences_the_bot_within_the_message(web: Web, people, dialogue: Dialogue):
    customer = web.customer()
    dialogue.script = lambda body: answer("Pouvez-vous préciser ?", "nonanswer")
    customer.say("mon contrat C-12345674 déraille")
    customer.say("je ne comprends rien")
    chat = next(c for c in people["agent"].get("/running").json()["chats"] if c["conversation_id"] == customer.id)
    assert chat["signs"] == ["failed_twice"]
    read = people["agent"].get(f"/running/{customer.id}").json()
    assert "C-12345674" not in str(read)
    assert people["analyst"].get(f"/running/{customer.id}").status_code == 403
    dialogue.script = lambda body: 1.0          # the bot is thinking while the person steps in
    sent = customer.post("allo ?")
    taken = people["agent"].post(f"/conversations/{customer.id}/take")
    assert taken.status_code == 200
    seen = customer.until(lambda e: e["author"] == "agent" and e["kind"] == "handover", after=sent.json()["seq"])
    said = [e.get("text") for e in seen if e["kind"] == "handover"]
    assert said == [seen[-1]["text"]], "told once who is here, and nothing of queues"
    assert "Ana" in said[0]
    people["agent"].post(f"/tickets/{taken.json()['reference']}/reply", json={"text": "Bonjour !"})
    after = customer.until(lambda e: e.get("text") == "Bonjour !", after=sent.json()["seq"])
    assert not any(e["author"] == "bot" for e in after)
    assert people["agent"].get(f"/running/{customer.id}").status_code == 404


def test_the_survey_asks_satisfaction_then_effort_and_takes_each_once(web: Web, people):
    customer, reference = handed_over(web)
    people["agent"].post(f"/tickets/{reference}/reply", json={"text": "Fait."})
    people["agent"].post(f"/tickets/{reference}/resolve")

    def rate(**body) -> httpx.Response:
        return web.http.post(f"{customer.url}/feedback", json=body, headers={**customer.headers, "Accept-Language": "fr"})

    assert rate(csat=5).status_code == 204
    assert rate(csat=5).status_code == 204, "sent twice by a shaky network"
    again = rate(csat=1)
    assert (again.status_code, again.json()["detail"]) == (409, "Votre avis est déjà noté, merci.")
    surveys = [e for e in customer.events() if e["kind"] == "survey"]
    assert [e.get("ask") or next(k for k in ("csat", "effort") if k in e) for e in surveys] == ["csat", "csat", "effort"]
    assert rate(effort=3).status_code == 204
    assert rate(effort=9).status_code == 409
    customer.post("en fait ce n'est pas réglé")
    people["agent"].post(f"/tickets/{reference}/resolve")
    assert rate(csat=2).status_code == 204, "a request settled again is a new survey"


def test_a_transcript_is_mailed_and_not_without_end(web: Web):
    customer, reference = handed_over(web)
    def ask(address: str) -> httpx.Response:
        return web.http.post(f"{customer.url}/transcript-mail", json={"email": address}, headers=customer.headers)

    assert ask("camille@exemple.fr").status_code == 202
    assert ask("pas une adresse").status_code == 400
    assert [ask("camille@exemple.fr").status_code for _ in range(3)] == [202, 202, 429]
    stranger = web.http.post(f"{customer.url}/transcript-mail", json={"email": "a@b.fr"}, headers={"Authorization": "Bearer " + "x" * 43})
    assert stranger.status_code == 404
    with web.services.database.read() as connection:
        mails = connection.execute(sa.select(outbox.c.payload).where(
            outbox.c.conversation_id == customer.id, outbox.c.key.like("transcript:%"))).scalars().all()
    assert len(mails) == 1, "the same copy is sent once"
    assert "régularisation de 214 euros" in mails[0]["text"]
    assert reference in mails[0]["text"]


def test_what_the_customer_said_stands_beside_the_ticket(web: Web, people):
    _, reference = handed_over(web)
    got = people["agent"].get(f"/tickets/{reference}/customer").json()
    assert got == {"values": {}, "verified": False, "bills": []}
