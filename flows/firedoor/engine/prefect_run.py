"""Runs a program through Prefect: one flow run, on the embedded server of the desk's home.

Whatever Prefect does, the run comes to its end: before the flow has begun, PrefectUnavailable says
so and nothing has been done; after that, the carrier goes on without it.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from firedoor.engine.carried import Carried
from firedoor.engine.desk import Desk
from firedoor.engine.server import Server, server_for
from firedoor.errors import FiredoorError, PrefectUnavailable
from firedoor.program import Program
from firedoor.runbook import Json

if TYPE_CHECKING:
    from firedoor.stages import StepResult

BEGIN_SECONDS = 60.0
"""How long Prefect may take to begin the flow once its server answers."""

END_SECONDS = 15.0
"""How long it may take to write down the end of a flow whose work is done."""

DELIVERED_SECONDS = 10.0
"""How long the telling of task runs, which goes on beside the run, may take after it."""

Say = Callable[[str], None]


def run_in_prefect(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    run: str,
    *,
    on_progress: Say = lambda _: None,
) -> None:
    """Run a program as a flow run. PrefectUnavailable: nothing has begun, nothing will."""
    try:
        server = server_for(desk.recorder.journal.home, on_progress)
        with prefect_for(server), _ending_on_sigterm():
            failed = asyncio.run(_conduct(desk, program, inputs, run, server, on_progress))
    except FiredoorError:
        raise
    except Exception as error:
        # Whatever Prefect raises (its imports included) is one thing to us.
        raise PrefectUnavailable(f"{type(error).__name__}: {error}") from error
    if failed is not None:
        raise failed


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Prefect turns SIGTERM into an exception of its own; the process ends as it would without."""
    from prefect.exceptions import TerminationSignal  # lazy: Prefect

    try:
        yield
    except TerminationSignal:
        raise SystemExit(128 + signal.SIGTERM) from None


async def _conduct(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    run: str,
    server: Server,
    say: Say,
) -> BaseException | None:
    """Conduct the run inside its flow run; what the run itself raised."""
    # Lazy: these import Prefect, whose settings are in place only now.
    from firedoor.engine import events
    from firedoor.engine.flow_run import FlowOfRun
    from firedoor.engine.prefect_carrier import PrefectCarrier, reason
    from firedoor.engine.stage import conduct

    carrier = PrefectCarrier(desk, run, say)
    work: Carried[list[StepResult]] = Carried(
        lambda: conduct(desk, program, inputs, carrier, run=run)
    )
    flow = FlowOfRun(desk, program, run, carrier)
    try:
        problem = await work.carry(
            flow.start(inputs, work),
            begin=BEGIN_SECONDS,
            end=lambda: carrier.patience(END_SECONDS),
            stuck=server.kill,
        )
        if work.state == "waits":
            raise PrefectUnavailable(reason(problem or TimeoutError("it did not begin")))
        if problem is not None:
            carrier.fail(problem)
        return work.error
    finally:
        if work.state != "done" or (carrier.broken and not desk.shared):
            # What still hangs on its answer gets an error, and ends.
            server.kill()
            events.forget()
        # Where the process stays, its other runs are still telling.
        if not desk.shared:
            try:
                await events.delivered(carrier.patience(DELIVERED_SECONDS))
            except Exception as error:  # noqa: BLE001 (what is shown late, or never, harms no run)
                carrier.fail(error)


@contextmanager
def prefect_for(server: Server) -> Iterator[None]:
    """Prefect, imported, with our settings for this server and nobody else's.

    It reads the environment whenever it makes settings: somebody's own `PREFECT_*` are away for the
    block, and as before after it. Another server may have been used in this process before.
    """
    with _environment(server.environment()):
        importlib.import_module("prefect.main")
        import prefect.settings as known

        # Not below the loggers that the settings silence; it would write between our lines.
        logging.getLogger("EventsWorker").setLevel(logging.CRITICAL)
        updates: dict[Any, Any] = {
            getattr(known, name): value
            for name, value in server.environment().items()
            if name.startswith("PREFECT_")
        }
        with known.temporary_settings(updates=updates):
            from firedoor.engine import events  # lazy: Prefect

            events.tell(server.api_url)
            yield


_environment_lock = threading.Lock()
_environment_users = 0
_environment_before: dict[str, str] = {}


@contextmanager
def _environment(ours: Mapping[str, str]) -> Iterator[None]:
    """The environment is the process's: of several runs at once the last one puts it back."""
    global _environment_users
    with _environment_lock:
        theirs = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
        if not _environment_users:
            kept = theirs | {name: os.environ[name] for name in ours if name in os.environ}
            _environment_before.clear()
            _environment_before.update(kept)
            for name in theirs:
                del os.environ[name]
        _environment_users += 1
        os.environ.update(ours)
    try:
        yield
    finally:
        with _environment_lock:
            _environment_users -= 1
            if not _environment_users:
                for name in ours:
                    os.environ.pop(name, None)
                os.environ.update(_environment_before)


__all__ = ["PrefectUnavailable", "prefect_for", "run_in_prefect"]
