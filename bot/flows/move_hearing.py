"""What movers say: when they leave and arrive, whether they stay with us, and to which address."""

from __future__ import annotations

import re
from datetime import date

from bot.flows.contract import today
from bot.flows.facts import fact
from bot.flows.format import either
from bot.flows.hearing import fold, picked, yes_no
from bot.flows.leaving import check_day, said_dates, slot
from bot.flows.places import looks_like_address
from bot.flows.types import Heard, Parsed, Problem, Scene

ID = "move_home"
_LEAVE = re.compile(
    r"\b(?:pars|part|parti|partons|partir|quitt\w*|sor(?:s|t|tie|tons)|rend\w*|depart|fin (?:de )?(?:bail|contrat)|ferm\w*|resili\w*|libere\w*|ancien\w*|"
    r"leav\w*|move out|moving out|end of|vertrek\w*|verlaat|verlaten|uit|eruit|lever\w* (?:de )?sleutels?|oude?|"
    r"auszieh\w*|auszug|ausgezogen|zieh\w* (?:\w+ ){0,4}aus|raus|verlass\w*|alte[nrs]?|salgo|salimos|salida|dejo|dejamos|dejar|me voy|nos vamos|(?:entreg|devuelv)\w* (?:las )?llaves|antigu[ao]|viej[ao]|"
    r"lascio|lasciamo|lasciare|uscita|esco|usciamo|(?:consegn|rend)\w* le chiavi|vecchi[ao]|vado via|andiamo via)\b"
)
_ENTER = re.compile(
    r"\b(?:entr(?:e|ee|ons|er)|emmenag\w*|arriv\w*|ouvr\w*|install\w*|j y suis|prend\w* (?:les cles|possession)|debut|nouve\w*|"
    r"move in|moving in|arrive|new|intrek\w*|trek\w* (?:\w+ ){0,4}in|nieuwe?|krijg\w* (?:\w+ ){0,2}sleutels?|einzieh\w*|einzug|eingezogen|zieh\w* (?:\w+ ){0,4}ein|neu(?:e[nrs]?)?|bekomm\w* (?:\w+ ){0,2}schlussel|"
    r"entro|entramos|entrar|entrada|llego|llegamos|(?:me|nos) (?:dan|entregan) las llaves|nuev\w*|entriamo|entrare|ingresso|nuov\w*|(?:mi|ci) danno le chiavi|prend\w* le chiavi)\b"
)
_GONE = re.compile(
    r"\b(?:a l etranger|abroad|chez (?:mes|mon|ma|des|un|une) (?:parents?|mere|pere|ami\w*|copain|copine|conjoint\w*|enfants?|fille|fils)|en (?:maison de retraite|ehpad)|"
    r"maison de retraite|ehpad|definitivement|pour de bon|sans (?:reprendre|rouvrir|nouveau contrat)|autre fournisseur|plus besoin|expatri\w*|"
    r"buitenland|ausland|extranjero|estero|for good|care home|nursing home|with my (?:parents|son|daughter)|rusthuis|woonzorgcentrum|bejaardentehuis|voorgoed|(?:bij|naar) mijn (?:ouders|moeder|vader|zoon|dochter|vriend\w*)|andere leverancier|"
    r"altersheim|pflegeheim|seniorenheim|fur immer|zu (?:meinen (?:eltern|kindern)|meiner (?:mutter|tochter|freundin)|meinem (?:vater|sohn|freund))|andere[rn] anbieter|residencia de (?:ancianos|mayores)|para siempre|con mis padres|a casa de (?:mis? (?:padres|madre|padre|hij[oa]s?|novi[oa])|un[oa]s? amig[oa]s?)|otra compania|"
    r"casa di riposo|per sempre|dai miei(?: genitori)?|da mi[ao] (?:madre|padre|figli[oa])|altro (?:fornitore|gestore))\b"
)
_STAY = re.compile(r"\b(?:garder?|rester?|ouvr\w*|transfer\w*|continuer?|reprendre|keep|stay|transfer|houden|behouden|blijf|blijven|meenemen|overzetten|behalten|bleib\w*|mitnehmen|ubertragen|mantener|seguir|seguimos|quedarme|continuar|traspasar|mantenere|conservare|restare|rimanere|trasferire|continuare)\b")
_STREET = re.compile(
    r"\b\d{1,4} ?(?:bis|ter|quater|[a-d]\b)?,? (?:rue|avenue|av\.?|boulevard|bd\.?|bld|place|pl\.?|chemin|che\.?|allees?|impasse|imp\.?|quai|route|rte|cours|square|"
    r"passage|sentier|sente|villa|residence|lotissement|faubourg|cite|esplanade|promenade|hameau|lieu dit|street|road|lane)\b[^,;\n]*", re.IGNORECASE)
