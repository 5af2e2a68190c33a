"""From what a customer said of their home to a power, its reasons and its price. Pure.

Nothing here asks or changes anything; ``bot.flows.choose_power`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from bot.backoffice.power import Home, Recommendation, recommend_power
from bot.backoffice.prices import PriceBook, load_prices
from bot.flows.format import listed, money, number
from bot.flows.types import Scene
from bot.settings import get_settings

_ID = "choose_power"
#: Answers that differ enough to move the result, tried to see whether a question is worth asking.
#: In the order the questions are put; big appliances are always asked, nothing else tells of them.
_TRIALS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "size": [{"surface_m2": 28.0}, {"surface_m2": 60.0}, {"surface_m2": 100.0}, {"surface_m2": 150.0}],
    "heating": [{"heating": value} for value in ("gas", "electric", "heat_pump", "collective")],
    "hot_water": [{"hot_water": value} for value in ("electric", "gas")],
    "hob": [{"hob": value} for value in ("induction", "gas")],
    "use": [{"second_home": False, "rarely_used": False}, {"second_home": True, "rarely_used": True}],
}
#: Loads named in the explanation; the rest is summed up as "the rest".
_NAMED = 4
#: How far above a power the busiest moment may lie for someone who is willing to spread things out.
_SPARING = 1.3
_QUESTION = {"surface_m2": "size"}


def prices() -> PriceBook:
    """Prices in force."""
    return load_prices(get_settings().data)


def described(slots: Mapping[str, Any]) -> Home:
    """The home as far as it is known; "unknown" answers stay open and are assumed."""
    def said(name: str) -> Any:
        value = slots.get(f"{_ID}_{name}")
        return None if value == "unknown" else value

    size, extras = said("size") or {}, said("extras") or {}
    rooms = size.get("rooms")
    second = said("use") == "second"
    return Home(
        dwelling=said("dwelling"), surface_m2=size.get("surface_m2"), rooms=int(rooms) if rooms else None,
        heating=said("heating"), hot_water=said("hot_water"), hob=said("hob"), oven=said("oven"),
        dryer=extras.get("dryer"), air_conditioning=extras.get("air_conditioning"), pool=extras.get("pool"),
        spa=extras.get("spa"), car_charger_kw=extras.get("car_charger_kw"),
        second_home=second, rarely_used=second,
    )


def recommendation(slots: Mapping[str, Any]) -> Recommendation:
    """What suits the home described, next to the power in force where it was said."""
    current = slots.get(f"{_ID}_current")
    return recommend_power(described(slots), prices(), int(current) if current else None)


def step_below(slots: Mapping[str, Any]) -> int | None:
    """The next smaller power, where it is a fair choice: a home used now and then that needs little more."""
    found = recommendation(slots)
    if slots.get(f"{_ID}_use") != "second" or found.step_below is None:
        return None
    return found.step_below if found.peak_watts <= found.step_below * 1000 * _SPARING else None


def matters(slots: Mapping[str, Any], name: str) -> bool:
    """Whether the answer to a question could still change the power recommended."""
    if name == "extras" or slots.get(f"{_ID}_{name}") is not None:
        return True
    home = described(slots)
    for other in _combinations(slots, name):
        fits = {_fit(replace(home, **other, **trial), get_settings().data) for trial in _TRIALS[name]}
        if len(fits) > 1:
            return True
    return False


@lru_cache(maxsize=4096)
def _fit(home: Home, data: Path) -> int:
    """The power for a home, kept: the same few combinations are tried at every turn."""
    return recommend_power(home, load_prices(data)).kva


def _combinations(slots: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Every way the questions after ``name`` that are still open could be answered."""
    order = list(_TRIALS)
    later = [n for n in order[order.index(name) + 1:] if slots.get(f"{_ID}_{n}") is None]
    for answers in product(*(_TRIALS[n] for n in later)):
        yield {key: value for answer in answers for key, value in answer.items()}


def advice(scene: Scene) -> Mapping[str, object]:
    """The parts of the recommendation in words: power, why, price, what was assumed, a caution."""
    found, language = recommendation(scene.slots), scene.language
    current = scene.slots.get(f"{_ID}_current")
    more = [*_assumed(found, scene), *_notes(found, scene)]
    return {
        "kva": found.kva, "month": money(prices().subscription(found.kva, "base"), language),
        "peak": number(round(found.peak_watts / 1000, 1), language),
        "reasons": _reasons(found, scene), "price": _price(found, current, scene),
        "more": "".join(f"\n\n{text}" for text in more),
    }


def _reasons(found: Recommendation, scene: Scene) -> str:
    shown = [r for r in found.reasons if r.counted >= 100][:_NAMED]
    rest = found.peak_watts - sum(r.counted for r in shown)
    parts = [scene.say(f"{_ID}.reason.{r.appliance}", kw=_kilowatts(r.counted, scene)) for r in shown]
    if rest >= 100:
        parts.append(scene.say(f"{_ID}.reason.rest", kw=_kilowatts(rest, scene)))
    return listed(parts, scene.language)


def _kilowatts(watts: int, scene: Scene) -> str:
    return f"{number(round(watts / 1000, 1), scene.language)}\u00a0kW"


def _price(found: Recommendation, current: int | None, scene: Scene) -> str:
    language, say = scene.language, scene.say
    if found.difference_year_eur is None or current is None:
        return say(f"{_ID}.price.alone", month=money(prices().subscription(found.kva, "base"), language),
                   year=money(found.year_eur, language))
    if not found.difference_year_eur:
        return say(f"{_ID}.price.same", month=money(prices().subscription(found.kva, "base"), language))
    key = "less" if found.difference_year_eur < 0 else "more"
    return say(f"{_ID}.price.{key}", old=current, new=found.kva,
               old_month=money(prices().subscription(current, "base"), language),
               month=money(prices().subscription(found.kva, "base"), language),
               difference=money(abs(found.difference_year_eur), language))


def _assumed(found: Recommendation, scene: Scene) -> list[str]:
    """What was taken for granted: only what the customer could not say, not what made no difference."""
    open_ = [name for name in found.assumed if scene.slots.get(f"{_ID}_{_QUESTION.get(name, name)}") == "unknown"]
    if not open_:
        return []
    what = listed([scene.say(f"{_ID}.assumed.{name}") for name in open_], scene.language)
    return [scene.say(f"{_ID}.assumed.text", what=what)]


def _notes(found: Recommendation, scene: Scene) -> list[str]:
    notes = [scene.say(f"{_ID}.note.{found.note}", most=prices().steps[-1])] if found.note else []
    if round(found.peak_watts / 1000, 1) > found.kva:
        notes.append(scene.say(f"{_ID}.note.tight"))
    below = step_below(scene.slots)
    if below and below != scene.slots.get(f"{_ID}_current"):
        saved = prices().year(found.kva) - prices().year(below)
        notes.append(scene.say(f"{_ID}.note.step_below", kva=below, saved=money(saved, scene.language)))
    return notes
