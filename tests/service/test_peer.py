"""Who may speak with a resident is known from the kernel."""

from __future__ import annotations

import grp
import os
import pwd
import socket

import pytest

from firedoor.errors import BadInput
from firedoor.service.peer import Peer, admitted, group_number, peer_of

STRANGER, OWNER, GROUP = 4242, 1000, 77


def peer(uid: int, gid: int = 9999) -> Peer:
    return Peer(pid=1, uid=uid, gid=gid)


def test_the_peer_of_a_socket_is_the_process_at_its_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        found = peer_of(one)

    assert (found.uid, found.pid) == (os.getuid(), os.getpid())
    assert found.name == f"os:{pwd.getpwuid(os.getuid()).pw_name}"


def test_a_user_without_a_name_is_known_by_his_number() -> None:
    assert peer(STRANGER).name == f"os:{STRANGER}"


@pytest.mark.parametrize(
    ("uid", "gid", "group", "may"),
    [
        (OWNER, 9999, None, True),
        (0, 9999, None, True),
        (STRANGER, GROUP, None, False),
        (STRANGER, GROUP, GROUP, True),
        (STRANGER, 9999, GROUP, False),
    ],
)
def test_the_owner_root_and_the_group_where_there_is_one(
    uid: int, gid: int, group: int | None, may: bool
) -> None:
    assert admitted(peer(uid, gid), owner=OWNER, group=group) is may


def test_a_member_comes_in_whatever_his_group_is_at_the_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, GROUP])

    assert admitted(peer(pwd.getpwnam("nobody").pw_uid), owner=OWNER, group=GROUP)


def test_a_group_that_is_not_there_is_said() -> None:
    with pytest.raises(BadInput, match="no-such-group"):
        group_number("no-such-group")


def test_a_group_has_its_number() -> None:
    known = grp.getgrgid(os.getgid())

    assert group_number(known.gr_name) == known.gr_gid
