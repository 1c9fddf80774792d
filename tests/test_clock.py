"""Virtual time: it moves only when moved, and what is due happens at its own time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from firedoor.clock import RealClock, VirtualClock

START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def seconds(clock: VirtualClock) -> float:
    return (clock.now() - START).total_seconds()


def test_it_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(90)
    assert seconds(clock) == 90


def test_waiting_moves_it_and_does_not_wait() -> None:
    clock = VirtualClock(START)
    clock.wait(48 * 3600)
    assert seconds(clock) == 48 * 3600


def test_it_never_goes_back() -> None:
    clock = VirtualClock(START)
    clock.wait(-5)
    assert clock.now() == START


def test_what_is_due_happens_in_order_at_its_own_time() -> None:
    clock = VirtualClock(START)
    seen: list[tuple[str, float]] = []
    for name, due in (("late", 50), ("early", 10), ("never", 200)):
        when = START + timedelta(seconds=due)
        clock.at(when, lambda _, name=name: seen.append((name, seconds(clock))))
    clock.advance(100)
    assert seen == [("early", 10), ("late", 50)]
    assert seconds(clock) == 100


def test_what_is_past_happens_at_the_next_movement() -> None:
    clock = VirtualClock(START)
    seen: list[float] = []
    clock.at(START - timedelta(hours=1), lambda _: seen.append(seconds(clock)))
    clock.advance(0)
    assert seen == [0]


def test_an_act_may_plan_the_next_one() -> None:
    clock = VirtualClock(START)
    seen: list[float] = []

    def act(now: datetime) -> None:
        seen.append(seconds(clock))
        clock.at(now + timedelta(seconds=30), act)

    clock.at(START + timedelta(seconds=30), act)
    clock.advance(100)
    assert seen == [30, 60, 90]


def test_an_act_may_itself_take_time() -> None:
    clock = VirtualClock(START)
    clock.at(START + timedelta(seconds=10), lambda _: clock.wait(5))
    clock.advance(20)
    assert seconds(clock) == 20
    clock.at(START + timedelta(seconds=30), lambda _: clock.wait(50))
    clock.advance(20)
    assert seconds(clock) == 80


def test_a_cancelled_act_does_not_happen() -> None:
    clock = VirtualClock(START)
    seen: list[datetime] = []
    cancel = clock.at(START + timedelta(seconds=1), seen.append)
    cancel()
    clock.advance(2)
    assert seen == []


def test_watchers_see_every_movement_until_they_leave() -> None:
    clock = VirtualClock(START)
    seen: list[datetime] = []
    clock.at(START + timedelta(seconds=5), lambda _: None)
    end = clock.subscribe(seen.append)
    clock.advance(10)
    end()
    clock.advance(10)
    assert seen == [START + timedelta(seconds=5), START + timedelta(seconds=10)]


def test_an_act_may_wait_for_a_thread_that_moves_the_clock() -> None:
    clock = VirtualClock(START)

    def act(_: datetime) -> None:
        other = threading.Thread(target=clock.advance, args=(3,))
        other.start()
        other.join(5)
        assert not other.is_alive()

    clock.at(START + timedelta(seconds=10), act)
    clock.advance(10)
    assert seconds(clock) == 13


def test_an_act_that_fails_leaves_a_clock_that_goes_on() -> None:
    clock = VirtualClock(START)

    def fail(_: datetime) -> None:
        raise RuntimeError("failed")

    clock.at(START + timedelta(seconds=1), fail)
    with pytest.raises(RuntimeError):
        clock.advance(5)
    clock.advance(5)
    assert seconds(clock) == 6


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 3, 14))


def test_the_real_clock_is_aware_and_waits() -> None:
    clock = RealClock()
    before = clock.now()
    clock.wait(0.01)
    clock.wait(-1)
    assert before.tzinfo is UTC
    assert clock.now() - before >= timedelta(seconds=0.01)
