"""Which dialogue process is asked next."""

from __future__ import annotations

from bot.assistant.balance import REST_FIRST, REST_LONGEST, Balancer, Replica


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def balancer(number: int = 3) -> tuple[Balancer, Clock]:
    clock = Clock()
    return Balancer([Replica(f"http://d{n}") for n in range(number)], clock), clock


def test_equal_processes_take_turns() -> None:
    balance, _ = balancer()
    firsts = [balance.order()[0].url for _ in range(6)]
    assert sorted(firsts) == sorted([r.url for r in balance.replicas] * 2)


def test_the_least_busy_is_asked_first_whatever_the_turn() -> None:
    balance, _ = balancer()
    for replica in balance.replicas[:2]:
        replica.began()
    assert {balance.order()[0].url for _ in range(5)} == {"http://d2"}
    balance.replicas[0].ended()
    assert {balance.order()[0].url for _ in range(6)} == {"http://d0", "http://d2"}


def test_a_failed_process_rests_longer_each_time_and_comes_back_by_its_health() -> None:
    balance, clock = balancer(2)
    bad = balance.replicas[0]
    bad.failed(clock.now)
    assert [r.url for r in balance.order()] == ["http://d1"]
    assert balance.to_probe() == []
    clock.now += REST_FIRST
    assert [r.url for r in balance.order()] == ["http://d1"], "no customer tries it out"
    assert balance.to_probe() == [bad]
    assert balance.to_probe() == [], "one probe at a time"
    bad.failed(clock.now)
    assert bad.rests_until == clock.now + 2 * REST_FIRST
    for _ in range(8):
        bad.failed(clock.now)
    assert bad.rest == REST_LONGEST
    bad.answered()
    assert len(balance.order()) == 2


def test_where_all_failed_one_that_rested_is_tried_rather_than_none() -> None:
    balance, clock = balancer(2)
    for replica in balance.replicas:
        replica.failed(clock.now)
    assert balance.order() == []
    clock.now += REST_FIRST
    assert len(balance.order()) == 2


def test_one_late_turn_is_forgiven_two_in_a_row_are_not() -> None:
    balance, clock = balancer(1)
    slow = balance.replicas[0]
    slow.was_late(clock.now)
    slow.answered()
    slow.was_late(clock.now)
    assert balance.order() == [slow]
    slow.was_late(clock.now)
    assert balance.order() == []


def test_nobody_configured_is_nobody() -> None:
    assert Balancer([]).order() == []
