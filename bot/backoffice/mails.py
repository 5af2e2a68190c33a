"""The mails of the demo back office (a code, a confirmation) in six languages, and the thread that sends them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from bot.backoffice.schema import Database
from bot.errors import BadInput, Unavailable
from bot.integrations.mail import Mail, Mailer

_log = structlog.get_logger(__name__)

_HINT = {
    "fr": "l'adresse e-mail de votre contrat",
    "en": "the e-mail address on your contract",
    "nl": "het e-mailadres van uw contract",
    "es": "la dirección de correo de su contrato",
    "de": "die E-Mail-Adresse Ihres Vertrags",
    "it": "l'indirizzo e-mail del Suo contratto",
}
_SUBJECT = {
    "fr": "Votre code Solenne Énergie : {code}",
    "en": "Your Solenne Énergie code: {code}",
    "nl": "Uw code van Solenne Énergie: {code}",
    "es": "Su código de Solenne Énergie: {code}",
    "de": "Ihr Code von Solenne Énergie: {code}",
    "it": "Il Suo codice Solenne Énergie: {code}",
}
_TEXT = {
    "fr": "Bonjour,\n\nVoici le code à donner à l'assistant : {code}\n\nIl est valable {minutes} minutes et ne sert"
          " qu'une fois. Ne le communiquez à personne d'autre : nos conseillers ne vous le demanderont jamais par"
          " téléphone.\n\nVous n'avez rien demandé ? Ignorez ce message, votre contrat n'a pas été ouvert.\n\nL'équipe"
          " Solenne Énergie\n",
    "en": "Hello,\n\nHere is the code to give to the assistant: {code}\n\nIt is valid for {minutes} minutes and works"
          " only once. Please share it with nobody else: our advisers will never ask for it on the phone.\n\nDidn't"
          " ask for a code? Just ignore this message; nobody has seen your contract.\n\nThe Solenne Énergie team\n",
    "nl": "Hallo,\n\nDit is de code voor de assistent: {code}\n\nHij is {minutes} minuten geldig en werkt één keer."
          " Deel hem met niemand anders: onze medewerkers vragen er nooit telefonisch naar.\n\nGeen code aangevraagd?"
          " Dan hoeft u niets te doen; niemand heeft uw contract gezien.\n\nHet team van Solenne Énergie\n",
    "es": "Hola:\n\nEste es el código para el asistente: {code}\n\nEs válido durante {minutes} minutos y sirve una sola"
          " vez. No lo comparta con nadie más: nuestros asesores nunca se lo pedirán por teléfono.\n\n¿No ha pedido"
          " ningún código? Ignore este mensaje; nadie ha visto su contrato.\n\nEl equipo de Solenne Énergie\n",
    "de": "Guten Tag,\n\nhier ist der Code für den Assistenten: {code}\n\nEr gilt {minutes} Minuten und nur einmal."
          " Geben Sie ihn an niemanden sonst weiter: Unsere Berater fragen nie am Telefon danach.\n\nSie haben keinen"
          " Code angefordert? Dann können Sie diese Nachricht ignorieren; niemand hat Ihren Vertrag gesehen.\n\nIhr"
          " Team von Solenne Énergie\n",
    "it": "Buongiorno,\n\necco il codice da dare all'assistente: {code}\n\nÈ valido {minutes} minuti e si usa una sola"
          " volta. Non lo comunichi a nessun altro: i nostri consulenti non lo chiederanno mai al telefono.\n\nNon ha"
          " chiesto nessun codice? Ignori questo messaggio; nessuno ha visto il Suo contratto.\n\nIl team di Solenne"
          " Énergie\n",
}
_DONE_SUBJECT = {
    "fr": "Votre demande {reference} est enregistrée",
    "en": "Your request {reference} is registered",
    "nl": "Uw aanvraag {reference} is geregistreerd",
    "es": "Su solicitud {reference} está registrada",
    "de": "Ihr Anliegen {reference} ist erfasst",
    "it": "La Sua richiesta {reference} è registrata",
}
_DONE_TEXT = {
    "fr": "Bonjour {name},\n\nNous confirmons la demande que vous venez de faire dans le chat pour votre contrat {contract}."
          " Sa référence : {reference}.\n\nCe n'était pas vous ? Appelez-nous au plus vite.\n\nL'équipe Solenne Énergie\n",
    "en": "Hello {name},\n\nThis confirms the request you have just made in the chat for your contract {contract}."
          " Its reference: {reference}.\n\nWasn't it you? Please call us as soon as you can.\n\nThe Solenne Énergie team\n",
    "nl": "Hallo {name},\n\nHiermee bevestigen wij de aanvraag die u net in de chat deed voor uw contract {contract}."
          " Referentie: {reference}.\n\nWas u het niet? Bel ons zo snel mogelijk.\n\nHet team van Solenne Énergie\n",
    "es": "Hola, {name}:\n\nConfirmamos la solicitud que acaba de hacer en el chat para su contrato {contract}."
          " Referencia: {reference}.\n\n¿No ha sido usted? Llámenos cuanto antes.\n\nEl equipo de Solenne Énergie\n",
    "de": "Guten Tag {name},\n\nhiermit bestätigen wir, was Sie gerade im Chat für Ihren Vertrag {contract} veranlasst haben."
          " Vorgangsnummer: {reference}.\n\nWaren Sie das nicht? Bitte rufen Sie uns so bald wie möglich an.\n\nIhr Team von"
          " Solenne Énergie\n",
    "it": "Buongiorno {name},\n\nconfermiamo la richiesta che ha appena fatto in chat per il Suo contratto {contract}."
          " Riferimento: {reference}.\n\nNon è stato Lei? Ci chiami al più presto.\n\nIl team di Solenne Énergie\n",
}


def confirmation_mail(recipient: str, name: str, contract: str, reference: str, locale: str) -> Mail:
    """The written confirmation of an effect."""
    language = locale if locale in _DONE_TEXT else "fr"
    return Mail(
        to=recipient, subject=_DONE_SUBJECT[language].format(reference=reference),
        text=_DONE_TEXT[language].format(name=name, contract=contract, reference=reference),
        key=f"confirmation:{reference}", language=language, headers={"X-Relais-Kind": "confirmation"},
    )


def hint(locale: str) -> str:
    """Where the code goes, without telling whether it went anywhere."""
    return _HINT.get(locale, _HINT["fr"])


def code_mail(recipient: str, code: str, minutes: int, locale: str, key: str) -> Mail:
    """The mail with a code."""
    language = locale if locale in _TEXT else "fr"
    return Mail(
        to=recipient, subject=_SUBJECT[language].format(code=code),
        text=_TEXT[language].format(code=code, minutes=minutes), key=key, language=language,
        headers={"X-Relais-Kind": "code"},
    )


class CodePost:
    """Sends queued mails from one thread; a mail queued before a crash leaves after it."""

    def __init__(self, database: Database, mailer: Mailer, code_for: Callable[[str], str], ttl: int,
                 clock: Callable[[], float] = time.time) -> None:
        self._database, self._mailer, self._ttl, self._clock = database, mailer, ttl, clock
        self._code_for = code_for
        self._wake, self._guard = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def nudge(self) -> None:
        """There may be something to send."""
        self._wake.set()
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="code-post", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        delay: float | None = None
        while True:
            self._wake.wait(delay)
            self._wake.clear()
            try:
                delay = None if self.deliver() else 5.0
            except Exception as error:
                _log.warning("code mails could not be sent", reason=type(error).__name__)
                delay = 5.0

    def deliver(self) -> bool:
        """Send what waits; whether nothing is left. Mails carry their key, so twice is once."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT m.*, c.locale FROM code_mails m JOIN challenges c ON c.id = m.challenge"
            ).fetchall()
        left = False
        for row in rows:
            if row["recipient"] and row["expires"] > self._clock():
                mail = code_mail(row["recipient"], self._code_for(row["challenge"]), max(1, self._ttl // 60),
                                 row["locale"], row["challenge"])
                try:
                    self._mailer.send(mail)
                except Unavailable:
                    left = True
                    continue
                except BadInput:
                    _log.warning("a customer's address is refused by the mail server")
            with self._database.write() as connection:
                connection.execute("DELETE FROM code_mails WHERE challenge = ?", (row["challenge"],))
        return self._confirm() and not left

    def _confirm(self) -> bool:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT l.reference, c.number, c.first_name, c.last_name, c.email, c.locale "
                "FROM letters l JOIN customers c ON c.number = l.contract"
            ).fetchall()
        left = False
        for row in rows:
            name = f"{row['first_name']} {row['last_name']}".strip()
            try:
                self._mailer.send(confirmation_mail(row["email"], name, row["number"], row["reference"], row["locale"]))
            except Unavailable:
                left = True
                continue
            except BadInput:
                _log.warning("a customer's address is refused by the mail server")
            with self._database.write() as connection:
                connection.execute("DELETE FROM letters WHERE reference = ?", (row["reference"],))
        return not left
