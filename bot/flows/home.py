"""Hearing what a home is like: size, heating, hot water, cooking, big appliances, how it is used.

Entities are taken where the extractor finds them; the patterns below catch what it has no name for
and the one-word answers that only mean something after a question ("gaz", "induction").
Values are what :class:`bot.backoffice.power.Home` takes, as JSON.
"""

from __future__ import annotations

import re
from typing import Any

from bot.flows.hearing import soft
from bot.flows.types import Heard

#: "I don't know", "no idea": the usual case is assumed then, and said.
_UNKNOWN = re.compile(
    r"\b(?:(?:je |j )?(?:ne )?(?:en )?sais (?:pas|plus|rien)|chais pas|jsp|aucune idee|no idea|(?:i )?don ?t know|dunno|not sure|"
    r"weet (?:ik |het )?niet|geen idee|weiss (?:ich |es )?nicht|keine ahnung|no (?:lo )?se|ni idea|non (?:lo )?so|boh)\b"
)
_SQUARE = re.compile(r"(?<!\d)(\d{1,3})\s?(?:m2|m²|m 2|metres? carres?|sqm|square|qm|mq|vierkante|quadrat|metros?|metri)(?!\w)")
_ROOMS = re.compile(r"\b(\d{1,2})\s?(?:pieces?|pces?|rooms?|kamers?|zimmer|habitaciones|stanze|locali|vani)\b|\b[tf]([1-9])(?: ?bis)?\b")
_STUDIO = re.compile(r"\b(?:studio|studette|estudio|monolocale|einzimmer\w*)\b")

_HEATINGS: tuple[tuple[str, str], ...] = (
    ("heat_pump", r"pac\b|pompe a chaleur|heat ?pump|warmtepomp|warmepumpe|bomba de calor|aerotermia|pompa di calore|clim reversible"),
    ("collective", r"collecti|reseau de chaleur|chauffage urbain|district|immeuble|stadsverwarming|blokverwarming|zentral|fernwarme|central(?:e|izzato)?\b|condominiale"),
    ("wood", r"bois|poele|pellets?|granule|cheminee|insert\b|wood|stove|hout|kachel|holz|ofen|lena|pelets|estufa|legna|stufa"),
    ("oil", r"fioul|fuel|mazout|oil\b|stookolie|heizol|gasoleo|gasoil|gasolio"),
    ("gas", r"gaz|gas|metano"),
    ("electric", r"electri|elektri|elettri|radiateurs?|convecteurs?|grille ?pain|radiators?|tout elec|elec\b|strom|calefactores"),
)
_WATERS: tuple[tuple[str, str], ...] = (
    ("heat_pump", r"thermodynamique|heat ?pump|warmtepomp|warmepumpe|bomba de calor|pompa di calore"),
    ("solar", r"solaire|solar|zonne|solare"),
    ("collective", r"collecti|immeuble|reseau|building|central|zentral|fernwarme|condominiale"),
    ("oil", r"fioul|mazout|oil\b|heizol|gasoleo|gasolio"),
    ("gas", r"gaz|gas|metano|chaudiere"),
    ("electric", r"electri|elektri|elettri|cumulus|ballon|chauffe eau|boiler|tank|immersion|termo\b|scaldabagno|elec\b|strom"),
)
_HOBS: tuple[tuple[str, str], ...] = (
    ("induction", r"inducti\w*|inductie|induktion|induccion|induzione"),
    ("vitro", r"vitro\w*|vitrocer|halog\w*|ceran\w*|keramisch\w*|ceramic"),
    ("gas", r"gaz|gas|gaziniere|butane|metano"),
    ("electric", r"electri\w*|elektri\w*|elettri\w*|fonte|elec\b"),
    ("none", r"aucune?|pas de plaques?|micro ?ondes seulement|none|geen|keine?|ningun\w*|nessun\w*"),
)
_ABOUT_HEAT = r"chauff(?:age|e|es|ee)|radiateurs?|convecteurs?|poele|heat(?:ing|ed)|verwarm\w*|heiz\w*|calefaccion|riscaldament\w*"
_ABOUT_WATER = r"eau chaude|chauffe eau|ballon|cumulus|hot water|boiler|warm ?water|warmwasser|agua caliente|acqua calda|scaldabagno"
_ABOUT_HOB = r"plaques?|cuisson|cuisin\w*|gaziniere|hob|cook\w*|stove ?top|kook\w*|fornuis|herd|kochfeld|placas?|cocina|fornelli|piano cottura"
_PARTS = re.compile(r"[,;:.!?\n+/]| et | mais | avec | and | but | with | en | maar | und | aber | mit | y | pero | con | e | ma ")

