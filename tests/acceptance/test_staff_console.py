"""Leads in Chromium: write, preview, publish, compare, roll back; decide on what got no answer; the dial; a try."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.coverage import gaps
from bot.storage.clock import now_iso
from tests.acceptance.staff_support import Staff, browser, desk, staff  # noqa: F401
from tests.product import PASSWORD, Product
from tests.web_support import Customer, Web

pytestmark = pytest.mark.browser
SLUG = "aides-fsl"


def editing(people: Staff, slug: str = SLUG) -> Page:
    """The console with an article in the editor."""
    page = people.page("lead", f"/console#articles/{slug}/fr")
    expect(page.get_by_label("Titre")).not_to_have_value("")
    return page


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publier").click()
    expect(page.locator(".toast-ok").last).to_contain_text("est en ligne")


def test_preview_follows_the_typing_and_runs_nothing(staff: Staff) -> None:  # noqa: F811
    page = editing(staff)
    page.get_by_label("Article complet").fill(
        "## Étapes\n- **une** [suite](faq:delai-paiement)\n- <img src=x onerror=alert(1)> [non](javascript:alert(1))")
    preview = page.locator(".preview .sheet")
    expect(preview.get_by_role("heading", name="Étapes")).to_be_visible()
    expect(preview.locator("strong")).to_have_text("une")
    assert preview.locator("img, a[href^='javascript']").count() == 0
    expect(page.get_by_text("Modifications non publiées")).to_be_visible()


def test_publish_then_roll_back(desk: Web, staff: Staff) -> None:  # noqa: F811
    lead = desk.staff("lead")
    before = lead.get(f"/articles/{SLUG}").json()
    page = editing(staff)
    page.get_by_label("Réponse courte").fill("Une nouvelle réponse, en deux phrases. La voici.")
    publish(page)
    assert lead.get(f"/articles/{SLUG}").json()["answer"] == "Une nouvelle réponse, en deux phrases. La voici."

    page.locator("#versions summary").click()
    page.locator("#versions").get_by_role("button", name="Changements").first.click()
    expect(page.locator("#versions ins").first).to_contain_text("nouvelle")
    page.locator("#versions").get_by_role("button", name="Rétablir").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Rétablir").click()
    expect(page.locator("#edit-answer")).to_have_value(before["answer"])
    after = lead.get(f"/articles/{SLUG}").json()
    assert (after["answer"], after["version"]) == (before["answer"], before["version"] + 2)


def test_two_leads_at_once_lose_nothing(desk: Web, staff: Staff) -> None:  # noqa: F811
    staff.expected = ("409",)
    page = editing(staff, "delai-paiement")
    desk.staff("lead").put("/articles/delai-paiement", json={"title": "Titre de l'autre"})
    page.get_by_label("Titre").fill("Mon titre")
    page.get_by_role("button", name="Publier").click()
    dialog = page.get_by_role("dialog", name="Quelqu'un a publié entre-temps")
    expect(dialog).to_contain_text("Titre de l'autre")
    dialog.get_by_role("button", name="Continuer à écrire").click()
    expect(page.get_by_label("Titre")).to_have_value("Mon titre")
    assert desk.staff("lead").get("/articles/delai-paiement").json()["title"] == "Titre de l'autre"
    page.get_by_role("button", name="Publier").click()
    dialog.get_by_role("button", name="Publier mon texte").click()
    expect(page.locator(".toast-ok").last).to_contain_text("est en ligne")
    assert desk.staff("lead").get("/articles/delai-paiement").json()["title"] == "Mon titre"


def test_unpublished_changes_are_not_left_by_accident(staff: Staff) -> None:  # noqa: F811
    page = editing(staff)
    page.get_by_label("Titre").fill("Pas encore")
    page.get_by_role("tab", name="Essayer").click()
    page.get_by_role("dialog", name="Quitter sans publier ?").get_by_role("button", name="Annuler").click()
    expect(page.get_by_label("Titre")).to_have_value("Pas encore")
    assert "#articles/" in page.url
    # The same article once more, an earlier version of it, another language: each asks, and asks once.
    asked = page.get_by_role("dialog", name="Quitter sans publier ?")
    page.locator(f'.article-list [data-slug="{SLUG}"]').click()
    asked.get_by_role("button", name="Annuler").click()
    page.locator("#article-locale").select_option("nl")
    asked.get_by_role("button", name="Annuler").click()
    expect(page.get_by_label("Titre")).to_have_value("Pas encore")
    page.locator(f'.article-list [data-slug="{SLUG}"]').click()
    asked.get_by_role("button", name="Quitter", exact=True).click()
    expect(page.get_by_label("Titre")).not_to_have_value("Pas encore")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_new_article_that_is_begun_is_not_lost_to_another(staff: Staff) -> None:  # noqa: F811
    page = staff.page("lead", "/console#articles/new/fr")
    page.get_by_label("Titre").fill("Pas encore")
    page.locator("#article-new").click()
    page.get_by_role("dialog", name="Quitter sans publier ?").get_by_role("button", name="Annuler").click()
    expect(page.get_by_label("Titre")).to_have_value("Pas encore")
    page.locator("#article-locale").select_option("nl")
    page.get_by_role("dialog", name="Quitter sans publier ?").get_by_role("button", name="Quitter", exact=True).click()
    expect(page.locator("#edit-title")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_version_is_not_restored_over_a_colleagues_newer_one(desk: Web, staff: Staff) -> None:  # noqa: F811
    staff.expected = ("409",)
    lead, slug = desk.staff("lead"), "resilier-contrat"
    lead.put(f"/articles/{slug}", json={"title": "Mon titre"})
    page = editing(staff, slug)
    page.locator("#versions summary").click()
    expect(page.locator("#versions li")).to_have_count(2)
    lead.put(f"/articles/{slug}", json={"title": "Titre de l'autre"})
    page.get_by_label("Titre").fill("Pas encore")

    page.locator("#versions").get_by_role("button", name="Rétablir").last.click()
    page.get_by_role("dialog", name="Quitter sans publier ?").get_by_role("button", name="Annuler").click()
    expect(page.get_by_label("Titre")).to_have_value("Pas encore")
    page.locator("#versions").get_by_role("button", name="Rétablir").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Quitter", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Rétablir").click()
    expect(page.locator(".toast").last).to_contain_text("entre-temps")
    expect(page.locator("#versions li")).to_have_count(3)
    assert lead.get(f"/articles/{slug}").json()["title"] == "Titre de l'autre"


def test_a_search_left_in_the_list_hides_no_article_from_the_editor(desk: Web, staff: Staff) -> None:  # noqa: F811
    untranslated = "seulement-en-francais"
    desk.staff("lead").put(f"/articles/{untranslated}", json={"title": "Seulement en français", "answer": "Oui. Voilà."})
    page = staff.page("lead", "/console")
    expect(page.locator(".article-list button").nth(10)).to_be_visible()
    page.locator("#article-search").fill("FSL")
    expect(page.locator(".article-list button").nth(10)).to_have_count(0)
    page.locator("#article-locale").select_option("nl")
    page.locator("#article-search").fill("seulement")
    page.locator(f'[data-slug="{untranslated}"]').click()
    expect(page.get_by_role("button", name="Partir du français")).to_be_visible()
    page.locator("#article-locale").select_option("en")
    page.locator("#article-new").click()
    page.get_by_label("Titre").fill("Quite another thing")
    page.get_by_label("Réponse courte").fill("Yes. There it is.")
    publish(page)


def test_search_finds_articles_and_an_empty_list_helps(staff: Staff) -> None:  # noqa: F811
    page = staff.page("lead", "/console")
    expect(page.locator(".article-list button").nth(10)).to_be_visible()
    page.locator("#article-search").fill("FSL")
    expect(page.locator(f'[data-slug="{SLUG}"]')).to_be_visible()
    page.locator("#article-search").fill("introuvable")
    page.get_by_role("button", name="Voir tous les articles").click()
    expect(page.locator(".article-list button").nth(10)).to_be_visible()


def test_translation_starts_from_the_french(desk: Web, staff: Staff) -> None:  # noqa: F811
    missing = {a["id"] for a in desk.staff("lead").get("/articles?locale=fr").json()["articles"]}
    missing -= {a["id"] for a in desk.staff("lead").get("/articles?locale=nl").json()["articles"]}
    if not missing:
        pytest.skip("every article is translated into Dutch")
    slug = sorted(missing)[0]
    page = staff.page("lead", f"/console#articles/{slug}/nl")
    page.get_by_role("button", name="Partir du français").click()
    page.get_by_label("Titre").fill("Hulp om te betalen")
    publish(page)
    assert desk.staff("lead").get(f"/articles/{slug}?locale=nl").json()["title"] == "Hulp om te betalen"


def gap_row(web: Web, people: Staff, text: str) -> tuple[Page, object]:
    """The gaps with a customer's message among them."""
    web.customer().say(text)
    page = people.page("lead", "/console#gaps")
    row = page.locator(".gap", has_text=text)
    expect(row).to_be_visible()
    return page, row


