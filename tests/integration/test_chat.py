"""The customer's path through the public API, against a scripted dialogue process."""

from __future__ import annotations

import json
import threading
import uuid

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from web_support import Dialogue, Web, answer


def bot_messages(events):
    return [e for e in events if e["kind"] == "message" and e["author"] == "bot"]


def test_a_new_conversation_greets_in_the_pages_language(web: Web):
    for locale, word in (("fr", "Bonjour"), ("en", "Hello"), ("nl-BE", "Hallo"), ("es", "Hola"),
                         ("de", "Guten|Hallo"), ("it", "Buongiorno"), ("pl", "Hello")):
        first = web.customer(locale=locale).events()
        assert [e["seq"] for e in first] == [1]
        assert first[0]["reply"] == "smalltalk"
        assert any(w in first[0]["text"] for w in word.split("|"))
        ids = [c["id"] for c in first[0]["choices"]]
        assert 4 <= len(ids) <= 5
        assert "flow:outage" in ids
        assert ids[-1] == "human"


def test_a_regional_or_unknown_locale_is_one_of_ours_for_the_dialogue(web: Web, dialogue: Dialogue):
    for locale, ours in (("en-GB", "en"), ("nl-BE", "nl"), ("pt", "en"), ("fr_CA", "fr")):
        customer = web.customer(locale=locale)
        customer.say(choice="flow:outage")
        assert dialogue.seen[-1]["locale"] == ours


def test_a_message_is_answered_and_numbered(web: Web, dialogue: Dialogue):
    customer = web.customer(locale="fr", page_url="https://solenne.example/aide")
    reply = customer.say("ma facture a doublé")
    events = customer.events()
    assert [e["seq"] for e in events] == [1, 2, 3]
    assert events[1] | {"text": "ma facture a doublé", "author": "customer"} == events[1]
    assert reply["text"] == "Voici la réponse."
    assert reply["choices"] == []
    assert reply["articles"] == []
    assert "meta" not in reply
    asked = dialogue.seen[0]
    assert asked["text"] == "ma facture a doublé"
    assert asked["turn_id"] == f"{customer.id}:2"
    assert asked["people_available"] is True
    assert asked["page_url"] == "https://solenne.example/aide"
    assert dialogue.headers[0]["x-relais-secret"] == "geheim"


def test_the_state_travels_back_with_the_next_message(web: Web, dialogue: Dialogue):
    dialogue.script = lambda body: answer(state={"turns": (body["state"] or {}).get("turns", 0) + 1})
    customer = web.customer()
    for _ in range(3):
        customer.say("encore une question sur ma facture")
    assert [body["state"] for body in dialogue.seen] == [None, {"turns": 1}, {"turns": 2}]


