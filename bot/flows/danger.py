"""Danger in a message: gas, fire and sparks, cables, carbon monoxide, a life that hangs on a plug.

Rules on words and not a model, on purpose: they must fire in every language, on the first message,
with no model loaded, and a test can show that they do. They lean towards alarm (a needless warning
costs a minute); only a plain denial ("aucune odeur de gaz", "ça ne sent pas le gaz") keeps them quiet.
"""

from __future__ import annotations

import re
from typing import Literal

from bot.language.normalise import normalise
from bot.understanding.types import Understanding

Danger = Literal["gas", "carbon_monoxide", "cable", "fire", "medical", "fragile", "any"]

_GAS = (
    r"(?:odeur|odeurs|odeure|fuite|fuitte|fuites|relent|effluve)s?(?: \w+){0,3} (?:de |du |2 )?gazs?\b",
    r"(?:sen[st]?|sentir|sentons|pue[nt]*|empeste|renifle) (?:\w+ ){0,4}(?:le |du )?gazs?\b",
    r"gazs? (?:qui )?(?:fuit|fuie|s'echappe|siffle)",
    r"oeufs? pourris?",
    r"(?:siffle\w*|sifflement)\b.{0,40}\b(?:gaz|gaziniere|cuisiniere|tuyau|chaudiere|compteur)",
    r"(?:gaz|gaziniere|tuyau)\b.{0,40}\b(?:siffle\w*|sifflement|perce|arrache|fendu)",
    r"ca sent\b.{0,40}\b(?:gaziniere|cuisiniere|chaudiere)", r"(?:urgence|securite) (?:securite )?gaz\b", r"grdf urgence",
    r"(?:fuite|odeure?)s?\b(?: \w+){0,4} (?:gaziniere|cuisiniere|chaudiere|con?mpteur de gaz|installation interieure)",
    r"gaziniere(?: \w+){0,3} ouverte", r"(?:tuyau|conduite)\b.{0,60}\bodeur", r"immeuble empeste",
    r"(?:gas|gaz) (?:smell|leak|odou?r)", r"smell\w*(?: \w+){0,3} (?:of )?gas\b", r"(?:leaking|escaping) gas",
    r"gas (?:is )?(?:leaking|escaping)", r"rotten eggs?",
    r"gaslucht|gaslek|gasgeur", r"(?:ruik\w*|stinkt)(?: \w+){0,4} gas\b", r"gas(?: \w+){0,3} (?:ruik\w*|lek\w*)", r"rotte eieren",
    r"(?:olor|huele|huelo|fuga|escape|oler)(?: \w+){0,3} (?:a |de )?gas\b", r"huevos? podridos?",
    r"gasgeruch|gasleck|gasaustritt", r"(?:riech\w*|stinkt)(?: \w+){0,4} (?:nach )?gas\b", r"gas (?:riech|ausström|ausstrom|tritt aus)\w*",
    r"faule\w* eier\w*",
    r"(?:odore|puzza|fuga|perdita|sento|sentire)(?: \w+){0,3} (?:di |il )?gas\b", r"uova marce",
)
_CARBON_MONOXIDE = (
    r"monoxyde|carbon monoxide|koolmonoxide|monoxido|kohlen?monoxid|monossido",
    r"(?:mal (?:a la|de) tete|maux de tete|nausee|vertige|vomi)\w*\b.{0,60}\b(?:chaudiere|poele|chauffe-?eau|chauffage|gaz|brasero)",
    r"(?:chaudiere|poele|chauffe-?eau|brasero)\b.{0,60}\b(?:mal (?:a la|de) tete|maux de tete|nausee|vertige|vomi)",
    r"(?:headache|dizzy|nausea)\w*\b.{0,60}\b(?:boiler|heater|stove)",
    r"(?:hoofdpijn|misselijk|duizelig)\b.{0,60}\b(?:ketel|kachel|geiser)",
    r"(?:dolor de cabeza|mareo|nausea)\w*\b.{0,60}\b(?:caldera|calentador|estufa)",
    r"(?:kopfschmerz|schwindel|ubelkeit|schwindlig)\w*\b.{0,60}\b(?:therme|heizung|ofen|kessel)",
    r"(?:mal di testa|nausea|vertigini)\b.{0,60}\b(?:caldaia|stufa|scaldabagno)",
)
_CABLE = (
    # "En ligne pendant 40 minutes" and a line that drops are telephones; a line that hangs from a pole is not.
    r"(?:cables?|fils?|(?<!\ben )(?<!\bhors )lignes?(?! (?:telephon|fixe|mobile|internet)))(?: \w+){0,2} "
    r"(?:a terre|par terre|au sol|tombe\w*\b(?! en panne| d'accord)|pend(?!ant\b(?! (?:du|des|au(?! moins)|devant|sur|dans|a)\b))\w*|arrache\w*|qui traine\w*|coupe\w* dans la rue)",
    r"(?:tombe(?! en panne)|par terre|au sol)\b.{0,25}\b(?:cables?\b|lignes? (?:electriques?|(?:haute|moyenne|basse) tension))",
    r"(?:arbre|branche|poteau|tole|grue)s?\b.{0,30}\btombee?s? (?:sur|dans) (?:la|les|une|des|nos|ma) (?:ligne|fil)s?\b",
    r"(?:poteau|pylone)(?: \w+){0,3} (?:tombe|casse|couche|penche|arrache)\w*",
    r"(?:power ?line|(?<!charging )cable|wire(?! transfer)|pole)s?(?: \w+){0,2} (?:down|fallen|on the ground|hanging|snapped)", r"(?:fallen|downed|hanging) (?:power ?line|cable|wire|pole)s?",
    r"(?:(?<!\bam )kabel(?! van de laadpaal)|draad|mast|paal)(?: \w+){0,3} (?:op de grond|gevallen|hangt|los|geknapt)",
    r"(?:cable|poste|linea(?! (?:telefonica|movil|fija|de (?:internet|atencion))))s?(?: \w+){0,3} (?:caid\w*\b(?! (?:mientras|cuando|durante|al hablar))|en el suelo|suelt\w*|colgando)",
    r"(?:(?<!\bam )kabel(?! van de laadpaal)|(?<!\bin der )leitung|mast|stromleitung)(?: \w+){0,4} (?:am boden|auf dem boden|heruntergefallen|umgestürzt|umgesturzt|gerissen|hangt)",
    r"(?:cavo(?! di ricarica)|palo|filo|traliccio)(?: \w+){0,3} (?:a terra|per terra|cadut\w*|pende|penzola\w*|spezzat\w*)",
)
_FIRE = (
    r"(?:prend|pris|prit|en|au|un depart de|depart de|debut d'?) ?(?:feu|incendie)\b(?! vert| rouge| doux)", r"incendie", r"flammes?\b(?! verte)",
    r"(?:brule(?!urs?\b)|fume)\w*\b.{0,25}\b(?:compteur|tableau|prise|disjoncteur|linky|fils?|boitier|mur)",
    r"(?:compteur|tableau|prise|disjoncteur|linky|boitier|fils?)\b.{0,25}\b(?:brule(?!urs?\b)\w*|fume\w*|crepite\w*|gresille\w*|(?<!\bau )(?<!\bdu )(?<!\ble )(?<!\bde )(?<!\bun )(?<!\ba )fond\b|fondu\w*|crame\w*|noirci\w*|"
    r"(?<!\bme )(?<!\bmais )(?<!\bse )(?<!\bnous )(?<!\bje )(?<!\bon )chauffe(?:nt|r)?\b(?!-| eau))",
    r"etincelles?|arcs? electriques?|court-?circuit(?: \w+){0,3} flamme",
    r"(?:odeur|sent|senti|pue)(?: \w+){0,3} (?:de |le |du )?(?:brule|cramee?|roussi|plastique fondu|chaud)\b",
    r"(?:de la|beaucoup de|il y a de la) fumee", r"(?:electrocut|electris)\w+", r"pris(?:e)? le jus|decharge electrique",
    r"(?:(?<!chauffe-)(?<!chauffe )(?<!ballon d')(?<!compteur d')eau\b(?! chaude)|fuites? d'eau|(?:coul|goutt|ruissel)\w* (?:sur|dans)|inonde\w*|inondation)\b.{0,30}\b(?:tableau|compteur electrique|disjoncteur)",
    r"(?:tableau|compteur electrique)\b.{0,30}\b(?:inonde\w*|sous l'eau|dans l'eau)",
    r"on fire|caught fire|there(?:'s| is) a fire|sparks?\b|sparking|(?:burning|burnt) smell|smell\w*(?: \w+){0,2} burn\w*|smoke\b(?! detector| alarm)|smoking (?:meter|socket|panel|fuse)|electrocuted|electric shock",
    # Dutch "brand" is a fire, English "brand" a make.
    r"\b(?:vonken|vonkt|(?<!\bwhich )(?<!\bwhat )(?<!\byour )(?<!\bthis )(?<!\bthat )(?<!\bsame )(?<!\bthe )(?<!\bmy )(?<!\bbest )(?<!\bany )(?<!other )(?<!\bgood )(?<!\ba )(?<!\bs )(?<!'s )"
    r"brand\b(?![ -]new| of (?:the|my|your|this|heat|charg|boiler|meter|car\b|panel|batter|solar|smart|invert|light|bulb)| names?\b)|brandlucht|rook\b|schroeilucht|geelektrocuteerd|in brand)",
    r"chispas?|chisporrote\w*|(?:huele|olor) a quemado|(?<!detector de )humo\b|(?<!\ba )fuego\b(?! lento)|electrocut\w*",
    r"funken\b|funkt\b|(?<!licht )(?<!lampe )(?<!\bled )brennt\b|brandgeruch|verbrannt(?:em|er)? geruch|(?:riecht|stinkt)(?: \w+){0,2} verbrannt\w*|rauch\b|qualm\w*|stromschlag|feuer\b",
    r"scintill\w*|(?:odore|puzza) di bruciato|(?<!rilevatore di )(?<!\bio )fumo\b|fuoco\b|fiamme\b|folgorat\w*|in fiamme|presa la scossa",
)
_MEDICAL = (
    r"respirateur|assistance respiratoire|(?:appareil|concentrateur|extracteur)(?: \w+){0,2} (?:oxygene|medical\w*|respiratoire|d'oxygene)|dialyse a domicile|haut risque vital|sous oxygene|materiel medical",
    r"ventilator at home|oxygen (?:machine|concentrator)|breathing machine|life support|home dialysis|medical (?:device|equipment)",
    r"beademing\w*|zuurstof(?:apparaat|concentrator)?\b|thuisdialyse|medische apparatuur",
    r"respirador|concentrador de oxigeno|dialisis en casa|equipo medico|maquina de oxigeno",
    r"beatmung\w*|sauerstoffgerat|heimdialyse|medizinische\w* gerat\w*",
    r"respiratore|ventilatore polmonare|concentratore di ossigeno|dialisi a casa|apparecchi\w* medic\w*",
)