_POSTCODE = re.compile(r"(?<![\d-])(\d{2}) ?(\d{3})(?!\d| ?(?:kwh|m3|€|euros))")
_TOWN = re.compile(r"(?<!\d)\d{2} ?\d{3},? +(?:à |a )?([^\W\d_][^\d,;.!?\n]{1,40})")
_TAIL = re.compile(r"\s+(?:le \d|à partir|a partir|dès |des le|depuis|et (?:je|on|nous|j)\b|from\b|as of|on \d|ab dem|vanaf|svp\b|merci\b|pour le \d).*$", re.IGNORECASE)
_IDENTITY = ("contract_number", "contract_postcode", "identity_code")
_KVA = re.compile(r"(?<![\d,.])(\d{1,2})\s?kva\b", re.IGNORECASE)
_POWER = re.compile(r"(?<![\d,.])(\d{1,2})(?![\d,.])")
_SAME = re.compile(r"\b(?:meme|pareil|comme (?:aujourd hui|maintenant|avant|ici)|same|(?:het)?zelfde|zoals nu|gleich\w*|wie (?:bisher|jetzt)|mism[oa]|igual|como ahora|stess[oa]|uguale|come (?:adesso|ora)|idem|identique)\b")
_AS_IS = re.compile(r"\b(?:deja|actuelle|reglee?|laisse\w*|sais pas|aucune idee|know|weet (?:ik |het )?niet|geen idee|zoals het (?:is|staat)|weiss (?:ich |es )?nicht|keine ahnung|so wie es ist|no (?:lo )?se|ni idea|como esta|non (?:lo )?so|nessuna idea|com e adesso|tel quel|existante?)\b")


def leave_on(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """The last day at the old home; a date with words of arriving beside it is not that one."""
    button = picked(heard, f"{ID}_leave_on")
    if button or heard.choice is not None:
        return check_day(button, scene, past="leaving.past") if button else None
    dates = said_dates(heard, today(scene))
    named = [iso for iso, words in dates if _LEAVE.search(words) and not _ENTER.search(words[_last(_LEAVE, words):])]
    bare = [iso for iso, words in dates if not _LEAVE.search(words) and not _ENTER.search(words)]
    if asked and not dates and yes_no(heard):       # "shall I put today?"
        return today(scene).isoformat()
    elsewhere = scene.slots.get("requested_slot") != f"{ID}_enter_on"      # there a bare date is the answer
    value = next(iter(named or (bare if asked or elsewhere else [])), None)
    found = check_day(value, scene, past="leaving.past") if value else None
    return found if asked or not isinstance(found, Problem) else None


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.end() for m in pattern.finditer(text)), default=0)


