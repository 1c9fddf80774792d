"""One person is one, whichever identity he comes with; AWS and MFA where the plan wants them."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.approval import Answer, asked_of
from firedoor.engine import identity
from firedoor.engine.desk import Office
from firedoor.engine.door import Who, answer, may_confirm
from firedoor.engine.identity import who_answers
from firedoor.engine.people import everybody, recognised
from firedoor.errors import AwsRefused, NoCredentials, Refused
from firedoor.response_plan import Mfa, Person, ResponsePlan
from tests.engine.conftest import Cloud
from tests.engine.test_door import agreed, say, waiting

DAVE = "arn:aws:iam::111122223333:user/dave"
ROLE = "arn:aws:sts::111122223333:assumed-role/responder/INC"
LEADS = "incident_commander"
BY_OS, BY_ARN = Person(name="Dave", os_user="dave"), Person(name="Dave", arn=DAVE)
CAROL = Person(name="Carol", os_user="carol")
PLAN = ResponsePlan(people={LEADS: (BY_OS, CAROL), "security_lead": (BY_ARN,)})
WITH_MFA = ResponsePlan(
    people={LEADS: (Person(name="Dave", arn=DAVE), CAROL)},
    mfa=Mfa(roles=(LEADS,), sessions=("arn:aws:sts::*:assumed-role/AWSReservedSSO_*/*",)),
)


def test_entries_of_one_name_are_one_person_with_all_his_identities() -> None:
    assert [(each.name, sorted(each.ids)) for each in everybody(PLAN)] == [
        ("Dave", [DAVE, "os:dave"]),
        ("Carol", ["os:carol"]),
    ]


def test_entries_that_share_an_identity_are_one_person() -> None:
    plan = ResponsePlan(
        people={
            LEADS: (Person(os_user="dave", slack="U0000002"), Person(arn=DAVE)),
            "security_lead": (Person(name="Dave", arn=DAVE, os_user="dave"),),
        }
    )

    (dave,) = everybody(plan)

    assert (dave.name, dave.roles) == ("Dave", {LEADS, "security_lead"})
    assert dave.ids == {"os:dave", "slack:U0000002", DAVE}


def test_a_quorum_of_two_is_not_one_person_with_two_identities(
    office: Office, cloud: Cloud
) -> None:
    desk = waiting(office, cloud, quorum=2)
    say(desk, "os:dave", plan=PLAN)

    with pytest.raises(Refused, match="Dave has approved"):
        say(desk, "os:nobody", DAVE, plan=PLAN)

    assert not agreed(desk)


def test_somebody_with_another_s_credentials_is_neither(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)

    with pytest.raises(Refused, match=r"two people at once: Dave .* and Carol"):
        say(desk, "os:carol", DAVE, plan=PLAN)


def test_who_asked_under_one_identity_does_not_approve_under_another(
    office: Office, cloud: Cloud
) -> None:
    cloud.principal = DAVE
    desk = waiting(office, cloud)

    with pytest.raises(Refused, match="which is you: somebody else"):
        say(desk, "os:dave", plan=PLAN)
    say(desk, "os:carol", plan=PLAN)

    assert agreed(desk)


def test_two_people_may_act_with_the_credentials_of_one_role(office: Office, cloud: Cloud) -> None:
    cloud.principal = ROLE
    desk = waiting(office, cloud)

    say(desk, "os:carol", ROLE, plan=PLAN)

    assert agreed(desk)


def test_where_nobody_has_the_role_a_quorum_still_is_of_different_people(
    office: Office, cloud: Cloud
) -> None:
    desk = waiting(office, cloud, quorum=2)
    plan = ResponsePlan(people={"security_lead": (Person(name="Dave", os_user="dave", arn=DAVE),)})
    say(desk, "os:dave", plan=plan)

    with pytest.raises(Refused, match="Dave has approved"):
        say(desk, "os:x", DAVE, plan=plan)


def test_a_plan_is_confirmed_by_whoever_has_the_role_and_by_nobody_else() -> None:
    plan = ResponsePlan(people={"responder": (Person(name="Dave", arn=DAVE),)})

    assert may_confirm(plan, Who(ids=("os:x", DAVE)), "responder") == "Dave"
    assert may_confirm(ResponsePlan(), Who(ids=("os:x",)), "responder") == "os:x"
    with pytest.raises(Refused, match=r"for a responder to confirm \(Dave\), and you are os:x"):
        may_confirm(plan, Who(ids=("os:x",)), "responder")


class Aws:
    """AWS as an approver's shell reaches it: as Dave, whose device shows 123456."""

    endpoint = ""
    principal = DAVE

    def pages(self, service: str, operation: str, key: str, /, **given: Any) -> Any:
        """His one device."""
        return iter([{"SerialNumber": "arn:aws:iam::111122223333:mfa/phone"}])

    def call(self, service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        """GetSessionToken."""
        if given["TokenCode"] != "123456":
            raise AwsRefused("invalid MFA one time pass code", code="AccessDenied", operation="sts")
        return {}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """What connect() reaches."""
    aws = Aws()
    monkeypatch.setattr("firedoor.aws.connect", lambda: aws)
    monkeypatch.setattr(identity, "whoami", lambda: "os:someone")
    return aws


def test_aws_is_not_asked_where_nobody_is_known_by_an_arn(
    office: Office, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> None:
        raise AssertionError("AWS was asked")

    monkeypatch.setattr("firedoor.aws.connect", asked)
    plan = ResponsePlan(people={LEADS: (CAROL,)})

    assert len(who_answers(plan, waiting(office, cloud).recorder.entries()).ids) == 1


def test_aws_says_who_somebody_is(office: Office, cloud: Cloud, reached: Aws) -> None:
    desk = waiting(office, cloud)

    assert who_answers(PLAN, desk.recorder.entries()).ids == ("os:someone", DAVE)


def test_a_stand_in_for_aws_says_nothing_of_anybody(
    office: Office, cloud: Cloud, reached: Aws
) -> None:
    desk = waiting(office, cloud)
    reached.endpoint = "http://127.0.0.1:9000"

    who = who_answers(PLAN, desk.recorder.entries())

    assert who.ids == ("os:someone",)
    assert "not AWS's own endpoint" in who.unproven


def test_without_credentials_the_refusal_says_that_aws_could_not_tell(
    office: Office, cloud: Cloud, reached: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = waiting(office, cloud)

    def none() -> None:
        raise NoCredentials("no AWS credentials", code="NoCredentials", operation="sts")

    monkeypatch.setattr("firedoor.aws.connect", none)
    who = who_answers(PLAN, desk.recorder.entries())

    with pytest.raises(
        Refused, match=r"you are os:someone \(AWS does not say who you are: .*no AWS"
    ):
        say_as(desk, who, PLAN)


def say_as(desk: Any, who: Who, plan: ResponsePlan) -> None:
    said = Answer(yes=True, by=who.by, how="terminal")
    answer(desk.recorder, f"{desk.incident}-A1", said, who=who, plan=plan, now=desk.aws.now())


def test_where_mfa_is_wanted_a_yes_without_it_does_not_count(
    office: Office, cloud: Cloud, reached: Aws
) -> None:
    desk = waiting(office, cloud)
    entries = desk.recorder.entries()

    with pytest.raises(Refused, match="the plan wants MFA"):
        say_as(desk, who_answers(WITH_MFA, entries), WITH_MFA)
    with pytest.raises(Refused, match="does not take the MFA code"):
        who_answers(WITH_MFA, entries, mfa="000000")
    say_as(desk, who_answers(WITH_MFA, entries, mfa="123456"), WITH_MFA)

    given = desk.recorder.entries()[-1]
    assert agreed(desk)
    assert given.data["mfa"] == "sts:GetSessionToken with arn:aws:iam::111122223333:mfa/phone"


def test_a_session_that_nobody_gets_without_mfa_needs_no_code(office: Office, cloud: Cloud) -> None:
    arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Lead_0123456789abcdef/dave"
    plan = ResponsePlan(people={LEADS: (Person(arn=arn),)}, mfa=WITH_MFA.mfa)
    desk = waiting(office, cloud)

    say_as(desk, Who(ids=("os:x", arn)), plan)

    assert agreed(desk)


def test_a_no_needs_no_second_factor(office: Office, cloud: Cloud) -> None:
    desk = waiting(office, cloud)

    say(desk, "os:carol", plan=WITH_MFA, yes=False)

    assert asked_of(desk.recorder.entries())[0].denied


def test_nobody_s_identities_are_nobody() -> None:
    assert recognised(PLAN, ("os:mallory",)) is None
