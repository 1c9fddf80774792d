"""The embedded Prefect server's process: `python -m firedoor.engine.server_app prepare|serve FD`.

`prepare` makes an empty, migrated database with the block types in it, once for a version of
Prefect. `serve` serves the API on the bound socket that it inherits, prints `ready`, and ends when
its standard input does, which is when the process that started it is gone.

Prefect begins SQLite transactions DEFERRED and answers 503 when two writers meet; beginning them
IMMEDIATE makes them queue (measured: a burst of 40 flows in 12 s instead of 55 s). The method that
is replaced for this is checked by a test, and Prefect is bounded in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any


def main() -> None:
    """The two commands; see the module."""
    # Importing the server makes millions of objects that all stay: collecting them costs seconds.
    gc.disable()
    if sys.argv[1] == "prepare":
        asyncio.run(prepare())
    else:
        serve(int(sys.argv[2]))


def begin_immediately() -> None:
    """Make every SQLite transaction of Prefect's begin IMMEDIATE."""
    from prefect.server.database import configurations

    @contextlib.asynccontextmanager
    async def begin_transaction(
        self: Any, session: Any, with_for_update: bool = False
    ) -> AsyncIterator[Any]:
        token = configurations.SQLITE_BEGIN_MODE.set("IMMEDIATE")
        try:
            async with session.begin() as transaction:
                yield transaction
        finally:
            configurations.SQLITE_BEGIN_MODE.reset(token)

    configurations.AioSqliteConfiguration.begin_transaction = begin_transaction  # type: ignore[method-assign]


async def prepare() -> None:
    """Migrate the database that the settings name, and register the block types in it."""
    from prefect.server.database import provide_database_interface
    from prefect.server.models.block_registration import run_block_auto_registration

    database = provide_database_interface()
    await database.create_db()
    # It begins transactions of its own.
    async with database.session_context() as session:
        await run_block_auto_registration(session=session)
    engine = await database.engine()
    await engine.dispose()


class Life:
    """Ends the process when standard input ends: gently once it serves, at once before."""

    def __init__(self) -> None:
        self.server: Any = None
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        sys.stdin.buffer.read()
        if self.server is None:
            os._exit(0)
        self.server.should_exit = True


def serve(descriptor: int) -> None:
    """Serve until standard input ends."""
    life = Life()
    listening = socket.socket(fileno=descriptor)
    import uvicorn
    from prefect.server.api.server import create_app

    begin_immediately()
    app = create_app(ephemeral=True, final=True)
    gc.freeze()
    gc.enable()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            print("ready", flush=True)

        def install_signal_handlers(self) -> None:
            """Ctrl-C belongs to the process that started us."""

    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=2,
        lifespan="on",
        ws_max_size=2**24,
    )
    life.server = Server(config)
    life.server.run(sockets=[listening])
    # Nothing is left to be written; what hangs in Prefect's background threads must not keep us.
    os._exit(0)


if __name__ == "__main__":
    main()
