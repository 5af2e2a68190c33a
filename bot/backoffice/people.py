# ruff: noqa: SIM905 - lists of names read better as text
"""Invented customers: names, addresses and habits from a seeded generator.

Towns and their postcodes are real (outages and towns must match); streets, people, meters and bank
accounts are not. Phones come from the ranges ARCEP keeps for fiction, mail addresses from example.org.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, replace

from bot.backoffice.numbers import contract_number
from bot.backoffice.usage import Profile

FIRST_SERIAL = 104_200

_FIRST = (
    "Camille Inès Théo Mariam Lucas Jeanne Karim Sophie Hugo Nathalie Antoine Fatou Yannick Claire Mehdi"
    " Élodie Gaspard Aïcha Romain Solange Bastien Nour Thérèse Loïc Maëlle Gérard Chloé Samir Odile Rémi"
    " Anaïs Bruno Yasmine Paulette Erwan Louise Malik Denise Quentin Agathe Moussa Brigitte Léo Coralie"
    " Françoise Adrien Leïla Marius Véronique Tanguy"
).split()
_LAST = (
    "Armandie Belcourt Cassavel Delmarre Estrabaud Fauvergne Garrigou Hautbois Jolivard Kermeven Lassalinière"
    " Marchadour Nivelle Ormessan Pérondel Quillevic Roumanille Sauvageon Tréhorel Vauzelle Aubrespin"
    " Benmalek Castagnède Diabaté Esclarmont Ferrandine Guirec Haddouche Jaubertin Konaté Lourmarin Montferrat"
    " Nguyen-Roche Oulmès Pelletan Rochebrune Santoro Talleyre Vasconcel Zeller"
).split()
_STREETS = (
    "rue des Tilleuls|chemin du Moulin|allée des Cerisiers|avenue de la Gare|rue du Four|impasse des Lilas"
    "|rue Jean-Moulin|boulevard de l'Océan|place du Marché|route de la Forêt|rue des Écoles|quai des Brumes"
    "|sente aux Chats|rue de la République|cours des Platanes|résidence Les Hauts-Vents, bâtiment B"
).split("|")
_TOWNS = (
    ("44000", "Nantes"), ("44600", "Saint-Nazaire"), ("35000", "Rennes"), ("35400", "Saint-Malo"),
    ("29200", "Brest"), ("56000", "Vannes"), ("22100", "Dinan"), ("75011", "Paris"), ("75018", "Paris"),
    ("92100", "Boulogne-Billancourt"), ("93100", "Montreuil"), ("69003", "Lyon"), ("69100", "Villeurbanne"),
    ("38000", "Grenoble"), ("74000", "Annecy"), ("13006", "Marseille"), ("13100", "Aix-en-Provence"),
    ("06000", "Nice"), ("83000", "Toulon"), ("34000", "Montpellier"), ("31000", "Toulouse"), ("33000", "Bordeaux"),
    ("33120", "Arcachon"), ("64200", "Biarritz"), ("87000", "Limoges"), ("63000", "Clermont-Ferrand"),
    ("21000", "Dijon"), ("67000", "Strasbourg"), ("54000", "Nancy"), ("59000", "Lille"), ("80000", "Amiens"),
    ("76000", "Rouen"), ("14000", "Caen"), ("37000", "Tours"), ("45000", "Orléans"),
)
_SEASIDE = ("44600", "35400", "56000", "33120", "64200", "06000", "83000", "74000")


@dataclass(frozen=True)
class Person:
    """Everything that seeding needs of one customer; amounts and dates follow from the habits."""

    number: str
    first_name: str
    last_name: str
    email: str
    phone: str
    locale: str
    postcode: str
    town: str
    address: str
    energy: str
    offer: str
    power_kva: int | None
    tariff: str | None
    pdl: str | None
    pce: str | None
    linky: bool
    three_phase: bool
    payment: str
    debit_day: int | None
    iban: str | None
    second_home: bool
    protected: bool
    cadence: str
    payer: str
    months: int                      # of history with us
    plan_fit: float                  # monthly amount against real cost; below 1: they will owe
    profile: Profile
    situation: str = ""              # only of the ones shown on the demo page


def iban_fr(rng: random.Random) -> str:
    """A French IBAN with a right RIB key and right check digits, of no bank (code 99999)."""
    bank, branch, number = 99999, rng.randrange(100_000), rng.randrange(10**11)
    key = 97 - (89 * bank + 15 * branch + 3 * number) % 97
    bban = f"{bank:05d}{branch:05d}{number:011d}{key:02d}"
    return f"FR{98 - int(bban + '152700') % 97:02d}{bban}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "-")


def invent(serial: int) -> Person:
    """The customer of a serial: always the same one."""
    rng = random.Random(f"solenne-{serial}")     # noqa: S311 - not a secret
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    energy = rng.choices(("electricity", "both", "gas"), (62, 28, 10))[0]
    second = energy == "electricity" and rng.random() < 0.12
    postcode, town = rng.choice([t for t in _TOWNS if not second or t[0] in _SEASIDE])
    power = rng.choices((3, 6, 9, 12, 15, 18), (6, 48, 28, 11, 5, 2))[0]
    electric_heating = energy == "electricity" and power >= 6 and rng.random() < 0.6
    off_peak = energy != "gas" and power >= 6 and rng.random() < 0.38
    linky = rng.random() < 0.78
    payment = "debit" if rng.random() < 0.85 else "transfer"
    yearly = payment == "debit" and rng.random() < 0.5
    base = {3: 1300, 6: 2600, 9: 3900, 12: 5600, 15: 7200, 18: 9000}[power]
    use = base * rng.uniform(0.75, 1.3) * (1.9 if electric_heating else 1.0) * (0.45 if second else 1.0)
    profile = Profile(
        seed=serial, electricity_kwh=0.0 if energy == "gas" else round(use),
        heating_share=0.55 if electric_heating else 0.05,
        off_peak_share=round(rng.uniform(0.25, 0.48), 2) if off_peak else 0.0,
        gas_kwh=round(rng.uniform(5500, 17000)) if energy != "electricity" else 0.0,
        gas_heating_share=round(rng.uniform(0.7, 0.9), 2), trend=round(rng.uniform(-0.06, 0.05), 3),
        away=(1, 2, 3, 5, 6, 9, 10, 11, 12) if second else (),
        bias=1.0 if linky else rng.choice((0.82, 0.9, 1.12, 1.25)),
        first_index=rng.randrange(800, 24_000),
    )
    return Person(
        number=contract_number(serial), first_name=first, last_name=last,
        email=f"{_ascii(first)}.{_ascii(last)}.{serial % 1000}@example.org",
        phone=f"+3363998{rng.randrange(10_000):04d}", locale=rng.choices(("fr", "en", "es", "de"), (92, 4, 2, 2))[0],
        postcode=postcode, town=town, address=f"{rng.randrange(1, 140)} {rng.choice(_STREETS)}",
        energy=energy, offer="gaz" if energy == "gas" else rng.choices(("clarte", "clarte_fixe", "clarte_verte"), (50, 30, 20))[0],
        power_kva=None if energy == "gas" else power, tariff=None if energy == "gas" else "off_peak" if off_peak else "base",
        pdl=None if energy == "gas" else f"{rng.randrange(10**13, 10**14):014d}",
        pce=None if energy == "electricity" else f"{rng.randrange(10**13, 10**14):014d}",
        linky=linky, three_phase=power >= 15 and rng.random() < 0.6, payment=payment,
        debit_day=rng.choice((5, 10, 15, 20, 25)) if payment == "debit" else None,
        iban=iban_fr(rng) if payment == "debit" else None, second_home=second, protected=rng.random() < 0.08,
        cadence="yearly" if yearly else "monthly" if linky else "bimonthly",
        payer=rng.choices(("good", "late", "rejected"), (86, 10, 4 if payment == "debit" else 0))[0],
        months=rng.choices((4, 15, 27, 40, 58), (6, 14, 30, 30, 20))[0],
        plan_fit=round(rng.uniform(0.82, 1.14), 2), profile=profile,
    )


def shown() -> tuple[Person, ...]:
    """The documented ones: serials ``FIRST_SERIAL`` and following."""
    def one(offset: int, situation: str, profile: dict[str, object], **changes: object) -> Person:
        person = invent(FIRST_SERIAL + offset)
        habits = replace(person.profile, **profile)      # type: ignore[arg-type]
        return replace(person, profile=habits, situation=situation, **changes)  # type: ignore[arg-type]

    rng = random.Random("shown")         # noqa: S311 - not a secret
    electric: dict[str, object] = {"energy": "electricity", "pce": None, "three_phase": False, "second_home": False,
                                   "payment": "debit", "payer": "good", "protected": False, "linky": True,
                                   "debit_day": 10, "months": 40, "locale": "fr"}
    return (
        one(0, "Second home by the sea with 15 kVA, heated by electricity, rarely used: too much power.",
            {"electricity_kwh": 2900, "heating_share": 0.5, "off_peak_share": 0.0, "gas_kwh": 0.0,
             "away": (1, 2, 3, 5, 6, 9, 10, 11, 12), "bias": 1.0},
            **{**electric, "first_name": "Hélène", "last_name": "Kermeven", "email": "helene.kermeven@example.org",
               "postcode": "56000", "town": "Vannes", "address": "14 rue des Tilleuls", "offer": "clarte",
               "power_kva": 15, "tariff": "base", "pdl": "16401872953046", "iban": iban_fr(rng), "second_home": True,
               "cadence": "monthly"}),
        one(1, "Old meter, estimated bills that were too high: the last real reading brought money back.",
            {"electricity_kwh": 4100, "heating_share": 0.45, "off_peak_share": 0.36, "gas_kwh": 0.0, "away": (), "bias": 1.3},
            **{**electric, "first_name": "Marcel", "last_name": "Roumanille", "email": "marcel.roumanille@example.org",
               "postcode": "87000", "town": "Limoges", "address": "3 chemin du Moulin", "offer": "clarte",
               "power_kva": 9, "tariff": "off_peak", "pdl": "19872046351180", "iban": iban_fr(rng), "linky": False,
               "cadence": "bimonthly"}),
        one(2, "Electricity and gas, monthly plan that was set too low: a large bill at the end of the year.",
            {"electricity_kwh": 3100, "heating_share": 0.05, "off_peak_share": 0.0, "gas_kwh": 14500, "away": (), "bias": 1.0},
            **{**electric, "energy": "both", "first_name": "Fatou", "last_name": "Diabaté", "email": "fatou.diabate@example.org",
               "postcode": "59000", "town": "Lille", "address": "27 rue des Écoles", "offer": "clarte", "power_kva": 6,
               "tariff": "base", "pdl": "23107745980421", "pce": "21480036917752", "iban": iban_fr(rng),
               "cadence": "yearly", "plan_fit": 0.78}),
        one(3, "Two unpaid bills: may ask for a delay or a plan.",
            {"electricity_kwh": 6100, "heating_share": 0.5, "off_peak_share": 0.0, "gas_kwh": 0.0, "away": (), "bias": 1.0},
            **{**electric, "first_name": "Karim", "last_name": "Haddouche", "email": "karim.haddouche@example.org",
               "postcode": "69100", "town": "Villeurbanne", "address": "8 cours des Platanes", "offer": "clarte_verte",
               "power_kva": 9, "tariff": "base", "pdl": "14263390075518", "payment": "transfer", "iban": None,
               "debit_day": None, "payer": "late", "cadence": "monthly"}),
        one(4, "The last debit was refused by the bank; writes in English.",
            {"electricity_kwh": 3300, "heating_share": 0.05, "off_peak_share": 0.4, "gas_kwh": 0.0, "away": (), "bias": 1.0},
            **{**electric, "first_name": "Emily", "last_name": "Hartwell", "email": "emily.hartwell@example.org", "locale": "en",
               "postcode": "22100", "town": "Dinan", "address": "5 place du Marché", "offer": "clarte_fixe", "power_kva": 6,
               "tariff": "off_peak", "pdl": "22915608347703", "iban": iban_fr(rng), "payer": "rejected", "cadence": "monthly"}),
        one(5, "Gas only, about to move out of a flat in Nantes.",
            {"electricity_kwh": 0.0, "heating_share": 0.0, "off_peak_share": 0.0, "gas_kwh": 8200, "away": (), "bias": 1.0},
            **{**electric, "energy": "gas", "first_name": "Jeanne", "last_name": "Pelletan", "email": "jeanne.pelletan@example.org",
               "postcode": "44000", "town": "Nantes", "address": "61 quai des Brumes", "offer": "gaz", "power_kva": None,
               "tariff": None, "pdl": None, "pce": "24400917753086", "iban": iban_fr(rng), "cadence": "monthly"}),
        one(6, "Large all-electric house with a car charger, off-peak, monthly plan; a credit at the end of the year.",
            {"electricity_kwh": 14200, "heating_share": 0.5, "off_peak_share": 0.44, "gas_kwh": 0.0, "away": (), "bias": 1.0},
            **{**electric, "first_name": "Thomas", "last_name": "Zeller", "email": "thomas.zeller@example.org", "locale": "de",
               "postcode": "67000", "town": "Strasbourg", "address": "19 route de la Forêt", "offer": "clarte",
               "power_kva": 12, "tariff": "off_peak", "pdl": "30218874466095", "iban": iban_fr(rng),
               "cadence": "yearly", "plan_fit": 1.12}),
        one(7, "Estate of a late customer, the daughter writes; protected by the chèque énergie.",
            {"electricity_kwh": 1700, "heating_share": 0.05, "off_peak_share": 0.0, "gas_kwh": 0.0, "away": (), "bias": 0.85},
            **{**electric, "first_name": "Succession Paulette", "last_name": "Jolivard", "email": "famille.jolivard@example.org",
               "postcode": "63000", "town": "Clermont-Ferrand", "address": "2 impasse des Lilas", "offer": "clarte",
               "power_kva": 6, "tariff": "base", "pdl": "18630045921177", "payment": "transfer", "iban": None,
               "debit_day": None, "linky": False, "protected": True, "cadence": "bimonthly"}),
    )
