"""What the attacker and the probes did, written into the incident's journal at its own time.

There is an attacker before there is an incident: what he did until then is kept and written down
when the incident is opened.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from firedoor.engine.recorder import Recorder
from firedoor.exercise.probes import Probe
from firedoor.runbook import Json
from firedoor.simulator.attacker import Act


class Chronicle:
    """Hears the attacker's acts; safe to be called from any thread."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._kept: list[Act] = []
        self._lock = threading.Lock()

    def __call__(self, act: Act) -> None:
        """Write an act down, now or when there is an incident."""
        with self._lock:
            if self._recorder is None:
                self._kept.append(act)
            else:
                _write(self._recorder, act)

    def open(self, recorder: Recorder) -> None:
        """There is an incident: write down what was kept, oldest first."""
        with self._lock:
            for act in self._kept:
                _write(recorder, act)
            self._kept.clear()
            self._recorder = recorder

    def probed(self, probes: Sequence[Probe], at: datetime | None = None) -> None:
        """Write probes down, at the time when they were made (now by default)."""
        assert self._recorder is not None
        for probe in probes:
            self._recorder.write("probe.made", probe.told(), by="probe", at=at)


def _write(recorder: Recorder, act: Act) -> None:
    data: dict[str, Json] = {
        "who": act.who,
        "call": act.call,
        "allowed": act.allowed,
        "code": act.code,
        "ip": act.ip,
        "agent": act.agent,
        "region": act.region,
        "lose": act.lose,
        "access_key_id": act.access_key_id,
    }
    recorder.write("attacker.acted", data, by="attacker", at=act.at)
