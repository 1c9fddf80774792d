"""AWS's policy evaluation: who wins, what matches, and in which words it is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.simulator.policy import PolicySet, Request, Verdict, decide, trusts
from firedoor.simulator.policy_patterns import glob

USER = "arn:aws:iam::111122223333:user/ci-deployer"
ROLE = "arn:aws:iam::111122223333:role/data-reader"
SESSION = "arn:aws:sts::111122223333:assumed-role/data-reader/work"
FEDERATED = "arn:aws:sts::111122223333:federated-user/bob"
ROOT = "arn:aws:iam::111122223333:root"
BUCKET = "arn:aws:s3:::example-bucket"
OBJECT = f"{BUCKET}/reports/march.csv"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
YES = Verdict(allowed=True, why="")


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def request(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: str = USER,
    **context: str | list[str],
) -> Request:
    return Request(
        action, resource, principal, {k.replace("__", ":"): v for k, v in context.items()}
    )


def identity(*statements: dict[str, Any]) -> PolicySet:
    return PolicySet(identity=(document(*statements),))


def allowed(statement: dict[str, Any], asked: Request) -> bool:
    return decide(asked, identity(statement)).allowed


def no(why: str) -> Verdict:
    return Verdict(allowed=False, why=why)


# Who wins


def test_without_any_policy_the_answer_is_no() -> None:
    assert decide(request(), PolicySet(identity=())) == no(
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_an_allow_is_enough_for_an_own_account() -> None:
    assert decide(request(), identity(READ)) == YES


@pytest.mark.parametrize(
    ("policies", "kind"),
    [
        (PolicySet(identity=(document(ALLOW_ALL, DENY_ALL),)), "an identity-based policy"),
        (
            PolicySet(identity=(document(ALLOW_ALL),), boundary=document(ALLOW_ALL, DENY_ALL)),
            "a permissions boundary",
        ),
        (
            PolicySet(identity=(document(ALLOW_ALL),), session=(document(ALLOW_ALL, DENY_ALL),)),
            "a session policy",
        ),
        (
            PolicySet(identity=(document(ALLOW_ALL),), scps=((document(ALLOW_ALL, DENY_ALL),),)),
            "a service control policy",
        ),
        (
            PolicySet(
                identity=(document(ALLOW_ALL),),
                resource=(document({**DENY_ALL, "Principal": "*"}),),
            ),
            "a resource-based policy",
        ),
    ],
)
def test_an_explicit_deny_anywhere_wins(policies: PolicySet, kind: str) -> None:
    assert decide(request(), policies) == no(f"with an explicit deny in {kind}")


@pytest.mark.parametrize(
    ("given_", "kind"),
    [
        ({"boundary": document()}, "permissions boundary"),
        ({"session": ()}, "session policy"),
        ({"scps": ((document(ALLOW_ALL),), (document(),))}, "service control policy"),
    ],
)
def test_each_layer_must_allow(given_: dict[str, Any], kind: str) -> None:
    assert decide(request(), PolicySet(identity=(document(ALLOW_ALL),), **given_)) == no(
        f"because no {kind} allows the s3:GetObject action"
    )


def test_every_level_of_service_control_policies_must_allow() -> None:
    both = PolicySet(
        identity=(document(ALLOW_ALL),), scps=((document(ALLOW_ALL),), (document(READ),))
    )
    assert decide(request(), both) == YES
    assert decide(request("s3:PutObject"), both).allowed is False


def test_a_boundary_alone_gives_nothing() -> None:
    assert decide(request(), PolicySet(identity=(), boundary=document(ALLOW_ALL))).allowed is False


def test_one_statement_may_stand_without_a_list() -> None:
    bare = {"Version": "2012-10-17", "Statement": ALLOW_ALL}
    assert decide(request(), PolicySet(identity=(bare,))) == YES


# Resource-based policies


def bucket_policy(principal: Any, effect: str = "Allow") -> tuple[dict[str, Any], ...]:
    return (
        document(
            {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": f"{BUCKET}/*"}
        ),
    )


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": USER}, {"AWS": [ROLE, USER]}])
def test_a_resource_policy_that_names_the_user_needs_no_identity_policy(principal: Any) -> None:
    policies = PolicySet(identity=(), boundary=document(), resource=bucket_policy(principal))
    assert decide(request(), policies) == YES


def test_a_resource_policy_for_somebody_else_gives_nothing() -> None:
    policies = PolicySet(identity=(), resource=bucket_policy({"AWS": USER + "-2"}))
    assert decide(request(), policies).allowed is False


def test_a_user_arn_in_a_principal_has_no_wildcards() -> None:
    policies = PolicySet(
        identity=(), resource=bucket_policy({"AWS": "arn:aws:iam::111122223333:user/*"})
    )
    assert decide(request(), policies).allowed is False


@pytest.mark.parametrize("principal", [{"AWS": ROOT}, {"AWS": "111122223333"}])
def test_the_own_account_as_principal_only_hands_the_decision_on(principal: Any) -> None:
    policies = PolicySet(
        identity=(), resource=bucket_policy(principal), resource_owner="111122223333"
    )
    assert decide(request(), policies).allowed is False


def test_another_accounts_resource_may_name_the_whole_account() -> None:
    policies = PolicySet(
        identity=(), resource=bucket_policy({"AWS": ROOT}), resource_owner="444455556666"
    )
    assert decide(request(), policies) == YES


def test_a_deny_for_the_account_reaches_everyone_in_it() -> None:
    policies = PolicySet(
        identity=(document(ALLOW_ALL),), resource=bucket_policy({"AWS": ROOT}, "Deny")
    )
    assert decide(request(), policies) == no("with an explicit deny in a resource-based policy")
    assert decide(request(principal=SESSION), policies).allowed is False


def test_a_role_named_by_a_resource_policy_stays_within_its_session_policy_and_boundary() -> None:
    resource = bucket_policy({"AWS": ROLE})
    asked = request(principal=SESSION)
    assert decide(asked, PolicySet(identity=(), resource=resource)) == YES
    assert not decide(asked, PolicySet(identity=(), session=(), resource=resource)).allowed
    assert not decide(asked, PolicySet(identity=(), boundary=document(), resource=resource)).allowed


def test_a_session_named_by_a_resource_policy_is_held_back_by_no_implicit_deny() -> None:
    policies = PolicySet(
        identity=(), boundary=document(), session=(), resource=bucket_policy({"AWS": SESSION})
    )
    assert decide(request(principal=SESSION), policies) == YES


def test_a_federated_session_does_not_leave_its_session_policy_through_a_public_bucket() -> None:
    policies = PolicySet(identity=(), session=(), resource=bucket_policy("*"))
    assert decide(request(principal=FEDERATED), policies).allowed is False


def test_a_roles_path_is_known_from_the_context() -> None:
    deep = "arn:aws:iam::111122223333:role/team/data-reader"
    policies = PolicySet(identity=(), resource=bucket_policy({"AWS": deep}))
    asked = Request("s3:GetObject", OBJECT, SESSION, {"aws:PrincipalArn": deep})
    assert decide(asked, policies) == YES
    assert decide(request(principal=SESSION), policies).allowed is False


def test_not_principal_names_everybody_else() -> None:
    deny = {**DENY_ALL, "NotPrincipal": {"AWS": USER}}
    policies = PolicySet(identity=(document(ALLOW_ALL),), resource=(document(deny),))
    assert decide(request(), policies) == YES
    assert decide(request(principal=USER + "-2"), policies).allowed is False


def test_a_statement_of_a_resource_policy_without_a_principal_names_nobody() -> None:
    assert not decide(request(), PolicySet(identity=(), resource=(document(ALLOW_ALL),))).allowed


def test_anybody_may_read_what_is_public() -> None:
    policies = PolicySet(identity=(), resource=bucket_policy("*"))
    assert decide(request(principal="*"), policies) == YES


# Actions and resources


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:G?tObject", True),
        ("*", True),
        ("*:*", True),
        ("s3:GetObjectAcl", False),
        ("s3:Get", False),
        ("s3:GetObject?", False),
        ("iam:*", False),
    ],
)
def test_actions_match_in_any_case_with_wildcards(pattern: str, covered: bool) -> None:
    assert allowed({**ALLOW_ALL, "Action": pattern}, request()) is covered


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        (OBJECT, True),
        (f"{BUCKET}/*", True),
        (f"{BUCKET}/*/march.csv", True),
        (f"{BUCKET}/reports/????h.csv", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3", True),
        ("arn:*:s3:::example-bucket/*", True),
        (BUCKET, False),
        (f"{BUCKET}/REPORTS/*", False),
        (f"{BUCKET}/reports/", False),
        ("arn:aws:s3:::example-bucket-2/*", False),
        ("arn:aws:iam::*:*", False),
    ],
)
def test_resources_match_by_the_fields_of_the_arn(pattern: str, covered: bool) -> None:
    assert allowed({**ALLOW_ALL, "Resource": pattern}, request()) is covered


def test_a_wildcard_does_not_span_the_fields_of_an_arn() -> None:
    asked = request("iam:GetUser", "arn:aws:iam::111122223333:user/a:b")
    assert allowed({**ALLOW_ALL, "Resource": "arn:aws:iam::*:b"}, asked) is False
    assert allowed({**ALLOW_ALL, "Resource": "arn:aws:iam::*:user/*"}, asked) is True


def test_an_action_without_a_resource_is_allowed_only_on_everything() -> None:
    asked = request("ec2:DescribeInstances", "*")
    assert allowed({**ALLOW_ALL, "Resource": "*"}, asked) is True
    assert allowed({**ALLOW_ALL, "Resource": "arn:aws:ec2:*:*:instance/*"}, asked) is False


def test_listing_buckets_may_be_allowed_on_all_buckets() -> None:
    asked = request("s3:ListAllMyBuckets", "*")
    assert allowed({**ALLOW_ALL, "Resource": "arn:aws:s3:::*"}, asked) is True
    assert allowed({**ALLOW_ALL, "Resource": f"{BUCKET}"}, asked) is False


def test_not_action_is_everything_else() -> None:
    statement = {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}
    assert allowed(statement, request()) is True
    assert allowed(statement, request("IAM:GetUser", USER)) is False


def test_not_resource_is_everything_else() -> None:
    deny = {"Effect": "Deny", "Action": "*", "NotResource": [f"{BUCKET}/*"]}
    policies = identity(ALLOW_ALL, deny)
    assert decide(request(), policies) == YES
    assert decide(request(resource="arn:aws:s3:::other/file"), policies).allowed is False


def test_a_statement_without_an_action_covers_nothing() -> None:
    assert allowed({"Effect": "Allow", "Resource": "*"}, request()) is False


# Variables


def test_a_variable_is_replaced_by_the_contexts_value() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/home/${{aws:username}}/*"}
    asked = request(resource=f"{BUCKET}/home/ci-deployer/x", aws__username="ci-deployer")
    assert allowed(own, asked) is True
    assert allowed(own, request(resource=f"{BUCKET}/home/other/x", aws__username="bob")) is False


def test_a_variable_without_a_value_matches_nothing() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/home/${{aws:username}}/*"}
    assert allowed(own, request(resource=f"{BUCKET}/home//x")) is False
    assert allowed(own, request(resource=f"{BUCKET}/home/${{aws:username}}/x")) is False


def test_a_variable_may_have_a_default() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/${{aws:PrincipalTag/team, 'company'}}/*"}
    assert allowed(own, request(resource=f"{BUCKET}/company/x")) is True


def test_what_a_variable_brings_in_is_no_wildcard() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/${{aws:username}}/x"}
    assert allowed(own, request(resource=f"{BUCKET}/bob/x", aws__username="*")) is False
    assert allowed(own, request(resource=f"{BUCKET}/*/x", aws__username="*")) is True


def test_a_literal_star_can_be_written() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/a${{*}}b"}
    assert allowed(own, request(resource=f"{BUCKET}/a*b")) is True
    assert allowed(own, request(resource=f"{BUCKET}/axb")) is False


def test_documents_of_the_older_version_have_no_variables() -> None:
    own = {**ALLOW_ALL, "Resource": f"{BUCKET}/${{aws:username}}/x"}
    old = PolicySet(identity=(document(own, version="2008-10-17"),))
    literal = request(resource=f"{BUCKET}/${{aws:username}}/x", aws__username="bob")
    assert decide(literal, old) == YES
    assert decide(request(resource=f"{BUCKET}/bob/x", aws__username="bob"), old).allowed is False


def test_a_condition_value_may_hold_a_variable() -> None:
    own = {**ALLOW_ALL, "Condition": {"StringEquals": {"aws:PrincipalTag/t": "${aws:username}"}}}
    asked = Request("s3:GetObject", OBJECT, USER, {"aws:PrincipalTag/t": "b", "aws:username": "b"})
    assert allowed(own, asked) is True


# Conditions


def condition_holds(operator: str, key: str, values: Any, **context: str | list[str]) -> bool:
    statement = {**ALLOW_ALL, "Condition": {operator: {key: values}}}
    return allowed(statement, request(**context))


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a*c", "abbc", True),
        ("StringLike", "a?c", "abbc", False),
        ("StringNotLike", "a*", "b", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", 10, "11", True),
        ("NumericLessThan", 10, "9", True),
        ("NumericLessThan", 10, "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "9", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericLessThan", "ten", "9", False),
        ("DateEquals", "2026-03-14T09:00:00Z", "2026-03-14T10:00:00+01:00", True),
        ("DateNotEquals", "2026-03-14T09:00:00Z", "2026-03-14T09:00:01Z", True),
        ("DateLessThan", "2026-03-14T09:00:00Z", "2026-03-14T08:59:59Z", True),
        ("DateLessThan", "2026-03-14T09:00:00Z", "2026-03-14T09:00:00Z", False),
        ("DateLessThan", "2026-03-14", "2026-03-13T23:59:59Z", True),
        ("DateLessThanEquals", "1773478800", "2026-03-14T09:00:00Z", True),
        ("DateGreaterThan", "2026-03-14T09:00:00Z", "2026-03-14T09:00:01.500Z", True),
        ("DateGreaterThanEquals", "soon", "2026-03-14T09:00:00Z", False),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.0/24", "198.51.100.9", False),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "2001:db8::/32", "203.0.113.9", False),
        ("NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "192.0.2.1", True),
        ("NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1", False),
        ("ArnEquals", "arn:aws:iam::*:user/ci-*", USER, True),
        ("ArnLike", "arn:aws:iam::*:role/*", USER, False),
        ("ArnNotEquals", USER, USER, False),
        ("ArnNotLike", "arn:aws:iam::*:role/*", USER, True),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
    ],
)
def test_an_operator_compares(operator: str, wanted: Any, value: str, expected: bool) -> None:
    assert condition_holds(operator, "aws:x", wanted, aws__x=value) is expected
    assert condition_holds(operator.lower() + "ifexists", "AWS:X", wanted, aws__x=value) is expected


POSITIVE = ["StringEquals", "NumericLessThan", "DateLessThan", "Bool", "IpAddress", "ArnLike"]
NEGATED = ["StringNotEquals", "StringNotLike", "NumericNotEquals", "NotIpAddress", "ArnNotLike"]


@pytest.mark.parametrize("operator", POSITIVE)
def test_a_condition_on_an_absent_key_does_not_hold(operator: str) -> None:
    assert condition_holds(operator, "aws:x", "1") is False
    assert condition_holds(f"{operator}IfExists", "aws:x", "1") is True


@pytest.mark.parametrize("operator", NEGATED)
def test_a_negated_condition_on_an_absent_key_holds(operator: str) -> None:
    assert condition_holds(operator, "aws:x", "1") is True


def test_a_deny_by_issue_time_leaves_the_long_term_key_alone_and_cuts_older_sessions() -> None:
    cut = {
        **DENY_ALL,
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-03-14T09:00:00Z"}},
    }
    policies = identity(ALLOW_ALL, cut)
    assert decide(request(), policies) == YES
    assert not decide(request(aws__TokenIssueTime="2026-03-14T08:59:59Z"), policies).allowed
    assert decide(request(aws__TokenIssueTime="2026-03-14T09:00:00Z"), policies) == YES


def test_null_asks_whether_a_key_is_there() -> None:
    assert condition_holds("Null", "aws:x", "true") is True
    assert condition_holds("Null", "aws:x", "false") is False
    assert condition_holds("Null", "aws:x", False, aws__x="1") is True
    assert condition_holds("Null", "aws:x", "true", aws__x=[]) is True


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", [], True),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAnyValue:StringEquals", [], False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAnyValue:StringNotEquals", [], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "d"], False),
        ("ForAnyValue:StringLikeIfExists", [], True),
    ],
)
def test_sets_of_values_are_compared(operator: str, values: list[str], expected: bool) -> None:
    assert condition_holds(operator, "aws:TagKeys", ["a", "b"], aws__TagKeys=values) is expected


def test_all_operators_and_all_keys_must_hold() -> None:
    condition = {"StringEquals": {"aws:x": "1", "aws:y": "2"}, "Bool": {"aws:z": "true"}}
    statement = {**ALLOW_ALL, "Condition": condition}
    full = {"aws__x": "1", "aws__y": "2", "aws__z": "true"}
    assert allowed(statement, request(**full)) is True
    for key in full:
        assert allowed(statement, request(**{**full, key: "no"})) is False


def test_an_operator_that_does_not_exist_fails_closed() -> None:
    strange = {"Condition": {"StringResembles": {"aws:x": "1"}}}
    assert allowed({**ALLOW_ALL, **strange}, request(aws__x="1")) is False
    assert decide(request(), identity(ALLOW_ALL, {**DENY_ALL, **strange})).allowed is False


# Trust policies


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ({"AWS": USER}, USER, True),
        ({"AWS": USER}, USER + "-2", False),
        ({"AWS": ROOT}, USER, True),
        ({"AWS": "111122223333"}, SESSION, True),
        ({"AWS": "arn:aws:iam::444455556666:root"}, USER, False),
        ({"AWS": ROLE}, SESSION, True),
        ("*", "arn:aws:iam::444455556666:user/eve", True),
        ({"Service": "ec2.amazonaws.com"}, "ec2.amazonaws.com", True),
        ({"Service": ["lambda.amazonaws.com"]}, "ec2.amazonaws.com", False),
        ({"Federated": "accounts.google.com"}, "accounts.google.com", True),
    ],
)
def test_a_role_trusts_whom_it_names(principal: Any, caller: str, expected: bool) -> None:
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    assert trusts(trust, caller, "sts:AssumeRole", {}) is expected


def test_a_trust_may_ask_for_an_external_id() -> None:
    trust = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": USER},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
        }
    )
    assert trusts(trust, USER, "sts:AssumeRole", {"sts:ExternalId": "agreed"}) is True
    assert trusts(trust, USER, "sts:AssumeRole", {}) is False


def test_a_deny_in_a_trust_policy_wins() -> None:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
    assert trusts(document(allow), USER, "sts:AssumeRole", {}) is True
    assert not trusts(document(allow, {**allow, "Effect": "Deny"}), USER, "sts:AssumeRole", {})


def test_another_action_is_not_trusted() -> None:
    trust = document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    assert trusts(trust, USER, "sts:TagSession", {}) is False


# Laws


STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["*", "s3:*", "s3:Get*", "s3:PutObject", "iam:GetUser"]),
        "Resource": st.sampled_from(["*", f"{BUCKET}/*", BUCKET, OBJECT]),
    },
    optional={
        "Condition": st.sampled_from(
            [
                {"Bool": {"aws:SecureTransport": "true"}},
                {"StringNotEquals": {"aws:x": "1"}},
                {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            ]
        )
    },
)
REQUESTS = st.builds(
    Request,
    action=st.sampled_from(["s3:GetObject", "s3:PutObject", "iam:GetUser"]),
    resource=st.sampled_from([OBJECT, BUCKET, USER]),
    principal=st.sampled_from([USER, SESSION]),
    context=st.fixed_dictionaries(
        {},
        optional={
            "aws:SecureTransport": st.just("true"),
            "aws:x": st.sampled_from(["1", "2"]),
            "aws:SourceIp": st.sampled_from(["203.0.113.9", "198.51.100.9"]),
        },
    ),
)


@given(REQUESTS, st.lists(STATEMENTS, max_size=5))
def test_a_deny_all_shuts_out_whatever_else_is_written(
    asked: Request, statements: list[dict[str, Any]]
) -> None:
    assert decide(asked, identity(*statements, DENY_ALL)).allowed is False


@given(REQUESTS, st.lists(STATEMENTS, max_size=5), STATEMENTS)
def test_more_allows_never_take_away_and_more_denies_never_give(
    asked: Request, statements: list[dict[str, Any]], added: dict[str, Any]
) -> None:
    before = decide(asked, identity(*statements)).allowed
    after = decide(asked, identity(*statements, added)).allowed
    assert after >= before if added["Effect"] == "Allow" else after <= before


@given(REQUESTS, st.lists(STATEMENTS, max_size=5))
def test_the_order_and_the_grouping_of_statements_do_not_matter(
    asked: Request, statements: list[dict[str, Any]]
) -> None:
    together = decide(asked, identity(*statements))
    apart = PolicySet(identity=tuple(document(one) for one in reversed(statements)))
    assert decide(asked, apart) == together


def simple_glob(pattern: str, text: str) -> bool:
    """The definition, slowly."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return simple_glob(pattern[1:], text) or bool(text and simple_glob(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and simple_glob(pattern[1:], text[1:])


@given(st.text("ab*?.\n", max_size=8), st.text("ab.\n", max_size=8))
def test_wildcards_cover_what_their_definition_says(pattern: str, text: str) -> None:
    assert glob([(pattern, False)], text) is simple_glob(pattern, text)


@given(st.text("a*?$\\", max_size=8), st.text("a*?$\\", max_size=8))
def test_literal_pieces_cover_only_themselves(pattern: str, text: str) -> None:
    assert glob([(pattern, True)], text) is (pattern == text)


def test_a_hostile_pattern_is_decided_at_once() -> None:
    assert glob([("*a" * 500 + "b", False)], "a" * 5000) is False


def test_reasons_follow_awss_wording() -> None:
    wording = re.compile(
        r"(with an explicit deny in an? |because no )"
        r"(identity-based policy|resource-based policy|service control policy"
        r"|permissions boundary|session policy)( allows the [\w:]+ action)?"
    )
    for policies in (PolicySet(identity=()), identity(DENY_ALL), identity(READ)):
        verdict = decide(request("iam:GetUser", USER), policies)
        assert wording.fullmatch(verdict.why)