_APPLIANCES: tuple[tuple[str, str], ...] = (
    ("car_charger_kw", r"voitures? elec\w*|vehicules? elec\w*|\bve\b|bornes?\b|wall ?box|tesla|zoe\b|electric car|ev\b|(?:car|ev) charger|charging point|laadpaal|elektrische auto|laadpunt|e auto|elektroauto|ladestation|coche electrico|cargador|auto elettrica|colonnina"),
    ("pool", r"piscine|pool|zwembad|piscina"),
    ("spa", r"\bspa\b|jacuzzi|sauna|hammam|hot tub|whirlpool|bubbelbad"),
    ("air_conditioning", r"\bclim\b|climatis\w*|air ?con\w*|\bairco\b|klimaanlage|aire acondicionado|condizionatore"),
    ("dryer", r"seche linge|\bdryer\b|tumble|wasdroger|droogkast|\bdroger\b|trockner|secadora|asciugatrice"),
)
_NONE = re.compile(r"^\W*(?:non|nan|rien|aucun\w*|pas|ni|no|none|nothing|nee|geen|niets?|nein|keine?\w*|nichts|ninguno|ninguna|nada|nessun\w*|niente)\b")
_WITHOUT = r"(?:pas (?:de |d )?|sans |ni (?:de |d )?|aucune? |no |without |geen |keine?n? |sin |senza |non ho )"
_OVEN = re.compile(r"\b(?:four|oven|backofen|horno|forno)\b")
_NO_OVEN = re.compile(rf"{_WITHOUT}(?:\w+ )?(?:four|oven|backofen|horno|forno)\b")
_KW = re.compile(r"(\d{1,2}(?:[.,]\d)?)\s?kw\b")
_SECOND = re.compile(
    r"\b(?:residence secondaire|maison secondaire|2(?:e|eme|nde|nd)? (?:residence|maison)|maison de (?:vacances|campagne|famille)|"
    r"secondaire|second home|holiday (?:home|house|cottage)|weekend|week ends?|vacances|tweede (?:huis|woning|verblijf)|vakantie\w*|"
    r"zweitwohn\w*|ferien\w*|segunda (?:residencia|vivienda|casa)|vacaciones|seconda casa|casa (?:delle )?vacanze)\b"
)
_MAIN = re.compile(
    r"\b(?:residence principale|principale?|toute l annee|a l annee|j y (?:vis|habite)|tous les jours|main (?:home|residence)|all year|live there|"
    r"hoofd\w*|het hele jaar|hauptwohn\w*|ganzjahrig|vivienda (?:habitual|principal)|todo el ano|prima casa|abitazione principale|tutto l anno)\b"
)
#: Power of a charger nobody gave a figure for: the usual single-phase wall box, in kW.
USUAL_CHARGER_KW = 7.4


def unknown(heard: Heard) -> bool:
    """"I don't know" in so many words."""
    return bool(_UNKNOWN.search(soft(heard.text)))


def size(heard: Heard, asked: bool) -> dict[str, float] | None:
    """``{"surface_m2": 65}`` or ``{"rooms": 3}``; a bare number counts only when asked."""
    surface = heard.first("surface_m2")
    if isinstance(surface, int | float):
        return {"surface_m2": float(surface)}
    rooms = heard.first("rooms")
    if isinstance(rooms, int | float):
        return {"rooms": int(rooms)}
    text = soft(heard.text)
    if match := _SQUARE.search(text):
        return {"surface_m2": float(match.group(1))}
    if match := _ROOMS.search(text):
        return {"rooms": int(match.group(1) or match.group(2))}
    if _STUDIO.search(text):
        return {"rooms": 1}
    bare = re.fullmatch(r"\D{0,12}?(\d{1,3})\D{0,10}", text) if asked else None
    if bare and not heard.entities("power_kva"):
        value = int(bare.group(1))
        return {"rooms": value} if 1 <= value <= 9 else {"surface_m2": float(value)} if value <= 600 else None
    return None