#: In the order in which a message that names several is answered: leave first, everything else after.
_PATTERNS: tuple[tuple[Danger, tuple[str, ...]], ...] = (
    ("gas", _GAS), ("carbon_monoxide", _CARBON_MONOXIDE), ("cable", _CABLE), ("fire", _FIRE), ("medical", _MEDICAL),
)
_KINDS = tuple((kind, re.compile("|".join(rf"(?<!\w)(?:{pattern})" for pattern in patterns)))
               for kind, patterns in _PATTERNS)
_DENIED = re.compile(
    r"(?:\b(?:aucune?s?|sans|pas d'|pas de|ni d'|ni|ne|n'|jamais|plus d'|no|not|without|isn't|doesn't|don't|can't|geen|niet|sin|ningun\w*|"
    r"kein\w*|nicht|ohne|non|nessun\w*|senza)\b|\bpas d'|\bn')[^.,;!?]{0,22}$"
)
_DENIED_INSIDE = re.compile(r"\b(?:ne|n')\W?(?:\w+ )?(?:sens?|sent|sentez|sentons|pue)? ?(?:pas|plus|rien|aucune?)\b|\bsen[st]? (?:pas|plus|rien)\b|\bpas (?:le|de|du|d')\b|\b(?:kein|nicht|geen|niet|not?)\b")
#: "Pas de courant et ça sent le gaz": what is denied stands before another clause.
_CLAUSE = re.compile(r"\b(?:et|mais|car|puis|and|but|en|maar|y|pero|und|aber|e|ma)\b|[.,;:!?]")

