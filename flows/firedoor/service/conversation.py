"""One caller's connection, from the greeting to what his runs came to.

Whatever comes in it (garbage, half a message, silence) ends this connection and nothing else. When
the caller goes away the run goes on; what it would ask him waits as an approval.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket

from firedoor.engine.running import Outcome
from firedoor.errors import FiredoorError, Refused
from firedoor.library import Library
from firedoor.service import asked
from firedoor.service.asked import Work
from firedoor.service.job import Job, Outbox
from firedoor.service.peer import Peer, admitted, peer_of
from firedoor.service.post import Post
from firedoor.service.protocol import (
    Agreed,
    Answered,
    Failed,
    Garbage,
    Gone,
    Here,
    IngestWanted,
    Planned,
    ResumeWanted,
    RunWanted,
    Wanted,
    Wire,
    decoded,
    failed,
)

REQUEST_SECONDS = 10.0
"""How long a caller may take to say what he wants."""

AGREE_SECONDS = 15 * 60.0
"""How long he may look at a plan."""


def converse(post: Post, connection: socket.socket) -> None:
    """Serve one connection to its end."""
    wire = Wire(connection)
    with connection, contextlib.suppress(Gone):
        try:
            peer = peer_of(connection)
            if not admitted(peer, owner=post.owner, group=post.group):
                post.log(f"refused {peer.name} (uid {peer.uid}, pid {peer.pid}): not of the group")
                raise Refused(
                    f"this resident does not speak with {peer.name}: only with its owner, and with "
                    "the members of FIREDOOR_SOCKET_GROUP where that is set"
                )
            wire.send(Here(pid=os.getpid(), ready=post.ready.is_set()))
            _serve(post, wire, peer)
        except Garbage as error:
            post.log(f"a message that is none: {str(error)[:200]}")
            _end(wire, Failed(kind="bad_input", message=str(error), where=None, exit_code=2))
        except FiredoorError as error:
            _end(wire, failed(error))


def _serve(post: Post, wire: Wire, peer: Peer) -> None:
    wanted = wire.receive(Wanted, REQUEST_SECONDS)
    if isinstance(wanted, RunWanted):
        _run(post, wire, peer, wanted)
    elif isinstance(wanted, ResumeWanted):
        _resume(post, wire, peer, wanted)
    else:
        asked.alike(post, wanted.surroundings, region_given=True)
        _begin(post, wire, Job(peer.name, asks=wanted.asks), _taking_in(post, wanted))


def _run(post: Post, wire: Wire, peer: Peer, wanted: RunWanted) -> None:
    ready = asked.prepared(post, wanted)
    wire.send(Planned(plan=ready.plan.shown()))
    said: Agreed = wire.receive(Agreed, AGREE_SECONDS)
    if said.digest != ready.plan.digest:
        raise Refused("nothing was changed: what was agreed to is not the plan that was shown")
    if Library.open().digest() != ready.policy["digest"]:
        raise Refused(
            "nothing was changed: the runbooks or playbooks were changed since the plan was made; "
            "give the command again to see it as it is now"
        )
    job = Job(peer.name, asks=wanted.asks)
    _begin(post, wire, job, lambda job: asked.run(post, job, wanted, ready, said.how))


def _resume(post: Post, wire: Wire, peer: Peer, wanted: ResumeWanted) -> None:
    asked.alike(post, wanted.surroundings, region_given=True)
    other = post.job_of(wanted.incident)
    outbox = Outbox()
    if other is not None:
        # It is at work already: he watches that, and goes on with what is left then.
        other.watch(outbox)
    try:
        if other is not None and not _told_to_its_end(post, wire, other, outbox):
            return
    finally:
        if other is not None:
            other.leave(outbox)
        outbox.close()
    job = Job(peer.name, asks=wanted.asks)
    _begin(post, wire, job, lambda job: asked.go_on(post, job, wanted))


def _taking_in(post: Post, wanted: IngestWanted) -> Work:
    return lambda job: asked.taken_in(post, job, wanted)


def _begin(post: Post, wire: Wire, job: Job, work: Work) -> None:
    """Do the work in a thread of its own, and tell the caller as long as he is there."""

    def counted(job: Job) -> list[Outcome]:
        with post.at_work(job):
            return work(job)

    outbox = Outbox()
    job.watch(outbox, answers=job.asks)
    job.begin(counted, post.log)
    try:
        if _told_to_its_end(post, wire, job, outbox):
            assert job.result
            wire.send(job.result)
    finally:
        job.leave(outbox)
        outbox.close()


def _told_to_its_end(post: Post, wire: Wire, job: Job, outbox: Outbox) -> bool:
    """Tell all that a job says; False when the caller went away before its end."""
    try:
        while True:
            select.select([wire.connection.fileno(), outbox.reader], [], [])
            for message in outbox.take():
                if message is None:
                    return True
                with contextlib.suppress(Garbage):
                    # An entry that is longer than a message may be is in the journal.
                    wire.send(message)
            if outbox.lost:
                raise Gone("it takes nothing")
            _hear(wire, job)
    except (Gone, Garbage) as error:
        post.log(f"{job.by} is not there any more ({error}); {job.incident or 'it'} goes on")
        return False


def _hear(wire: Wire, job: Job) -> None:
    readable, _, _ = select.select([wire.connection], [], [], 0)
    if not readable:
        return
    wire.read()
    while (line := wire.line()) is not None:
        job.answer(decoded(line, Answered))


def _end(wire: Wire, told: Failed) -> None:
    with contextlib.suppress(Garbage):
        wire.send(told)
