"""Where a resident listens, and who can come there at all."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from firedoor.errors import Refused
from firedoor.service.address import SOCKET, connected, listening, nobody_there


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    with listening(tmp_path / "home"):
        modes = (mode(tmp_path / "home"), mode(tmp_path / "home" / SOCKET))

    assert modes == (0o700, 0o600)


def test_a_home_that_others_could_enter_is_shut(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with listening(tmp_path):
        found = mode(tmp_path)

    assert found == 0o700


def test_a_group_comes_to_the_socket_and_to_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "firedoor.db"
    secret.write_text("")
    secret.chmod(0o644)
    group = os.getgid()
    with listening(tmp_path, group):
        found = (tmp_path / SOCKET).stat()
        modes = (mode(tmp_path), stat.S_IMODE(found.st_mode), mode(secret))

    assert modes == (0o710, 0o660, 0o600)
    assert found.st_gid == group


def test_a_home_has_one_resident(tmp_path: Path) -> None:
    with (
        listening(tmp_path),
        pytest.raises(Refused, match=f"running already .pid {os.getpid()}"),
        listening(tmp_path),
    ):
        raise AssertionError("two at once")


def test_what_a_killed_one_left_is_taken_over(tmp_path: Path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / SOCKET))
    stale.close()
    with listening(tmp_path) as listener, connected(tmp_path, 1) as caller:
        taken, _ = listener.accept()
        with taken:
            caller.sendall(b"x")
            heard = taken.recv(1)

    assert heard == b"x"


def test_nothing_is_left_of_one_that_ended(tmp_path: Path) -> None:
    with listening(tmp_path):
        pass

    assert not (tmp_path / SOCKET).exists()


def test_a_home_may_have_a_longer_path_than_a_socket_s_address(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 20) / ("deep" * 20)
    with listening(home) as listener, connected(home, 1):
        taken, _ = listener.accept()
        taken.close()

    assert len(str(home / SOCKET)) > 108


def test_no_socket_and_a_dead_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as none:
        connected(tmp_path, 1)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / SOCKET))
    stale.close()
    with pytest.raises(OSError, match="refused") as dead:
        connected(tmp_path, 1)

    assert nobody_there(none.value)
    assert not nobody_there(dead.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_does_not_come_through_to_the_socket(tmp_path: Path) -> None:
    home = tmp_path / "home"
    script = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534);"
        "socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    )
    with listening(home):
        for folder in tmp_path.parents[:2]:
            folder.chmod(0o755)
        tmp_path.chmod(0o755)
        tried = subprocess.run(
            [sys.executable, "-c", script, str(home / SOCKET)],
            capture_output=True,
            text=True,
            check=False,
        )

    assert "Permission denied" in tried.stderr