_DENIAL_REACH = 80     # characters before a danger in which a denial of it is looked for; :data:`_DENIED` needs fewer


#: The same words about something else: "je sens que ma facture va monter", "ils sont tombés d'accord".
_HARMLESS = re.compile(r"\bsen[st] que\b[^.,;!?]*\b(?:factur|prix|tarif|cout)\w*[^.,;!?]*|\btomb\w+ d'accord\b")


def detect_danger(text: str, language: str = "fr") -> Danger | None:
    """The gravest danger a message speaks of, or ``None``. Never raises; all six languages at once."""
    plain = _HARMLESS.sub(" ", normalise(text, language))
    for kind, pattern in _KINDS:
        for found in pattern.finditer(plain):
            before = _CLAUSE.split(plain[max(0, found.start() - _DENIAL_REACH):found.start()])[-1]
            if not _DENIED.search(before) and not _DENIED_INSIDE.search(found.group()):
                return kind
    return None


#: What the understanding calls a danger (``notes``: "danger: smoke") and which of our words fit it.
_NOTED: dict[str, Danger] = {
    "gas": "gas", "carbon monoxide": "carbon_monoxide", "cable": "cable", "fire": "fire", "sparks": "fire", "smoke": "fire",
    "shock": "fire", "fragile": "fragile",
}


def danger_of(understanding: Understanding) -> Danger | None:
    """The danger of an understood message: by the rules here, else as the understanding found it.

    A plain denial here outweighs the understanding's alarm ("plus de gaz, mais aucune odeur de gaz").
    """
    found = detect_danger(understanding.text, understanding.language)
    if found is not None:
        return found
    noted = next((note.removeprefix("danger: ") for note in understanding.notes if note.startswith("danger: ")), None)
    if noted is None and understanding.intent != "urgent":
        return None
    return None if _denied(understanding) else _NOTED.get(noted or "", "any")


def _denied(understanding: Understanding) -> bool:
    """Whether a danger is named, and every time only to say that it is not there."""
    plain = normalise(understanding.text, understanding.language)
    return any(pattern.search(plain) for _, pattern in _KINDS)
