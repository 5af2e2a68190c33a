"""What an address looks like when someone types one."""

from __future__ import annotations

import re

_WAY = re.compile(
    r"\b(?:rue|avenue|av|boulevard|bd|bld|place|chemin|allee|allée|impasse|quai|route|cours|square|passage|sentier|villa|residence|résidence|"
    r"lotissement|faubourg|cité|esplanade|hameau|lieu-dit|lieu dit|bâtiment|batiment|street|road|lane|straat|laan|calle|avenida|strasse|straße|weg|via|viale|piazza)\b",
    re.IGNORECASE,
)


def looks_like_address(text: str) -> bool:
    """Words with a number or a kind of street, no question, of a sane length."""
    letters = len(re.findall(r"[^\W\d_]", text))
    return letters >= 4 and len(text) <= 160 and "?" not in text and bool(re.search(r"\d", text) or _WAY.search(text))
