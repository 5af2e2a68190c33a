"""The staff API: signing in, the queue, articles, gaps, figures; every call checks the role."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from web_support import PASSWORD, Dialogue, Web, answer, handed_over

from bot.conversations import store
from bot.conversations.model import Draft


def test_signing_in_gives_a_token_and_the_role(web: Web):
    for name in ("agent", "lead", "analyst"):
        got = web.http.post(f"{web.url}/api/v1/staff/login", json={"username": name, "password": PASSWORD})
        assert got.json()["role"] == name
        assert len(got.json()["token"]) >= 43
    for name, password in (("agent", "faux"), ("personne", PASSWORD)):
        got = web.http.post(f"{web.url}/api/v1/staff/login", json={"username": name, "password": password})
        assert got.status_code == 401
        assert got.json()["detail"] == "User name or password is wrong."


def test_signing_out_ends_the_session(web: Web):
    client = web.staff("agent")
    assert client.get("/me").status_code == 200
    assert client.post("/logout").status_code == 204
    assert client.get("/me").status_code == 401


CALLS = [
    ("GET", "/tickets", None, {"agent", "lead"}),
    ("POST", "/tickets/SOL-AAAAAA/take", None, {"agent", "lead"}),
    ("GET", "/articles", None, {"agent", "lead", "analyst"}),
    ("PUT", "/articles/essai-roles", {"title": "T", "answer": "A"}, {"lead"}),
    ("POST", "/articles/essai-roles/rollback", {"version": 1}, {"lead"}),
    ("GET", "/gaps", None, {"lead", "analyst"}),
    ("POST", "/gaps/decisions", {"gap": "fr:x", "decision": "out_of_scope"}, {"lead"}),
    ("GET", "/metrics", None, {"lead", "analyst"}),
    ("GET", "/metrics.csv", None, {"lead", "analyst"}),
    ("GET", "/conversations", None, {"lead", "analyst"}),
    ("GET", "/settings", None, {"lead", "analyst"}),
    ("PUT", "/settings", {"max_wrong": 0.05}, {"lead"}),
    ("GET", "/jobs", None, {"lead"}),
    ("POST", "/jobs/999999/retry", {}, {"lead"}),
    ("POST", "/jobs/retry", {}, {"lead"}),
]


@pytest.mark.parametrize(("method", "path", "body", "allowed"), CALLS)
def test_each_call_checks_the_role(web: Web, people, method, path, body, allowed):
    for name, client in people.items():
        got = client.request(method, path, json=body)
        assert (got.status_code != 403) == (name in allowed), (name, got.text)
        assert got.status_code < 500
    stranger = httpx.request(method, f"{web.url}/api/v1/staff{path}", json=body)
    assert stranger.status_code == 401
    forged = httpx.request(method, f"{web.url}/api/v1/staff{path}", json=body,
                           headers={"Authorization": "Bearer " + "x" * 43})
    assert forged.status_code == 401


def test_no_staff_route_is_open_to_strangers(web: Web):
    paths = web.http.get(f"{web.url}/openapi.json").json()["paths"]
    staff = [(method, path) for path, methods in paths.items() for method in methods
             if path.startswith("/api/v1/staff") and not path.endswith("/login")]
    assert len(staff) > 20
    for method, path in staff:
        filled = path.replace("{reference}", "SOL-AAAAAA").replace("{row}", "1").replace(
            "{id}", "00000000-0000-4000-8000-000000000000")
        got = httpx.request(method.upper(), web.url + filled, json={})
        assert got.status_code == 401, (method, path, got.status_code)


def test_an_agent_takes_answers_and_settles(web: Web, people, dialogue: Dialogue):
    customer, reference = handed_over(web)
    listed = people["agent"].get("/tickets", params={"status": "new", "q": "régularisation"}).json()
    assert reference in [t["reference"] for t in listed["tickets"]]
    row = next(t for t in listed["tickets"] if t["reference"] == reference)
    assert {"status", "queue", "priority", "locale", "summary", "assignee", "conversation_id",
            "opened_at"} <= row.keys()
    assert "régularisation de 214 euros" in row["summary"]
    opened = people["agent"].get(f"/tickets/{reference}").json()
    assert opened["packet"]["request"] == "je ne comprends pas ma régularisation de 214 euros"
    assert [e["author"] for e in opened["transcript"]][:3] == ["bot", "customer", "bot"]
    assert people["agent"].post(f"/tickets/{reference}/take").status_code == 200
    assert people["agent"].post(f"/tickets/{reference}/take").status_code == 200
    refused = people["lead"].post(f"/tickets/{reference}/take")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "Ana already has this ticket."
    asked = len(dialogue.seen)
    assert people["agent"].post(f"/tickets/{reference}/reply", json={"text": "Bonjour, je regarde."}).status_code == 200
    said = customer.until(lambda e: e["author"] == "agent" and e["kind"] == "message")[-1]
    assert (said["text"], said["name"]) == ("Bonjour, je regarde.", "Ana")
    customer.post("merci, j'attends")
    assert people["agent"].get(f"/tickets/{reference}").json()["status"] == "open"
    assert people["agent"].post(f"/tickets/{reference}/note", json={"text": "vu avec Luc"}).status_code == 200
    assert people["agent"].post(f"/tickets/{reference}/resolve").status_code == 200
    ended = customer.until(lambda e: e["kind"] == "survey")
    assert "vu avec Luc" not in str(ended)
    assert [e["kind"] for e in ended][-3:] == ["ticket", "closed", "survey"]
    detail = people["agent"].get(f"/tickets/{reference}").json()
    assert (detail["status"], detail["assignee"]) == ("solved", "agent")
    assert detail["first_response_at"]
    assert detail["notes"][0]["detail"]["text"] == "vu avec Luc"
    assert len(dialogue.seen) == asked, "the bot was asked while a person had the conversation"
    assert people["agent"].post(f"/tickets/{reference}/resolve").status_code == 409


def test_a_settled_ticket_reopens_when_the_customer_writes_but_not_for_thanks(web: Web, people):
    customer, reference = handed_over(web)
    people["agent"].post(f"/tickets/{reference}/reply", json={"text": "C'est fait."})
    people["agent"].post(f"/tickets/{reference}/resolve")
    assert customer.say("merci beaucoup !")["author"] == "bot"
    assert people["agent"].get(f"/tickets/{reference}").json()["status"] == "solved"
    customer.post(choice="article:linky")       # reading on is no message to the agent either
    assert people["agent"].get(f"/tickets/{reference}").json()["status"] == "solved"
    customer.post("Счёт всё ещё неверный")       # after the thanks, and in a script of its own
    assert people["agent"].get(f"/tickets/{reference}").json()["status"] == "open"
    again, second = handed_over(web)
    people["agent"].post(f"/tickets/{second}/reply", json={"text": "C'est fait."})
    people["agent"].post(f"/tickets/{second}/resolve")
    again.post("non, la facture est toujours fausse")
    detail = people["agent"].get(f"/tickets/{second}").json()
    assert (detail["status"], detail["conversation"]["mode"]) == ("open", "agent")
    assert detail["solved_at"] is None


def test_two_agents_at_once_only_one_takes_it(web: Web, people):
    def taken_by(client: httpx.Client, reference: str) -> int:
        return client.post(f"/tickets/{reference}/take").status_code

    for _ in range(5):
        _, reference = handed_over(web)
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(taken_by, people[name], reference) for name in ("agent", "lead")]
            assert sorted(job.result() for job in jobs) == [200, 409]


def test_transfer_and_hand_back(web: Web, people, dialogue: Dialogue):
    customer, reference = handed_over(web)
    people["agent"].post(f"/tickets/{reference}/take")
    got = people["agent"].post(f"/tickets/{reference}/transfer", json={"queue": "expert"})
    assert (got.json()["queue"], got.json()["assignee"]) == ("expert", None)
    assert people["agent"].post(f"/tickets/{reference}/transfer", json={}).status_code == 400
    assert people["agent"].post(f"/tickets/{reference}/transfer", json={"assignee": "analyst"}).status_code == 400
    assert people["agent"].post(f"/tickets/{reference}/transfer", json={"assignee": "lead"}).status_code == 200
    back = people["lead"].post(f"/tickets/{reference}/hand-back", json={"text": "facture vérifiée"})
    assert back.status_code == 200
    asked = len(dialogue.seen)
    customer.say("et pour mon déménagement ?")
    assert len(dialogue.seen) == asked + 1
    assert dialogue.seen[-1]["note"] == "facture vérifiée"
    told = [e["text"] for e in customer.events() if e["kind"] == "handover"]
    assert any("Mehdi" in text for text in told)
    again = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    assert again.json()["ticket"] == reference


def test_an_agent_steps_into_a_chat_of_the_bot(web: Web, people, dialogue: Dialogue):
    customer = web.customer()
    customer.say("je tourne en rond")
    got = people["agent"].post(f"/conversations/{customer.id}/take")
    assert got.status_code == 200
    asked = len(dialogue.seen)
    customer.post("il y a quelqu'un ?")
    assert people["agent"].get(f"/tickets/{got.json()['reference']}").json()["transcript"][-1]["text"] == "il y a quelqu'un ?"
    assert len(dialogue.seen) == asked


@pytest.mark.parametrize("who", ["agent", "lead"])
def test_whoever_steps_in_after_a_hand_back_has_the_chat_and_is_announced(web: Web, people, who: str):
    customer, reference = handed_over(web)
    people["agent"].post(f"/tickets/{reference}/take")
    assert people["lead"].post(f"/conversations/{customer.id}/take").status_code == 409, "someone has it"
    assert people["agent"].post(f"/tickets/{reference}/hand-back", json={}).status_code == 200
    after = customer.events()[-1]["seq"]
    taken = people[who].post(f"/conversations/{customer.id}/take")
    assert taken.status_code == 200, taken.text
    assert (taken.json()["reference"], taken.json()["status"]) == (reference, "open")
    name = {"agent": "Ana", "lead": "Mehdi"}[who]
    assert any(name in e["text"] for e in customer.events(after) if e["kind"] == "handover")
    assert people[who].post(f"/tickets/{reference}/reply", json={"text": "Bonjour !"}).status_code == 200
    assert people["agent"].get(f"/tickets/{reference}").json()["history"][-2]["action"] == "take"


def test_a_mail_customer_gets_the_answer_by_mail(web: Web, people):
    _customer, reference = handed_over(web, channel="email", contact="camille@exemple.fr")
    people["agent"].post(f"/tickets/{reference}/reply", json={"text": "Votre échéancier est prêt."})
    with web.services.database.read() as connection:
        payloads = connection.exec_driver_sql("SELECT payload FROM outbox").scalars().all()
    assert any("Votre échéancier est prêt." in p and "camille@exemple.fr" in p for p in payloads)


def test_typing_reaches_the_customer_from_the_one_who_has_the_ticket(web: Web, people):
    customer, reference = handed_over(web)
    people["agent"].post(f"/tickets/{reference}/take")
    got: list[str] = []

    def listen():
        headers = customer.headers | {"Accept": "text/event-stream"}
        with web.http.stream("GET", f"{customer.url}/events?after=100", headers=headers) as stream:
            for line in stream.iter_lines():
                if "typing" in line:
                    got.append(line)
                    return

    reader = threading.Thread(target=listen)
    reader.start()
    for _ in range(50):
        people["agent"].post(f"/tickets/{reference}/typing")
        reader.join(timeout=0.1)
        if not reader.is_alive():
            break
    assert got
    assert '"name":"Ana"' in got[0]


def test_articles_are_published_versioned_and_rolled_back(web: Web, people):
    lead = people["lead"]
    assert len(lead.get("/articles", params={"locale": "fr"}).json()["articles"]) >= 60
    found = lead.get("/articles", params={"q": "linky", "locale": "fr"}).json()["articles"]
    assert any(a["id"] == "linky" for a in found)
    before = lead.get("/articles/linky", params={"locale": "fr"}).json()
    got = lead.put("/articles/linky", params={"locale": "fr"},
                   json={"title": before["title"], "answer": "Nouvelle réponse.", "body": before["body"],
                         "variants": before["variants"], "base_version": before["version"]})
    assert got.json() == {"version": before["version"] + 1}
    stale = lead.put("/articles/linky", params={"locale": "fr"},
                     json={"answer": "autre", "base_version": before["version"]})
    assert stale.status_code == 409
    after = lead.get("/articles/linky", params={"locale": "fr"}).json()
    assert after["answer"] == "Nouvelle réponse."
    assert after["theme"] == before["theme"]
    versions = lead.get("/articles/linky/versions", params={"locale": "fr"}).json()["versions"]
    assert [v["version"] for v in versions] == [before["version"] + 1, before["version"]]
    assert versions[0]["author"] == "lead"
    back = lead.post("/articles/linky/rollback", params={"locale": "fr"}, json={"version": before["version"]})
    assert back.json() == {"version": before["version"] + 2}
    assert lead.get("/articles/linky", params={"locale": "fr"}).json()["answer"] == before["answer"]
    late = lead.post("/articles/linky/rollback", params={"locale": "fr"},
                     json={"version": before["version"], "base_version": before["version"] + 1})
    assert late.status_code == 409
    assert lead.get("/articles/linky", params={"locale": "xx"}).status_code == 400
    assert lead.get("/articles/rien-de-tel").status_code == 404
    assert lead.put("/articles/Mauvais Nom", json={"title": "a", "answer": "b"}).status_code == 400
    assert lead.put("/articles/sans-reponse", json={"title": "a"}).status_code == 400


def test_a_new_article_may_be_chosen_at_once(web: Web, people, dialogue: Dialogue):
    got = people["lead"].put("/articles/borne-recharge-copro", params={"locale": "fr"},
                             json={"title": "Borne en copropriété", "answer": "Oui.", "variants": ["wallbox parking"]})
    assert got.json() == {"version": 1}
    assert web.customer().post(choice="article:borne-recharge-copro").status_code == 202


def test_previews_hold_no_script(people):
    got = people["lead"].post("/articles/preview", json={
        "body": "## Titre\n<script>alert(1)</script> **gras** [x](javascript:alert(1)) [y](faq:linky) <img src=x onerror=alert(1)>"})
    html = got.json()["html"]
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    assert "<strong>gras</strong>" in html
    assert 'href="faq:linky"' in html


def test_gaps_are_grouped_and_decided(web: Web, people, dialogue: Dialogue):
    def gap(body):
        return answer("Dites-m'en plus.", "nonanswer", effects=[
            {"kind": "gap", "key": "k", "payload": {"text": body["text"], "language": "fr"}}])

    dialogue.script = gap
    for text in ("borne recharge parking ?", "parking, borne RECHARGE", "quelle météo demain"):
        web.customer().say(text)
    found = people["lead"].get("/gaps").json()["gaps"]
    borne = next(g for g in found if "borne" in g["text"])
    assert (borne["count"], borne["people"]) == (2, 2)
    assert len(borne["conversations"]) == 2
    decided = people["lead"].post("/gaps/decisions", json={
        "gap": borne["id"], "decision": "phrasing", "slug": "linky"})
    assert decided.status_code == 200
    assert "parking, borne RECHARGE" in people["lead"].get("/articles/linky?locale=fr").json()["variants"]
    meteo = next(g for g in found if "météo" in g["text"])
    assert people["lead"].post("/gaps/decisions", json={"gap": meteo["id"], "decision": "out_of_scope"}).status_code == 200
    after = people["lead"].get("/gaps").json()
    assert (after["total"], after["waiting"]) == (len(after["gaps"]), len(after["gaps"]))
    left = {g["id"] for g in after["gaps"]}
    assert not {borne["id"], meteo["id"]} & left
    assert people["lead"].post("/gaps/decisions", json={"gap": "fr:rien", "decision": "out_of_scope"}).status_code == 404
    assert people["lead"].post("/gaps/decisions", json={"gap": meteo["id"], "decision": "x"}).status_code == 400


def test_figures_are_an_interval_with_words_and_links(web: Web, people, dialogue: Dialogue):
    confirmed = web.customer()
    confirmed.say("prix du kWh")
    small = web.customer()
    dialogue.script = lambda body: answer("Bonjour !", "smalltalk")
    small.say("salut")
    dialogue.script = lambda body: answer()
    web.http.post(f"{confirmed.url}/feedback", json={"helped": True}, headers=confirmed.headers)
    web.customer().say("encore une question")
    handed_over(web)
    web.customer()
    got = people["analyst"].get("/metrics", params={"by": "locale"}).json()
    by_name = {m["name"]: m for m in got["metrics"]}
    deflection = by_name["deflection"]
    assert 0 < deflection["low"] < deflection["high"] < 1
    assert "value" not in deflection
    assert "confirmed" in deflection["definition"]
    outcomes = {n: m["value"] for n, m in by_name.items() if n.startswith("outcome.")}
    assert sum(outcomes.values()) == by_name["conversations"]["value"]
    assert deflection["n"] == by_name["conversations"]["value"] - outcomes["outcome.no_need"]
    link = by_name["outcome.confirmed_resolved"]["conversations"].removeprefix("/api/v1/staff")
    behind = people["analyst"].get(link).json()
    assert behind["total"] == outcomes["outcome.confirmed_resolved"]
    assert confirmed.id in [c["id"] for c in behind["conversations"]]
    for name in ("conversations", "deflection", "csat", "effort", "first_response_seconds", "first_response_p80_seconds"):
        behind = people["analyst"].get(by_name[name]["conversations"].removeprefix("/api/v1/staff")).json()
        assert behind["total"] == by_name[name]["n"], name
    assert [g["key"] for g in got["groups"]] == ["fr"]
    for bad in ({"by": "week"}, {"from": "hier"}, {"from": "2026-02-01", "to": "2026-01-01"}):
        assert people["analyst"].get("/metrics", params=bad).status_code == 400
    table = people["analyst"].get("/metrics.csv", params={"by": "day"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[0].endswith("from,to,by,group,name,value,low,high,n,definition")


def test_analysts_read_redacted_transcripts(web: Web, people):
    customer = web.customer()
    customer.say("mon mail est jean.dupont@exemple.fr et mon IBAN FR7630006000011234567890189")
    got = people["analyst"].get(f"/conversations/{customer.id}").json()
    assert got["transcript"][1]["text"] == "mon mail est [e-mail] et mon IBAN [IBAN]"
    assert got["transcript"][2]["meta"]["intent"] == "faq"
    with web.services.database.write() as connection:
        store.append(connection, customer.id, [Draft("message", "customer", {
            "text": "voir objet", "via": "email", "subject": "IBAN FR7630006000011234567890189"})])
    got = people["analyst"].get(f"/conversations/{customer.id}").json()
    assert got["transcript"][-1]["subject"] == "IBAN [IBAN]"


def test_analysts_read_no_personal_data_whoever_wrote_it(web: Web, people):
    """Notices repeat the contact, the bot a contract number, and an agent's answer keeps what they wrote."""
    customer = web.customer()
    customer.say("bonjour")
    customer.until(lambda e: e["author"] == "bot" and e["seq"] > 1)
    web.http.post(f"{customer.url}/handover", json={"channel": "email", "contact": "jean.dupont@exemple.fr"}, headers=customer.headers)
    with web.services.database.write() as connection:
        store.append(connection, customer.id, [
            Draft("message", "bot", {"text": "Votre contrat C-12345678 est actif."}),
            Draft("message", "agent", {"text": "Je vous appelle au 06 39 98 12 34.",
                                       "translation": {"text": "I call you on 06 39 98 12 34."}})])
    got = people["analyst"].get(f"/conversations/{customer.id}").json()["transcript"]
    assert "jean.dupont" not in str(got)
    assert "12345678" not in str(got)
    assert "39 98" not in str(got)
    assert got[-1]["translation"]["text"] == "I call you on [téléphone]."


