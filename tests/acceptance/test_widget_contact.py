"""The widget's forms against the real endpoints: a call at a chosen time, the copy by e-mail, the way back from a mail."""

from __future__ import annotations

import re
import uuid
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bot.channels.setup import mailbox
from bot.worker import Worker
from tests.acceptance.widget_support import context, open_chat, say
from tests.web_support import Web

pytestmark = pytest.mark.browser


def mails_to(site: Web, address: str) -> list[str]:
    """Texts of the mails that have left for an address, oldest first."""
    worker = Worker(site.settings, site.services.database)
    while worker.deliver():
        pass
    found: list[str] = []
    for path in sorted((site.settings.home_path / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
        message: Any = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        if address in message["To"]:
            found.append(message.get_content())
    return found


def way_back(site: Web, text: str) -> str:
    """The link of a mail, at the address the test's server really has."""
    link = re.search(r"http\S+/widget/frame\S+", text)
    assert link, text
    return link[0].replace(site.settings.base_url, site.url)


def test_a_call_at_a_chosen_time(browser: Browser, site: Web) -> None:
    """The times offered are the server's, and the one chosen is in the agents' agenda."""
    visitor = context(browser, 360, 740)
    chat = open_chat(visitor.new_page(), site.url)
    chat.locator(".person").click()
    chat.locator(".option").nth(2).click()
    chat.locator("#hand-slot option").nth(3).wait_for(state="attached")
    chosen = chat.locator("#hand-slot option").nth(3).get_attribute("value")
    chat.locator("#hand-slot").select_option(chosen)
    chat.locator(".hand .primary").click()          # no number yet: said in place, nothing is sent
    expect(chat.locator("#hand-error")).not_to_be_empty()
    chat.locator("#hand-contact").fill("06 39 98 12 34")
    chat.locator(".hand .primary").click()
    expect(chat.locator(".notice").last).to_contain_text("C'est réservé")
    reference = re.search(r"SOL-\w+", chat.locator(".notice").filter(has_text="SOL-").first.inner_text())
    assert reference
    agenda = site.staff("agent").get("/callbacks").json()["callbacks"]
    assert [row["slot"] for row in agenda if row["reference"] == reference[0]] == [chosen]
    visitor.close()


def test_the_copy_by_e_mail(browser: Browser, site: Web) -> None:
    """A wrong address is told in place; a right one gets the conversation as it stands."""
    visitor = context(browser)
    chat = open_chat(visitor.new_page(), site.url)
    say(chat, "une copie pour mes dossiers")
    chat.get_by_text("Bien reçu : une copie pour mes dossiers").first.wait_for()
    chat.get_by_role("button", name="Options").click()
    chat.get_by_role("button", name="Recevoir par e-mail").click()
    chat.locator("#mail-to").fill("camille@")
    chat.locator(".mail .primary").click()
    expect(chat.locator("#mail-error")).not_to_be_empty()
    chat.locator("#mail-to").fill("copie@exemple.fr")
    chat.locator(".mail .primary").click()
    expect(chat.locator(".mail [role=status]")).to_be_visible()
    (text,) = mails_to(site, "copie@exemple.fr")
    assert "une copie pour mes dossiers" in text
    visitor.close()


def test_a_customer_who_wrote_a_mail_goes_on_in_the_chat(browser: Browser, site: Web) -> None:
    """The signed link of our answer opens the conversation on a device that never had it, both ways."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = "lea@exemple.fr", "aide@solenne.example", "Ma facture"
    message["Message-ID"] = f"<{uuid.uuid4().hex}@exemple.fr>"
    message.set_content("Bonjour, il manque une page à ma facture de mars.")
    taken = mailbox(site.settings, site.services.database).take(bytes(message))
    agent = site.staff("agent")
    assert agent.post(f"/tickets/{taken.reference}/reply", json={"text": "Bonjour Léa, la voici."}).status_code == 200
    link = way_back(site, mails_to(site, "lea@exemple.fr")[-1])

    visitor = context(browser, 390, 800)
    page = visitor.new_page()
    page.goto(link)
    expect(page.locator(".msg.customer").first).to_contain_text("il manque une page")
    expect(page.locator(".msg.agent").first).to_contain_text("la voici")
    assert "#" not in page.url, "the pass stays in no address bar"
    say(page, "Merci Léa à l'appareil, il manque aussi avril.")
    expect(page.locator(".msg.customer").last).to_contain_text("Envoyé")
    detail = agent.get(f"/tickets/{taken.reference}").json()
    assert "il manque aussi avril" in str(detail["transcript"])
    assert detail["status"] == "open"
    page.reload()
    expect(page.locator(".msg.customer")).to_have_count(2)
    visitor.close()


def test_a_damaged_link_opens_nothing_and_the_chat_still_works(browser: Browser, site: Web) -> None:
    """Whoever guesses a link, or comes after a month, is told so and starts a conversation of their own."""
    mine = site.customer()
    visitor = context(browser, 390, 800)
    page = visitor.new_page()
    page.goto(f"{site.url}/widget/frame?lang=fr#return={mine.id}+r1.9999999999.{'a' * 32}")
    page.locator(".msg.bot").first.wait_for()
    say(page, "je recommence")
    page.get_by_text("Bien reçu : je recommence").first.wait_for()
    assert "je recommence" not in str(mine.events())
    visitor.close()
