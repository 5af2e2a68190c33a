"""Words for dates in six languages, folded, compiled to the patterns that ``dates`` uses."""

from __future__ import annotations

import re
from dataclasses import dataclass

Pattern = re.Pattern[str]
_NEVER = r"(?!)"


@dataclass(frozen=True)
class DateWords:
    """One language. Patterns are over folded text in which number words are digits."""

    months: dict[str, int]
    weekdays: dict[str, int]
    day_words: dict[str, int]
    parts: dict[str, str]
    units: dict[str, str]
    day_month: tuple[Pattern, ...]
    part_month: Pattern
    days: Pattern
    ends: Pattern
    ahead: Pattern
    ago: Pattern
    weekday: Pattern
    nth: Pattern
    past: Pattern
    dotted: bool


def _alternatives(words: dict[str, object] | dict[str, int] | dict[str, str]) -> str:
    return "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True))


def _table(*rows: str) -> dict[str, int]:
    """``"janvier janv jan"`` for each month (or day), in order."""
    return {word: n for n, row in enumerate(rows) for word in row.split()}


def _language(*, months: tuple[str, ...], weekdays: tuple[str, ...], day_words: dict[str, int], parts: dict[str, str],
              units: dict[str, str], ends: str, ahead: str, ago: str, weekday: str, nth: str, past: str,
              ordinal: str, of: str, month_first: bool = False, dotted: bool = False) -> DateWords:
    month_table = {word: n + 1 for word, n in _table(*months).items()}
    day_table = _table(*weekdays)
    name = rf"(?P<month>{_alternatives(month_table)})\b\.?"
    year = r"(?:[ ,]+(?:de |del )?(?P<year>20\d\d)\b)?"
    patterns = [re.compile(rf"(?<![\w.,/-])(?P<day>\d{{1,2}})(?:{ordinal})?\s*(?:{of})?\s*{name}{year}")]
    if month_first:
        patterns.append(re.compile(rf"\b{name}\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:{ordinal})?(?!\d|\s*(?:kva|€|euros?)){year}"))
    unit = rf"(?P<unit>{_alternatives(units)})\b"
    return DateWords(
        months=month_table, weekdays=day_table, day_words=day_words, parts=parts, units=units,
        day_month=tuple(patterns),
        part_month=re.compile(rf"\b(?P<part>{_alternatives(parts)})\s*-?\s*(?:du mois )?(?:{of})?\s*{name}" if parts else _NEVER),
        days=re.compile(rf"(?<![\w-])(?:{_alternatives(day_words)})(?![\w-])"),
        ends=re.compile(ends),
        ahead=re.compile(ahead.replace("UNIT", unit).replace("N", r"(?P<n>\d{1,3})")),
        ago=re.compile(ago.replace("UNIT", unit).replace("N", r"(?P<n>\d{1,3})")),
        weekday=re.compile(weekday.replace("DAY", rf"(?P<name>{_alternatives(day_table)})")),
        nth=re.compile(nth), past=re.compile(past), dotted=dotted,
    )


_NOT_DAY = r"(?![\d.,/]*\d|\w|\s*(?:€|eur|euros?|%|k\s?v\s?a|k\s?w|m2|m3|h\b|h\d|heures?|pieces?|personnes?|chambres?|mois\b|jours?|ans?\b|kva|/|:|(?:er|e|eme|nd)?\s*etage|eme|rue|avenue|bd|boulevard|av\b|place|chemin|allee|impasse))"

