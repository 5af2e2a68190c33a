"""The last question of every flow that does something: "shall I?"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.assistant.protocol import Choice, Reply
from bot.flows.hearing import picked, yes_no
from bot.flows.identity import access
from bot.flows.types import Finish, Heard, Parsed, Scene, Step


def confirm_step(
    flow_id: str,
    *,
    values: Callable[[Scene], Mapping[str, object]],
    needed: Callable[[Scene], bool] = lambda scene: True,
    ask: str | Callable[[Scene], str] | None = None,
    check: Callable[[Scene], Mapping[str, object]] | None = None,
    account: bool = True,
    wish: re.Pattern[str] | None = None,
) -> Step:
    """Step ``<flow_id>_confirm`` with the values ``yes`` and ``no``; ``values`` fill the recap.

    With ``account`` the verification is tried again before a yes is taken, so that one that ran out
    while the customer was reading leads back to the code and not to an error in the effect.
    ``wish``: see :func:`bot.flows.hearing.yes_no`.
    """
    slot = f"{flow_id}_confirm"

    def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
        answer = picked(heard, slot)
        if answer in ("yes", "no"):
            return answer
        said = yes_no(heard, wish=wish) if asked else None
        return None if said is None else "yes" if said else "no"

    def still_verified(scene: Scene) -> Mapping[str, object]:
        if account and scene.slots.get(slot) == "yes":
            if not scene.slots.get("customer_token"):       # it ran out just now: who is it, then the recap again
                return {slot: None}
            scene.backoffice.get_contract(access(scene))
        return check(scene) if check else {}

    def choices(scene: Scene) -> list[tuple[str, str] | Choice]:
        return [("yes", scene.say("choice.yes")), ("no", scene.say("choice.no")),
                Choice(id="flow:back", label=scene.say("choice.back"))]

    return Step(slot=slot, parse=parse, ask=ask, choices=choices, needed=needed, values=values,
                check=still_verified, correctable=False, alone=True)


def refused(flow_id: str, scene: Scene) -> Finish | None:
    """How a flow ends whose recap was answered with no; ``None`` where it was not."""
    if scene.slots.get(f"{flow_id}_confirm") != "no":
        return None
    again = [Choice(id=f"flow:{flow_id}", label=scene.say("choice.again")),
             Choice(id="human", label=scene.say("choice.human"))]
    return Finish(end="cancelled", note="the customer declined the recap",
                  replies=[Reply(text=scene.say("flow.declined"), reply="flow", choices=again)])