def test_gap_becomes_a_phrasing(desk: Web, staff: Staff) -> None:  # noqa: F811
    text = "qui règle quand on a tout perdu"
    page, row = gap_row(desk, staff, text)
    row.get_by_role("button", name="Formulation d'un article").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Aides pour payer")).to_contain_text("62 %")
    dialog.get_by_role("button", name="Aides pour payer").click()
    expect(page.locator(".gap", has_text=text)).to_have_count(0)
    assert text in desk.staff("lead").get(f"/articles/{SLUG}").json()["variants"]


def test_gap_becomes_an_article(desk: Web, staff: Staff) -> None:  # noqa: F811
    text = "reprenez-vous les vieux panneaux"
    page, row = gap_row(desk, staff, text)
    row.get_by_role("button", name="Écrire un article").click()
    expect(page.get_by_label("Formulations de clients")).to_have_value(text)
    page.get_by_label("Titre").fill("Reprise des panneaux solaires à l'œuvre")
    expect(page.get_by_label("Identifiant")).to_have_value("reprise-des-panneaux-solaires-a-l-oeuvre")
    page.get_by_label("Réponse courte").fill("Nous ne les reprenons pas. Un point de collecte près de chez vous le fait.")
    publish(page)
    made = desk.staff("lead").get("/articles/reprise-des-panneaux-solaires-a-l-oeuvre").json()
    assert made["variants"] == [text]
    decided = desk.staff("lead").get("/gaps?decided=true").json()["gaps"]
    assert [g["decision"] for g in decided if g["text"] == text] == ["article"]


