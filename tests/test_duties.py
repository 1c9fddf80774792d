"""What playbooks ask of people: checked, shown with the route, with deadlines in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.check import check_paths
from firedoor.playbook import Playbook, shape_playbook
from firedoor.routing import route
from firedoor.yamlio import load_front_matter
from tests.rules import playbook, rules
from tests.test_routing import finding

PEOPLE = """\
inputs: { user: $finding.resource.user }
notify: { high: [security_lead] }
escalate:
  - { to: [security_lead], after: 15m }
  - { to: [security_lead], severity: critical, when: data was read }
tell:
  - { whom: owners, by: responder, within: 30m, how: by telephone }
  - { whom: regulator, by: security_lead, within: 72h, when: personal data was read }
  - { whom: customers, by: security_lead, within: 72h, severities: [critical] }
not_told:
  - { whom: police, why: nothing was stolen }
aws: { support: the key stood in public, abuse: the address is AWS's }
over_when: [a person has looked]
"""
ROLES = "people: { responder: [], incident_commander: [], security_lead: [] }\n"


def made(folder: Path, more: str) -> Path:
    """A playbook in a folder with a plan that has the usual roles."""
    entry = '  - { type: "*:IAMUser/*" }'
    rules(folder, plan=ROLES, books={"mine": playbook("mine", entry, more=more)})
    return folder / "playbooks"


def shaped(folder: Path, more: str) -> Playbook:
    book, problems = shape_playbook(load_front_matter(made(folder, more) / "mine.md")[0])
    assert book, problems
    return book


def mistakes(folder: Path, more: str) -> list[str]:
    found = check_paths([made(folder, "inputs: { user: $finding.resource.user }\n" + more)])
    return [each.message for each in found]


def test_duties_are_told_in_words_with_who_and_by_when(tmp_path: Path) -> None:
    told = [
        (each.what, each.who, each.within, each.when)
        for each in shaped(tmp_path, PEOPLE).duties("high")
    ]

    assert told == [
        ("Decide, and alone when nobody else can be reached", ("incident_commander",), "", ""),
        ("Are told at once", ("security_lead",), "", ""),
        ("Are called", ("security_lead",), "15m", "nobody has taken it over"),
        (
            "Are called; it counts as critical from then on",
            ("security_lead",),
            "",
            "data was read",
        ),
        (
            "Tell the owners of what is attacked or shut out: by telephone",
            ("responder",),
            "30m",
            "",
        ),
        ("Tell the regulator", ("security_lead",), "72h", "personal data was read"),
        ("Do not tell the police: nothing was stolen", (), "", ""),
        ("AWS Support: the key stood in public", ("incident_commander",), "", ""),
        ("AWS abuse contact: the address is AWS's", ("incident_commander",), "", ""),
    ]


def test_a_duty_of_one_severity_is_told_at_that_severity_alone(tmp_path: Path) -> None:
    book = shaped(tmp_path, PEOPLE)

    assert not any("customers" in each.what for each in book.duties("high"))
    assert any("customers" in each.what for each in book.duties("critical"))


def test_a_playbook_without_any_of_it_is_valid(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "") == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("escalate: [{ to: [security_lead] }]", "say when it applies"),
        ("escalate: [{ to: [nobody_here], after: 5m }]", "no role 'nobody_here'"),
        ("escalate: [{ to: [security_lead], after: soon }]", "soon"),
        ("tell: [{ whom: aunt, by: responder, within: 1h }]", "aunt"),
        ("tell: [{ whom: legal, by: lawyer, within: 1h }]", "no role 'lawyer'"),
        ("tell: [{ whom: legal, by: responder }]", "'within' is missing"),
        (
            "tell: [{ whom: legal, by: responder, within: 1h }]\n"
            "not_told: [{ whom: legal, why: they know }]",
            "'legal' stands under 'tell' as well",
        ),
        ("not_told: [{ whom: police }]", "'why' is missing"),
        ("aws: { suport: now }", "no key 'suport'"),
        ("over_when: done", "has to be a list"),
    ],
)
def test_each_mistake_is_said(tmp_path: Path, more: str, said: str) -> None:
    found = mistakes(tmp_path, more)

    assert [each for each in found if said in each], found


def test_a_route_says_what_people_do_and_when_it_is_over(tmp_path: Path) -> None:
    made(tmp_path, PEOPLE)
    routed = route(finding(), rules(tmp_path, plan=ROLES, books={}))

    assert [each.within for each in routed.people if each.within] == ["15m", "30m", "72h"]
    assert routed.over_when == ("a person has looked",)


def test_every_shipped_playbook_says_what_people_do(tmp_path: Path) -> None:
    library = rules(tmp_path)
    wanting = {}
    for name, path in library.playbooks().items():
        book, _ = shape_playbook(load_front_matter(path)[0])
        assert book
        missing = [
            key for key in ("notify", "escalate", "tell", "over_when") if not getattr(book, key)
        ]
        if missing or not (book.aws.support or book.aws.abuse):
            wanting[name] = missing

    assert wanting == {}
