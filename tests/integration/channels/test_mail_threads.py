"""Mail in and out, on both databases: the right ticket, once, and nobody else's."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import time
import uuid
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from web_support import ALWAYS, Web, make_settings, running

from bot.attachments import store as attachments
from bot.attachments.files import Files
from bot.channels.imap import ImapFetcher
from bot.channels.presence import mark
from bot.channels.setup import addresses, mailbox
from bot.conversations import intake, store
from bot.desk import search
from bot.errors import BadInput, Unavailable
from bot.handover.service import hand_over
from bot.integrations.mail import AddressRefused, Mail
from bot.jobs.chores import retain
from bot.jobs.listing import jobs
from bot.settings import Settings
from bot.staff.accounts import Member
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import attachment_removals, conversations, mail_messages, tickets
from bot.tickets import service
from bot.tickets import store as ticket_store
from bot.tickets.hours import desk
from bot.tickets.merge import merge
from bot.web.routes import chat as chat_routes
from bot.web.routes import staff_insight
from bot.worker import Worker
from tests.standins.imap import Mailbox as ImapStandIn
from tests.standins.passing import due_now

AGENT = Member("agent", "Ana", "agent")
CUSTOMER = "camille@exemple.fr"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, None, database_url=database_url, opening_hours=ALWAYS,
                         mail_inbound_address="aide@solenne.example", mail_per_sender=6, mail_per_ticket=8)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


def mail(text: str = "Voici mon relevé : 4512", *, sender: str = CUSTOMER, to: str = "aide@solenne.example",
         subject: str = "Ma facture", answers: str = "", message_id: str = "", **headers: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{message_id or uuid.uuid4().hex}@exemple.fr>"
    if answers:
        message["In-Reply-To"] = f"<{answers}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


def chat(database: Database, settings: Settings, channel: str = "email", contact: str | None = CUSTOMER) -> str:
    """A chat that became a ticket; its reference."""
    with database.write() as connection:
        conversation, token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        intake.accept(connection, conversation.id, token, client_message_id=uuid.uuid4().hex,
                      text="ma facture est fausse", choice=None, knows_article=lambda s, language: None, lease_seconds=5)
    with database.write() as connection:
        return hand_over(connection, store.get(connection, conversation.id, lock=True), desk=desk(settings),
                         now=utcnow(), channel=channel, contact=contact).reference


def spooled(settings: Settings) -> list[Any]:
    found = [BytesParser(policy=policy.default).parsebytes(path.read_bytes())
             for path in sorted((settings.home_path / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns)]
    return found


def deliver(settings: Settings, database: Database) -> list[Any]:
    worker = Worker(settings, database)
    while worker.deliver():
        pass
    return spooled(settings)


def ticket(database: Database, reference: str) -> dict[str, Any]:
    with database.read() as connection:
        return ticket_store.get(connection, reference)


def said(database: Database, reference: str) -> list[str]:
    """What the customer said in the ticket's conversation."""
    with database.read() as connection:
        row = ticket_store.get(connection, reference)
        return [event.text for event in store.all_events(connection, row["conversation_id"])
                if event.author == "customer" and event.kind == "message"]


def with_file(raw: bytes, content: bytes) -> bytes:
    """The mail with a PDF added to it."""
    message = BytesParser(policy=policy.SMTP).parsebytes(raw)
    message.add_attachment(content, maintype="application", subtype="pdf", filename="relevé.pdf")
    return bytes(message)


def kept(settings: Settings) -> list[Path]:
    """Files on disk."""
    return [path for path in (settings.home_path / "attachments").glob("??/*") if path.is_file()]


def notes(database: Database, reference: str) -> list[str]:
    with database.read() as connection:
        return [line["detail"].get("code", "") for line in ticket_store.history(connection, reference)]