def test_gap_is_out_of_scope_even_a_long_one(desk: Web, staff: Staff) -> None:  # noqa: F811
    text = "mon voisin joue du tambour toute la nuit " + " ".join(f"et encore{n}" for n in range(25))
    page, row = gap_row(desk, staff, text)
    row.get_by_role("button", name="Hors sujet").click()
    page.get_by_role("dialog").get_by_role("button", name="Hors sujet").click()
    expect(page.locator(".gap", has_text="tambour")).to_have_count(0)


def test_most_frequent_first_or_newest_first(desk: Web, staff: Staff) -> None:  # noqa: F811
    for text in ("le facteur est passé", "le facteur est passé", "le plombier est passé"):
        desk.customer().say(text)
    page = staff.page("lead", "/console#gaps")
    expect(page.locator(".gap").first).to_contain_text("le facteur est passé")
    page.get_by_role("button", name="Les plus récents").click()
    expect(page.locator(".gap").first).to_contain_text("le plombier est passé")
    waiting = page.locator("#gap-count").inner_text()
    page.locator("#gap-language").select_option("nl")       # offered whether or not anyone asked in Dutch
    expect(page.get_by_text("Rien à régler")).to_be_visible()
    assert page.locator("#gap-count").inner_text() == waiting


def test_an_english_message_may_be_a_phrasing_of_a_french_article(desk: Web, staff: Staff) -> None:  # noqa: F811
    slug, text = "seulement-pour-les-francais", "can I pay with seashells"
    desk.staff("lead").put(f"/articles/{slug}", json={"title": "Seulement pour les Français", "answer": "Oui. Voilà."})
    customer = desk.customer()
    with desk.services.database.write() as connection:
        gaps.record_gap(connection, key="seashells", conversation_id=customer.id, seq=1, text=text, language="en",
                        candidates=[], at=now_iso())
    page = staff.page("lead", "/console#gaps")
    page.locator(".gap", has_text=text).get_by_role("button", name="Formulation d'un article").click()
    page.locator("#pick-search").fill("seulement pour")
    page.get_by_role("dialog").get_by_role("button", name="Seulement pour les Français").click()
    expect(page.locator(".gap", has_text=text)).to_have_count(0)
    assert text in desk.staff("lead").get(f"/articles/{slug}").json()["variants"]


def test_dial_says_what_it_means_and_is_kept(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = staff.page("lead", "/console#dial")
    dial = page.get_by_label("Part de réponses fausses acceptée")
    dial.fill("0.1")
    expect(page.locator("#panel-dial")).to_contain_text("environ une sur 10")
    page.get_by_role("button", name="Appliquer").click()
    expect(page.locator(".toast-ok")).to_contain_text("10 %")
    assert desk.staff("lead").get("/settings").json()["max_wrong"] == pytest.approx(0.1)


def test_try_shows_the_decision_and_its_evidence(staff: Staff) -> None:  # noqa: F811
    page = staff.page("lead", "/console#try")
    page.locator("#try-text").fill("qui peut m'aider à payer")
    page.locator("#panel-try").get_by_role("button", name="Essayer").click()
    result = page.locator("#try-result")
    expect(result).to_contain_text("Proposer des titres")
    expect(result.locator(".candidate").first).to_contain_text("Aides pour payer")
    expect(result.locator(".candidate").first).to_contain_text("62 %")


@pytest.mark.slow
def test_published_article_answers_the_next_customer(product: Product, browser: Browser) -> None:  # noqa: F811
    """The whole product: a new article is written in the browser and found by a customer two seconds later."""
    people = Staff(browser, product.url, PASSWORD)
    page = people.page("lead", "/console#articles/new/fr")
    page.get_by_label("Titre").fill("Recharger une trottinette en location")
    page.get_by_label("Réponse courte").fill("Les trottinettes de location se rechargent au dépôt de Nantes. C'est gratuit le mardi.")
    page.get_by_label("Formulations de clients").fill(
        "où recharger ma trottinette de location\ncharger une trottinette louée\ntrottinette louée batterie vide")
    publish(page)
    page.wait_for_timeout(2000)
    reply = _first_answer(product.customer(locale="fr"), "où recharger ma trottinette de location ?")
    people.close()
    assert "dépôt de Nantes" in reply["text"], reply


def _first_answer(customer: Customer, text: str) -> dict[str, object]:
    return customer.say(text, seconds=15)
