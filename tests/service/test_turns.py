"""Whose turn it is: so many at once, one incident by one, and nobody once it stops."""

from __future__ import annotations

import threading
import time

import pytest

from firedoor.engine.gate import Gate, Parked
from firedoor.service.turns import Turns
from tests.service.conftest import until


def taking(turns: Turns, incident: str, got: list[str], leave: threading.Event) -> threading.Thread:
    """Somebody who takes a turn, and keeps it until he is to leave."""

    def go() -> None:
        try:
            with turns.taking(incident):
                got.append(incident)
                leave.wait(10)
        except Parked:
            got.append("parked")

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    return thread


def test_no_more_than_so_many_at_once() -> None:
    turns, got, leave = Turns(Gate(), 2), list[str](), threading.Event()
    for number in range(3):
        taking(turns, f"INC-{number}", got, leave)
    time.sleep(0.2)
    at_first = len(got)
    leave.set()

    assert at_first == 2
    assert until(lambda: len(got) == 3, 5)


def test_one_incident_is_worked_by_one() -> None:
    turns, got, leave = Turns(Gate(), 3), list[str](), threading.Event()
    taking(turns, "INC-1", got, leave)
    taking(turns, "INC-1", got, leave)
    taking(turns, "INC-2", got, leave)
    time.sleep(0.2)
    at_first = sorted(got)
    leave.set()

    assert at_first == ["INC-1", "INC-2"]
    assert until(lambda: len(got) == 3, 5)


def test_who_waits_for_a_person_gives_his_turn_to_others() -> None:
    turns, got, leave = Turns(Gate(), 1), list[str](), threading.Event()
    leave.set()
    with turns.taking("INC-1"), turns.resting():
        taking(turns, "INC-2", got, leave)
        met = until(lambda: got == ["INC-2"], 5)

    assert met


def test_who_waits_for_a_turn_when_it_stops_is_parked() -> None:
    gate, got, leave = Gate(), list[str](), threading.Event()
    turns = Turns(gate, 1)
    with turns.taking("INC-1"):
        taking(turns, "INC-2", got, leave)
        time.sleep(0.1)
        gate.shut()
        turns.wake()
        met = until(lambda: got == ["parked"], 5)

    assert met


def test_a_shut_gate_lets_those_inside_end() -> None:
    gate = Gate()
    with gate.inside():
        gate.shut()
        before = gate.empty(0.1)
    with pytest.raises(Parked):
        gate.check()

    assert (before, gate.empty(0.1)) == (False, True)
