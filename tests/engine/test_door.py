"""Who may answer an approval: by role and proven identity, and not the one who asked for it."""

from __future__ import annotations

import os

import msgspec
import pytest

from firedoor.approval import Answer, asked_of
from firedoor.engine.desk import Desk, Office
from firedoor.engine.door import Who, answer, whoami
from firedoor.engine.running import start
from firedoor.errors import NotFound, Refused
from firedoor.response_plan import Person, ResponsePlan
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

CAROL = Person(name="Carol", os_user="carol", slack="U0000001")
DAVE = Person(name="Dave", os_user="dave", arn="arn:aws:iam::111122223333:user/dave")
PEOPLE = ResponsePlan(people={"incident_commander": (CAROL, DAVE)})
ASKS = {**SHUT, "approve": {"by": "incident_commander", "quorum": 1, "within": "15m"}}


def waiting(office: Office, cloud: Cloud, **approve: object) -> Desk:
    """A run, started by os:tester, that waits for one approval."""
    desk = desk_for(office, cloud)
    step = {**ASKS, "approve": {**ASKS["approve"], **approve}}
    start(desk, program_of(step), {"doors": ["front"]}, break_glass=True)
    return desk


def say(desk: Desk, *ids: str, plan: ResponsePlan = PEOPLE, yes: bool = True) -> None:
    said = Answer(yes=yes, by=ids[0], how="terminal", reason="")
    now = desk.aws.now()
    answer(desk.recorder, f"{desk.incident}-A1", said, who=Who(ids=ids), plan=plan, now=now)


def agreed(desk: Desk) -> bool:
    return asked_of(desk.recorder.entries())[0].agreed


def test_one_who_has_the_role_may_answer(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)

    say(desk, "os:carol")

    assert agreed(desk)


def test_one_who_has_not_the_role_is_told_who_has(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)

    with pytest.raises(Refused, match=r"for incident_commander to answer \(Carol, Dave\)"):
        say(desk, "os:mallory")
    assert not agreed(desk)


def test_an_aws_identity_counts_as_well(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)

    say(desk, "os:nobody", "arn:aws:iam::111122223333:user/dave")

    assert agreed(desk)


def test_who_asked_for_it_may_not_approve_it(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)
    tester = ResponsePlan(people={"incident_commander": (Person(os_user="tester"),)})

    with pytest.raises(Refused, match="asked for by os:tester, which is you: somebody"):
        say(desk, "os:tester", plan=tester)
    alone = msgspec.structs.replace(tester, may_confirm_alone=("fire/shut",))
    say(desk, "os:tester", plan=alone)

    assert agreed(desk)


def test_who_asked_for_it_may_say_no(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)
    tester = ResponsePlan(people={"incident_commander": (Person(os_user="tester"),)})

    say(desk, "os:tester", plan=tester, yes=False)

    assert asked_of(desk.recorder.entries())[0].denied


def test_a_quorum_is_of_different_people(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud, quorum=2)
    say(desk, "os:carol")

    with pytest.raises(Refused, match="Carol has approved"):
        say(desk, "slack:U0000001")
    say(desk, "os:dave")

    assert agreed(desk)


def test_a_role_that_is_given_to_nobody_is_whoever_s_at_the_store(
    office: Office, cloud: Cloud
) -> None:
    desk = waiting(office, cloud)

    say(desk, "os:anybody", plan=ResponsePlan())

    assert agreed(desk)


def test_an_expired_question_takes_no_answer(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)
    cloud.wait(16 * 60)

    with pytest.raises(Refused, match=r"expired at .* `firedoor resume"):
        say(desk, "os:carol")


def test_nobody_answering_in_time_asks_somebody_above(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud, by="responder")
    cloud.wait(16 * 60)

    start(desk, program_of(ASKS), {"doors": ["front"]}, break_glass=True, run="r1")
    first, second = asked_of(desk.recorder.entries(), desk.aws.now())

    assert (first.expired, second.open) == (True, True)
    assert second.entry.data["escalates"] == first.id
    assert "incident_commander" in second.entry.data["by"]
    assert cloud.moves == []


def test_what_was_not_asked_cannot_be_answered(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)

    with pytest.raises(NotFound, match="no approval"):
        say(desk, "os:carol")


def test_the_environment_does_not_say_who_somebody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = whoami()
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "carol")

    assert whoami() == before
    assert before.startswith("os:")
    assert os.getuid() >= 0
