"""How long it takes to close 100 buckets, side by side and one after another, 40 ms a call.

One loop of a runbook over 100 buckets, one approval, in simulated AWS where each call takes 40 ms,
as it would over a network. The same run with one bucket at a time is the measure; both write the
same journal. Run by `make bench`, or alone: `python tests/bench/fan_out.py`.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from unittest import mock

import msgspec

from firedoor import play
from firedoor.actions.contract import Change
from firedoor.approval import AlwaysTheSame, Answer
from firedoor.aws import connect
from firedoor.clock import RealClock
from firedoor.engine import reapply
from firedoor.engine.desk import Office, open_desk, opened
from firedoor.engine.running import start
from firedoor.program import compile_program
from firedoor.runbook import Runbook
from firedoor.side_by_side import WIDE, in_threads, side_by_side
from firedoor.simulator.server import SimulatedAws

BUCKETS = 100
LATENCY = 0.04
RUNBOOK = msgspec.convert(
    {
        "runbook": "close-buckets",
        "title": "Close buckets",
        "summary": "Block public access to each.",
        "inputs": {"buckets": {"type": "list[bucket_name]"}},
        "steps": [
            {
                "id": "close",
                "phase": "contain",
                "for_each": "$inputs.buckets",
                "as": "bucket",
                "limit": 1000,
                "action": "s3.block_public_access",
                "with": {"bucket": "$bucket"},
                "approve": {"by": "responder", "ask": "Close them?"},
            }
        ],
    },
    Runbook,
)


def main() -> None:
    """Print the figures."""
    alone = timed(1)
    together = timed(WIDE)
    print(f"\nClose {BUCKETS} buckets, {LATENCY * 1000:.0f} ms a call, one approval\n")
    print(f"one after another  {alone:6.1f} s")
    print(f"{WIDE} side by side    {together:6.1f} s   {alone / together:.1f} times as fast")


def timed(wide: int) -> float:
    """Seconds from the start of the run to its end, `wide` buckets at a time."""
    names = [f"example-bucket-{number:03d}" for number in range(BUCKETS)]
    with (
        tempfile.TemporaryDirectory(prefix="firedoor-bench-") as home,
        SimulatedAws(RealClock(), latency=LATENCY) as sim,
        mock.patch.object(play, "side_by_side", _wide(wide)),
        mock.patch.object(reapply, "in_threads", partial(in_threads, wide=wide)),
    ):
        who = sim.responder()
        aws = connect(
            region="us-east-1",
            endpoint=sim.endpoint,
            credentials=(who.access_key_id, who.secret_access_key, who.session_token),
            simulated=True,
        )
        with sim.setting_the_scene():
            for name in names:
                aws.call("s3", "create_bucket", Bucket=name)
        office = Office.open(Path(home))
        incident = opened(office, aws, aws.target, title="Bench", severity="high")
        people = AlwaysTheSame(Answer(yes=True, by="bench", how="scripted"))
        desk = open_desk(office, aws, aws.target, incident=incident, people=people, by="bench")
        program = compile_program("close-buckets", lambda _: RUNBOOK)
        began = time.monotonic()
        ended = start(desk, program, {"buckets": names}, break_glass=True, run="r1")
        took = time.monotonic() - began
        made = [e.data["change"] for e in desk.recorder.entries() if e.kind == "step.intended"]
        closed = {msgspec.convert(each, Change).resource for each in made}
        if ended.status != "contained" or len(closed) != BUCKETS:
            raise SystemExit(f"{ended.status}, {len(closed)} closed: the figure would mean nothing")
    return took


def _wide(wide: int) -> object:
    return partial(side_by_side, wide=wide)


if __name__ == "__main__":
    main()
