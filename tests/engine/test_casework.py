"""What people decide of an incident: roles, severity, closing, splitting, merging."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor.engine.casework import assign, close, merge, rate, roles_of, split
from firedoor.engine.desk import Office
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.finding import parse
from firedoor.findings.subjects import own_subject, subjects_of
from firedoor.register import Register
from firedoor.summary import findings_of, summarize
from tests.web.conftest import event

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
MINE: dict[str, Any] = {"by": "os:carol", "at": NOW}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An empty home."""
    return Office.open(tmp_path / "home")


def opened(
    office: Office, *names: str, severity: str = "high", account: str = "111122223333"
) -> str:
    """An incident with these findings."""
    incident = office.journal.open_incident(
        "INC", at=NOW, by="t", title="t", severity=severity, target={"account": account}
    )
    for name in names:
        add(office, incident, name)
    return incident


def add(office: Office, incident: str, name: str) -> None:
    """One more finding."""
    document = event(name)
    document["detail"]["resource"]["accessKeyDetails"]["userName"] = f"user-{name}"
    document["detail"]["resource"]["accessKeyDetails"]["accessKeyId"] = f"AKIA{name.upper() * 16}"
    [finding] = parse(document)
    told = msgspec.to_builtins(finding)
    told.pop("raw")
    office.journal.append(
        incident, "finding.received", {"finding": told, "evidence": "e"}, by="guardduty", at=NOW
    )
    Register(office.journal.store).note(
        incident, [own_subject(finding), *subjects_of(finding)], NOW
    )


def subjects(office: Office, incident: str) -> str:
    """What the register knows of an incident."""
    return " ".join(Register(office.journal.store).of(incident))


def test_a_role_is_given_and_taken_away(office: Office) -> None:
    incident = opened(office)
    assign(office, incident, "scribe", "os:dora", **MINE)
    assign(office, incident, "commander", "os:carol", **MINE)
    assign(office, incident, "scribe", "", **MINE)

    assert roles_of(office.journal.entries(incident)) == {"commander": "os:carol"}


def test_a_role_that_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="commander"):
        assign(office, opened(office), "captain", "os:dora", **MINE)


def test_the_severity_is_what_people_set(office: Office) -> None:
    incident = opened(office)

    before = rate(office, incident, "low", "a test of ours", **MINE)

    assert (before, summarize(office.journal.entries(incident)).severity) == ("high", "low")


def test_a_closed_incident_can_not_be_changed(office: Office) -> None:
    incident = opened(office, "a")
    close(office, incident, "false_positive", "our own test", anyway=False, **MINE)

    with pytest.raises(Refused, match="closed"):
        rate(office, incident, "low", "", **MINE)


@pytest.mark.parametrize("kind", ["waiting", "running"])
def test_what_is_not_over_is_closed_only_by_saying_so(office: Office, kind: str) -> None:
    incident = opened(office, "a")
    started = {"run": "r1", "parent": None, "runbook": "x", "inputs": {}, "engine": "prefect"}
    office.journal.append(incident, "run.started", started, by="t", at=NOW, run="r1")
    if kind == "waiting":
        asked = {
            "id": "INC-A1",
            "steps": ["deny"],
            "question": "?",
            "by": ["responder"],
            "changes": [],
            "items": [],
            "expires": "2030-01-01T00:00:00Z",
            "on_timeout": "escalate",
        }
        office.journal.append(incident, "approval.asked", asked, by="t", at=NOW, run="r1")

    with pytest.raises(Refused, match="anyway"):
        close(office, incident, "resolved", "over", anyway=False, **MINE)
    close(office, incident, "resolved", "over", anyway=True, **MINE)

    assert summarize(office.journal.entries(incident)).status == "closed"


def test_a_split_gives_findings_an_incident_of_their_own(office: Office) -> None:
    incident = opened(office, "a", "b")

    new = split(office, incident, ["bbbb"], "another user", **MINE)

    counts = [len(findings_of(office.journal.entries(each))) for each in (incident, new)]
    assert counts == [1, 1]
    assert ("user-b" in subjects(office, new), "user-b" in subjects(office, incident)) == (
        True,
        False,
    )
    assert "user-a" in subjects(office, incident)


@pytest.mark.parametrize(("ids", "error"), [(["cc"], NotFound), (["a", "b"], Refused)])
def test_a_split_that_makes_no_sense_is_refused(
    office: Office, ids: list[str], error: type[Exception]
) -> None:
    incident = opened(office, "a", "b")

    with pytest.raises(error):
        split(office, incident, ids, "", **MINE)


def test_a_merged_incident_ends_and_its_findings_go_on(office: Office) -> None:
    small, large = opened(office, "a", severity="critical"), opened(office, "b")

    merge(office, small, large, "the same intruder", **MINE)

    found = [summarize(office.journal.entries(each)) for each in (small, large)]
    assert [(each.status, each.findings) for each in found] == [("merged", 0), ("open", 2)]
    assert found[1].severity == "critical"
    assert "user-a" in subjects(office, large)


def test_incidents_of_two_accounts_are_not_merged(office: Office) -> None:
    one, other = opened(office, "a"), opened(office, "b", account="999900009999")

    with pytest.raises(Refused, match="999900009999"):
        merge(office, one, other, "", **MINE)


def test_the_journals_still_verify(office: Office) -> None:
    one, other = opened(office, "a", "b"), opened(office, "c")
    new = split(office, one, ["bb"], "", **MINE)
    merge(office, new, other, "", **MINE)

    assert all(office.journal.verify(each).holds for each in (one, other, new))
