"""Who is at the other end of the socket: the kernel says so, the request never does."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct

import msgspec

from firedoor.engine.door import os_user
from firedoor.errors import BadInput, Refused

_CREDENTIALS = struct.Struct("3i")
"""`struct ucred` of SO_PEERCRED: pid, uid, gid. https://man7.org/linux/man-pages/man7/unix.7.html"""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A process at the other end, as it was when it connected."""

    pid: int
    uid: int
    gid: int

    @property
    def name(self) -> str:
        """Its user, as the journal names him: `os:carol`."""
        return os_user(self.uid)


def peer_of(connection: socket.socket) -> Peer:
    """The peer of a connected Unix socket; Refused where the system does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        raise Refused("this system does not say who is at the other end of a socket (SO_PEERCRED)")
    told = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(told)
    return Peer(pid=pid, uid=uid, gid=gid)


def admitted(peer: Peer, *, owner: int, group: int | None) -> bool:
    """Whether a peer may speak: the owner, root, and the members of the group where there is one.

    Membership is read anew each time: who was taken out of the group is out.
    """
    if peer.uid in (0, owner):
        return True
    if group is None:
        return False
    if peer.gid == group:
        return True
    try:
        user = pwd.getpwuid(peer.uid)
    except KeyError:
        return False
    return group in os.getgrouplist(user.pw_name, user.pw_gid)


def group_number(name: str) -> int:
    """The number of a group by its name; BadInput when there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise BadInput(
            f"FIREDOOR_SOCKET_GROUP names the group {name!r}, and there is none; "
            "`getent group` lists them"
        ) from None
