"""What firedoor itself stands on: rules, store, vault, spool, Prefect, resident, senders."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from firedoor import settings
from firedoor.doctor.model import Look
from firedoor.engine.desk import Office
from firedoor.engine.server_template import template
from firedoor.errors import CheckFailed, PrefectUnavailable
from firedoor.freezing import frozen
from firedoor.library import Library
from firedoor.response_plan import load_plan
from firedoor.service.address import SOCKET, connected, nobody_there

ANSWER_SECONDS = 3.0
LEAST_FREE = 1024**3
"""Bytes on the disk of the home below which it is said."""


def rules() -> Iterator[Look]:
    """Runbooks and playbooks: whole, ours alone, with people in them."""
    library = Library.open()
    try:
        plan = load_plan(library)
        for name in library.runbooks():
            library.program(name)
    except CheckFailed as error:
        yield Look(
            name="rules", standing="bad", seen=str(error).splitlines()[0], fix="firedoor check"
        )
        return
    yield Look(
        name="rules",
        standing="ok",
        seen=f"{len(library.runbooks())} runbooks, digest {library.digest()[:12]}",
    )
    for path in library.writable_by_others()[:1]:
        fix = f"chmod go-w {path}; a real run refuses to work under rules that others can change"
        yield Look(name="rules", standing="bad", seen=f"others can write to {path}", fix=fix)
    nobody = [role for role, people in plan.people.items() if not people]
    if nobody or not plan.people:
        who = ", ".join(nobody) or "named"
        seen = f"nobody in particular is {who}: whoever may write the store may approve"
        yield Look(
            name="people", standing="warn", seen=seen, fix="Name people in playbooks/plan.yaml"
        )
    else:
        yield Look(name="people", standing="ok", seen=f"{len(plan.people)} roles have people")
    if not (plan.alert.sns or plan.alert.webhook or plan.alert.email):
        seen = "approvals that wait are told nowhere but here"
        yield Look(
            name="second channel",
            standing="warn",
            seen=seen,
            fix="Set alert: in playbooks/plan.yaml",
        )
    else:
        yield Look(name="second channel", standing="ok", seen="set")
    acting = [account for account, mode in plan.mode.accounts.items() if mode == "act"]
    seen = f"acts by itself in {', '.join(acting)}" if acting else "every change asks"
    yield Look(name="mode", standing="ok", seen=seen)


def keeping() -> Iterator[Look]:
    """Store, vault and spool: can be written; the last journals verify."""
    home = settings.home()
    office = Office.open(home)
    with office.journal.store.writing():
        pass
    yield Look(name="store", standing="ok", seen=f"{office.journal.store.home} can be written")
    known = office.journal.incidents()
    broken = [each for each in known[-5:] if not office.journal.verify(each).holds]
    if broken:
        fix = f"firedoor journal verify {broken[0]}"
        yield Look(
            name="journal", standing="bad", seen=f"{', '.join(broken)} does not verify", fix=fix
        )
    else:
        yield Look(name="journal", standing="ok", seen=f"{len(known)} incidents; the last 5 verify")
    yield from _folder("vault", settings.vault(home), "FIREDOOR_VAULT")
    spool = settings.spool()
    yield from _folder("spool", spool, "FIREDOOR_SPOOL")
    if spool.exists() and home.exists() and spool.stat().st_dev == home.stat().st_dev:
        seen = "the spool is on the same disk as the home: a full disk takes both"
        yield Look(name="spool", standing="warn", seen=seen, fix="FIREDOOR_SPOOL on another disk")
    free = shutil.disk_usage(home if home.exists() else Path.home()).free
    if free < LEAST_FREE:
        yield Look(
            name="disk", standing="warn", seen=f"{free // 1024**2} MiB free", fix="Make room"
        )
    else:
        yield Look(name="disk", standing="ok", seen=f"{free // 1024**3} GiB free")
    ice = frozen(home)
    if ice:
        yield Look(name="freeze", standing="warn", seen=f"frozen ({ice})", fix="firedoor thaw")


def _folder(name: str, path: Path, variable: str) -> Iterator[Look]:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        seen = f"{path} cannot be written: {error.strerror}"
        yield Look(name=name, standing="bad", seen=seen, fix=f"Make it writable, or set {variable}")
        return
    yield Look(name=name, standing="ok", seen=f"{path} can be written")


def prefect() -> Iterator[Look]:
    """Prefect: there, and its database prepared."""
    try:
        path = template()
    except PrefectUnavailable as error:
        fix = "firedoor run --break-glass works without; pip install --force-reinstall prefect"
        yield Look(name="prefect", standing="warn", seen=str(error), fix=fix)
        return
    yield Look(
        name="prefect", standing="ok", seen=f"{version('prefect')}, prepared at {path.parent}"
    )


def resident() -> Iterator[Look]:
    """The resident, and who may send to it."""
    home = settings.home()
    try:
        connected(home, ANSWER_SECONDS).close()
        yield Look(name="resident", standing="ok", seen=f"answers at {home / SOCKET}")
    except OSError as error:
        if nobody_there(error):
            seen = "none: runs start cold, nothing is taken in"
            yield Look(name="resident", standing="off", seen=seen, fix="firedoor serve")
        else:
            fix = "See its log; start it again"
            seen = f"does not answer: {error.strerror or error}"
            yield Look(name="resident", standing="bad", seen=seen, fix=fix)
    for variable, what in (
        ("FIREDOOR_HOOK_KEYS", "EventBridge"),
        ("FIREDOOR_SNS_TOPICS", "SNS"),
        ("FIREDOOR_SQS_QUEUE_URL", "SQS"),
    ):
        there = bool(os.environ.get(variable))
        seen = "set" if there else f"off ({variable} is not set here)"
        yield Look(name=what, standing="ok" if there else "off", seen=seen)


def python() -> Iterator[Look]:
    """The interpreter and firedoor's own version."""
    seen = f"Python {sys.version.split()[0]}, firedoor {version('firedoor')}"
    yield Look(name="python", standing="ok", seen=seen)