def test_a_thread_by_mail_goes_back_and_forth_in_one_ticket(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    assert reference in confirmation["Subject"]
    assert confirmation["Auto-Submitted"] == "auto-generated"
    box = mailbox(settings, database)
    first = mail("Il manque 12 €.\n\nLe 3 mars 2025, Solenne <a@b.fr> a écrit :\n> Bonjour", subject="Re: x",
                 to=str(confirmation["Reply-To"]), answers=str(confirmation["Message-ID"])[1:-1])
    assert box.take(first).outcome == "stored"
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Je corrige votre facture.")
    answer = deliver(settings, database)[-1]
    assert "Auto-Submitted" not in answer            # a person wrote it
    their_id = BytesParser(policy=policy.default).parsebytes(first)["Message-ID"]
    assert answer["In-Reply-To"] == their_id
    assert str(confirmation["Message-ID"]) in answer["References"]
    assert ticket(database, reference)["status"] == "pending"
    again = mail("Merci mais la date est fausse aussi, regardez.", to=str(answer["Reply-To"]))
    assert box.take(again).reference == reference
    assert ticket(database, reference)["status"] == "open"
    assert said(database, reference)[1:] == ["Il manque 12 €.", "Ma facture\n\nMerci mais la date est fausse aussi, regardez."]
    with database.write() as connection:
        service.resolve(connection, reference, AGENT)
    assert box.take(mail("Le montant est encore faux, pouvez-vous regarder ?", to=str(answer["Reply-To"]))).outcome == "stored"
    assert ticket(database, reference)["status"] == "open"


def test_the_same_mail_twice_is_one_message(database, settings) -> None:
    reference = chat(database, settings)
    address = addresses(settings).reply_to(reference)
    box, one = mailbox(settings, database), mail(to=address)
    assert [box.take(one).outcome for _ in range(3)] == ["stored", "duplicate", "duplicate"]
    assert len(said(database, reference)) == 2


def test_a_forged_in_reply_to_gets_a_ticket_of_its_own(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    taken = mailbox(settings, database).take(
        mail("Changez l'IBAN svp", sender="voleur@exemple.org", subject=f"Re: [{reference}]",
             answers=str(confirmation["Message-ID"])[1:-1]))
    assert taken.outcome == "unverified"
    assert taken.reference != reference
    assert said(database, reference) == ["ma facture est fausse"]
    other = ticket(database, taken.reference)
    assert other["packet"]["unverified_sender"] is True
    assert other["packet"]["claims"] == reference
    assert "mail_unverified" in notes(database, taken.reference)


def test_a_tag_with_a_wrong_signature_opens_nothing(database, settings) -> None:
    reference = chat(database, settings)
    forged = f"aide+T-{reference}-{'a' * 16}@solenne.example"
    taken = mailbox(settings, database).take(mail(sender="x@exemple.org", to=forged, subject="bonjour"))
    assert (taken.outcome, taken.reference == reference) == ("stored", False)


def test_the_contact_may_answer_by_reference_alone_unless_our_server_calls_it_forged(database, settings) -> None:
    reference = chat(database, settings)
    by_subject = {"subject": f"Re: [{reference}] Votre demande", "to": "aide@solenne.example"}
    assert mailbox(settings, database).take(mail(**by_subject)).reference == reference
    strict = settings.copy(update={"mail_authserv": "mx.solenne.example"})
    forged = mail(Authentication_Results="mx.solenne.example; dmarc=fail", **by_subject)
    assert mailbox(strict, database).take(forged).outcome == "unverified"
    good = mail(Authentication_Results="mx.solenne.example; dmarc=pass", **by_subject)
    assert mailbox(strict, database).take(good).reference == reference


def test_an_unknown_mail_opens_a_conversation_and_a_ticket_in_its_language(database, settings) -> None:
    taken = mailbox(settings, database).take(
        mail("Good morning, my electricity bill is far too high this month. Could you check it please?",
             subject="My bill", sender="kim@example.org"))
    row = ticket(database, taken.reference)
    assert (row["channel"], row["locale"], row["packet"]["contact"]) == ("email", "en", "kim@example.org")
    assert "far too high" in row["packet"]["request"]
    (confirmation,) = deliver(settings, database)
    assert (confirmation["To"], "Your request" in confirmation["Subject"]) == ("kim@example.org", True)


def test_danger_in_a_mail_is_urgent(database, settings) -> None:
    taken = mailbox(settings, database).take(mail("Ça sent le gaz dans ma cuisine, que faire ?", subject="urgent"))
    row = ticket(database, taken.reference)
    assert (row["priority"], row["queue"], row["packet"]["instructed"]) == (0, "urgent", "gas")


@pytest.mark.parametrize(("subject", "text", "kind", "number"), [
    ("Bonjour", "je vais me tuer, je n'en peux plus", "self_harm", "3114"),
    ("Ma facture", "je vais venir vous tuer avec un fusil", "threat", "17"),
    ("mon compte a été piraté", "", "fraud", "17cyber"),
    ("My bill", "I want to die, there is nothing left for me", "self_harm", "3114"),
    ("Odeur de gaz chez moi", "", "gas", "0 800 47 33 33"),
    ("Odeur de gaz chez moi", "Bonjour, voir objet.", "gas", "0 800 47 33 33"),
])
def test_danger_in_a_first_mail_goes_to_its_lane_and_is_answered_with_whom_to_call(
    database, settings, subject, text, kind, number
) -> None:
    taken = mailbox(settings, database).take(mail(text, subject=subject))
    row = ticket(database, taken.reference)
    trust = kind in ("self_harm", "threat", "fraud")
    assert (row["priority"], row["queue"]) == (0, "trust-safety" if trust else "urgent")
    assert row["packet"]["instructed"] == kind
    assert (kind.replace("_", "-") in row["tags"]) == trust
    (sent,) = deliver(settings, database)
    words = sent.get_content()
    assert (sent["To"], number in words) == (CUSTOMER, True)
    assert "À très vite" not in words
    assert "Speak soon" not in words


def test_danger_in_an_answer_is_answered_by_mail_once(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    box, to = mailbox(settings, database), str(confirmation["Reply-To"])
    box.take(mail("", to=to, subject="Odeur de gaz chez moi"))
    row = ticket(database, reference)
    assert (row["priority"], row["queue"]) == (0, "urgent")
    _, sent = deliver(settings, database)
    assert (sent["To"], reference in sent["Subject"], "0 800 47 33 33" in sent.get_content()) == (CUSTOMER, True, True)
    assert "Reprenez la conversation" in sent.get_content()
    box.take(mail("Je disais donc : odeur de gaz chez moi !", to=to))
    assert len(deliver(settings, database)) == 2


def test_danger_from_another_address_is_answered_there_without_a_way_into_the_chat(database, settings) -> None:
    reference = chat(database, settings)
    deliver(settings, database)
    mailbox(settings, database).take(mail("Ça sent le gaz ici", to=addresses(settings).reply_to(reference), sender="kim@exemple.org"))
    _, sent = deliver(settings, database)
    assert (sent["To"], "0 800 47 33 33" in sent.get_content()) == ("kim@exemple.org", True)
    assert "Reprenez la conversation" not in sent.get_content()
    assert ticket(database, reference)["packet"]["contact"] == CUSTOMER


def test_danger_in_a_mail_about_a_settled_request_opens_it_for_whoever_is_there(database, settings) -> None:
    """Its agent is not signed in, and so lets go of it."""
    reference = chat(database, settings)
    with database.write() as connection:
        service.resolve(connection, reference, AGENT)
    before = len(deliver(settings, database))
    mailbox(settings, database).take(mail("merci", subject="je vais me tuer", to=addresses(settings).reply_to(reference)))
    row = ticket(database, reference)
    assert (row["status"], row["priority"], row["assignee"], "self-harm" in row["tags"]) == ("open", 0, None, True)
    assert "3114" in deliver(settings, database)[before:][0].get_content()


def test_the_subject_of_a_mail_is_part_of_the_request(database, settings) -> None:
    box = mailbox(settings, database)
    taken = box.take(mail("Bonjour, voir objet. Cordialement", subject="Résiliation au 31 mars, compteur 12345"))
    request = ticket(database, taken.reference)["packet"]["request"]
    assert request == "Résiliation au 31 mars, compteur 12345\n\nBonjour, voir objet. Cordialement"
    search.catch_up(database)
    with database.read() as connection:
        assert [hit.reference for hit in search.find(connection, "résiliation")] == [taken.reference]
    (confirmation,) = deliver(settings, database)
    answers = {"to": str(confirmation["Reply-To"]), "answers": str(confirmation["Message-ID"])[1:-1]}
    box.take(mail("Plutôt le 30.", subject=f"Re: {confirmation['Subject']}", **answers))
    box.take(mail("Et le gaz ?", subject="RE: Résiliation au 31 mars, compteur 12345", to=answers["to"]))
    box.take(mail("Le 28, le 28 !", subject="Nouvelle date : le 28", **answers))
    assert said(database, taken.reference)[1:] == ["Plutôt le 30.", "Et le gaz ?", "Nouvelle date : le 28\n\nLe 28, le 28 !"]


def test_whoever_has_the_tag_may_write_but_answers_go_to_the_contact(database, settings) -> None:
    reference = chat(database, settings)
    with database.write() as connection:
        service.hand_back(connection, reference, AGENT)
    before = len(deliver(settings, database))
    taken = mailbox(settings, database).take(
        mail("Je suis sa sœur, et moi ?", to=addresses(settings).reply_to(reference), sender="kim@exemple.org"))
    assert (taken.outcome, taken.reference) == ("stored", reference)
    row = ticket(database, reference)
    assert (row["status"] == "solved", row["packet"]["contact"]) == (False, CUSTOMER)
    with database.read() as connection:
        assert store.get(connection, row["conversation_id"]).contact == CUSTOMER
    assert {sent["To"] for sent in deliver(settings, database)[before:]} <= {CUSTOMER}


def test_a_closed_ticket_is_followed_by_a_new_one_that_names_it(database, settings) -> None:
    reference = chat(database, settings)
    with database.write() as connection:
        service.resolve(connection, reference, AGENT)
        ticket_store.close_solved(connection, later(60))
    taken = mailbox(settings, database).take(mail("Toujours faux.", to=addresses(settings).reply_to(reference)))
    assert taken.reference not in (None, reference)
    assert "mail_follows" in notes(database, taken.reference)
    assert ticket(database, reference)["status"] == "closed"


def test_thanks_by_mail_do_not_reopen(database, settings) -> None:
    reference = chat(database, settings)
    with database.write() as connection:
        service.resolve(connection, reference, AGENT)
    mailbox(settings, database).take(mail("Merci beaucoup !", to=addresses(settings).reply_to(reference)))
    assert ticket(database, reference)["status"] == "solved"
    assert said(database, reference)[-1] == "Ma facture\n\nMerci beaucoup !"


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "auto_reply"}])
def test_automatic_answers_are_noted_and_never_answered(database, settings, headers) -> None:
    reference = chat(database, settings)
    deliver(settings, database)
    before = len(spooled(settings))
    taken = mailbox(settings, database).take(
        mail("Je suis absent.", to=addresses(settings).reply_to(reference), **headers))
    assert taken.outcome == "auto"
    assert len(said(database, reference)) == 1
    assert len(deliver(settings, database)) == before


