"""Work that an engine (Prefect's) is asked to do and that is done in any case, once.

The engine may fail before the work begins, after it has ended, or hang at any moment. The work then
goes on without it, never beside it: whatever has begun is waited for, what has not begun is taken
from the engine before anybody else does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, Literal, TypeVar

Result = TypeVar("Result")

FREED_SECONDS = 5.0
"""How long an engine that was stuck and is freed may take to end before nobody waits any more."""


class Taken(Exception):
    """The work was taken from the engine, which came too late."""


class Carried(Generic[Result]):
    """`work` and how often it may be tried. For one event loop; not safe for threads.

    `error`: what the last try of the work itself raised.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[Result]],
        *,
        tries: int = 1,
        again: Callable[[Result], bool] = lambda _: False,
    ) -> None:
        self._work = work
        self._left = tries
        self._again = again
        self._taken = False
        self._changed = asyncio.Event()
        self._result: list[Result] = []
        self.error: BaseException | None = None
        self.state: Literal["waits", "works", "done"] = "waits"

    async def attempt(self) -> Result:
        """One try, by the engine."""
        if self._taken:
            raise Taken
        return await self._attempt()

    async def outcome(self) -> Result:
        """The result of the last try, or its error. What the engine left undone is done here."""
        self._taken = True
        while self.state != "done":
            await self._attempt()
        if self.error is not None:
            raise self.error
        return self._result[-1]

    async def carry(
        self,
        engine: Coroutine[Any, Any, Any],
        *,
        begin: float,
        end: Callable[[], float],
        stuck: Callable[[], None] = lambda: None,
    ) -> BaseException | None:
        """Let the engine do the work; what went wrong with the engine (not with the work), if
        anything did. The engine has `begin` seconds to begin each try and `end()` to end after it;
        `stuck` is called when it does not, to free it."""
        running = asyncio.ensure_future(engine)
        # Looked at even when nobody waits any more; asyncio would print it otherwise.
        running.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            while self.state != "done":
                self._changed.clear()
                changed = asyncio.ensure_future(self._changed.wait())
                # While the work goes on, its own limits hold, not these.
                limit = begin if self.state == "waits" else None
                await asyncio.wait({running, changed}, timeout=limit, return_when="FIRST_COMPLETED")
                told = changed.done()
                changed.cancel()
                if self.state == "waits" and (running.done() or not told):
                    break
            self._taken = True
            await asyncio.wait({running}, timeout=end() if self.state == "done" else 0)
            problem = None if running.done() else TimeoutError("no answer")
            if problem is not None:
                stuck()
                running.cancel()
                await asyncio.wait({running}, timeout=FREED_SECONDS)
            return problem or self._problem(running)
        except asyncio.CancelledError:
            running.cancel()
            await asyncio.wait({running}, timeout=end())
            raise

    async def _attempt(self) -> Result:
        self._set("works")
        self._left -= 1
        try:
            result = await self._work()
        except BaseException as error:
            self.error = error
            self._set("done")
            raise
        self._result.append(result)
        self._set("waits" if self._left > 0 and self._again(result) else "done")
        return result

    def _set(self, state: Literal["waits", "works", "done"]) -> None:
        self.state = state
        self._changed.set()

    def _problem(self, running: asyncio.Future[Any]) -> BaseException | None:
        if running.cancelled():
            return TimeoutError("cancelled")
        error = running.exception()
        if error is None and self.state == "waits":
            return RuntimeError("it ended before the work began")
        return None if error is self.error else error
