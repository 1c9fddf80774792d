"""What passes over the socket: one JSON document a line, of a known version, bounded in size.

A caller says what is wanted and what he agrees to; never who he is, and never with which keys.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, Literal, TypeVar

import msgspec

from firedoor import __version__
from firedoor.approval import Question
from firedoor.chain import Entry
from firedoor.engine.running import Outcome
from firedoor.errors import FiredoorError
from firedoor.masking import masked_text
from firedoor.plan import Plan
from firedoor.runbook import Json
from firedoor.service.surroundings import Surroundings

VERSION = 1
MAX_BYTES = 1024 * 1024
"""Of one line, its end included."""
SEND_SECONDS = 10.0
"""How long the other side may take to take a message."""

Message = TypeVar("Message")


class Here(msgspec.Struct, frozen=True, kw_only=True, tag="here"):
    """The first word of a resident, before anything is asked of it."""

    version: int = VERSION
    firedoor: str = __version__
    pid: int
    ready: bool


class RunWanted(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """`firedoor run`. `asks`: somebody sits there to be asked."""

    version: int = VERSION
    surroundings: Surroundings
    runbook: str
    inputs: list[str]
    incident: str = ""
    account: str = ""
    region: str = ""
    asks: bool = False


class ResumeWanted(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """`firedoor resume`."""

    version: int = VERSION
    surroundings: Surroundings
    incident: str
    asks: bool = False


class IngestWanted(msgspec.Struct, frozen=True, kw_only=True, tag="ingest"):
    """`firedoor ingest`, one finding."""

    version: int = VERSION
    surroundings: Surroundings
    document: Json
    account: str = ""
    region: str = ""
    asks: bool = False


Wanted = RunWanted | ResumeWanted | IngestWanted


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag="planned"):
    """The plan as the resident made it, with its account, to be shown."""

    plan: Plan


class Agreed(msgspec.Struct, frozen=True, kw_only=True, tag="agreed"):
    """What was said to a plan: yes to the one with this digest, or nothing (`how` is "")."""

    digest: str
    how: Literal["terminal", "--yes", ""]


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The incident that is worked now."""

    incident: str
    target: dict[str, str]


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag="heard"):
    """A journal entry, on disk already."""

    entry: Entry


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="told"):
    """A line that is not in the journal: what is being waited for."""

    text: str


class Asks(msgspec.Struct, frozen=True, kw_only=True, tag="asks"):
    """A question for whoever sits at the caller's terminal."""

    question: Question


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """What he said to it."""

    id: str
    said: Literal["yes", "no", "later"]
    how: Literal["terminal", "--yes", ""] = ""
    reason: str = ""


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """What the runs came to."""

    outcomes: list[Outcome]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """An error, as the command line would have told it."""

    kind: str
    message: str
    where: str | None
    exit_code: int


FromResident = Here | Planned | Began | Heard | Told | Asks | Ended | Failed


class Gone(Exception):
    """The other side has closed the connection, or is too slow to be waited for."""


class Garbage(Exception):
    """What came is not what this protocol has; it says what it is."""


class Wire:
    """One end of a connection. For one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._held = bytearray()

    def send(self, message: Any) -> None:
        """Send a message; Gone when the other side does not take it."""
        line = msgspec.json.encode(message) + b"\n"
        if len(line) > MAX_BYTES:
            raise Garbage(f"a message of {len(line)} bytes; {MAX_BYTES} are the most")
        try:
            self.connection.settimeout(SEND_SECONDS)
            self.connection.sendall(line)
        except OSError as error:
            raise Gone(f"it takes nothing any more: {error}") from None

    def receive(self, wanted: type[Message] | Any, seconds: float | None) -> Any:
        """The next message, all of it within so many seconds; Gone or Garbage."""
        ends = None if seconds is None else time.monotonic() + seconds
        while (line := self.line()) is None:
            left = None if ends is None else ends - time.monotonic()
            if left is not None and left <= 0:
                raise Gone(f"nothing came within {seconds:.0f} s")
            self.connection.settimeout(left)
            # Whether the time is over is asked above.
            with contextlib.suppress(TimeoutError):
                self.read()
        return decoded(line, wanted)

    def read(self) -> None:
        """Take in what has come; waits for it as the connection's timeout says."""
        try:
            came = self.connection.recv(65536)
        except TimeoutError:
            raise
        except OSError as error:
            raise Gone(f"the connection broke: {error}") from None
        if not came:
            raise Gone("the connection was closed")
        self._held += came

    def line(self) -> bytes | None:
        """A whole line of what was taken in, None when there is none yet."""
        end = self._held.find(b"\n")
        if end < 0:
            if len(self._held) >= MAX_BYTES:
                raise Garbage(f"a line of more than {MAX_BYTES} bytes")
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line


def decoded(line: bytes, wanted: Any) -> Any:
    """A message of one of the wanted types; Garbage says what is wrong with it."""
    try:
        return msgspec.json.decode(line, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbage(f"not a message of version {VERSION}: {error}") from None


def failed(error: FiredoorError) -> Failed:
    """An error as a message."""
    return Failed(
        kind=error.kind,
        message=masked_text(error.message),
        where=error.where,
        exit_code=error.exit_code,
    )


class FromThere(FiredoorError):
    """An error that the resident told: its kind and exit code are those it had there."""

    def __init__(self, told: Failed) -> None:
        super().__init__(told.message, where=told.where)
        self.kind = told.kind
        self.exit_code = told.exit_code
