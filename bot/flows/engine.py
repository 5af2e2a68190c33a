"""One turn inside a flow: hear, correct, go back, ask the next thing. Pure but for ``Step.enter``.

The engine never performs an effect: when nothing is left to ask it says ``end="done"`` and the
flow's own ``finish`` is run by the submit action. Two questions in a row without a usable answer lead
to a way out (a person), never to a third try in the same words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bot.assistant.protocol import Choice, Reply
from bot.errors import NotAllowed
from bot.flows.danger import danger_of
from bot.flows.identity import another_contract
from bot.flows.outage import danger_words
from bot.flows.types import Advance, Finish, Flow, Heard, Problem, Scene, Step, choice, choice_id
from bot.language.wording import fingerprint
from bot.understanding.details import detail_alone
from bot.understanding.thresholds import LIKELY
from bot.understanding.types import REFUSALS, SMALLTALK

#: Failures after which the engine stops asking and offers a person, and after which it calls one.
OFFER_AFTER, HAND_OVER_AFTER = 2, 3
#: From here a person was asked for, whatever else the words might answer.
SURE_OF_PERSON = 0.6


def advance(flow: Flow, heard: Heard, scene: Scene) -> Advance:
    """Take one customer message into a running (or just started) flow.

    Args: the flow, what was heard, and the scene with all slots (``requested_slot``, ``flow_trail``,
    ``flow_failures`` among them). Returns what to set, say and ask. May raise what ``Step.enter``
    raises (BackofficeDown); nothing has been done then.
    """
    # What is asked for another contract must never happen on the verified one.
    other = another_contract(heard, scene) if _step(flow, "contract_number") else {}
    if other:
        result = _advance(flow, heard, _with(scene, other))
        if not result.interrupted and result.end in (None, "done"):      # an aside, or a person: still the same customer
            result.slots = {**other, **result.slots}
        return result
    try:
        return _advance(flow, heard, scene)
    except NotAllowed as error:
        if error.context.get("reason") != "expired" or not scene.slots.get("customer_token"):
            raise
    # The verification ran out while we talked: ask who it is again and keep everything else.
    again = {"customer_token": None, "identity_challenge": None, "identity_code": None}
    return verified_anew(_advance(flow, heard, _with(scene, again)), again, scene)


def verified_anew(result: Advance, forgotten: Mapping[str, Any], scene: Scene) -> Advance:
    """What follows once a verification ran out: the slots it stood on forgotten, and told so before the next question."""
    result.slots = {**forgotten, **result.slots}
    if result.replies:
        first = result.replies[0]
        result.replies[0] = first.copy(update={"text": f"{scene.say('identity.session_over')}\n\n{first.text}"})
    return result


def _advance(flow: Flow, heard: Heard, scene: Scene) -> Advance:
    shortcut = (flow.shortcut(heard, scene) if flow.shortcut else None) or _danger(heard, scene)
    if shortcut is not None:
        return _ended(shortcut)
    control = _control(flow, heard, scene)
    if control is not None:
        return control
    found, problems = _hear(flow, heard, scene)
    if not found and not problems and scene.slots.get("requested_slot"):
        return _nothing_heard(flow, heard, scene)
    if _asks_something_else(heard, scene, found):
        return Advance(interrupted=True, requested=scene.slots.get("requested_slot"))
    along = _check(flow, scene, found, problems)
    return _continue(flow, scene, found, problems, base=along)


def _danger(heard: Heard, scene: Scene) -> Finish | None:
    """Danger outweighs whatever was being asked: what to do now, and people at once."""
    if heard.choice is not None or heard.understanding.intent != "urgent":
        return None
    kind = danger_of(heard.understanding)
    if kind is None:
        return None
    return Finish(end="handover", replies=[Reply(text=danger_words(kind, scene.say), reply="flow")], note=f"urgent: {kind}", urgent=True)


def _asks_something_else(heard: Heard, scene: Scene, found: Mapping[str, Any]) -> bool:
    """A question with an answer of its own that merely mentions something a step listens for
    ("puis-je refuser le Linky ?"), while another question is pending."""
    requested, understanding = scene.slots.get("requested_slot"), heard.understanding
    return bool(
        requested and found and requested not in found and heard.choice is None and understanding.intent == "faq"
        and "?" in heard.text and understanding.articles and understanding.articles[0].probability >= LIKELY
    )


def ask_again(flow: Flow, scene: Scene, *, prefix: str = "", said: Collection[str] = ()) -> Reply | None:
    """The pending question once more, after something in between was answered: briefly at first, in full
    where the brief form was just said (``said``: fingerprints of recent replies)."""
    step = _step(flow, scene.slots.get("requested_slot"))
    if step is None:
        return None
    brief = _question(flow, step, scene, prefix=prefix, text=_help(flow, step, scene))
    return brief if fingerprint(brief.text) not in said else _question(flow, step, scene, prefix=prefix)


def resume(flow: Flow, scene: Scene) -> Advance:
    """The next open question, whatever was pending: where a verification ran out, who it is."""
    return _continue(flow, scene, {}, {})


def _step(flow: Flow, slot: object) -> Step | None:
    return next((step for step in flow.steps if step.slot == slot), None)


def _ended(finish: Finish) -> Advance:
    return Advance(replies=list(finish.replies), end=finish.end, reference=finish.reference,
                   note=finish.note, urgent=finish.urgent)


def _stale(flow: Flow, scene: Scene, changed: Mapping[str, Any]) -> dict[str, None]:
    """Slots worked out from values that have just changed; they are worked out, or asked, again."""
    stale: dict[str, None] = {}
    for step in flow.steps:
        if (step.slot not in changed and scene.slots.get(step.slot) is not None
                and any(slot in changed or slot in stale for slot in step.depends)):
            stale[step.slot] = None
    return stale


def _control(flow: Flow, heard: Heard, scene: Scene) -> Advance | None:
    intent = heard.understanding.intent if heard.choice is None else ""
    if heard.choice == "human" or (intent == "human" and not _answers(flow, heard, scene)):
        return Advance(end="handover", note="asked for a person")
    if heard.choice == "flow:cancel" or (intent == "cancel" and not _is_confirm(flow, scene)):
        return Advance(end="cancelled")
    if heard.choice == "flow:restart" or intent == "start_over":
        kept = ("contract_number", "contract_postcode") if scene.slots.get("customer_token") else ()   # who it is, is settled
        cleared: dict[str, Any] = {step.slot: None for step in flow.steps if step.slot not in kept}
        return _continue(flow, _with(scene, {**cleared, "flow_trail": []}), {}, {}, base=cleared)
    if heard.choice == "flow:back" or intent == "go_back":
        return _back(flow, scene)
    return None


def _answers(flow: Flow, heard: Heard, scene: Scene) -> bool:
    """Whether what is only guessed to be a wish for a person answers the pending question ("alleen bij mij")."""
    step = _step(flow, scene.slots.get("requested_slot"))
    if step is None or heard.understanding.confidence >= SURE_OF_PERSON:
        return False
    parsed = step.parse(heard, scene, True)
    return parsed is not None and not isinstance(parsed, Problem)


def _back(flow: Flow, scene: Scene) -> Advance:
    """Undo the last answer that still matters (one no longer needed would change nothing)."""
    trail = list(scene.slots.get("flow_trail") or [])
    while trail:
        slot = trail.pop()
        step = _step(flow, slot)
        if step is not None and not step.listen and step.needed(scene):
            undone: dict[str, Any] = {slot: None, "flow_trail": trail}
            return _continue(flow, _with(scene, undone), {}, {}, base=undone)
    return Advance(end="cancelled")


def _is_confirm(flow: Flow, scene: Scene) -> bool:
    """At a yes/no confirmation "annule" is a clear no, which the confirm step words better."""
    return scene.slots.get("requested_slot") == f"{flow.id}_confirm"


def _hear(flow: Flow, heard: Heard, scene: Scene) -> tuple[dict[str, Any], dict[str, Problem]]:
    found: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    requested = scene.slots.get("requested_slot")
    if heard.choice is not None:
        for step in flow.steps:
            prefix = choice_id(step.slot, "")
            if heard.choice.startswith(prefix):
                value = heard.choice[len(prefix):]
                parsed = step.parse(heard, scene, True)
                if isinstance(parsed, Problem):
                    problems[step.slot] = parsed
                else:
                    found[step.slot] = value if parsed is None else parsed
        return found, problems
    for step in flow.steps:
        asked = step.slot == requested
        open_ = step.correctable and (step.listen or step.needed(scene))
        if not asked and not open_ and scene.slots.get(step.slot) is not None:
            continue
        parsed = step.parse(heard, scene, asked)
        if isinstance(parsed, Problem):
            if asked:
                problems[step.slot] = parsed
        elif parsed is not None and parsed != scene.slots.get(step.slot):
            found[step.slot] = parsed
    return found, problems


def _check(
    flow: Flow, scene: Scene, found: dict[str, Any], problems: dict[str, Problem]
) -> dict[str, Any]:
    """Run the checks of the values heard; drops refused ones, returns the slots that come along."""
    along: dict[str, Any] = {}
    for step in flow.steps:
        here = _with(scene, {**found, **along})
        if step.check is None or step.slot not in found or not step.needed(here):
            continue
        result = step.check(here)
        if isinstance(result, Problem):
            problems[step.slot] = result
            del found[step.slot]
            continue
        along.update(result)
        if step.slot in along:
            value = along.pop(step.slot)
            found[step.slot] = value
            if value is None:
                del found[step.slot]
                along[step.slot] = None
    return along


def _nothing_heard(flow: Flow, heard: Heard, scene: Scene) -> Advance:
    understanding = heard.understanding
    known = understanding.intent in SMALLTALK or understanding.intent == "faq" or understanding.intent.startswith("flow_")
    known = known or bool(understanding.articles and understanding.articles[0].probability >= LIKELY)
    short = detail_alone(heard.text, understanding.entities)      # a number that does not fit is an answer, not another subject
    if known and not short and understanding.intent not in (*REFUSALS, "affirm", f"flow_{flow.id}"):
        return Advance(interrupted=True, requested=scene.slots.get("requested_slot"))
    failures = int(scene.slots.get("flow_failures") or 0) + 1
    step = _step(flow, scene.slots.get("requested_slot"))
    if step is None or failures >= HAND_OVER_AFTER:
        return Advance(end="handover", note="the questions did not fit", failures=failures)
    result = Advance(requested=step.slot, failures=failures, slots={"flow_failures": failures})
    if failures >= OFFER_AFTER:
        text = scene.say("flow.stuck")
        choices = [Choice(id="human", label=scene.say("choice.human")),
                   Choice(id="flow:back", label=scene.say("choice.back")),
                   Choice(id="flow:cancel", label=scene.say("choice.cancel"))]
        result.replies.append(Reply(text=text, reply="options", choices=choices))
    elif understanding.intent in REFUSALS:
        reply = _question(flow, step, scene, prefix=scene.say("flow.not_that"), text=_help(flow, step, scene))
        reply.choices += [Choice(id="human", label=scene.say("choice.human")),
                          Choice(id="flow:cancel", label=scene.say("choice.cancel"))]
        result.replies.append(reply)
    else:
        same = scene.say("flow.same") if understanding.intent == f"flow_{flow.id}" else ""
        result.replies.append(_question(flow, step, scene, prefix=same, text=_help(flow, step, scene)))
    return result


def _help(flow: Flow, step: Step, scene: Scene) -> str:
    values = dict(step.values(scene)) if step.values else {}
    return scene.say(f"{_ask_key(flow, step, scene).removesuffix('.ask')}.help", **values)


def _continue(
    flow: Flow, scene: Scene, found: Mapping[str, Any], problems: Mapping[str, Problem],
    *, base: Mapping[str, Any] | None = None,
) -> Advance:
    confirm = f"{flow.id}_confirm"
    alone = {step.slot for step in flow.steps if step.alone} | {confirm}
    if len(found) > 1 and any(slot not in alone for slot in found):
        found = {slot: value for slot, value in found.items() if slot not in alone}   # "oui, mais le 15"
    slots: dict[str, Any] = {**(base or {}), **found}
    for problem in problems.values():
        slots.update(problem.slots)
    slots.update(_stale(flow, scene, slots))
    corrected = [slot for slot in found if scene.slots.get(slot) is not None]
    if found and confirm not in found and scene.slots.get(confirm) is not None:
        slots[confirm] = None          # nothing changed after it was read is ever carried out
    trail = list((base or {}).get("flow_trail", scene.slots.get("flow_trail") or []))
    trail = [slot for slot in trail if slot not in found] + list(found)
    slots["flow_trail"] = trail
    put = scene
    scene = _with(scene, slots)
    failures = int(scene.slots.get("flow_failures") or 0) + 1 if problems and not found else 0
    slots["flow_failures"] = failures
    if failures >= HAND_OVER_AFTER:
        return Advance(slots=slots, end="handover", note="an answer was not accepted", failures=failures)
    prefix = " ".join(scene.say(problem.key, **problem.values) for problem in problems.values())
    if corrected and not prefix:
        prefix = scene.say("flow.corrected")
    while True:
        step = next((s for s in flow.steps if not s.listen and s.needed(scene) and scene.slots.get(s.slot) is None), None)
        if step is None:
            return Advance(slots=slots, end="done")
        entered = dict(step.enter(scene)) if step.enter else {}
        slots.update(entered)
        scene = _with(scene, entered)
        if scene.slots.get(step.slot) is None:
            break
    aside = bool(found) and not corrected and step.slot == scene.slots.get("requested_slot") and step.slot not in (*problems, confirm)
    # What was noted may change the question, or the result it puts: then that is said in full.
    aside = aside and _ask_key(flow, step, put) == _ask_key(flow, step, scene) and not any(name in found for name in step.depends)
    if aside and not prefix:      # something else was noted, the question stands: not the same sentence twice
        prefix = scene.say("flow.noted")
    question = _question(flow, step, scene, prefix=prefix, text=_help(flow, step, scene) if aside else None)
    if step.slot in problems and problems[step.slot].asks:
        question.text = prefix
    if failures >= OFFER_AFTER:
        question.choices.append(Choice(id="human", label=scene.say("choice.human")))
    return Advance(slots=slots, requested=step.slot, replies=[question], failures=failures)


def _ask_key(flow: Flow, step: Step, scene: Scene) -> str:
    key = step.ask(scene) if callable(step.ask) else step.ask
    return key or f"{flow.id}.{step.slot.removeprefix(flow.id + '_')}.ask"


def _question(flow: Flow, step: Step, scene: Scene, *, prefix: str = "", text: str | None = None) -> Reply:
    if text is None:
        values = dict(step.values(scene)) if step.values else {}
        text = scene.say(_ask_key(flow, step, scene), **values)
    offered = step.choices(scene) if step.choices else ()
    choices = [item if isinstance(item, Choice) else choice(step.slot, *item) for item in offered]
    return Reply(text=f"{prefix}\n\n{text}".strip(), reply="flow", choices=choices, input=step.input)


def _with(scene: Scene, slots: Mapping[str, Any]) -> Scene:
    return replace(scene, slots={**scene.slots, **slots})
