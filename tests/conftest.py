"""What holds for all tests."""

from __future__ import annotations

import re
import signal
import threading
import zlib

import pytest

LONG = {
    "test_mutants.py": 8,
    "test_least_privilege.py": 4,
    "test_contract.py": 4,
    "test_machines.py": 3,
    "test_machine_drills.py": 2,
    "test_put_back.py": 2,
}
"""Files whose tests several workers share, and in how many parts: one alone would be the last by
far. What belongs to one parameter stays together, since it shares what was made for it."""


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C reaches the programs that tests start, also when the tests run in the background: a
    shell has it ignored there, and children inherit that."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests one worker does (`--dist loadgroup`): those of a file, or of a part of it."""
    for item in items:
        about = re.search(r"\[(.*)\]$", item.nodeid)
        parts = LONG.get(item.path.name, 1)
        number = zlib.crc32((about[1] if about else "").encode()) % parts
        item.add_marker(pytest.mark.xdist_group(f"{item.nodeid.partition('::')[0]}-{number}"))
