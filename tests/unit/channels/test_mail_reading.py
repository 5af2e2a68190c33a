"""What is read from a mail: who wrote it, what is new in it, whether a machine did."""

from __future__ import annotations

import contextlib
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.addresses import Addresses, reference_in
from bot.channels.html_text import words_of
from bot.channels.mail_parse import parse
from bot.channels.quotes import new_text
from bot.errors import BadInput

OURS = Addresses(b"key", "aide@solenne.example", "solenne.example")


def raw(body: str = "Bonjour", **headers: str) -> bytes:
    lines = {"From": "Ana <ana@example.org>", "To": "aide@solenne.example", "Subject": "Ma facture",
             "Message-ID": "<m1@example.org>", "MIME-Version": "1.0",
             "Content-Type": "text/plain; charset=utf-8"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{head}\r\n{body}".encode()


@pytest.mark.parametrize("introduction", [
    "Le lun. 3 mars 2025 à 10:12, Solenne <aide@solenne.example> a écrit :",
    "Le 3 mars 2025 à 10:12,\nSolenne Énergie <aide@solenne.example>\na écrit :",
    "On Mon, Mar 3, 2025 at 10:12 AM Solenne <aide@solenne.example> wrote:",
    "On Mon, Mar 3, 2025 at 10:12 AM Solenne Énergie\n<aide@solenne.example> wrote:",
    "Op ma 3 mrt 2025 om 10:12 schreef Solenne <aide@solenne.example>:",
    "Op 3 mrt. 2025, om 10:12 heeft Solenne <aide@solenne.example> het volgende geschreven:",
    "El lun, 3 mar 2025 a las 10:12, Solenne (<aide@solenne.example>) escribió:",
    "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Solenne <aide@solenne.example>:",
    "Il giorno lun 3 mar 2025 alle ore 10:12 Solenne <aide@solenne.example> ha scritto:",
    "-----Message d'origine-----",
    "-----Original Message-----",
    "De : Solenne <aide@solenne.example>\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Ana\nObjet : facture",
    "From: Solenne\nSent: Monday, March 3, 2025\nTo: Ana\nSubject: bill",
    "Von: Solenne\nGesendet: Montag, 3. März 2025\nAn: Ana\nBetreff: Rechnung",
    "Van: Solenne\nVerzonden: maandag 3 maart 2025\nAan: Ana\nOnderwerp: rekening",
    "Da: Solenne\nInviato: lunedì 3 marzo 2025\nA: Ana\nOggetto: bolletta",
])
def test_only_what_stands_above_the_quote_is_new(introduction: str) -> None:
    text = f"Merci, voici mon relevé : 4512.\n\nBonne journée\n\n{introduction}\n> Bonjour,\n> Votre relevé ?\n"
    assert new_text(text) == "Merci, voici mon relevé : 4512.\n\nBonne journée"


@pytest.mark.parametrize(("said", "introduction"), [
    ("Bonjour Ana,\nLe compteur affiche 4512.", "Le lun. 3\xa0mars 2025 à 10:12, Solenne <aide@solenne.example> a\xa0écrit\xa0:"),
    ("Hello Ana,\nOn the meter I read 4512.", "On Mon, Mar 3, 2025 at 10:12 AM Solenne <aide@solenne.example> wrote:"),
    ("Dag Ana,\nOp de meter staat 4512.", "Op ma 3 mrt 2025 om 10:12 schreef Solenne <aide@solenne.example>:"),
    ("Hola Ana:\nEl contador marca 4512.", "El lun, 3 mar 2025 a las 10:12, Solenne (<aide@solenne.example>) escribió:"),
    ("Hallo Ana,\nAm Zähler steht 4512.", "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Solenne <aide@solenne.example>:"),
    ("Ciao Ana,\nIl contatore segna 4512.", "Il giorno lun 3 mar 2025 alle ore 10:12 Solenne <aide@solenne.example> ha scritto:"),
])
@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_the_line_above_an_introduction_is_no_part_of_it(said: str, introduction: str, between: str) -> None:
    assert new_text(f"{said}{between}{introduction}\n> …") == said


@pytest.mark.parametrize("text", [
    "Bonjour,\nLe technicien est venu mardi.\nIl n'a rien réparé et a écrit :\n« pièce manquante ».\nDepuis, plus de courant.",
    "Le 3 mars 2025 à 10h12 votre technicien a écrit :\n« pièce manquante ».\nDepuis, plus de courant.",
    "Hello,\nOn your website you wrote:\n\"no fees\".\nOn Monday I paid a fee.",
    "On 3 March 2025 at 10:12 your engineer wrote:\n\"part missing\".\nSince then, no power.",
    "Op de factuur die u schreef:\nhonderd euro.\nDat klopt niet.",
    "Hola:\nEl técnico me escribió:\n«falta una pieza».\nDesde entonces no hay luz.",
    "Am Telefon war niemand. Ihr Kollege schrieb:\n„Teil fehlt“.\nSeitdem kein Strom.",
    "Il tecnico mi ha scritto:\n«manca un pezzo».\nDa allora niente corrente.",
    "De : Lyon\nÀ : Paris\nDate : mardi 3 mars\nPouvez-vous transférer mon contrat ?",
    "Message original :\nje ne le retrouve plus.",
])
def test_customers_who_quote_somebody_in_their_own_words_lose_none(text: str) -> None:
    assert new_text(text) == text


def test_answers_below_an_introduction_of_several_lines_stand_without_it() -> None:
    text = "Le 3 mars 2025 à 10:12,\nSolenne Énergie <aide@solenne.example>\na écrit :\n> Votre relevé ?\n4512"
    assert new_text(text) == "4512"


PASSED_ON = [
    "---------- Forwarded message ---------", "-------- Message transféré --------", "Début du message transféré :",
    "-------- Doorgestuurd bericht --------", "---------- Mensaje reenviado ----------", "Inicio del mensaje reenviado:",
    "-------- Weitergeleitete Nachricht --------", "Anfang der weitergeleiteten Nachricht:",
    "-------- Messaggio Inoltrato --------", "Begin forwarded message:",
]


@pytest.mark.parametrize("mark", PASSED_ON)
@pytest.mark.parametrize("prefix", ["", "> "])
def test_a_mail_that_is_passed_on_is_kept_below_what_stands_above_it(mark: str, prefix: str) -> None:
    theirs = ["From: Mairie <mairie@exemple.fr>", "Subject: travaux", "", "Coupure mardi.", "-- ", "La mairie"]
    text = f"C'est vrai ?\n\nEnvoyé de mon iPhone\n\n{mark}\n" + "\n".join(f"{prefix}{line}" for line in theirs)
    assert new_text(text) == f"C'est vrai ?\n\n{mark}\n" + "\n".join(line.rstrip() for line in theirs)


def test_what_was_passed_on_earlier_in_a_thread_is_quoted_with_it() -> None:
    text = "Merci.\n\nOn Mon, Mar 3, 2025 Solenne <a@b.fr> wrote:\n> Bonjour\n\n---------- Forwarded message ---------\nx"
    assert new_text(text) == "Merci."


@pytest.mark.parametrize(("subject", "headers"), [
    ("TR: travaux", "De : Mairie\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Ana\nObjet : travaux"),
    ("FW: works", "From: Council\nSent: Monday, March 3, 2025\nTo: Ana\nSubject: works"),
    ("Fwd: works", "-----Original Message-----\nFrom: Council"),
    ("FW: werken", "Van: Gemeente\nVerzonden: maandag 3 maart 2025\nAan: Ana\nOnderwerp: werken"),
    ("RV: obras", "De: Ayuntamiento\nEnviado: lunes, 3 de marzo de 2025\nPara: Ana\nAsunto: obras"),
    ("WG: Arbeiten", "Von: Stadt\nGesendet: Montag, 3. März 2025\nAn: Ana\nBetreff: Arbeiten"),
    ("I: lavori", "Da: Comune\nInviato: lunedì 3 marzo 2025\nA: Ana\nOggetto: lavori"),
])
def test_what_outlook_passes_on_is_kept(subject: str, headers: str) -> None:
    body = f"?\n\n{headers}\n\nCoupure mardi."
    assert parse(raw(body, Subject=subject)).text == body
    assert parse(raw(body, Subject=f"RE: {subject}")).text == "?"
    markup = "?<hr><div id='divRplyFwdMsg'>" + headers.replace("\n", "<br>") + "</div><div>Coupure mardi.</div>"
    assert "Coupure mardi." in parse(raw(markup, Subject=subject, Content_Type="text/html; charset=utf-8")).text
    assert parse(raw(markup, Subject=f"RE: {subject}", Content_Type="text/html; charset=utf-8")).text == "?"


def test_what_gmail_passes_on_in_html_is_kept_and_what_it_quotes_is_not() -> None:
    quote = "<div class='gmail_quote'><div class='gmail_attr'>{}</div><div>Coupure mardi.</div></div>"
    for attribution, kept in (("---------- Forwarded message ---------<br>De : Mairie", True),
                              ("Le lun. 3 mars 2025 à 10:12, Solenne &lt;a@b.fr&gt; a écrit :<br>", False)):
        markup = f"<div>C'est vrai ?</div>{quote.format(attribution)}"
        text = parse(raw(markup, Content_Type="text/html; charset=utf-8")).text
        assert (text.startswith("C'est vrai ?"), "Coupure mardi." in text) == (True, kept)


def test_answers_between_and_below_quoted_lines_are_kept() -> None:
    text = "Le 3 mars 2025, Solenne <a@b.fr> a écrit :\n> Quel est votre relevé ?\n4512\n> Et la date ?\nhier"
    assert new_text(text) == "4512\nhier"


@pytest.mark.parametrize("end", ["-- \nAna Martin\n06 12 34 56 78", "Envoyé de mon iPhone", "Sent from my iPhone",
                                 "Von meinem iPhone gesendet", "Inviato da iPhone", "Enviado desde mi iPhone",
                                 "Verzonden vanaf mijn iPhone"])
def test_signatures_are_left_out(end: str) -> None:
    assert new_text(f"Mon compteur affiche 4512.\n\n{end}") == "Mon compteur affiche 4512."


@pytest.mark.parametrize("text", [
    "-non, ce n'est pas mon adresse", "Voici :\n- premier point\n- second point\n-merci",
    "Le 3 mars je vous ai écrit : pas de réponse.", "From: Paris\nje déménage", "a > b, donc non",
])
def test_words_that_only_look_like_quotes_stay(text: str) -> None:
    assert new_text(text) == text


@pytest.mark.parametrize("bomb", ["On " * 6000, "On x\n" * 4000, "> " * 9000, "-" * 20_000, "Le " + "a " * 9000,
                                  "\n" * 20_000, "De : x\n" * 2500, "_" * 19_999 + "x", "On On wrote: " * 1500,
                                  "Le 3 wrote:\nOn 3 schreef:\nOp 3 a écrit :\n" * 20])
def test_a_text_made_to_be_slow_is_read_at_once(bomb: str) -> None:
    started = time.process_time()
    new_text(bomb)
    words_of(bomb)
    assert time.process_time() - started < 5      # seconds of our own; a bad pattern takes minutes


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail_or_refused(content: bytes) -> None:
    for data in (content, b"From: a@example.org\r\n" + content, raw() + content):
        with contextlib.suppress(BadInput):
            assert parse(data).kind in ("person", "auto", "bounce")


@pytest.mark.parametrize("broken", [
    raw(Content_Type="text/plain; charset*"),
    b"From: a@example.org\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000)),
])
def test_a_mail_that_the_parser_stumbles_over_is_refused(broken: bytes) -> None:
    with pytest.raises(BadInput):
        parse(broken)


def test_headers_are_decoded_and_threads_read_nearest_first() -> None:
    mail = parse(raw(Subject="=?utf-8?q?R=C3=A9=3A_relev=C3=A9?=", In_Reply_To="<c@x>", References="<a@x> <b@x>"))
    assert mail.subject == "Ré: relevé"
    assert mail.references == ("c@x", "b@x", "a@x")
    assert (mail.sender, mail.message_id, mail.kind) == ("ana@example.org", "m1@example.org", "person")


def test_a_mail_without_an_id_has_one_by_its_content() -> None:
    one, same, other = (parse(raw(body, Message_ID="")).message_id for body in ("a", "a", "b"))
    assert one == same != other


@pytest.mark.parametrize("sender", ["", "no address", "a@example.org, b@example.org", "<>", "a@b",
                                    "alice@example.org(<bob@example.org>", "undisclosed-recipients:;"])
def test_a_mail_from_nobody_or_from_two_is_refused(sender: str) -> None:
    with pytest.raises(BadInput, match="no sender"):
        parse(raw(From=sender))


@pytest.mark.parametrize("sender", [
    '"=?UTF-8?Q?J=C3=A9r=C3=B4me?=" <j@exemple.fr>', "=?UTF-8?Q?J=C3=A9r=C3=B4me?=<j@exemple.fr>",
    "=?UTF-8?B?SsOpcsO0bWU=?= Petit<j@exemple.fr>"])
def test_a_name_that_is_badly_encoded_does_not_make_a_sender_nobody(sender: str) -> None:
    assert parse(raw(From=sender)).sender == "j@exemple.fr"


@pytest.mark.parametrize("sender", [
    '"=?UTF-8?Q?a?=" <a@exemple.fr>, b@exemple.fr', "=?UTF-8?Q?a?=<a@exemple.fr><b@exemple.fr>",
    'a@exemple.fr "=?UTF-8?Q?a?=" <b@exemple.fr>', '"=?UTF-8?Q?a?=" <a b@exemple.fr>'])
def test_a_badly_encoded_name_hides_no_second_address(sender: str) -> None:
    with pytest.raises(BadInput, match="no sender"):
        parse(raw(From=sender))


def test_the_name_of_a_sender_is_never_taken_for_the_address() -> None:
    assert parse(raw(From='"ceo@solenne.example" <ana@example.org>')).sender == "ana@example.org"


@pytest.mark.parametrize("headers", [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated (rejected)"}, {"Precedence": "bulk"},
    {"X_Autoreply": "yes"}, {"X_Autorespond": "1"}, {"List_Id": "<news.example.org>"},
    {"Subject": "Réponse automatique : absent"}, {"Subject": "Out of office Re: x"},
    {"Subject": "Abwesenheitsnotiz"}, {"Subject": "Automatic reply: x"}, {"Subject": "Fuera de la oficina"},
    {"Subject": "Risposta automatica: x"}, {"Subject": "Automatisch antwoord: x"},
    {"Subject": "Abwesend: Ihre Rechnung"}, {"Subject": "Afwezig"}, {"Subject": "Absent du bureau : votre facture"},
    {"Subject": "Out of Office AutoReply: x"}, {"Subject": "Fuori sede"}, {"Subject": "Absence du bureau"},
])
def test_automatic_mails_are_recognised(headers: dict[str, str]) -> None:
    assert parse(raw(**headers)).kind == "auto"


def test_an_ordinary_mail_is_a_persons() -> None:
    assert parse(raw(Auto_Submitted="no", Subject="Re: absente en mars, et ma facture ?")).kind == "person"


@pytest.mark.parametrize("subject", [
    "Abwesend am Ablesetermin 12.5.", "Afwezig bij de meteropname", "Absent du bureau le jour du relevé",
    "Fuori sede per lavoro: come invio la lettura?", "Out of office hours, who do I call?",
    "Fuera de la oficina el día de la lectura", "Absente du bureau, qui relève le compteur ?",
])
def test_a_customer_who_writes_of_being_away_is_heard(subject: str) -> None:
    assert parse(raw(Subject=subject)).kind == "person"


BOUNCE = b"""From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: aide@solenne.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <b1@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I'm sorry.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ana@example.org
Action: failed
Status: 5.1.1
--x
Content-Type: message/rfc822

From: aide@solenne.example
Message-ID: <ours@solenne.example>
Subject: hello

text
--x--
"""


def test_a_bounce_names_the_mail_that_failed_and_whether_for_good() -> None:
    mail = parse(BOUNCE)
    assert (mail.kind, mail.bounced, mail.permanent) == ("bounce", ("ours@solenne.example",), True)
    later = parse(BOUNCE.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1"))
    assert (later.kind, later.permanent) == ("bounce", False)


def test_html_is_read_as_words_without_its_quote() -> None:
    markup = ("<html><head><style>p{}</style></head><body><p>Voici&nbsp;: <b>4512</b></p><script>x()</script>"
              "<div class='gmail_quote'>Le 3 mars<blockquote>ancien</blockquote></div></body></html>")
    assert words_of(markup) == "Voici : 4512"
    assert words_of("<blockquote>tout est cité</blockquote>") == "tout est cité"


def test_a_mail_of_html_alone_with_a_file_is_read() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ana@example.org", "photo"
    message.set_content("<p>voir la <i>photo</i></p>", subtype="html")
    message.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="relevé 1.pdf")
    mail = parse(bytes(message))
    assert mail.text == "voir la photo"
    assert [(file.name, file.content[:4]) for file in mail.files] == [("relevé 1.pdf", b"%PDF")]


def mixed(*parts: str) -> bytes:
    """A mail of several parts, each with its own headers."""
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    return raw(body, Content_Type='multipart/mixed; boundary="x"')


PHOTO = "Content-Type: image/jpeg; name=a.jpg\r\nContent-Disposition: inline; filename=a.jpg\r\n\r\n/9j/"


@pytest.mark.parametrize(("parts", "text"), [
    (("Content-Type: text/plain\r\n\r\nVoici le compteur :", PHOTO, "Content-Type: text/plain\r\n\r\net il siffle."),
     "Voici le compteur :\n\net il siffle."),
    (("Content-Type: text/plain\r\n\r\n\r\n", PHOTO, "Content-Type: text/plain\r\n\r\nIl siffle."), "Il siffle."),
    (("Content-Type: text/html\r\n\r\n<p>Voici :</p>", PHOTO, "Content-Type: text/html\r\n\r\n<p>il siffle.</p>"),
     "Voici :\n\nil siffle."),
    (("Content-Type: text/html\r\n\r\n<p>Il siffle.</p>", "Content-Type: text/plain\r\n\r\nScanned."), "Il siffle.\n\nScanned."),
    (("Content-Type: text/plain\r\n\r\nIl siffle.", "Content-Type: text/html\r\n\r\n<p>Il <b>siffle</b>.</p>"), "Il siffle."),
    (("Content-Type: text/html\r\n\r\n<p>Oui.</p>", "Content-Type: text/html\r\n\r\n<blockquote>Ah ?</blockquote>"), "Oui."),
])
def test_all_parts_that_are_text_are_read_in_their_order(parts: tuple[str, ...], text: str) -> None:
    assert parse(mixed(*parts)).text == text


ATTACHED = ("Content-Type: message/rfc822\r\n\r\nFrom: mairie@exemple.fr\r\nSubject: Travaux\r\n"
            "Content-Type: text/plain\r\n\r\nCoupure mardi.")


def test_an_attached_mail_is_a_file_and_not_what_its_sender_says() -> None:
    mail = parse(mixed("Content-Type: text/html\r\n\r\n<p>C'est vrai ?</p>", ATTACHED))
    assert mail.text == "C'est vrai ?"
    assert [(file.name, b"Coupure mardi." in file.content) for file in mail.files] == [("Travaux.eml", True)]
    assert parse(mixed(ATTACHED)).text == "Coupure mardi."      # where it is all there is


@pytest.mark.parametrize(("charset", "encoding"), [
    ("", "utf-8"), ("; charset=us-ascii", "utf-8"), ("; charset=utf-8", "utf-8"), ("; charset=x-none", "utf-8"),
    ("; charset=rot13", "utf-8"), ("", "cp1252"), ("; charset=us-ascii", "cp1252"), ("; charset=iso-8859-1", "cp1252"),
    ("; charset=iso-8859-15", "iso-8859-15"), ("; charset=windows-1252", "cp1252"),
])
def test_letters_and_the_euro_are_read_whatever_a_mail_calls_them(charset: str, encoding: str) -> None:
    said = "L'été, 12 €" if encoding == "iso-8859-15" else "L’été, 12 €"
    head, _, _ = raw("", Content_Type=f"text/plain{charset}", Content_Transfer_Encoding="8bit").partition(b"\r\n\r\n")
    assert parse(head + b"\r\n\r\n" + said.encode(encoding)).text == said


@pytest.mark.parametrize(("results", "forged"), [
    ("mx.solenne.example; dmarc=pass header.from=example.org", False),
    ("mx.solenne.example; dmarc=fail; spf=pass", True), ("mx.solenne.example; spf=none", True),
    ("mx.solenne.example; dkim=pass", False), ("mx.evil.example; dmarc=pass", True), ("", True),
])
def test_the_verdict_of_our_own_mail_server_counts(results: str, forged: bool) -> None:
    assert parse(raw(Authentication_Results=results), authserv="mx.solenne.example").forged is forged
    assert parse(raw(Authentication_Results=results)).forged is False


def test_a_tag_opens_its_own_ticket_in_any_case_and_no_other() -> None:
    address = OURS.reply_to("SOL-7F3K2Q")
    assert address is not None
    assert OURS.tagged(["x@y.z", address.lower()]) == "SOL-7F3K2Q"
    assert OURS.tagged([address.replace("7F3K2Q", "7F3K2R")]) is None
    assert OURS.tagged([address[:-25] + "a" + address[-24:]]) is None
    assert Addresses(b"other", "aide@solenne.example", "").tagged([address]) is None
    assert Addresses(b"key", "", "solenne.example").reply_to("SOL-7F3K2Q") is None


def test_message_ids_repeat_for_a_key_and_cannot_be_computed_without_ours() -> None:
    assert OURS.message_id("reply:1") == OURS.message_id("reply:1") != OURS.message_id("reply:2")
    assert OURS.message_id("reply:1") != Addresses(b"other", "aide@solenne.example", "").message_id("reply:1")


def test_a_subject_names_its_ticket() -> None:
    assert reference_in("Re: [sol-7f3k2q] Votre demande") == "SOL-7F3K2Q"
    assert reference_in("SOLUTION-123456") is None