@pytest.mark.parametrize("days", [
    {"from": "0026-11-01", "to": "2026-11-26"}, {"from": "2026-11-01", "to": "9999-12-31"}, {"to": "0001-01-01"}])
def test_days_no_desk_has_lived_through_are_refused(people, days):
    for path in ("/metrics", "/metrics.csv", "/conversations"):
        assert people["analyst"].get(path, params=days).status_code == 400
    assert people["analyst"].get("/conversations", params={"day": "9999-12-31"}).status_code == 400


def test_the_dial_is_kept_and_bounded(people):
    assert people["lead"].put("/settings", json={"max_wrong": 0.1}).json() == {"max_wrong": 0.1}
    assert people["analyst"].get("/settings").json()["max_wrong"] == 0.1
    assert people["lead"].put("/settings", json={"max_wrong": 0.9}).status_code == 400


def test_the_inbox_hears_of_new_tickets(web: Web, people):
    got: list[str] = []
    ready = threading.Event()

    def listen():
        with people["agent"].stream("GET", "/events") as stream:
            for line in stream.iter_lines():
                ready.set()
                if line.startswith("data:"):
                    got.append(line)
                    return

    reader = threading.Thread(target=listen)
    reader.start()
    ready.wait(5)
    handed_over(web)
    reader.join(timeout=5)
    assert got