def heating(heard: Heard, asked: bool) -> str | None:
    """How the home is heated, as :data:`bot.backoffice.power.Heating`."""
    return _kind(heard, "heating", _HEATINGS, _ABOUT_HEAT, asked)


def hot_water(heard: Heard, asked: bool) -> str | None:
    """How water is heated, as :data:`bot.backoffice.power.HotWater`."""
    return _kind(heard, "hot_water", _WATERS, _ABOUT_WATER, asked)


def hob(heard: Heard, asked: bool) -> str | None:
    """What one cooks on, as :data:`bot.backoffice.power.Hob`."""
    text = soft(heard.text)
    if re.search(r"inducti|induktion|induccion|induzione", text):
        return "induction"
    if re.search(r"vitroceram|\bvitro\b", text):
        return "vitro"
    return _kind(heard, "hob", _HOBS, _ABOUT_HOB, asked)


def _kind(heard: Heard, entity: str, kinds: tuple[tuple[str, str], ...], about: str, asked: bool) -> str | None:
    known = {name for name, _ in kinds}
    value = heard.first(entity)
    if isinstance(value, str) and value in known:
        return value
    text = soft(heard.text)
    parts = [part for part in _PARTS.split(text) if re.search(rf"\b(?:{about})\b", part)]
    if not parts and asked:
        parts = [text]
    for part in parts:
        found = [name for name, pattern in kinds if re.search(rf"\b(?:{pattern})", part)]
        if found:
            return found[0]
    return None


def oven(heard: Heard) -> bool | None:
    """Whether there is an electric oven, where they say so."""
    text, said = soft(heard.text), heard.first("oven")
    if said is False or _NO_OVEN.search(text):
        return False
    return True if said or _OVEN.search(text) else None


def appliances(heard: Heard, asked: bool, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """Big appliances as ``{"car_charger_kw": 7.4, "pool": true}``, added to what was said before.

    ``{}`` means none. "Pas de piscine" takes one away; a bare "non" only counts when asked.
    """
    text = soft(heard.text)
    found: dict[str, Any] = {}
    gone: set[str] = set()
    for name, pattern in _APPLIANCES:
        if not re.search(rf"\b(?:{pattern})" if not pattern.startswith(r"\b") else pattern, text):
            continue
        if re.search(rf"{_WITHOUT}(?:\w+ )?(?:{pattern})", text):
            gone.add(name)
        else:
            found[name] = True
    kilowatts = heard.first("charger_kw")
    if isinstance(kilowatts, int | float) and not isinstance(kilowatts, bool):
        found["car_charger_kw"] = float(kilowatts)
    elif found.get("car_charger_kw"):
        typed = _KW.search(text)
        found["car_charger_kw"] = float(typed.group(1).replace(",", ".")) if typed else USUAL_CHARGER_KW
    if found or gone:
        return {name: value for name, value in {**(before or {}), **found}.items() if name not in gone}
    return {} if asked and _NONE.search(text) and not _tells_more(heard) else None


def _tells_more(heard: Heard) -> bool:
    """"Non, 4 pièces" corrects something else; it does not say that there are no appliances."""
    return any(ear(heard, False) is not None for ear in (size, heating, hot_water, hob))


def use(heard: Heard) -> str | None:
    """``"second"`` for a home used now and then, ``"main"`` for one lived in."""
    if heard.first("dwelling") == "second_home":
        return "second"
    text = soft(heard.text)
    if _SECOND.search(text):
        return "second"
    return "main" if _MAIN.search(text) else None


def dwelling(heard: Heard) -> str | None:
    """``"studio"``, ``"flat"`` or ``"house"``."""
    value = heard.first("dwelling")
    if value in ("studio", "flat", "house"):
        return str(value)
    text = soft(heard.text)
    for name, pattern in (
        ("studio", _STUDIO.pattern),
        ("house", r"\b(?:maison|pavillon|villa|house|cottage|huis|woning|haus|casa|chalet|villa|ferme)\b"),
        ("flat", r"\b(?:appart\w*|flat|apartment|appartement|wohnung|piso|apartamento)\b"),
    ):
        if re.search(pattern, text):
            return name
    return None