def test_our_own_mail_that_comes_back_starts_no_loop(database, settings) -> None:
    own = mail(sender="bonjour@solenne-energie.example")
    assert mailbox(settings, database).take(own).outcome == "auto"
    assert mailbox(settings, database).take(mail(sender="aide@solenne.example")).outcome == "auto"


def bounced(confirmation: Any) -> bytes:
    """What a mail server says of a mail of ours that it will never deliver."""
    bounce = EmailMessage(policy=policy.SMTP)
    bounce["From"], bounce["Subject"] = "MAILER-DAEMON@mx.example", "Undelivered"
    bounce["Message-ID"] = "<bounce@mx.example>"
    bounce.set_content("failed")
    bounce.make_mixed()
    bounce.set_type("multipart/report")
    bounce.set_param("report-type", "delivery-status")
    raw = bytes(bounce).replace(
        b"failed", b"failed", 1)
    boundary = bounce.get_boundary().encode()
    extra = (b"--" + boundary + b"\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
             b"--" + boundary + b"\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: "
             + str(confirmation["Message-ID"]).encode() + b"\r\n\r\n--" + boundary + b"--")
    return raw.replace(b"--" + boundary + b"--", extra)


def test_a_bounce_is_told_to_agents_and_stops_further_mails(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    taken = mailbox(settings, database).take(bounced(confirmation))
    assert (taken.outcome, taken.reference) == ("bounce", reference)
    assert "mail_bounced" in notes(database, reference)
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Bonjour")
    assert len(deliver(settings, database)) == 1      # the confirmation, and nothing since


def renamed(database: Database, reference: str, contact: str) -> None:
    """The ticket's contact is put right."""
    with database.write() as connection:
        row = ticket_store.get(connection, reference)
        connection.execute(sa.update(tickets).where(tickets.c.reference == reference).values(
            packet=row["packet"] | {"contact": contact}))


def test_a_bounce_of_the_address_before_does_not_silence_the_one_that_was_put_right(database, settings) -> None:
    reference = chat(database, settings, contact="camile@exemple.fr")
    (confirmation,) = deliver(settings, database)
    renamed(database, reference, CUSTOMER)
    taken = mailbox(settings, database).take(bounced(confirmation))
    assert (taken.outcome, taken.reference) == ("bounce", reference)
    assert "mail_bounced" not in notes(database, reference)
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Bonjour")
    assert deliver(settings, database)[-1]["To"] == CUSTOMER


class Refusing:
    """A mail server that knows nobody, or lets nobody send."""

    def __init__(self, error: BadInput) -> None:
        self.error = error

    def send(self, mail: Mail) -> str:
        raise self.error


@pytest.mark.parametrize("merged", [False, True])
def test_an_address_that_the_server_refuses_is_told_to_agents_once(database, settings, merged) -> None:
    reference = told = chat(database, settings)
    if merged:
        told = chat(database, settings)
        with database.write() as connection:
            merge(connection, reference, AGENT, into=told)
    else:
        with database.write() as connection:
            service.reply(connection, reference, AGENT, "Bonjour")
    Worker(settings, database, Refusing(AddressRefused("nobody here"))).deliver()
    assert ticket(database, told)["packet"]["contact_bounced"] == CUSTOMER
    assert notes(database, told).count("mail_bounced") == 1
    with database.read() as connection:
        assert "nobody here" in [job["error"] for job in jobs(connection, state="dead")]


def test_a_refusal_that_is_not_the_addresss_fault_or_of_the_address_before_is_not_held_against_it(database, settings) -> None:
    reference = chat(database, settings)
    Worker(settings, database, Refusing(BadInput("not from here"))).deliver()
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Bonjour")
    renamed(database, reference, "juste@exemple.fr")
    Worker(settings, database, Refusing(AddressRefused("nobody here"))).deliver()
    assert "contact_bounced" not in ticket(database, reference)["packet"]
    assert "mail_bounced" not in notes(database, reference)


@pytest.mark.parametrize("text", ["Voici votre contrat.", ""])
def test_a_file_sent_to_who_waits_by_mail_is_named_there_with_the_way_to_it(database, settings, text) -> None:
    reference = chat(database, settings)
    before = {mail["Message-ID"] for mail in deliver(settings, database)}
    with database.write() as connection:
        row = attachments.add(connection, conversation_id=ticket(database, reference)["conversation_id"], author="agent",
                              name="contrat.pdf", kind="application/pdf", size=9, sha256="0" * 64, uploader=AGENT.username)
        service.reply(connection, reference, AGENT, text, [row["id"]])
    (answer,) = (mail for mail in deliver(settings, database) if mail["Message-ID"] not in before)
    words = answer.get_content().replace("\r\n", "\n")
    assert words.startswith(f"Bonjour,\n\n{text}\n\n".replace("\n\n\n\n", "\n\n") + "Nous vous envoyons : contrat.pdf.")
    assert words.index("contrat.pdf") < words.index("http")


def test_a_bounce_on_a_merged_ticket_is_told_to_the_one_that_goes_on(database, settings) -> None:
    gone = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    kept = chat(database, settings)
    deliver(settings, database)
    with database.write() as connection:
        merge(connection, gone, AGENT, into=kept)
    taken = mailbox(settings, database).take(bounced(confirmation))
    assert (taken.outcome, taken.reference) == ("bounce", kept)
    assert "mail_bounced" in notes(database, kept)
    assert ticket(database, kept)["packet"]["contact_bounced"] == CUSTOMER


def test_an_address_that_writes_again_after_a_bounce_is_written_to_again(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    box = mailbox(settings, database)
    box.take(bounced(confirmation))
    box.take(mail(to=str(confirmation["Reply-To"]), sender="autre@exemple.fr"))      # someone else: no sign of life
    assert ticket(database, reference)["packet"]["contact_bounced"] == CUSTOMER
    writes = mail(to=str(confirmation["Reply-To"]), sender="Camille@exemple.fr")
    box.take(writes)
    box.take(writes)
    assert "contact_bounced" not in ticket(database, reference)["packet"]
    assert notes(database, reference).count("mail_works_again") == 1
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Bonjour")
    assert len(deliver(settings, database)) == 2


def test_an_address_given_again_after_a_bounce_is_tried_again(database, settings) -> None:
    reference = chat(database, settings)
    (confirmation,) = deliver(settings, database)
    mailbox(settings, database).take(bounced(confirmation))
    for contact, mails in ((None, 1), (CUSTOMER, 2), (CUSTOMER, 2)):      # not named; named; and the same twice
        with database.write() as connection:
            conversation = store.get(connection, ticket(database, reference)["conversation_id"], lock=True)
            hand_over(connection, conversation, desk=desk(settings), now=utcnow(), channel="email", contact=contact)
        assert len(deliver(settings, database)) == mails
    assert "contact_bounced" not in ticket(database, reference)["packet"]


def test_a_mail_bomb_is_cut_off_with_one_note(database, settings) -> None:
    reference = chat(database, settings)
    address = addresses(settings).reply_to(reference)
    box = mailbox(settings, database)
    mails = [with_file(mail(f"numéro {n}", to=address), b"%PDF-1.4\n%" + str(n).encode() + b"\n%%EOF\n") for n in range(12)]
    outcomes = [box.take(raw).outcome for raw in mails]
    assert outcomes == ["stored"] * 8 + ["limited"] * 4
    assert notes(database, reference).count("mail_limited") == 1
    several = [box.take(mail(f"n{n}", to=address, sender=f"u{n}@exemple.org")).outcome for n in range(3)]
    assert several == ["limited"] * 3                # whoever sends them
    assert box.take(mails[-1]).outcome == "limited"  # and the same once more, with nothing said again
    assert notes(database, reference).count("mail_limited") == 1
    assert len(kept(settings)) == 8                  # files of mails left out are not kept
    with database.write() as connection:
        connection.execute(sa.update(mail_messages).values(at=later(-4000)))
    assert box.take(mail("une heure après", to=address)).outcome == "stored"
    assert [box.take(mails[-1]).outcome for _ in range(2)] == ["stored", "duplicate"]      # it comes again, in time
    assert len(kept(settings)) == 9


def test_mails_in_a_customers_name_do_not_keep_their_answers_out(database, settings) -> None:
    reference = chat(database, settings)
    box = mailbox(settings, database)
    bomb = [with_file(mail(f"numéro {n}"), b"%PDF-1.4\n%" + str(n).encode() + b"\n%%EOF\n") for n in range(9)]
    assert [box.take(raw).outcome for raw in bomb] == ["stored"] * 6 + ["limited"] * 3
    assert len(kept(settings)) == 6
    assert box.take(mail("Ma vraie réponse", to=addresses(settings).reply_to(reference))).outcome == "stored"
    assert said(database, reference)[-1].endswith("Ma vraie réponse")


def test_what_our_server_calls_forged_does_not_count_as_the_customers(database, settings) -> None:
    strict = settings.copy(update={"mail_authserv": "mx.solenne.example"})
    box = mailbox(strict, database)
    for n in range(7):
        box.take(mail(f"numéro {n}", Authentication_Results="mx.solenne.example; dmarc=fail"))
    good = mail("C'est bien moi", Authentication_Results="mx.solenne.example; dmarc=pass")
    assert box.take(good).outcome == "stored"


def test_mails_to_a_closed_request_have_the_senders_limit(database, settings) -> None:
    reference = chat(database, settings)
    with database.write() as connection:
        service.resolve(connection, reference, AGENT)
        ticket_store.close_solved(connection, later(60))
    box, address = mailbox(settings, database), addresses(settings).reply_to(reference)
    assert [box.take(mail(f"n{n}", to=address)).outcome for n in range(8)] == ["stored"] * 6 + ["limited"] * 2


def test_files_a_conversation_has_no_room_for_do_not_stay_on_disk(database, settings) -> None:
    tight = settings.copy(update={"attachments_per_conversation": 1})
    raw = mail("Deux pièces", sender="lou@exemple.fr")
    for n in range(2):
        raw = with_file(raw, b"%PDF-1.4\n%" + str(n).encode() + b"\n%%EOF\n")
    assert mailbox(tight, database).take(raw).outcome == "stored"
    files = Files(settings.home_path / "attachments")
    assert (attachments.purge(database, files), len(kept(settings))) == (0, 2)      # one may still be on its way in
    with database.write() as connection:
        connection.execute(sa.update(attachment_removals).values(at=later(-1)))
    assert (attachments.purge(database, files), len(kept(settings))) == (1, 1)


def test_files_are_kept_and_those_that_may_not_be_are_named(database, settings) -> None:
    reference = chat(database, settings)
    message = BytesParser(policy=policy.SMTP).parsebytes(mail(to=addresses(settings).reply_to(reference)))
    message.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="relevé.pdf")
    message.add_attachment(b"MZ\x90\x00" + b"\0" * 200, maintype="application", subtype="octet-stream", filename="a.exe")
    message.add_attachment(b"x" * (settings.attachment_max_bytes + 1), maintype="text", subtype="plain", filename="gros.txt")
    assert mailbox(settings, database).take(bytes(message)).outcome == "stored"
    with database.read() as connection:
        row = ticket_store.get(connection, reference)
        event = store.all_events(connection, row["conversation_id"])[-1]
        events = [e for e in store.all_events(connection, row["conversation_id"]) if e.payload.get("via") == "email"]
    assert event
    assert [item["name"] for item in events[0].payload["attachments"]] == ["relevé.pdf"]
    assert "a.exe" in events[0].text
    assert "gros.txt" in events[0].text


def test_a_chat_answer_is_mailed_only_to_who_has_left_without_reading_it(database, settings) -> None:
    reference = chat(database, settings, channel="chat")
    with database.write() as connection:
        row = ticket_store.get(connection, reference)
        connection.execute(sa.update(tickets).values(packet=row["packet"] | {"contact": CUSTOMER}))
        service.reply(connection, reference, AGENT, "Première réponse")
    assert deliver(settings, database) == []          # not yet
    due_now(database)
    with database.write() as connection:
        mark(connection, row["conversation_id"])
    assert deliver(settings, database) == []          # read on the page
    with database.write() as connection:
        service.reply(connection, reference, AGENT, "Seconde réponse")
    time.sleep(0.01)
    due_now(database)
    (sent,) = deliver(settings, database)
    assert "Seconde réponse" in sent.get_content()


def test_imap_takes_in_what_is_unread_and_marks_it_only_when_stored(database, settings) -> None:
    server = ImapStandIn("geheim")
    try:
        wanted = settings.copy(update={
            "imap_host": "127.0.0.1", "imap_port": server.port, "imap_user": "aide", "imap_tls": False,
            "imap_password": SecretStr("geheim"), "mail_max_bytes": 20_000})
        garbled = server.arrive(b"From: a@exemple.fr\r\nContent-Type: text/plain; charset*\r\n\r\nx")
        first, broken = server.arrive(mail("un")), server.arrive(b"Subject: personne\r\n\r\nx")
        large = server.arrive(mail("x" * 30_000))
        fetcher = ImapFetcher(wanted, mailbox(wanted, database).take)
        assert fetcher.fetch() == 1
        assert server.flags[first] == {"\\Seen"}
        assert server.flags[garbled] == server.flags[broken] == server.flags[large] == {"\\Seen", "\\Flagged"}
        assert fetcher.fetch() == 0
        for n in range(6):
            server.arrive(mail(f"numéro {n}"))
        assert fetcher.fetch() == 5
        beyond = max(server.flags)
        assert server.flags[beyond] == {"\\Seen", "\\Flagged"}      # over the limit of an hour
        with database.write() as connection:
            connection.execute(sa.update(mail_messages).values(at=later(-4000)))
        server.flags[beyond].clear()                                # a person marks it unread: taken in now
        assert fetcher.fetch() == 1

        def fails(raw: bytes) -> None:
            raise Unavailable("the database is away")

        second = server.arrive(mail("deux"))
        with pytest.raises(Unavailable):
            ImapFetcher(wanted, fails).fetch()
        assert server.flags[second] == set()
        assert fetcher.fetch() == 1
        with pytest.raises(Unavailable):
            ImapFetcher(wanted.copy(update={"imap_password": SecretStr("x")}), fails).fetch()
    finally:
        server.stop()
    with pytest.raises(Unavailable):
        fetcher.fetch()


def sign(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"m1.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "m1", "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with running(tmp_path_factory.mktemp("home"), None, mail_inbound_secret=SecretStr("geheim"),
                 mail_inbound_address="aide@solenne.example", mail_max_bytes=300_000) as made:
        yield made


def test_mail_by_webhook_must_be_signed_and_fresh(hooked: Web) -> None:
    url, body = f"{hooked.url}/api/v1/inbound/mail", mail("par webhook", sender="lou@exemple.fr")
    for headers in ({}, sign("falsch", body), sign("geheim", body + b"x"), sign("geheim", body, time.time() - 3600),
                    sign("geheim", body) | {"webhook-signature": "v1,%%%"}):
        answer = hooked.http.post(url, content=body, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"
    taken = hooked.http.post(url, content=body, headers=sign("geheim", body))
    assert taken.status_code == 202, taken.text
    assert taken.json()["outcome"] == "stored"
    again = hooked.http.post(url, content=body, headers=sign("geheim", body))
    assert again.json()["outcome"] == "duplicate"
    found = hooked.staff("agent").get(f"/tickets/{taken.json()['ticket']}").json()
    assert [e["text"] for e in found["transcript"] if e["author"] == "customer"] == ["Ma facture\n\npar webhook"]


def test_a_mail_beyond_the_hourly_limit_is_to_be_posted_again_later(hooked: Web) -> None:
    url, most = f"{hooked.url}/api/v1/inbound/mail", hooked.settings.mail_per_sender
    bodies = [mail(f"numéro {n}", sender="zoe@exemple.fr") for n in range(most + 1)]
    answers = [hooked.http.post(url, content=body, headers=sign("geheim", body)) for body in bodies]
    assert [answer.status_code for answer in answers] == [202] * most + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    with hooked.services.database.write() as connection:
        connection.execute(sa.update(mail_messages).values(at=later(-4000)))
    again = hooked.http.post(url, content=bodies[-1], headers=sign("geheim", bodies[-1]))
    assert (again.status_code, again.json()["outcome"]) == (202, "stored")


def test_a_mail_over_the_limit_or_none_is_refused_in_one_sentence(hooked: Web) -> None:
    url = f"{hooked.url}/api/v1/inbound/mail"
    large = mail("x" * 310_000)
    refused = hooked.http.post(url, content=large, headers=sign("geheim", large))
    assert refused.status_code == 413
    within = mail("y" * 200_000)
    assert hooked.http.post(url, content=within, headers=sign("geheim", within)).status_code == 202
    assert hooked.http.post(url, content=within).status_code == 413      # unsigned: the small limit holds
    empty = hooked.http.post(url, content=b"", headers=sign("geheim", b""))
    assert empty.status_code == 400
    nobody = b"Subject: x\r\n\r\ny"
    assert hooked.http.post(url, content=nobody, headers=sign("geheim", nobody)).status_code == 400


def test_without_a_secret_there_is_no_such_door(tmp_path: Path) -> None:
    with running(tmp_path, None) as made:
        assert made.http.post(f"{made.url}/api/v1/inbound/mail", content=b"x").status_code == 404


def test_the_customer_finds_the_answer_by_mail_in_the_chat(hooked: Web) -> None:
    customer = hooked.customer()
    customer.post("bonjour, ma facture est fausse")
    reference = hooked.http.post(f"{customer.url}/handover", headers=customer.headers,
                                 json={"channel": "email", "contact": CUSTOMER}).json()["ticket"]
    body = mail("Je réponds par mail.", to=addresses(hooked.settings).reply_to(reference))
    assert hooked.http.post(f"{hooked.url}/api/v1/inbound/mail", content=body,
                            headers=sign("geheim", body)).json()["ticket"] == reference
    event = next(e for e in customer.events() if e.get("via") == "email")
    assert (event["author"], event["text"]) == ("customer", "Ma facture\n\nJe réponds par mail.")
    assert not {"meta", "from"} & set(event)
    agent = hooked.staff("agent")
    assert [e["from"] for e in agent.get(f"/tickets/{reference}").json()["transcript"] if "from" in e] == []
    other = mail("Moi aussi, je suis concernée.", to=addresses(hooked.settings).reply_to(reference), sender="kim@exemple.org")
    hooked.http.post(f"{hooked.url}/api/v1/inbound/mail", content=other, headers=sign("geheim", other))
    assert [e["from"] for e in agent.get(f"/tickets/{reference}").json()["transcript"] if "from" in e] == ["kim@exemple.org"]


def test_a_mail_that_cannot_be_read_stores_nothing(database, settings) -> None:
    with pytest.raises(BadInput):
        mailbox(settings, database).take(b"\xff\xfe\x00")
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(mail_messages)).scalar_one() == 0


@pytest.mark.parametrize("by", ["customer", "lead", "retention"])
def test_whoever_erases_takes_the_written_mails_along(settings: Settings, database: Database, by: str) -> None:
    reference, other = chat(database, settings), chat(database, settings)
    assert len(deliver(settings, database)) == 2
    conversation_id = ticket(database, reference)["conversation_id"]
    if by == "retention":
        with database.write() as connection:
            connection.execute(sa.update(tickets).where(tickets.c.reference == reference).values(status="closed", solved_at=later(-400 * 86400)))
            connection.execute(sa.update(conversations).where(conversations.c.id == conversation_id)
                               .values(last_at=later(-400 * 86400)))
        assert retain(database, 365, settings.spool) == 1
    else:
        parts = SimpleNamespace(settings=settings, database=database)
        if by == "lead":
            staff_insight.erase(conversation_id, parts, who=None)
        else:
            asyncio.run(chat_routes.erase(conversation_id, parts, store.Proven(conversation_id)))
    assert [other in str(mail["Subject"]) for mail in spooled(settings)] == [True]


def test_written_mails_are_forgotten_with_the_log_of_their_delivery(settings: Settings, database: Database) -> None:
    chat(database, settings)
    deliver(settings, database)
    (path,) = settings.spool.glob("*.eml")
    unfinished = settings.spool / ".abc.tmp"
    unfinished.write_text("half a mail")
    retain(database, 365, settings.spool)
    assert path.exists()
    for old in (path, unfinished):
        os.utime(old, (time.time() - 8 * 86400,) * 2)
    retain(database, 365, settings.spool)
    assert list(settings.spool.iterdir()) == []
