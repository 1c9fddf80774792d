"""Work that an engine is asked to do is done once, whatever becomes of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from firedoor.engine.carried import Carried

Engine = Callable[[Carried[str]], Awaitable[Any]]


async def by_the_book(carried: Carried[str]) -> None:
    """An engine that does its work."""
    await carried.attempt()


async def never_begins(carried: Carried[str]) -> None:
    """One that hangs before it begins."""
    await asyncio.sleep(60)


async def fails_at_once(carried: Carried[str]) -> None:
    """One that cannot be reached."""
    raise ConnectionError("refused")


async def ends_without_beginning(carried: Carried[str]) -> None:
    """One that thinks that there is nothing to do."""


async def hangs_afterwards(carried: Carried[str]) -> None:
    """One that cannot write down what was done."""
    await carried.attempt()
    await asyncio.sleep(60)


async def fails_afterwards(carried: Carried[str]) -> None:
    """One whose server is gone when the work is done."""
    await carried.attempt()
    raise ConnectionError("gone")


class Work:
    """Work that takes a moment, and counts how often it is done, and how often at once."""

    def __init__(self, *results: str) -> None:
        self.results = list(results)
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self) -> str:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.15)
        self.at_once -= 1
        return self.results[self.begun - 1]


def carried_by(engine: Engine, work: Work, *, tries: int = 1) -> tuple[str, str | None]:
    """(what the work came to, the engine's problem)."""

    async def main() -> tuple[str, str | None]:
        carried: Carried[str] = Carried(work, tries=tries, again=lambda it: it == "bad")
        problem = await carried.carry(engine(carried), begin=0.05, end=lambda: 0.05)
        return await carried.outcome(), problem and type(problem).__name__

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("engine", "problem"),
    [
        (by_the_book, None),
        (never_begins, "TimeoutError"),
        (fails_at_once, "ConnectionError"),
        (ends_without_beginning, "RuntimeError"),
        (hangs_afterwards, "TimeoutError"),
        (fails_afterwards, "ConnectionError"),
    ],
)
def test_the_work_is_done_once_whatever_the_engine_does(
    engine: Engine, problem: str | None
) -> None:
    work = Work("good")

    found = carried_by(engine, work)

    assert found == ("good", problem)
    assert (work.begun, work.most_at_once) == (1, 1)


def test_work_that_takes_longer_than_the_engines_limits_is_waited_for() -> None:
    work = Work("good")

    found = carried_by(by_the_book, work)

    # 0.15 s of work against limits of 0.05 s.
    assert found == ("good", None)


def test_a_try_that_the_engine_does_not_repeat_is_repeated_without_it() -> None:
    work = Work("bad", "good")

    found = carried_by(by_the_book, work, tries=3)

    assert found[0] == "good"
    assert (work.begun, work.most_at_once) == (2, 1)


def test_the_last_result_counts_when_the_tries_are_used_up() -> None:
    work = Work("bad", "bad", "good")

    found = carried_by(fails_at_once, work, tries=2)

    assert found[0] == "bad"
    assert work.begun == 2


def test_an_engine_that_comes_too_late_finds_the_work_taken() -> None:
    work = Work("good")
    late: list[str] = []

    async def main() -> None:
        carried: Carried[str] = Carried(work)

        async def too_late() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                # An engine that does not let itself be ended, and goes on.
                await asyncio.sleep(0.05)
            try:
                await carried.attempt()
            except Exception as error:  # noqa: BLE001 (whatever it is, it has to be one)
                late.append(type(error).__name__)

        await carried.carry(too_late(), begin=0.05, end=lambda: 0.05)
        await carried.outcome()

    asyncio.run(main())

    assert late == ["Taken"]
    assert work.begun == 1


def test_a_fault_of_the_work_is_raised_to_whoever_wants_its_outcome() -> None:
    async def faulty() -> str:
        raise ValueError("a fault")

    async def main() -> BaseException | None:
        carried: Carried[str] = Carried(faulty)
        problem = await carried.carry(by_the_book(carried), begin=1, end=lambda: 1)
        with pytest.raises(ValueError, match="a fault"):
            await carried.outcome()
        return problem

    assert asyncio.run(main()) is None


def test_what_is_stuck_is_freed_before_it_is_given_up() -> None:
    freed: list[bool] = []

    async def main() -> None:
        carried: Carried[str] = Carried(Work("good"))
        await carried.carry(
            hangs_afterwards(carried),
            begin=1,
            end=lambda: 0.05,
            stuck=lambda: freed.append(carried.state == "done"),
        )

    asyncio.run(main())

    assert freed == [True]
