"""What a person does now about a finding that no runbook contains: one sentence or two.

Whose credentials were used decides, then what is attacked. Names stand here only when they are of
their kind, so that a command can be copied into a shell as it is.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

from firedoor.findings.model import Finding

_ROOT = (
    "root's credentials: no IAM call and no policy in this account contains root. Sign in as root "
    "(in a member account: sts assume-root from the management account), delete every access key "
    "of root's, change its password, check its MFA and mailbox, and open a case with AWS Support"
)
_FEDERATED = (
    "credentials of a federated user (GetFederationToken): they obey the policies of the IAM user "
    "who asked for them. Find him in CloudTrail (GetFederationToken), then: firedoor run "
    "compromised-credentials user=NAME"
)
_SERVICE = (
    "an AWS service acted, with no credentials of its own to shut: find whose request it carried "
    "out (CloudTrail: invokedBy and the events just before)"
)
_FOREIGN = (
    "the caller belongs to another account: nothing in this account can shut his credentials. "
    "Take away what lets him in (bucket or key policy, role trust) and tell that account's owner"
)
_ANONYMOUS = (
    "the caller was anonymous: there are no credentials to shut. Close the public access that let "
    "him in"
)
_TARGET = (
    "the instance is only knocked at: close the port to the world, and look whether a login "
    "succeeded; do not isolate it for that"
)
_BY_KIND = {
    "bucket": "keep the bucket's policy, ACL and public access block, then block public access "
    "unless it serves a website",
    "object": "keep the object and take public access away; delete nothing",
    "instance": "snapshot its volumes before anything else, then isolate it; do not stop or "
    "terminate it, since memory is lost",
    "eks_cluster": "keep the audit log and the workload's manifest, then cut the pod's network and "
    "look at the role bindings",
    "ecs_cluster": "keep the task's description and logs, then stop it: stopping loses its tags",
    "container": "keep the image digest and the logs before stopping it",
    "function": "keep its code and configuration, then set its concurrency to 0",
    "database": "snapshot it and close its security group; change the password of the login named",
    "snapshot": "take sharing with other accounts away; keep the snapshot",
    "image": "take sharing with other accounts away; keep the image",
    "role": "read its trust policy: who may assume it",
    "kms_key": "cancel a deletion that is pending; keep its policy and grants before changing them",
    "account": "look at who changed the setting, and put it back",
}


def by_hand(finding: Finding) -> str:
    """What to do by hand about a finding: no capital letter first, no full stop last."""
    named = finding.resource
    if named.kind == "attack_sequence" or named.users or named.roles:
        return _several(finding)
    if named.principal == "root":
        return _ROOT
    if named.principal == "role":
        return _role(finding)
    others = {
        "federated_user": _FEDERATED,
        "aws_service": _SERVICE,
        "account": _FOREIGN,
        "anonymous": _ANONYMOUS,
    }
    advice = _TARGET if _is_target(finding) else _BY_KIND.get(named.kind, "")
    said = [others.get(named.principal or "", ""), advice]
    if named.principal == "iam_user":
        user = f"user={named.user}" if named.user else f"access_key_id={named.access_key_id}"
        if named.user or named.access_key_id:
            said.append(
                f"the credentials used are IAM user {named.user or '(look him up)'}'s; when it was "
                f"not him: firedoor run compromised-credentials {user}"
            )
    if named.kind == "access_key" and named.principal in (None, "unknown"):
        said.append(
            "it does not say whose credentials were used: find out in CloudTrail, by the key id, "
            "before shutting anybody out"
        )
    return "; ".join(each for each in said if each)


def _is_target(finding: Finding) -> bool:
    """Whether somebody only knocks at an instance: guesses passwords, looks for open ports."""
    knocks = ("BruteForce", "PortProbe")
    return finding.resource.part == "target" and any(each in finding.type for each in knocks)


def _role(finding: Finding) -> str:
    role = finding.resource.role
    if role is None:
        return (
            "credentials of a role's session, but the role is not named: find it in CloudTrail, "
            "then revoke the role's older sessions"
        )
    whose = f"credentials of a session of role {role}, not of an IAM user"
    if role.startswith("AWSReservedSSO_"):
        return (
            f"{whose}: IAM cannot change it. In Identity Center: deny the user by policy, remove "
            "his assignments, delete his portal session, and only then disable him"
        )
    if role.startswith("AWSServiceRoleFor"):
        return f"{whose}: a service-linked role, which nobody can revoke; ask AWS Support"
    return (
        f"{whose}. To end every session issued so far, healthy ones too (they come back by "
        f"themselves): aws iam put-role-policy --role-name {role} --policy-name "
        "AWSRevokeOlderSessions --policy-document "
        '\'{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",'
        '"Condition":{"DateLessThan":{"aws:TokenIssueTime":"TIME"}}}]}\' '
        "with TIME half a minute from now, in UTC; then see who may assume it, or the attacker "
        "comes back"
    )


def _several(finding: Finding) -> str:
    named = finding.resource
    users = list(dict.fromkeys([*([named.user] if named.user else []), *named.users]))
    roles = list(dict.fromkeys([*([named.role] if named.role else []), *named.roles]))
    said = []
    if users:
        runs = ", ".join(f"firedoor run compromised-credentials user={each}" for each in users)
        said.append(f"it names {_count(users, 'IAM user')}; for each whose doing it is: {runs}")
    elif named.access_key_ids:
        said.append("it names access keys and not whose: look them up in CloudTrail")
    if roles:
        said.append(
            f"it names sessions of {_count(roles, 'role')} ({', '.join(roles)}): revoke each "
            "role's older sessions (aws iam put-role-policy, AWSRevokeOlderSessions)"
        )
    if named.principal == "root":
        said.append(_ROOT)
    for things, kind in (
        (named.buckets, "bucket"),
        (named.instances, "instance"),
        (named.clusters, "cluster"),
    ):
        if things:
            advice = _BY_KIND.get(kind, "keep its logs and configuration before changing it")
            said.append(f"{kind} {', '.join(things)}: {advice}")
    if named.accounts:
        said.append(f"other accounts take part: {', '.join(named.accounts)}")
    return "; ".join(said) or "it names nobody and nothing that firedoor knows: read it in full"


def _count(things: list[str], what: str) -> str:
    return f"{len(things)} {what}{'s' * (len(things) != 1)}"
