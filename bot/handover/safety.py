"""Self-harm, threats and fraud in a message: rules on words in six languages, and what is said at once.

As with physical danger (:mod:`bot.flows.danger`) these are rules and not a model: they fire on the first
message, with no dialogue process alive, and a test shows that they do. For self-harm they lean towards
alarm. A *question about* scams stays with the articles; someone whose account or money *was taken* goes to
people. Words in jest ("je meurs de rire", "cette facture me tue") are taken out first.
"""

from __future__ import annotations

import re
from typing import Literal

from bot.assistant.protocol import Effect, Reply, TurnResponse
from bot.conversations.model import Event
from bot.conversations.wording import speak
from bot.language.normalise import clean, fold
from bot.language.wording import get_wording
from bot.settings import LOCALES

Kind = Literal["self_harm", "threat", "fraud"]

_SELF_HARM = (
    r"suicid\w+|(?:me|m') ?(?:tuer|suicider|foutre en l'air|pendre|flinguer)\b|mettre fin a (?:mes jours|ma vie)|en finir avec (?:la vie|tout)|"
    r"(?:je veux|j'ai envie de|envie de|je vais|prefere) mourir|plus (?:envie de|la force de) vivre|(?:me jeter|sauter) (?:par la fenetre|d'un pont|sous un train)|"
    r"je (?:ne )?(?:veux|peux) plus vivre|la vie ne vaut (?:plus|pas)|me faire du mal",
    r"kill(?:ing)? myself|end(?:ing)? (?:my life|it all)|(?:want|going|wish) to die\b|don'?t want to (?:live|be alive)|hurt(?:ing)? myself|self.?harm|better off dead|no reason to live",
    r"zelfmoord\w*|zelfdoding|mezelf (?:van kant maken|iets aandoen|ombrengen)|(?:wil|ga) (?:ik )?dood\b|niet meer leven|een eind\w* (?:aan|maken aan) mijn leven",
    r"suicid\w+|(?:matarme|quitarme la vida|acabar con mi vida|hacerme dano)|quiero morir(?:me)?\b|no quiero (?:seguir )?vivi\w+|sin ganas de vivir",
    r"(?:mich|mir) (?:umbringen|das leben nehmen|etwas antun)|bringe? mich um|selbstmord\w*|suizid\w*|(?:will|mochte) (?:nicht mehr leben|sterben)|meinem leben ein ende",
    r"suicid\w+|(?:uccidermi|ammazzarmi|togliermi la vita|farla finita|farmi del male)|voglio morire|non voglio piu vivere",
)
#: What a household makes blow or burn: "je vais faire sauter le disjoncteur", "brûler du bois".
_AT_HOME = (
    r"(?!(?:(?:le|la|les|mon|ma|mes|tous?|tout|un|une|du|de|des|moins|plus|trop|encore) |l'|d')*"
    r"(?:disjonct|plomb|compteur|fusible|courant|jus\b|install|electric|bois|buche|pellet|granule|fioul|gaz\b|charbon|kw|energie))"
)
_THREAT = (
    r"(?:je|on) (?:vais|va|viens|vient) (?:venir |revenir |vous |te |les |tous? )*(?:tuer|buter|egorger|frapper(?! a )|tabasser|casser la (?:gueule|tete))\b|"
    r"(?:je|on) (?:vais|va|viens|vient) (?:venir |revenir |tous? )*(?:vous|te|les) (?:tous? )?(?:crever|faire sauter|bruler)\b|"
    r"(?:je|on) (?:vais|va|viens|vient) (?:venir |revenir )*(?:crever|faire sauter|bruler) " + _AT_HOME +
    r"(?:[^.,;!?]{0,40}\b)?(?:vos|votre|ton|ta|tes|chez (?:vous|toi)|agences?|bureaux?|locaux|siege|immeuble|batiment|boutique|banque|maison|voitures?|pneus|gens|monde|quelqu'un)\b|"
    r"(?:mettre le feu|poser une bombe|faire (?:sauter|exploser)) (?:a |dans |chez |au |aux )?(?:vos|votre|vous|tes|locaux|agence|bureaux)\b(?! (?:factures?|prix|tarifs?|marges?|profits?|abonnements?|mensualites?|penalites?|frais))|"
    r"(?:je vais|on va) (?:venir|debarquer)\b.{0,40}\b(?:armes?|fusil|couteau|batte|machette)\b(?! de patience)|je sais ou (?:vous habitez|tu habites)",
    r"(?:i'?m going to|i will|i'?ll|gonna) (?:kill|shoot|stab|hurt|burn) (?:you|your|him|her|them|someone)\b(?!(?<=shoot you) (?:an?|the|my|some|over|another) )|"
    r"(?:bomb|burn down|blow up) your (?:office|building|shop)|(?<!not )(?<!n't )know where you live",
    r"(?:ik (?:ga|zal|kom)) (?:je|jullie|u|hem|haar) (?:\w+ )?(?:vermoorden|doodmaken|neersteken|neerschieten|kapot ?maken)|(?:kantoor|gebouw) in brand steken|weet waar (?:je|jullie|u) woon\w*",
    r"(?:voy a|vamos a) (?:mataros|matarte|matarlos?|quemar(?:os|te|les)|quemar (?:vuestr\w+|tus?|sus?|(?:la|el|las|los) (?:oficina|tienda|sede|edificio|sucursal)\w*)|pegaros|apunalar\w*)\b|"
    r"poner una bomba\b(?! (?:de (?:calor|agua|frio|circulacion|piscina|pozo|achique)|sumergible))|prender fuego a (?:vuestra|su|la) (?:oficina|tienda)|(?<!no )se donde (?:vives|vivis|viven)",
    r"(?:ich|wir) werden? (?:euch|dich|sie|ihn) (?:\w+ )?(?:umbringen|toten|abstechen|erschiessen|zusammenschlagen)\b|"
    r"(?:ich|wir) bringen? (?:euch|dich|sie|ihn)(?: alle)? um\b(?! (?:\d|ein|zwei|drei|vier|funf|halb|viertel|kurz|die|den|das))|(?:ich|wir) (?:stechen? (?:euch|dich|sie|ihn)(?: alle)? ab|schlagen? (?:euch|dich|sie|ihn)(?: alle)? (?:zusammen|tot))\b|"
    r"(?:buro|gebaude|filiale) (?:anzunden|in die luft)|weiss,? wo (?:du|ihr|sie) wohn\w*",
    r"(?:vi|ti|li) (?:ammazzo|uccido|sparo(?! un)|accoltello)\b|(?:vengo|verro)\b.{0,30}\b(?:ammazzar|uccider)\w+|metto una bomba|do fuoco (?:a|al|alla) (?:vostr\w+|ufficio|sede)|(?<!non )so dove abiti",
)
_FRAUD = (
    r"victime d'(?:une )?(?:usurpation|arnaque|escroquerie|fraude)|usurp\w+ (?:mon|d'|de mon) ?identite|(?:pirat|hack)\w+ (?:mon|de mon) (?:compte|espace)|(?:compte|espace client) (?:a ete |est |s'est fait )?(?:pirate|hacke)\w*|"
    r"(?:(?:quelqu'un|un inconnu) (?:m'a|a|s'est)|on (?:m'a|s'est)) (?:change|modifie|remplace|connecte)\w*\b(?! (?:le|mon|notre|un|ce|de) (?:compteur|linky|disjoncteur|boitier))[^.,;:!?]{0,30}\bmon (?:iban|rib|mot de passe|compte|espace|adresse)\b|on a (?:change|modifie|remplace) mon (?:iban|rib|mot de passe|adresse)\b.{0,30}\b(?:sans (?:mon|me|m'|que|ma)|a mon insu)|prelevements? (?:frauduleux|que je n'ai (?:pas|jamais) autorise\w*)",
    r"victim of (?:a |an )?(?:fraud|scam|identity theft)|(?:my|stole my) identity|(?:hacked|broke into|taken over) my (?:account|customer area)|my account (?:has been |was |is |got )?hacked|someone (?:has )?(?:changed|logged in\w*)\b[^.,;:!?]{0,20}\bmy (?:iban|bank|password|account|address)\b|fraudulent (?:direct )?debit",
    r"slachtoffer van (?:fraude|oplichting|identiteitsfraude)|mijn (?:account|klantenzone) is gehackt|iemand heeft mijn (?:iban|rekeningnummer|wachtwoord|adres)\b.{0,20}\b(?:veranderd|gewijzigd)|frauduleuze (?:afschrijving|domiciliering)",
    r"victima de (?:un |una )?(?:fraude|estafa|suplantacion)|(?:hackead|pirate)\w+ mi cuenta|mi cuenta (?:ha sido|fue|esta) hackeada|alguien ha (?:cambiado|modificado|entrado)\b[^.,;:!?]{0,20}\bmi (?:iban|cuenta|contrasena|direccion)\b|cargo fraudulento",
    r"opfer (?:eines? |von )?(?:betrug\w*|identitatsdiebstahl\w*)|mein (?:konto|kundenkonto) wurde gehackt|jemand hat mein\w* (?:iban|bankverbindung|passwort|adresse)\b.{0,20}\bgeandert|betrugerische (?:abbuchung|lastschrift)",
    r"vittima di (?:una )?(?:frode|truffa|furto d'identita)|(?:hackerato|violato) il mio (?:account|profilo)|il mio (?:account|profilo) e stato (?:hackerato|violato)|qualcuno ha (?:cambiato|modificato)\b[^.,;:!?]{0,20}\b(?:mio iban|mia password|mio indirizzo)\b|addebito fraudolento",
)
_JEST = re.compile(
    r"(?:meurs|mourir|mort|crever) de (?:rire|faim|soif|froid|chaud|honte)|(?:facture|prix|attente|musique|logiciel|site|ca) (?:me|va me) tuer?|la mort dans l'ame|"
    r"dying (?:of|to know|laughing)|die (?:of (?:the )?(?:cold|heat|hunger|thirst|boredom|shame|laughter)|laughing)|bill is killing|killing me\b|"
    r"dood van (?:de |het )?(?:kou|hitte|honger|dorst|lachen|schaamte)|lach\w* mich tot|(?:muero|morir(?:me|nos)?) de (?:la )?(?:risa|hambre|frio|calor|sed|verguenza|ganas)|"
    r"(?:muoio|morire) (?:dal|di) (?:ridere|fame|freddo|caldo|sete|noia|vergogna)|farla finita con (?!(?:la |la mia )?vita\b|tutto\b)\w+|"
    r"note suicidaire|prix suicidaires?|(?:pas|not|nicht|niet|non) (?:suicid\w+|zelfmoord\w*|suizid\w*)"
)


