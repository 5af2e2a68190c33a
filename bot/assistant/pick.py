"""Which of the buttons on offer a message names: by its place ("la deuxième", "2") or by its title.

Only whole messages of a few words count; anything beside a place or a title is for the model to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.flows.hearing import fold

_MOST_WORDS = 6
_TITLES = ("article:", "theme:", "flow:")
_OTHERS = ("human", "else")

_YES = (
    r"oui|ouais|ok|okay|d accord|alors|donc|plutot|ah|euh|bah|ben|non|yes|yeah|yep|sure|rather|no|ja|jawel|graag|liever|"
    r"nee|nein|si|vale|claro|mejor|genau|gerne?|lieber|eher|va bene|certo|meglio|piuttosto"
)
_WANT = (
    r"c est|ce sera|ca sera|je (?:prends|veux|choisis|dirais)|it s|i (?:want|take|choose|mean)|i ll take|ik (?:wil|kies|neem)|"
    r"het is|quiero|elijo|es|ich (?:nehme|will|mochte|meine)|es ist|voglio|prendo|scelgo|e"
)
_THE = r"la|le|l|pour|celle|celui|the|de|het|den|el|lo|die|der|das|il"
_NUMBER = r"n|no|nr|num|numero|number|nummer|option|optie|opcion|opzione|choix|choice|keuze|question|reponse"
_NOUN = (
    r"(?: (?:option|choix|reponse|question|solution|proposition|one|choice|answer|optie|keuze|vraag|opcion|respuesta|pregunta|"
    r"antwort|frage|moglichkeit|opzione|risposta|domanda))?"
)
_POLITE = r"(?: (?:svp|s il vous plait|merci|please|thanks|alstublieft|graag|por favor|gracias|bitte|danke|per favore|grazie))?"
#: After an article only: "seconde !" asks to wait, and "prima" is Dutch for "fine".
_AFTER_THE = r"(?:(?<=la )|(?<=le )|(?<=el )|(?<=il )|(?<=the ))"
#: Places by their ordinals, -1 being the last; and by their cardinals.
_ORDINALS: dict[int, str] = {
    1: rf"1(?:er|ere|re|st|ste|e|a|o|te)|premiere?|first|eerste|primer[oa]?|erste[nrs]?|primo|{_AFTER_THE}prima",
    2: rf"2(?:e|eme|ieme|nd|nde|de|a|o|te)|deuxieme|tweede|zweite[nrs]?|{_AFTER_THE}(?:second[eoa]?|segund[oa])",
    3: r"3(?:e|eme|ieme|rd|de|a|o|te)|troisieme|third|derde|tercer[oa]?|dritte[nrs]?|terz[oa]",
    4: r"4(?:e|eme|ieme|th|de|a|o|te)|quatrieme|fourth|vierde|cuart[oa]|vierte[nrs]?|quart[oa]",
    5: r"5(?:e|eme|ieme|th|de|a|o|te)|cinquieme|fifth|vijfde|quint[oa]|funfte[nrs]?",
    -1: r"derniere?|last|laatste|ultim[oa]|letzte[nrs]?",
}
_CARDINALS: dict[int, str] = {
    1: r"1|un|une|one|een|uno|eins", 2: r"2|deux|two|twee|dos|zwei|(?<!le )due", 3: r"3|trois|three|drie|tres|drei|(?<!le )tre",
    **{place: str(place) for place in range(4, 10)},
}
_LEAD = rf"(?:(?:{_YES}) )*(?:(?:{_WANT}) )?"
#: "The two" are both of them: a bare number takes only the articles that no plural has.
_PICKED = [
    *((place, re.compile(rf"{_LEAD}(?:(?:{_THE}) )*(?:(?:{_NUMBER}) )?(?:{words}){_NOUN}{_POLITE}")) for place, words in _ORDINALS.items()),
    *((place, re.compile(rf"{_LEAD}(?:(?:la|le|el|il|l) )?(?:(?:(?:{_THE}) )?(?:{_NUMBER}) )?(?:{words}){_POLITE}"))
      for place, words in _CARDINALS.items()),
]


def picked_by_words(text: str, offered: Sequence[str], label: Callable[[str], str]) -> str | None:
    """The id among ``offered`` that a whole message names, or None. ``label`` gives the title of an id.

    Places count the buttons as they stand on the screen, "something else" and "a person" among them; the last
    is the last of the titles, since those two stand under every list.
    """
    said = fold(text)
    titles = [choice for choice in offered if choice.startswith(_TITLES)]
    if not said or not titles:
        return None
    if (named := next((choice for choice in titles if fold(label(choice)) == said), None)) is not None:
        return named
    if len(said.split()) > _MOST_WORDS:
        return None
    place = next((place for place, pattern in _PICKED if pattern.fullmatch(said)), None)
    if place is None:
        return None
    if place < 0:
        return titles[-1]
    return offered[place - 1] if place <= len(offered) and (offered[place - 1] in titles or offered[place - 1] in _OTHERS) else None