WORDS: dict[str, DateWords] = {
    "fr": _language(
        months=("janvier janv jan", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil", "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec"),
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        day_words={"aujourd'hui": 0, "aujourdhui": 0, "ajd": 0, "ce jour": 0, "ce soir": 0, "ce matin": 0, "maintenant": 0, "demain": 1, "dem1": 1,
                   "apres-demain": 2, "apres demain": 2, "hier": -1, "hier soir": -1, "avant-hier": -2, "avant hier": -2},
        parts={"debut": "start", "mi": "middle", "mi-": "middle", "fin": "end", "courant": "middle", "fin du mois": "end", "fin du mois de": "end", "debut du mois de": "start"},
        units={"jours": "day", "jour": "day", "j": "day", "semaines": "week", "semaine": "week", "sem": "week", "mois": "month", "ans": "year", "an": "year"},
        ends=r"\b(?:(?P<end>(?:a la )?fin (?:du|de ce|de) mois(?! prochain| dernier| d)|fin du mois(?! prochain| de))|(?P<start>(?:au )?debut (?:du|de) mois(?: prochain)?)|(?P<next_week>la semaine prochaine|semaine prochaine|sem prochaine)|(?P<next_month>le mois prochain|mois prochain)|(?P<last_month>(?:le )?mois dernier))\b",
        ahead=r"\b(?:dans|d'ici|sous)\s+N\s*UNIT", ago=r"\b(?:il y a|ya|y a|depuis)\s+N\s*UNIT",
        weekday=r"\bDAY\b(?:\s+(?P<next>prochain|qui vient|en 8)|\s+(?P<last>dernier|passe))?(?!\s+\d{1,2}\s+[a-z]{3})",
        nth=r"\b(?:le|au|du|pour le|jusqu'au|depuis le)\s+(?P<day>\d{1,2})(?:er|eme|e)?" + _NOT_DAY,
        past=r"\b(?:depuis|releve\w*|recu\w*|date\w* du|facture du|preleve\w*|lu|etait|coupe\w*|fait|hier|signe\w*|parti|partie|partis|quitte)(?:\s+\w+){0,2}\s*$",
        ordinal="er|eme|e|ere", of="de |d'",
    ),
    "en": _language(
        months=("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sept sep", "october oct", "november nov", "december dec"),
        weekdays=("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thurs", "friday fri", "saturday sat", "sunday sun"),
        day_words={"today": 0, "tonight": 0, "this morning": 0, "now": 0, "tomorrow": 1, "tmrw": 1, "the day after tomorrow": 2, "day after tomorrow": 2, "yesterday": -1, "the day before yesterday": -2},
        parts={"early": "start", "start of": "start", "beginning of": "start", "mid": "middle", "mid-": "middle", "end of": "end", "late": "end"},
        units={"days": "day", "day": "day", "weeks": "week", "week": "week", "months": "month", "month": "month", "years": "year", "year": "year"},
        ends=r"\b(?:(?P<end>(?:the )?end of (?:the|this) month)|(?P<start>(?:the )?(?:start|beginning) of (?:the|next) month)|(?P<next_week>next week)|(?P<next_month>next month)|(?P<last_month>last month))\b",
        ahead=r"\b(?:in|within)\s+N\s*UNIT", ago=r"\bN\s*UNIT\s+ago\b",
        weekday=r"\b(?:(?P<next>next|this|on)\s+|(?P<last>last)\s+)?DAY\b(?!\s+\d{1,2}(?:st|nd|rd|th)?\s+[a-z]{3})",
        nth=r"\b(?:on |by |until |till |from )?the\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d.,/]*\d|\w|\s*(?:€|euros?|%|kva|kw|floor|people|rooms?|months?|days?|weeks?|of\s+(?!the|each|every)\w))",
        past=r"\b(?:since|dated|read|received|from|was|were|bill of|on my bill)(?:\s+\w+){0,2}\s*$",
        ordinal="st|nd|rd|th", of="of ", month_first=True,
    ),
    "nl": _language(
        months=("januari jan", "februari feb", "maart mrt", "april apr", "mei", "juni jun", "juli jul", "augustus aug", "september sept sep", "oktober okt", "november nov", "december dec"),
        weekdays=("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
        day_words={"vandaag": 0, "vanavond": 0, "vanochtend": 0, "nu": 0, "morgen": 1, "overmorgen": 2, "gisteren": -1, "eergisteren": -2},
        parts={"begin": "start", "half": "middle", "medio": "middle", "eind": "end", "einde": "end"},
        units={"dagen": "day", "dag": "day", "weken": "week", "week": "week", "maanden": "month", "maand": "month", "jaar": "year"},
        ends=r"\b(?:(?P<end>eind(?:e)? (?:van )?(?:de|deze) maand)|(?P<start>begin (?:van )?(?:de|volgende) maand)|(?P<next_week>volgende week)|(?P<next_month>volgende maand)|(?P<last_month>vorige maand))\b",
        ahead=r"\b(?:over|binnen)\s+N\s*UNIT", ago=r"\bN\s*UNIT\s+geleden\b",
        weekday=r"\b(?:(?P<next>volgende|komende|aanstaande)\s+|(?P<last>vorige|afgelopen)\s+)?DAY\b(?!\s+\d{1,2}\s+[a-z]{3})",
        nth=r"\b(?:op |voor |tot )?de\s+(?P<day>\d{1,2})(?:e|de|ste)?(?![\d.,/]*\d|\w|\s*(?:€|euro|%|kva|kw|verdieping))",
        past=r"\b(?:sinds|vanaf|gelezen|ontvangen|was|van)(?:\s+\w+){0,2}\s*$",
        ordinal="e|de|ste", of="", dotted=False,
    ),
    "es": _language(
        months=("enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul", "agosto ago", "septiembre setiembre sept sep", "octubre oct", "noviembre nov", "diciembre dic"),
        weekdays=("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"),
        day_words={"hoy": 0, "esta noche": 0, "ahora": 0, "manana": 1, "pasado manana": 2, "ayer": -1, "anteayer": -2, "antes de ayer": -2},
        parts={"principios de": "start", "a principios de": "start", "mediados de": "middle", "a mediados de": "middle", "finales de": "end", "a finales de": "end", "fin de": "end", "fines de": "end"},
        units={"dias": "day", "dia": "day", "semanas": "week", "semana": "week", "meses": "month", "mes": "month", "anos": "year", "ano": "year"},
        ends=r"\b(?:(?P<end>(?:a )?(?:fin|final|finales) de(?:l)? mes)|(?P<start>(?:a )?principios? de(?:l)? mes)|(?P<next_week>la (?:semana que viene|proxima semana)|la semana proxima)|(?P<next_month>el (?:mes que viene|proximo mes)|el mes proximo)|(?P<last_month>el mes pasado))\b",
        ahead=r"\b(?:en|dentro de)\s+N\s*UNIT", ago=r"\bhace\s+N\s*UNIT",
        weekday=r"\b(?:(?P<next>proximo|este)\s+)?DAY\b(?:\s+(?:que viene|proximo)|\s+(?P<last>pasado))?(?!\s+\d{1,2}\s+de)",
        nth=r"\b(?:(?:el|al|del)\s+(?:dia\s+)?|dia\s+)(?P<day>\d{1,2})(?![\d.,/]*\d|\w|\s*(?:€|euros?|%|kva|kw|de\s+[a-z]+))",
        past=r"\b(?:desde|leido|recibid\w+|fecha|era|fue)(?:\s+\w+){0,2}\s*$",
        ordinal="º|o", of="de ",
    ),
    "de": _language(
        months=("januar janner jan", "februar feb", "marz maerz mrz", "april apr", "mai", "juni jun", "juli jul", "august aug", "september sept sep", "oktober okt", "november nov", "dezember dez"),
        weekdays=("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag sonnabend", "sonntag"),
        day_words={"heute": 0, "heute abend": 0, "jetzt": 0, "morgen": 1, "ubermorgen": 2, "uebermorgen": 2, "gestern": -1, "vorgestern": -2},
        parts={"anfang": "start", "mitte": "middle", "ende": "end"},
        units={"tagen": "day", "tage": "day", "tag": "day", "wochen": "week", "woche": "week", "monaten": "month", "monate": "month", "monat": "month", "jahren": "year", "jahr": "year"},
        ends=r"\b(?:(?P<end>(?:zum )?(?:ende des monats|monatsende|ende (?:dieses|vom) monats?))|(?P<start>(?:zum )?(?:anfang des monats|monatsanfang))|(?P<next_week>nachste woche|nachster woche)|(?P<next_month>nachsten monat|nachster monat)|(?P<last_month>letzten monat))\b",
        ahead=r"\b(?:in|binnen)\s+N\s*UNIT", ago=r"\bvor\s+N\s*UNIT",
        weekday=r"\b(?:(?P<next>nachsten?|kommenden?|diesen)\s+|(?P<last>letzten?|vergangenen?)\s+)?DAY\b(?!,?\s+(?:den\s+)?\d{1,2}\.)",
        nth=r"\b(?:am|zum|bis zum|ab dem|den|vom)\s+(?P<day>\d{1,2})\.?(?![\d.,/]*\d|\w|\s*(?:€|euro|%|kva|kw|[a-z]*(?:januar|februar|marz|april|mai|juni|juli|august)))",
        past=r"\b(?:seit|abgelesen|erhalten|vom|war)(?:\s+\w+){0,2}\s*$",
        ordinal=r"\.|ter|ten", of="", dotted=True,
    ),
    "it": _language(
        months=("gennaio gen", "febbraio feb", "marzo mar", "aprile apr", "maggio mag", "giugno giu", "luglio lug", "agosto ago", "settembre sett set", "ottobre ott", "novembre nov", "dicembre dic"),
        weekdays=("lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica"),
        day_words={"oggi": 0, "stasera": 0, "adesso": 0, "domani": 1, "dopodomani": 2, "ieri": -1, "l'altro ieri": -2, "avantieri": -2},
        parts={"inizio": "start", "all'inizio di": "start", "meta": "middle", "a meta": "middle", "fine": "end", "a fine": "end", "alla fine di": "end"},
        units={"giorni": "day", "giorno": "day", "settimane": "week", "settimana": "week", "mesi": "month", "mese": "month", "anni": "year", "anno": "year"},
        ends=r"\b(?:(?P<end>(?:a |alla )?fine (?:del )?mese)|(?P<start>(?:a |all')?inizio (?:del )?mese)|(?P<next_week>la (?:settimana prossima|prossima settimana)|settimana prossima)|(?P<next_month>il (?:mese prossimo|prossimo mese)|mese prossimo)|(?P<last_month>il mese scorso|mese scorso))\b",
        ahead=r"\b(?:tra|fra|entro)\s+N\s*UNIT", ago=r"\bN\s*UNIT\s+fa\b",
        weekday=r"\bDAY\b(?:\s+(?P<next>prossimo)|\s+(?P<last>scorso))?(?!\s+\d{1,2}\s+[a-z]{3})",
        nth=r"\b(?:il|al|dal|entro il|l')\s*(?P<day>\d{1,2})(?![\d.,/]*\d|\w|\s*(?:€|euro|%|kva|kw))",
        past=r"\b(?:dal|letto|ricevut\w+|del|era)(?:\s+\w+){0,2}\s*$",
        ordinal="º|o", of="di ",
    ),
}