def _compiled(patterns: tuple[str, ...]) -> dict[str, re.Pattern[str]]:
    return {locale: re.compile(rf"(?<!\w)(?:{pattern})")
            for locale, pattern in zip(LOCALES, patterns, strict=True)}


#: By kind, the gravest first, and by locale, in the order of the patterns above.
_PATTERNS: tuple[tuple[Kind, dict[str, re.Pattern[str]]], ...] = (
    ("self_harm", _compiled(_SELF_HARM)), ("threat", _compiled(_THREAT)), ("fraud", _compiled(_FRAUD)),
)


def detect(text: str) -> Kind | None:
    """What a message speaks of, the gravest first, or None. All six languages at once; never raises."""
    found = _heard(text)
    return found[0] if found else None


def voice(text: str, language: str | None) -> str:
    """The locale to answer such a message in: its own words', the conversation's where those fit as well."""
    found, locale = _heard(text), speak(language)
    return locale if found is None or locale in found[1] else found[1][0]


def _heard(text: str) -> tuple[Kind, list[str]] | None:
    plain = _JEST.sub(" ", fold(clean(text[:4000])))
    for kind, patterns in _PATTERNS:
        locales = [locale for locale, pattern in patterns.items() if pattern.search(plain)]
        if locales:
            return kind, locales
    return None


def words(kind: Kind, language: str | None, seed: str = "") -> str:
    """What the customer reads at once, with whom to call."""
    return get_wording().say(f"safety.{kind}", speak(language), seed=seed)


def plan(kind: Kind, message: Event, language: str) -> TurnResponse:
    """A turn's result: those words, and a hand-over to the lane for it."""
    locale = voice(message.text, language)
    seed = f"{message.conversation_id}:{message.seq}"
    return TurnResponse(
        state={}, replies=[Reply(text=words(kind, locale, seed), reply="handover")],
        effects=[Effect(kind="handover", key=f"safety:{kind}", payload={
            "reason": kind, "danger": kind, "instructed": kind, "priority": "urgent", "asks": [message.text]})],
        language=locale, intent="urgent", confidence=1.0)
