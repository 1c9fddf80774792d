"""What an approval covers, who has said yes, and when it is no yes any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from firedoor.actions.contract import Change
from firedoor.approval import Decision, Wanted, asked_of, decide, open_questions
from firedoor.chain import Entry
from firedoor.kinds import time_text

START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ci-deployer"
OTHER = "arn:aws:iam::111122223333:user/billing"
RUN = "r1"

_numbers: Iterator[int] = count(1)


def entry(kind: str, *, by: str = "os:carol", run: str = RUN, after: int = 0, **data: Any) -> Entry:
    at = time_text(START + timedelta(minutes=after))
    return Entry(
        seq=next(_numbers),
        at=at,
        wall=at,
        kind=kind,
        by=by,
        run=run,
        step=None,
        data=data,
        prev="",
        hash="",
    )


def key(name: str, *, of: str = USER, from_: str = "Active") -> Change:
    return Change(resource=f"{of}#access-key/{name}", what="status", from_=from_, to="Inactive")


def policy(name: str, *, of: str = USER, from_: Any = None) -> Change:
    return Change(resource=f"{of}#inline-policy/{name}", what="policy", from_=from_, to={"a": 1})


def told(change: Change) -> dict[str, Any]:
    return {
        "resource": change.resource,
        "what": change.what,
        "from": change.from_,
        "to": change.to,
        "lost": change.lost,
    }


def asked(*changes: Change, action: str = "iam.disable_access_keys", **more: Any) -> Entry:
    data = {
        "id": "INC-2026-0001-A1",
        "steps": ["keys"],
        "expires": time_text(START + timedelta(minutes=15)),
        "covers": [{"step": "keys", "action": action, "changes": [told(each) for each in changes]}],
        **more,
    }
    return entry("approval.asked", **data)


def yes(by: str = "os:carol", after: int = 1, **more: Any) -> Entry:
    return entry("approval.given", by=by, after=after, **ANSWER, **more)


def no(by: str = "os:dave") -> Entry:
    return entry("approval.denied", by=by, after=1, **ANSWER | {"reason": "it is a test"})


ANSWER = {"id": "INC-2026-0001-A1", "steps": ["keys"], "how": "terminal", "reason": ""}


def wanted(*changes: Change, action: str = "iam.disable_access_keys", **more: Any) -> Wanted:
    given = {"run": RUN, "step": "keys", "name": "compromised-credentials/keys", **more}
    return Wanted(action=action, changes=changes, **given)


def verdict(entries: list[Entry], want: Wanted, after: int = 2) -> Decision:
    return decide(entries, want, now=START + timedelta(minutes=after))


def test_nobody_asked_nobody_agreed() -> None:
    assert verdict([], wanted(key("AKIA1"))).verdict == "ask"


def test_a_yes_covers_what_was_asked() -> None:
    found = verdict([asked(key("AKIA1")), yes()], wanted(key("AKIA1")))

    assert (found.verdict, found.why) == ("agreed", "os:carol (terminal)")


def test_one_more_key_of_the_same_user_needs_no_new_yes() -> None:
    entries = [asked(key("AKIA1")), yes()]

    assert verdict(entries, wanted(key("AKIA1"), key("AKIA2"), key("AKIA3"))).allowed


@pytest.mark.parametrize(
    ("want", "says"),
    [
        (wanted(key("AKIA1"), key("AKIA9", of=OTHER)), "user/billing is a new target"),
        (wanted(key("AKIA1"), action="iam.deny_user"), "the action is iam.deny_user now"),
        (wanted(policy("mine", from_={"theirs": 1})), "would be overwritten too"),
        (wanted(key("AKIA1", from_="Expired")), "is not what it was"),
    ],
)
def test_another_target_action_or_thing_overwritten_is_asked_again(want: Wanted, says: str) -> None:
    found = verdict([asked(key("AKIA1")), yes()], want)

    assert found.verdict == "ask"
    assert says in found.why


def test_what_overwrites_nothing_on_the_same_target_is_covered() -> None:
    assert verdict([asked(key("AKIA1")), yes()], wanted(policy("new"))).allowed


def test_one_no_ends_it_whoever_said_yes() -> None:
    found = verdict([asked(key("AKIA1"), quorum=2), yes(), no()], wanted(key("AKIA1")))

    assert (found.verdict, found.why) == ("denied", "os:dave said no: it is a test")


def test_a_quorum_wants_different_people() -> None:
    entries = [asked(key("AKIA1"), quorum=2), yes("os:carol"), yes("os:carol")]
    assert verdict(entries, wanted(key("AKIA1"))).verdict == "ask"

    entries.append(yes("slack:U0123456", person="carol"))
    assert verdict(entries, wanted(key("AKIA1"))).allowed


def test_one_person_by_two_ways_is_one_person() -> None:
    entries = [
        asked(key("AKIA1"), quorum=2),
        yes("os:carol", person="carol"),
        yes("slack:U0123456", person="carol"),
    ]

    assert verdict(entries, wanted(key("AKIA1"))).verdict == "ask"
    assert len(open_questions(entries)) == 1


def test_a_yes_after_the_expiry_is_no_yes() -> None:
    entries = [asked(key("AKIA1")), yes(after=16)]

    assert verdict(entries, wanted(key("AKIA1")), after=17).verdict == "ask"


def test_a_yes_in_time_holds_after_the_expiry() -> None:
    assert verdict([asked(key("AKIA1")), yes()], wanted(key("AKIA1")), after=99).allowed


@pytest.mark.parametrize(
    ("rule", "expected", "stops"),
    [("escalate", "ask", False), ("skip", "denied", False), ("stop", "denied", True)],
)
def test_nobody_answering_never_means_yes(rule: str, expected: str, stops: bool) -> None:
    found = verdict([asked(key("AKIA1"), on_timeout=rule)], wanted(key("AKIA1")), after=16)

    assert (found.verdict, found.stops) == (expected, stops)


def test_a_loop_is_asked_again_for_what_is_new_in_it() -> None:
    entries = [asked(items=["contain user=a", "contain user=b"], covers=[]), yes()]

    assert verdict(entries, wanted(items=("contain user=a",))).allowed
    found = verdict(entries, wanted(items=("contain user=a", "contain user=c")))
    assert (found.verdict, "contain user=c is new" in found.why) == ("ask", True)


def plan(*changes: Change, **more: Any) -> list[Entry]:
    step = {"run": RUN, "id": "keys", "action": "iam.disable_access_keys", "status": "planned"}
    deny = {"run": RUN, "id": "deny", "action": "iam.deny_user", "changes": [told(policy("deny"))]}
    steps = [step | {"changes": [told(each) for each in changes]} | more, deny]
    confirmed = ANSWER | {"id": "INC-2026-0001-plan-r1", "steps": ["*"]}
    return [entry("plan.made", run=RUN, steps=steps), entry("approval.given", **confirmed)]


def test_a_yes_to_the_plan_covers_what_the_plan_showed() -> None:
    assert verdict(plan(key("AKIA1")), wanted(key("AKIA1"), key("AKIA2"))).allowed


def test_a_step_that_had_nothing_to_do_in_the_plan_may_act_on_the_plan_s_target() -> None:
    assert verdict(plan(), wanted(key("AKIA1"))).allowed
    assert verdict(plan(), wanted(key("AKIA1", of=OTHER))).verdict == "ask"


def test_what_cannot_come_back_has_to_have_been_in_the_plan() -> None:
    lost = Change(resource=f"{USER}#access-key/X", what="key", from_="a", to=None, lost="for ever")

    assert verdict(plan(), wanted(lost)).verdict == "ask"


def test_a_yes_to_the_plan_is_none_to_a_step_with_its_own_question() -> None:
    assert verdict(plan(key("AKIA1")), wanted(key("AKIA1"), own=True)).verdict == "ask"


def test_a_yes_to_one_run_s_plan_is_none_to_another_s() -> None:
    assert verdict(plan(key("AKIA1")), wanted(key("AKIA1"), run="r2")).verdict == "ask"


def routed(target: str) -> list[Entry]:
    unasked = [{"step": "keys", "action": "iam.disable_access_keys", "target": target, "why": "x"}]
    return [entry("route.decided", runbook="compromised-credentials", unasked=unasked)]


def test_what_is_preauthorised_runs_on_its_one_target_alone() -> None:
    assert verdict(routed("AKIA1"), wanted(key("AKIA1"))).verdict == "unasked"
    assert verdict(routed("AKIA1"), wanted(key("AKIA1"), key("AKIA2"))).verdict == "ask"
    assert verdict(routed("AKIA1"), wanted(key("XAKIA1"))).verdict == "ask"


def test_what_is_preauthorised_is_not_so_in_a_run_inside_another() -> None:
    assert verdict(routed("AKIA1"), wanted(key("AKIA1"), run="r1.spread.0")).verdict == "ask"


def test_open_questions_are_those_that_nobody_has_answered() -> None:
    assert len(open_questions([asked(key("AKIA1"))])) == 1
    assert open_questions([asked(key("AKIA1")), yes()]) == []
    assert open_questions([asked(key("AKIA1")), no()]) == []
    assert asked_of([asked(key("AKIA1")), yes()])[0].agreed
