"""Explain the last bill against the one before: what changed, in words and in one small picture.

Nothing is changed on the account. Once the customer is verified the flow ends with the explanation
and with what can be done about the largest cause. The parts are those of
:func:`bot.backoffice.bills.compare_bills`; they add up to the difference, to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.assistant.protocol import Choice, Picture, Reply
from bot.backoffice.bills import Comparison, Part, compare_bills
from bot.backoffice.records import Bill, Contract
from bot.flows.facts import fact
from bot.flows.format import day, money, number
from bot.flows.identity import access, identity_steps
from bot.flows.types import Finish, Flow, Scene

ID = "explain_bill"
#: Causes below this many euros are summed up as "the rest"; the picture still shows them.
_SMALL = Decimal("0.50")
#: A difference below this share of the bill is called "about the same".
_SAME = Decimal("0.02")


def finish(scene: Scene) -> Finish:
    """Read the two newest bills and put what happened between them into words."""
    bills = scene.backoffice.last_bills(access(scene), 2)
    if not bills:
        text = scene.say(f"{ID}.none")
        return Finish(end="done", note="no bill yet", replies=[Reply(text=text, reply="flow")])
    current = bills[0]
    head = _head(scene, current, scene.backoffice.get_contract(access(scene)))
    if len(bills) < 2:
        replies = [Reply(text=f"{head}\n\n{_content(scene, current)}", reply="flow"), _next(scene, current, None)]
        return Finish(end="done", note=f"bill {current.number} explained, no earlier one", replies=replies)
    compared = compare_bills(bills[1], current)
    why = Reply(text=f"{head}\n\n{_why(scene, bills[1], current, compared)}", reply="flow",
                picture=_picture(scene, compared))
    return Finish(end="done", replies=[why, _next(scene, current, compared)],
                  note=f"bill {current.number} against {bills[1].number}: {compared.difference_eur} EUR")


def _head(scene: Scene, bill: Bill, contract: Contract) -> str:
    """Period, total, what remains to be paid and by when, and what is open besides."""
    language, say = scene.language, scene.say
    status = "refund" if bill.to_pay_eur < 0 else "debit" if bill.status == "due" and contract.payment == "debit" else bill.status
    values = {
        "total": money(bill.total_eur, language), "start": day(bill.start, language, year=bill.start.year != bill.end.year),
        "end": day(bill.end, language), "days": bill.days, "due": day(bill.due, language),
        "pay": money(abs(bill.to_pay_eur), language), "already": money(bill.already_paid_eur, language),
    }
    monthly = [say(f"{ID}.head.instalments", **values)] if bill.already_paid_eur else []
    open_ = max(bill.to_pay_eur, Decimal(0)) if bill.status != "paid" else Decimal(0)
    older = [say(f"{ID}.head.older", balance=money(contract.balance_eur, language))] if contract.balance_eur > open_ else []
    return " ".join([say(f"{ID}.head.bill", **values), *monthly, say(f"{ID}.head.{status}", **values), *older])


def _content(scene: Scene, bill: Bill) -> str:
    """What a bill without a predecessor is made of."""
    language = scene.language
    lines = [("consumption", bill.consumption_eur), ("subscription", bill.subscription_eur), ("fees", bill.fees_eur),
             ("regularisation", bill.regularisation_eur)]
    told = [f"- {scene.say(f'{ID}.content.{name}', amount=money(amount, language), kwh=_kwh(scene, bill))}"
            for name, amount in lines if amount]
    estimate = [scene.say(f"{ID}.content.estimated")] if bill.estimated else []
    return "\n".join([scene.say(f"{ID}.content.lead"), *told, *estimate])


def _why(scene: Scene, before: Bill, now: Bill, compared: Comparison) -> str:
    language, difference = scene.language, compared.difference_eur
    same = abs(difference) <= _SAME * abs(before.total_eur)
    lead = scene.say(f"{ID}.lead.{'same' if same else 'more' if difference > 0 else 'less'}",
                     difference=money(abs(difference), language), before=money(before.total_eur, language),
                     start=day(before.start, language, year=before.start.year != before.end.year), end=day(before.end, language))
    large = [part for part in compared.parts if abs(part.amount_eur) >= _SMALL] or list(compared.parts[:1])
    told = [_part(scene, part, before, now, compared) for part in large]
    rest = difference - sum((part.amount_eur for part in large), Decimal(0))
    if rest:
        told.append(scene.say(f"{ID}.cause.rest", amount=_signed(rest, language)))
    return "\n".join([lead, *(f"- {text}" for text in told)])


def _part(scene: Scene, part: Part, before: Bill, now: Bill, compared: Comparison) -> str:
    """One cause with its amount and the figures behind it."""
    language = scene.language
    kind = _correction(before, now) if part.cause == "regularisation" else "more" if part.amount_eur > 0 else "less"
    return scene.say(
        f"{ID}.cause.{part.cause}.{kind}", amount=_signed(part.amount_eur, language),
        days=abs(compared.days_difference), days_now=now.days, days_before=before.days,
        daily_now=number(round(compared.daily_kwh_current, 1), language),
        daily_before=number(round(compared.daily_kwh_previous, 1), language),
        kwh=number(abs(now.regularised_kwh), language), now=_signed(now.regularisation_eur, language),
        before=_signed(before.regularisation_eur, language), kva_before=before.power_kva or "", kva_now=now.power_kva or "",
        which=scene.say(f"{ID}.estimated.{_which(compared.estimated)}"),
    )


def _correction(before: Bill, now: Bill) -> str:
    """Which of the two bills put earlier estimates right, and in whose favour."""
    if before.regularisation_eur and now.regularisation_eur:
        return "both"
    if before.regularisation_eur:
        return "before"
    return "refund" if now.regularisation_eur < 0 else "catch_up"


def _which(estimated: tuple[bool, bool]) -> str:
    return {(True, True): "both", (True, False): "before"}.get(estimated, "now")


def _picture(scene: Scene, compared: Comparison) -> Picture:
    """Bars of what each cause added or took away, in euros."""
    language = scene.language
    label = {part.cause: scene.say(f"{ID}.bar.{part.cause}") for part in compared.parts}
    spoken = ", ".join(f"{label[p.cause]} {_signed(p.amount_eur, language)}" for p in compared.parts)
    return Picture(
        title=scene.say(f"{ID}.picture.title"), unit="€",
        alt=scene.say(f"{ID}.picture.alt", parts=spoken, difference=_signed(compared.difference_eur, language)),
        bars=[{"label": label[p.cause], "value": float(p.amount_eur)} for p in compared.parts],
    )


def _next(scene: Scene, bill: Bill, compared: Comparison | None) -> Reply:
    """What can be done about it, by the largest cause and by what is still to be paid."""
    say = scene.say
    open_ = bill.status != "paid" and bill.to_pay_eur > 0
    main = compared.parts[0].cause if compared and compared.parts else ""
    key = "estimate" if bill.estimated else "pay" if open_ and bill.status in ("overdue", "rejected") else (
        main if main in ("consumption", "regularisation", "days", "price") else "plain")
    flows: Sequence[str] = [*(["meter_reading"] if bill.estimated else []), *(["payment_plan"] if open_ else [])]
    choices = [Choice(id=f"flow:{flow}", label=say(f"choice.flow_{flow}")) for flow in flows]
    choices.append(Choice(id="human", label=say("choice.human")))
    return Reply(text=say(f"{ID}.next.{key}", months=fact("terms.billing_back_limit_months")), reply="flow", choices=choices, feedback=True)


def _kwh(scene: Scene, bill: Bill) -> str:
    return number(sum(bill.kwh.values()), scene.language)


def _signed(amount: Decimal, language: str) -> str:
    """With its sign, a real minus rather than a hyphen: "+12,40 €", "−3,10 €"."""
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{money(abs(amount), language)}"


FLOW = Flow(id=ID, steps=identity_steps(), finish=finish, account=True)
