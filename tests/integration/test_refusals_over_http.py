"""The staff API refuses in the reader's language; programs that ask for none get English."""

from __future__ import annotations

import httpx
import pytest
from web_support import PASSWORD, Web, handed_over

FRENCH, ENGLISH = {"Accept-Language": "fr"}, {"Accept-Language": "en"}


def both(client: httpx.Client, method: str, path: str, **more: object) -> tuple[str, str]:
    """What is said in French and in English."""
    french, english, silent = (client.request(method, path, headers=headers, **more) for headers in (FRENCH, ENGLISH, {}))
    assert french.status_code == english.status_code >= 400
    assert silent.json()["detail"] == english.json()["detail"]
    return french.json()["detail"], english.json()["detail"]


def test_a_ticket_that_is_not_ones_own_or_not_there(web: Web, people):
    _, reference = handed_over(web)
    assert people["agent"].post(f"/tickets/{reference}/take").status_code == 200
    assert both(people["lead"], "POST", f"/tickets/{reference}/take") == ("Ana a déjà cette demande.", "Ana already has this ticket.")
    assert both(people["lead"], "GET", "/tickets/SOL-ZZZZZZ") == ("La demande SOL-ZZZZZZ n'existe pas.", "There is no ticket SOL-ZZZZZZ.")
    assert people["agent"].post(f"/tickets/{reference}/resolve").status_code == 200
    assert both(people["agent"], "POST", f"/tickets/{reference}/resolve")[0] == "Cette demande est résolue : l'action n'est plus possible."


def test_each_of_several_says_why_in_french(web: Web, people):
    body = {"references": ["SOL-ZZZZZZ"], "action": "take"}
    got = people["agent"].post("/tickets/bulk", json=body, headers=FRENCH).json()["results"]
    assert got == [{"reference": "SOL-ZZZZZZ", "ok": False, "detail": "La demande SOL-ZZZZZZ n'existe pas."}]
    assert people["agent"].post("/tickets/bulk", json=body).json()["results"][0]["detail"] == "There is no ticket SOL-ZZZZZZ."


def test_macros_rights_and_sign_in(web: Web, people):
    texts = {"name": "Rappel", "theme": None, "texts": {"fr": "Bonjour {{customer.nam}}"}}
    assert both(people["lead"], "POST", "/macros", json=texts) == (
        "FR : Personne ne peut remplir {{customer.nam}}. Vouliez-vous dire {{customer.name}} ?",
        "FR: Nobody can fill {{customer.nam}}. Did you mean {{customer.name}}?")
    assert both(people["analyst"], "GET", "/tickets")[0] == "Votre rôle (analyst) ne permet pas cela."
    wrong = web.http.post(f"{web.url}/api/v1/staff/login", json={"username": "agent", "password": PASSWORD + "x"}, headers=FRENCH)
    assert wrong.json()["detail"] == "L'identifiant ou le mot de passe n'est pas le bon."


@pytest.mark.parametrize(("language", "nothing", "json"), [
    ("fr", "rien à cette adresse", "JSON valide"), ("en", "nothing at this address", "valid JSON"), ("nl", "niets op dit adres", "geldige JSON"),
    ("es-MX", "nada en esta dirección", "JSON válido"), ("de-AT", "gibt es nichts", "gültiges JSON"), ("it", "non c'è nulla", "JSON valido"),
])
def test_a_customer_reads_general_refusals_in_their_language(web: Web, language: str, nothing: str, json: str):
    headers = {"Accept-Language": language}
    assert nothing in web.http.get(f"{web.url}/api/v1/nothing", headers=headers).json()["detail"]
    sent = web.http.post(f"{web.url}/api/v1/conversations", content=b"{", headers=headers | {"Content-Type": "application/json"})
    assert (sent.status_code, json in sent.json()["detail"]) == (400, True)


def test_a_body_of_another_form(people):
    french, english = both(people["agent"], "POST", "/tickets/bulk", json={"references": ["x"] * 101, "action": "dance"})
    assert french == ("L'envoi n'a pas la forme attendue (references: 100 éléments au plus; "
                      "action: n'est pas une des valeurs possibles).")
    assert english.startswith("What was sent does not have the expected form (references: ensure this value has at most 100 items;")
