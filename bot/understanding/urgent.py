"""Danger, recognised by rule in six languages beside the model: gas, fire, shock, someone who needs power.

A danger must never be missed, so spelling is read by sound and letters may be missing; a false alarm
costs a customer one extra sentence. Works on the text as :func:`bot.language.normalise.fold` leaves it.
"""

from __future__ import annotations

import re

from bot.flows.danger import detect_danger
from bot.language.normalise import clean, fold

_GAS = r"(?:ga[zs]e?s?|gaaz|gazz|gass|metano|methane|metaan)"
_SMELL = (
    r"(?:odeurs?|odeure|odr|oder|sen[st]?|sente|sent[ae]is?|senti|sentir|sentons|sentent|pue|puent|chlingue|schlingue|relent|relents|fuite|fuites|fuit|fui|"
    r"sifflement|siffle|renifle|empeste|"
    r"smell|smells|smelling|smelly|smel|stinks?|odou?r|leak|leaks|leaking|whiff|"
    r"ruik|ruikt|ruiken|geur|lucht|lek|lekt|lekkage|stinkt|"
    r"huele|huelo|oler|olor|fuga|escape|apesta|"
    r"riecht|rieche|riechen|geruch|gestank|leck|leckt|stinkt|austritt|"
    r"odore|odora|puzza|sento|perdita|fuga|puzzo)"
)
_NEAR = r"(?:\W+(?!factur|prix|compteur|contrat|tarif|abonn|conso|bill|price|contract|rekening|rechnung|vertrag|recibo|precio|bollett|prezz)\w+){0,5}?\W+"
#: "ça ne sent pas le gaz", "aucune odeur de gaz": said to reassure.
_DENIED = re.compile(
    r"\b(?:aucune|pas d'|pas de|plus d'|plus de|sans|no|geen|kein\w*|ningun\w*|sin|nessun\w*|senza)\s*(?:odeur|fuite|smell|leak|gaslucht|gaslek|gasgeruch|olor|fuga|odore|perdita)\w*"
    r"|\b(?:sent|sens|sentons|smell|smells|ruik|ruikt|riecht|huele|sento)\s+(?:pas|plus|niet|nicht|no)\b|\b(?:doesn't|don't|does not|do not|no|non)\s+(?:smell|huele|sento)\b(?:\s+(?:odore|olor|any))?"
    r"|\bno hay olor\b|\bgeen gas\w*\b|\bkein gas\w*\b|\bnicht nach gas\b"
)
_PIPE = (
    r"(?:(?:conduite|canalisation|tuyau)s? (?:de |du )?gaz|gas (?:pipe|main|line)s?|gasleiding\w*|gasbuis\w*|gasleitung\w*|gasrohr\w*|"
    r"(?:tuberia|conduccion|tubo)s? (?:de |del )gas|(?:tubo|tubi|tubazione|tubatura|condotta) (?:di |del )gas)"
)
_BROKEN = (
    r"(?:perce\w*|eventre\w*|arrache\w*|creve\w*|sectionne\w*|rompue?s?|hit|broke|broken|burst|ruptured|severed|punctured|"
    r"geraakt|kapot|gebroken|doorboord|gesprongen|geknapt|getroffen|beschadigt|angebohrt|geplatzt|gerissen|"
    r"rot[oa]|perforad[oa]|pinchad[oa]|reventad[oa]|rott[oaie]|bucat[oa]|forat[oa]|spaccat[oa]|tranciat[oa])"
)
_POLE = (
    r"(?:(?:electric(?:ity)?|power|utility) pole|elektriciteitspaal|stroompaal|hoogspanningsmast|strommast|hochspannungsmast|"
    r"poste (?:de (?:la )?luz|electrico)|torre electrica|palo (?:della luce|elettrico)|traliccio)"
)
_FALLEN = r"(?:down|fallen|fell|omgevallen|omgewaaid|gevallen|gesturzt|umgesturzt|umgefallen|umgeknickt|caid[oa]|cadut[oa]|(?:in the|op de|en la|sulla) (?:road|street|weg|straat|carretera|calle|strada))"
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("gas", rf"\b{_PIPE}\b.{{0,40}}\b{_BROKEN}\b|\b{_BROKEN}\b.{{0,40}}\b{_PIPE}\b"),
    ("cable", rf"\b{_POLE}\b.{{0,40}}\b{_FALLEN}\b|\b{_FALLEN}\b.{{0,40}}\b{_POLE}\b"),
    ("shock", r"\belektrische schok\b|\bonder stroom (?:komen )?(?:te )?staan\b|\bcalambrazo\b|\bdescarga electrica\b|\bscarica elettrica\b|\belektrischen schlag\b"),
    ("smoke", r"\b(?:meter|meterkast|stopcontact|zekeringkast)\b.{0,20}\brookt\b|\b(?:zahler\w*|sicherungskasten|steckdose)\b.{0,20}\b(?:qualmt|raucht)\b|\b(?:contador|enchufe|cuadro)\b.{0,20}\bhumea\b|\b(?:contatore|presa|quadro)\b.{0,20}\bfuma\b"),
    ("gas", rf"\b{_SMELL}\b{_NEAR}{_GAS}\b"),
    ("gas", rf"\b{_GAS}\b(?:\W+\w+){{0,4}}?\W+{_SMELL}\b"),
    ("gas", rf"\b{_SMELL}\b{_NEAR}(?:gazinn?ieres?|chaudieres?|cuisinn?ieres?|tuyau|conduite)\b(?!\W+(?:d'eau|eau|de douche))|\b(?:gazinn?ieres?|tuyau (?:souple )?(?:de|du|derriere|a) (?:gaz|la gaz|la cuis)\w*)\b(?:\W+\w+){{0,8}}?\W+(?:{_SMELL}|ouverte?|remonte|fendu|perce)\b"),
    ("gas", r"\bfuit+es?\b.{0,12}\bga[zs]\b|\bmal a la tete\b.{0,25}\bchaudiere\b|\bmaux de tete\b.{0,25}\bchaudiere\b"),
    ("gas", r"\bgas(?:lek|lucht|geur|leck|geruch|austritt|gestank)\w*"),
    ("gas", r"\boeufs? pourris?\b|\brotten eggs?\b|\brotte eieren\b|\bhuevos podridos\b|\bfaulen? eiern?\b|\buova marce\b"),
    ("carbon monoxide", r"\bmonoxy?de\b(?!\W+d.azote)|\bcarbon monoxide\b|\bmonoxido\b|\bmonossido\b|\bkoolmonoxide\w*|\bkohlenmonoxid\w*|\bco-?(?:melder|detecteur|detector|alarm)\b"),
    ("fire", r"\b(?:pris|prend|prends|prenne) feu\b|\ben feu\b|\ben flammes?\b|^\W*au feu\b|^\W*(?:y a |il y a )?(?:le |du |un )?(?:feu|incendies?)\b(?!\W+(?:rouge|vert))|\bincendies?\b(?=.*\b(?:compteur|maison|immeuble|cave|cuisine|tableau|en cours)\b)|\bca brule\b|\bflammes?\b(?=.*\b(?:compteur|tableau|prise|disjoncteur|cable)\b)"),
    ("fire", r"\bon fire\b|\bcaught fire\b|\bin brand\b|\bstaat in de fik\b|\bbrandt\b(?=.*\b(?:meter|stopcontact|kast)\b)|\b(?:meter|meterkast)\b.*\bbrandt\b"),
    ("fire", r"\b(?:esta|se esta) ardiendo\b|\bincendio\b|\ben llamas\b|(?<!licht )(?<!lampe )(?<!\bled )\bbrennt\b|\bfeuer\b|\bpreso fuoco\b|\bin fiamme\b|\bsta bruciando\b"),
    ("fire", r"\bexplosions?\b(?!\W+(?:de|des|du|of|van|der)\W+(?:ma|la|les|mes|my|the)?\W*(?:factures?|prix|conso\w*|tarifs?|costs?|prices?))|\b(?:compteurs?|transfo\w*|tableau|chaudiere|prise|disjoncteur|boitier|bonbonne|bouteille de gaz|meter|meterkast|zahler|contador|contatore)\b\W+(?:\w+\W+){0,3}?(?:explos\w+|exploded|ontploft|explodiert|explotado|esplos\w+)|^\W*(?:ca|sa|il y a|tout) (?:a|vient|eu)\b.{0,12}\bexplos\w+"),
    ("sparks", r"\betincell?es?\b|\betincell?\w*|\bsparks?\b|\bsparking\b|\bvonken\b|\bvonkt\b|\bchispas?\b|\bchisporrotea\w*|\bfunken\b(?=.*\b(?:steckdose|zahler|kabel|sicherung\w*)\b)|\b(?:steckdose|zahler|kabel|sicherung\w*)\b.*\bfunk(?:en|t)\b|\bscintill[ea]\b|\b(?:compteur|boitier|tableau|prise|disjoncteur|cable)\b.{0,20}\bgresill\w*"),
    ("smoke", r"\bfum(?:e|ee|er|ait)\b(?=.*\b(?:compteur|tableau|prise|disjoncteur|boitier|cable|fusible)\b)|\b(?:compteur|tableau|prise|disjoncteur|boitier|cable|fusible)s?\b.*\bfum(?:e|ee|er|ait)\b"),
    ("smoke", r"\bsmok(?:e|ing)\b(?=.*\b(?:meter|fuse|panel|socket|outlet|box)\b)|\b(?:meter|fuse|panel|socket|outlet)\b.*\bsmok(?:e|ing)\b|\brook\b(?=.*\b(?:meter\w*|stopcontact|kast)\b)|\bhumo\b(?=.*\b(?:cuadro|contador|enchufe)\b)|\brauch\b(?=.*\b(?:zahler\w*|sicherung\w*|steckdose)\b)|\bfumo\b(?=.*\b(?:quadro|contatore|presa)\b)"),
    ("smoke", r"\b(?:odeur|sent|sa sent|ca sent)\b.{0,25}\b(?:brule|cramee?|roussi|plastique brule)\b|\bburning smell\b|\bsmells? (?:of )?burn\w+|\bbrandlucht\b|\bhuele a quemado\b|\bverbrannt\b|\bverschmort\b|\bpuzza di bruciato\b|\bodore di bruciato\b"),
    ("shock", r"\belectrocut\w+|\belektrokut\w+|\belettrocut\w+|\bfolgorat\w+|\bstromschlag\b|\belectric shock\b|\bgot (?:a )?shocked?\b|\b(?:preso|prendo) la scossa\b|\bpris (?:le jus|le courant|une decharge|une chataigne|du 220|une secousse)\b|\bdecharges? electriques?\b|\bprends? des decharges\b|\bstroomschok\b|\bschok gekregen\b|\bcalambre\b"),
    ("cable", r"\b(?:cables?|fils? electriques?|(?:un|le|des|les|du) fils?(?! (?:a|de) )|lignes? (?:electrique|haute|basse|moyenne)s?\w*|pylone|poteau)\b.{0,40}\b(?:par terre|au sol|a terre|tombee?s?|arrachee?s?|pend(?:ent)?|sectionnee?)\b(?! d'accord| en panne)|\b(?:tombe|arrache)\w*\b.{0,25}\b(?:cables?|lignes?|fil) electriques?\b|\bfil (?:arrache|qui pend|pend)\b"),
    ("cable", r"\b(?:power|electric|overhead) (?:line|cable|wire)\w*\b.{0,30}\b(?:down|fallen|on the ground|hanging)\b|\b(?:stroom|elektriciteits)\w*(?:kabel|draad)\b.{0,30}\b(?:grond|gevallen|hangt)\b|\bcable electrico\b.{0,30}\b(?:suelo|caido)\b|\bcaido un cable\b|\bstrom(?:leitung|kabel)\b.{0,30}\b(?:boden|heruntergefallen|gerissen)\b|\bcavo elettrico\b.{0,30}\b(?:terra|caduto)\b|\bcaduto un cavo\b"),
)
#: Someone who cannot be without power or heat …
_FRAGILE = (
    r"\b(?:nourrissons?|bebes?|nouveau-?nes?|prematures?|respirateur|oxygene|dialyse|concentrateur|apnee|appareil (?:respiratoire|medical)|assistance respiratoire|materiel medical|sous perfusion|insuline|"
    r"baby|babies|newborn|infant|oxygen|ventilator|dialysis|medical equipment|life support|insulin|"
    r"zuurstof\w*|beademing\w*|zuigeling|pasgeboren\w*|nierdialyse|medische apparatuur|"
    r"recien nacido|bebe|oxigeno|respirador|dialisis|aparato medico|"
    r"saugling|neugeborenes?|sauerstoff\w*|beatmung\w*|medizinische gerate|"
    r"neonat[oi]|ossigeno|respiratore|dialisi|apparecchio medico)\b"
)
#: … without it.
_WITHOUT = (
    r"\b(?:plus (?:de |d.)?(?:courant|electricite|elec|lumiere|chauffage|gaz|jus)|pas (?:de |d.)?(?:courant|electricite|chauffage|lumiere)|sans (?:courant|electricite|chauffage|lumiere)|pu (?:de |d.)?(?:courant|electricite|elec|chauffage)|coupe[ers]?|coupure|coupee|coupez|panne|"
    r"no (?:power|electricity|heating|heat)|without (?:power|electricity|heating)|power (?:is )?(?:out|cut|outage)|cut off|"
    r"geen (?:stroom|verwarming|elektriciteit)|zonder (?:stroom|verwarming)|stroom (?:is )?(?:weg|uitgevallen)|stroomstoring|afgesloten|"
    r"sin (?:luz|electricidad|calefaccion)|no (?:hay|tengo|tenemos) (?:luz|electricidad|calefaccion)|corte de luz|se (?:ha )?(?:fue|ido) la luz|"
    r"kein(?:e|en)? (?:strom|heizung)|ohne (?:strom|heizung)|strom (?:ist )?(?:weg|ausgefallen)|stromausfall|"
    r"senza (?:corrente|luce|elettricita|riscaldamento)|manca la (?:corrente|luce)|non (?:c.e|ho|abbiamo) (?:corrente|luce|riscaldamento)|blackout)\b"
)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)
_FRAGILE_RE, _WITHOUT_RE = re.compile(_FRAGILE), re.compile(_WITHOUT)
#: Talk about prices, boilers or appliances that shares the words.
_HARMLESS = re.compile(
    r"\b(?:ca|sa|cela)\s+(?:me\s+)?sent (?:l'arnaque|mauvais)\b|\bsens? (?:de la|de l') ?(?:facture|gaz sur)\b|\b(?:perdita|fuga)\s+di\s+tempo\b|"
    r"\bsento\s+(?:parlare|dire)\b|\b(?:effet|gaz)\s+de\s+serre\b|\bfeu (?:vert|rouge)\b|\bfeu\s+mon\b|\bau coin du feu\b|\bfeuer und flamme\b"
)


def urgent(text: str) -> str | None:
    """The danger in a message ("gas", "fire", "sparks", "smoke", "shock", "cable", "carbon monoxide",
    "fragile"; or a kind of :mod:`bot.flows.danger`), or None."""
    folded = fold(clean(text))
    if not folded:
        return None
    folded = _DENIED.sub(" ", _HARMLESS.sub(" ", folded))
    for name, pattern in _COMPILED:
        if pattern.search(folded):
            return name
    if _FRAGILE_RE.search(folded) and _WITHOUT_RE.search(folded):
        return "fragile"
    # The rules inside flows were written apart from these: what either hears is danger.
    return detect_danger(text)