def test_too_many_tries_are_slowed_down(web: Web):
    codes = []
    for _ in range(12):
        got = web.http.post(f"{web.url}/api/v1/staff/login",
                            json={"username": "quelquun", "password": "faux-mot-de-passe"})
        codes.append(got.status_code)
    assert codes[0] == 401
    assert codes[-1] == 429
    assert int(got.headers["retry-after"]) > 0
    web.services.login_limit._windows.clear()


def test_pages_sign_in_with_a_cookie_and_write_with_its_csrf_token(web: Web):
    with httpx.Client(base_url=web.url) as browser:
        wrong = browser.post("/login", data={"username": "lead", "password": "non"})
        assert wrong.status_code == 401
        assert "relais_session" not in browser.cookies
        foreign = browser.post("/login", data={"username": "lead", "password": PASSWORD},
                               headers={"Origin": "https://ailleurs.example"})
        assert foreign.status_code == 403
        got = browser.post("/login", data={"username": "lead", "password": PASSWORD},
                           headers={"Origin": web.url})
        assert got.status_code == 303
        cookie = next(h for h in got.headers.get_list("set-cookie") if h.startswith("relais_session"))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert browser.get("/api/v1/staff/me").json()["role"] == "lead"
        body = {"max_wrong": 0.07}
        assert browser.put("/api/v1/staff/settings", json=body).status_code == 403
        assert browser.put("/api/v1/staff/settings", json=body,
                           headers={"X-CSRF-Token": "0" * 64}).status_code == 403
        good = browser.put("/api/v1/staff/settings", json=body,
                           headers={"X-CSRF-Token": browser.cookies["relais_csrf"]})
        assert good.status_code == 200
        browser.post("/logout", headers={"Origin": web.url})
        assert browser.get("/api/v1/staff/me").status_code == 401


def test_behind_a_proxy_the_form_may_come_from_the_address_customers_use(web: Web, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web.services.settings, "public_url", "https://Aide.example:8443/")
    for origin, status in (("https://aide.example:8443", 303), ("https://aide.example", 403), ("https://aide.example:8443.ailleurs.example", 403)):
        with httpx.Client(base_url=web.url) as browser:
            got = browser.post("/login", data={"username": "lead", "password": PASSWORD}, headers={"Origin": origin})
            assert got.status_code == status, origin