def enter_on(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """The first day at the new home."""
    button = picked(heard, f"{ID}_enter_on")
    if button or heard.choice is not None:
        return check_day(button, scene, past="move_home.enter_past") if button else None
    dates = said_dates(heard, today(scene))
    named = [iso for iso, words in dates if _ENTER.search(words) and not _LEAVE.search(words[_last(_ENTER, words):])]
    bare = [iso for iso, words in dates if not _LEAVE.search(words) and not _ENTER.search(words)]
    if asked and not dates and yes_no(heard):       # "shall I put today?"
        return today(scene).isoformat()
    same = slot(scene, ID, "enter_on") is not None and slot(scene, ID, "enter_on") == slot(scene, ID, "leave_on")
    moved = same and scene.slots.get("requested_slot") != f"{ID}_leave_on"     # both days move together
    value = next(iter(named or (bare if asked or moved else [])), None)
    if value is None and asked and re.search(r"\b(?:(?:le )?meme jour|pareil|same day|zelfde dag|selben tag|mismo dia|stesso giorno)\b", fold(heard.text)):
        value = slot(scene, ID, "leave_on")
    found = check_day(value, scene, past="move_home.enter_past") if value else None
    return found if asked or not isinstance(found, Problem) else None


def stay(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Whether a contract opens at the new home ("yes"), or they leave for good ("no")."""
    if heard.choice is not None:
        return picked(heard, f"{ID}_stay")
    text = fold(heard.text)
    if _GONE.search(text):
        return "no"
    if asked:
        said = yes_no(heard, firm=False)
        if said is not None:
            return "yes" if said else "no"
        return "yes" if _STAY.search(text) or _STREET.search(heard.text) else None
    new = address(heard, scene, False) is not None or postcode(heard, scene, False) is not None
    return "yes" if new and slot(scene, ID, "stay") is None else None


def address(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Street and number at the new home, without postcode and town."""
    if heard.choice is not None or scene.slots.get("requested_slot") in (*_IDENTITY, f"{ID}_forward"):
        return None
    found = _STREET.search(heard.text)
    text = found.group() if found else heard.text if asked else ""
    text = _TAIL.sub("", _POSTCODE.split(text)[0]) if found else _POSTCODE.split(text)[0]
    text = " ".join(text.split()).strip(" ,;.")
    if found:
        return text or None
    return text if asked and looks_like_address(text) else None


def postcode(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Postcode of the new home; never the one given to say who one is."""
    if heard.choice is not None or scene.slots.get("requested_slot") in (*_IDENTITY, f"{ID}_forward") or heard.entities("contract"):
        return None
    requested = str(scene.slots.get("requested_slot") or "")
    if requested.startswith(f"{ID}_index_") or requested == f"{ID}_new_pdl":
        return None
    entity = heard.first("postcode")
    typed = _POSTCODE.search(heard.text)
    value = str(entity) if entity else typed.group(1) + typed.group(2) if typed else None
    if value is None and asked and re.search(r"\d", heard.text):
        return Problem("identity.bad_postcode")
    return value


def town(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """The town written behind the postcode."""
    if postcode(heard, scene, False) is None:
        return None
    entity = heard.first("town")
    if entity:
        return str(entity)
    typed = _TOWN.search(heard.text)
    name = _TAIL.sub("", typed.group(1)).strip(" .") if typed else ""
    return name or None


def energy(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """What the new home takes: electricity, gas or both."""
    if heard.choice is not None:
        return picked(heard, f"{ID}_new_energy")
    text = fold(heard.text)
    no_gas = re.search(r"\b(?:pas (?:de |le )?gaz|sans gaz|no gas|geen gas|kein gas|sin gas|senza gas|tout elec\w*|tout electrique|all electric|plus de gaz)\b", text)
    if no_gas:
        return "electricity"
    if not asked:
        return None
    gas, power = re.search(r"\bga[sz]\b|\bmetano\b", text), re.search(r"\b(?:elec\w*|elek\w*|elettr\w*|courant|power|stroom|strom|luz|luce)\b", text)
    if (gas and power) or re.search(r"\b(?:les deux|both|beide|ambos|las dos|entramb\w*|aussi|oui|yes|ja|si)\b", text):
        return "both"
    return "gas" if gas else "electricity" if power or yes_no(heard) is False else None


def power(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Power at the new home: kVA, "same" as now, or "as_is" (what the meter there is set to)."""
    steps = sorted(int(kva) for kva in fact("electricity.subscription_eur_per_month"))
    button = picked(heard, f"{ID}_new_power")
    if button is not None:
        return int(button) if button.isdigit() else button
    if heard.choice is not None:
        return None
    entity = heard.first("power_kva")
    text = fold(heard.text)
    typed = _KVA.search(heard.text) or (_POWER.search(heard.text) if asked else None)
    value = int(entity) if isinstance(entity, int) else int(typed.group(1)) if typed else None
    if value is not None:
        near = [kva for kva in steps if kva < value][-1:] + [kva for kva in steps if kva > value][:1]
        if value in steps:
            return value
        return Problem("move_home.power_other", {"kva": value, "near": either([f"{kva} kVA" for kva in near], scene.language)}) if asked else None
    if not asked:
        return None
    return "same" if _SAME.search(text) or yes_no(heard, firm=False) else "as_is" if _AS_IS.search(text) else None


def pdl(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """The 14 digits of the new meter, or "skip"."""
    if heard.choice is not None:
        return picked(heard, f"{ID}_new_pdl")
    entity = heard.first("pdl") or heard.first("pce")
    if entity:
        return str(entity)
    typed = re.search(r"(?<!\d)(?:\d[ .]?){13}\d(?!\d)", heard.text)
    if typed:
        return re.sub(r"\D", "", typed.group())
    if not asked:
        return None
    if re.search(r"^(?:passer?|skip|non|no|nee|nein|pas|je (?:ne )?(?:l ai|sais|connais) pas|plus tard|later|aucune idee)\b", fold(heard.text)):
        return "skip"
    digits = len(re.sub(r"\D", "", heard.text))
    return Problem("move_home.pdl_length", {"count": digits}) if digits >= 5 else None


def fee_speed(scene: Scene) -> str:
    """How soon the supply must be on, which sets the operator's fee: normal, express or urgent."""
    entry = slot(scene, ID, "enter_on")
    days = (date.fromisoformat(entry) - today(scene)).days if entry else 99
    return "urgent" if days == 0 else "express" if days <= 2 else "normal"