def test_the_same_client_message_id_twice_at_once_is_one_message(web: Web, dialogue: Dialogue):
    customer = web.customer()
    same, answers = str(uuid.uuid4()), []
    threads = [threading.Thread(target=lambda: answers.append(customer.post("allô ?", message_id=same)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {202}
    assert {a.json()["seq"] for a in answers} == {2}
    customer.until(lambda e: e["author"] == "bot", after=2)
    assert customer.post("autre texte", message_id=same).json() == {"seq": 2}
    assert len(dialogue.seen) == 1
    assert [e["seq"] for e in customer.events()] == [1, 2, 3]


def test_ten_messages_at_once_are_each_answered_in_order(web: Web, dialogue: Dialogue):
    dialogue.script = lambda body: answer(f"réponse à {body['text']}")
    customer = web.customer()
    threads = [threading.Thread(target=customer.post, args=(f"question {n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = customer.until(lambda e: e["seq"] == 21, seconds=15)
    asked = [e["text"] for e in seen if e["author"] == "customer"]
    said = [e["text"] for e in seen if e["author"] == "bot" and e["seq"] > 1]
    assert sorted(asked) == sorted(f"question {n}" for n in range(10))
    assert said == [f"réponse à {text}" for text in asked]
    assert [e["seq"] for e in seen] == list(range(1, 22))


def test_a_stream_gives_the_same_events_and_resumes(web: Web, dialogue: Dialogue):
    customer = web.customer()
    got: list[tuple[str | None, dict]] = []
    headers = {**customer.headers, "Accept": "text/event-stream"}

    def read(extra, stop_after):
        with web.http.stream("GET", f"{customer.url}/events", headers=headers | extra) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            ident = None
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    ident = line[4:]
                elif line.startswith("data: "):
                    got.append((ident, json.loads(line[6:])))
                    ident = None
                    if got[-1][1]["seq"] >= stop_after and got[-1][1]["kind"] == "message":
                        return

    reader = threading.Thread(target=read, args=({}, 3))
    reader.start()
    customer.post("bonjour, ma facture")
    reader.join(timeout=10)
    assert not reader.is_alive()
    messages = [(i, e) for i, e in got if e["kind"] == "message"]
    assert [i for i, _ in messages] == ["1", "2", "3"]
    typing = [e for i, e in got if e["kind"] == "typing"]
    assert typing
    assert typing[0]["author"] == "bot"
    assert all(i is None for i, e in got if e["kind"] == "typing")
    got.clear()
    read({"Last-Event-ID": "2"}, 3)
    assert [e["seq"] for _, e in got] == [3]
    assert [e for _, e in messages] == customer.events()


def test_a_long_poll_returns_when_something_happens_and_when_time_is_up(web: Web):
    customer = web.customer()
    assert customer.events(after=1, wait=0.3) == []
    threading.Timer(0.4, customer.post, args=("me voilà",)).start()
    assert customer.events(after=1, wait=5)[0]["text"] == "me voilà"


def test_a_choice_is_sent_as_such_and_shown_by_its_label(web: Web, dialogue: Dialogue):
    customer = web.customer()
    customer.say(choice="flow:outage")
    assert dialogue.seen[0]["choice"] == "flow:outage"
    assert dialogue.seen[0]["choice_label"] == "Panne de courant"
    assert customer.events()[1]["text"] == "Panne de courant"


@pytest.mark.parametrize("choice", ["flow:secret", "article:nexistepas", "helped:yes", "../x"])
def test_a_choice_never_offered_is_refused(web: Web, choice: str):
    customer = web.customer()
    got = customer.post(choice=choice)
    assert got.status_code == 409
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["code"] == "choice-not-offered"
    assert len(customer.events()) == 1


def test_an_article_of_the_help_centre_may_be_chosen_at_once(web: Web, dialogue: Dialogue):
    web.customer().say(choice="article:odeur-gaz")
    assert dialogue.seen[0]["choice"] == "article:odeur-gaz"


def test_an_article_chosen_at_once_is_named_in_the_language_of_the_chat(web: Web, dialogue: Dialogue):
    titles = {}
    for locale in ("fr", "en", "xx"):
        customer = web.customer(locale=locale)
        customer.say(choice="article:odeur-gaz")
        titles[locale] = customer.events()[1]["text"]
    assert titles["fr"] == web.services.articles.title("odeur-gaz", "fr")
    assert titles["en"] == web.services.articles.title("odeur-gaz", "en")
    assert len(set(titles.values())) == 2


@pytest.mark.parametrize("broken", [
    lambda body: JSONResponse({"detail": "boom"}, 500),
    lambda body: Response(b""),
    lambda body: Response(b"not json"),
    lambda body: answer(replies=[]),
    lambda body: 30.0,
], ids=["500", "empty", "garbage", "no-replies", "hangs"])
def test_a_failing_dialogue_still_gives_an_answer_options_or_a_ticket(
    web: Web, dialogue: Dialogue, broken
):
    web.services.client.balancer.forgive()
    dialogue.script = broken
    customer = web.customer()
    reply = customer.say("comment choisir la puissance de mon compteur", seconds=5)
    assert reply["reply"] in ("options", "answer")
    assert any(a["id"] == "choisir-puissance" for a in reply["articles"])
    picked = customer.say(choice="article:choisir-puissance", seconds=5)
    assert picked["reply"] == "answer"
    assert "kVA" in picked["text"]
    lost = customer.say("xyzzy plugh qwrtz", seconds=5)
    assert lost["reply"] == "handover"
    ticket = customer.until(lambda e: e["kind"] == "handover", after=lost["seq"])
    assert any(e["kind"] == "ticket" and e["reference"].startswith("SOL-") for e in ticket)
    web.services.client.balancer.forgive()


def test_danger_is_answered_even_without_a_dialogue(web: Web, dialogue: Dialogue):
    web.services.client.balancer.forgive()
    dialogue.script = lambda body: JSONResponse({}, 500)
    customer = web.customer()
    reply = customer.say("ça sent le gaz dans la cuisine !!", seconds=5)
    assert "0 800 47 33 33" in reply["text"]
    ticket = next(e for e in customer.until(lambda e: e["kind"] == "ticket") if e["kind"] == "ticket")
    assert ticket["queue"] == "urgent"
    assert ticket["priority"] == "urgent"
    seen = web.staff("agent").get(f"/tickets/{ticket['reference']}").json()
    assert (seen["packet"]["instructed"], seen["packet"]["tried"]) == ("gas", ["consignes de sécurité données"])
    assert seen["summary"].endswith("Essayé : consignes de sécurité données")
    web.services.client.balancer.forgive()


def test_handing_over_opens_one_ticket_and_silences_the_bot(web: Web, dialogue: Dialogue):
    customer = web.customer()
    customer.say("je n'arrive pas à payer ma facture de chauffage")
    asked = len(dialogue.seen)
    first = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    again = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    events = customer.events()
    tickets = [e for e in events if e["kind"] == "ticket"]
    assert len(tickets) == 1
    assert tickets[0]["position"] >= 1
    assert tickets[0]["status"] == "new"
    told = next(e for e in events if e["kind"] == "handover")
    assert first.json()["ticket"] in told["text"]
    assert "wait_seconds" not in told        # nothing measured yet: nothing claimed
    customer.post("toujours là ?")
    assert customer.events(after=events[-1]["seq"] + 1, wait=0.7) == []
    assert len(dialogue.seen) == asked


def test_an_email_handover_checks_the_address_and_queues_a_mail(web: Web):
    customer = web.customer()
    for bad in ("", "camille", "camille@", "a b@exemple.fr", "x@y", None):
        got = web.http.post(f"{customer.url}/handover", headers=customer.headers | {"Accept-Language": "fr"},
                            json={"channel": "email", "contact": bad})
        assert got.status_code == 400, bad
        assert "e-mail" in got.json()["detail"]
    got = web.http.post(f"{customer.url}/handover", headers=customer.headers,
                        json={"channel": "email", "contact": "camille@exemple.fr"})
    told = next(e for e in customer.events() if e["kind"] == "handover")
    assert "camille@exemple.fr" in told["text"]
    with web.services.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT payload FROM outbox").scalars().all()
    assert any(got.json()["ticket"] in str(row) for row in rows)


def test_confirmations_are_mailed_within_a_limit_and_a_person_is_never_refused(web: Web):
    def ask(who, address: str | None, channel: str = "email") -> httpx.Response:
        return web.http.post(f"{who.url}/handover", headers=who.headers | {"Accept-Language": "fr"},
                             json={"channel": channel, "contact": address})

    customer, limit = web.customer(), web.services.handover_limit.limit
    codes = [ask(customer, f"un{n}@bombe.example").status_code for n in range(limit + 1)]
    assert codes == [202] * limit + [429]
    assert ask(customer, None).status_code == 429            # back to the address it has: one more mail
    assert ask(customer, None, "chat").status_code == 202
    several = [ask(web.customer(), address).status_code for address in ["Victime@bombe.example", "victime@bombe.example"] * 5]
    refused = ask(web.customer(), "victime@bombe.example")
    assert several == [202] * limit
    assert refused.status_code == 429
    assert "patientez" in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) > 60
    assert ask(web.customer(), "autre@bombe.example").status_code == 202
    stranger = web.http.post(f"{customer.url}/handover", headers={"Authorization": "Bearer faux"},
                             json={"channel": "email", "contact": "un@bombe.example"})
    assert stranger.status_code == 404


def test_ratings_have_the_limit_of_messages(web: Web):
    customer = web.customer()
    rate = [web.http.post(f"{customer.url}/feedback", json={"helped": True}, headers=customer.headers).status_code
            for _ in range(web.settings.messages_per_minute + 1)]
    assert (rate[0], rate[-1]) == (204, 429)
    assert customer.post("et une question").status_code == 202       # counted apart


def test_a_phone_handover_normalises_the_number(web: Web):
    customer = web.customer()
    bad = web.http.post(f"{customer.url}/handover", headers=customer.headers,
                        json={"channel": "phone", "contact": "12"})
    assert bad.status_code == 400
    web.http.post(f"{customer.url}/handover", headers=customer.headers,
                  json={"channel": "phone", "contact": "06 39 98 12 34"})
    assert "+33639981234" in next(e for e in customer.events() if e["kind"] == "handover")["text"]


def test_feedback_is_kept_as_an_event(web: Web):
    customer = web.customer()
    customer.say("une question")
    for body in ({"helped": True}, {"csat": 5, "comment": "joignable au 06 39 98 12 34"}, {"effort": 10}):
        assert web.http.post(f"{customer.url}/feedback", json=body, headers=customer.headers).status_code == 204
    surveys = [e for e in customer.events() if e["kind"] == "survey"]
    assert [s.get("helped") or s.get("csat") or s.get("effort") for s in surveys] == [True, 5, 10]
    assert "[téléphone]" in surveys[1]["comment"]
    for body in ({}, {"csat": 6}, {"csat": 1, "effort": 2}, {"effort": 0}):
        got = web.http.post(f"{customer.url}/feedback", json=body, headers=customer.headers)
        assert got.status_code in (400, 422)


def test_the_transcript_is_text_or_html_with_everything_escaped(web: Web):
    customer = web.customer()
    customer.say("<script>alert(1)</script> & cie")
    text = web.http.get(f"{customer.url}/transcript", headers=customer.headers)
    assert "<script>alert(1)</script> & cie" in text.text
    assert text.headers["content-type"].startswith("text/plain")
    page = web.http.get(f"{customer.url}/transcript", headers=customer.headers | {"Accept": "text/html"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; cie" in page.text
    assert "<script" not in page.text


def test_effects_of_a_turn_are_carried_out_once(web: Web, dialogue: Dialogue):
    dialogue.script = lambda body: answer("Je transmets.", "handover", effects=[
        {"kind": "gap", "key": "k:gap:0", "payload": {"text": body["text"], "language": "fr"}},
        {"kind": "handover", "key": "k:handover:1",
         "payload": {"reason": "asked", "theme": "facture", "mood": "angry", "slots": {"kva": 9}}}])
    customer = web.customer()
    customer.say("passez-moi un humain, mon mail est jean@exemple.fr")
    events = customer.until(lambda e: e["kind"] == "handover")
    assert [e["kind"] for e in events][-3:] == ["message", "ticket", "handover"]
    ticket = next(e for e in events if e["kind"] == "ticket")
    assert (ticket["queue"], ticket["priority"]) == ("facture", "high")
    with web.services.database.read() as connection:
        text = connection.exec_driver_sql("SELECT text FROM gaps").scalars().all()
    assert "passez-moi un humain, mon mail est [e-mail]" in text


def test_erasing_a_conversation_leaves_nothing(web: Web):
    customer = web.customer()
    customer.say("effacez tout")
    assert web.http.delete(customer.url, headers=customer.headers).status_code == 204
    got = web.http.get(f"{customer.url}/events", headers=customer.headers)
    assert got.status_code == 404
    with web.services.database.read() as connection:
        for table in ("events", "conversations"):
            column = "conversation_id" if table == "events" else "id"
            count = connection.exec_driver_sql(
                f"SELECT count(*) FROM {table} WHERE {column} = ?", (customer.id,)).scalar()
            assert count == 0


def test_health_pages(web: Web):
    assert web.http.get(f"{web.url}/healthz").json()["status"] == "up"
    ready = web.http.get(f"{web.url}/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "relais_turns_total" in httpx.get(f"{web.url}/metrics").text
