"""Work on many things at a time: bounded, in the order of the list, nothing left under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WIDE = 16
"""How many items are worked on at a time. AWS's rates are kept elsewhere, call by call."""


async def side_by_side(
    items: Sequence[Item],
    work: Callable[[Item], Awaitable[Result]],
    *,
    alike: Callable[[Item], Hashable],
    wide: int = WIDE,
) -> list[Result]:
    """The results of all items, in their order. Items that are `alike` are worked on one after
    another: the second finds what the first did.

    An error of one is raised when no other is at work any more: the first one of the list.
    """
    room = asyncio.Semaphore(wide)
    turns: dict[Hashable, asyncio.Lock] = {}

    async def one(item: Item) -> Result:
        async with turns.setdefault(alike(item), asyncio.Lock()), room:
            return await work(item)

    ended = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    results: list[Result] = []
    for each in ended:
        if isinstance(each, BaseException):
            raise each
        results.append(each)
    return results


def in_threads(
    items: Sequence[Item], work: Callable[[Item], Result], *, wide: int = WIDE
) -> list[Result]:
    """The same in threads, for work that blocks: the results of all items, in their order.

    Each works in this context, so that what it asks of AWS counts where it is asked from.
    """
    if len(items) < 2 or wide == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(wide, len(items))) as pool:
        asked = [pool.submit(copy_context().run, work, item) for item in items]
    return [each.result() for each in asked]
