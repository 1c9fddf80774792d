"""The organization: service control policies that moto only keeps are put in force here.

moto carries out the calls. What is added: the simulated accounts as members, AWS's refusals
to accounts that do not administer it, and the policies in force for each account, level by level.
The management account is bound by none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.organizations.models import FakeAccount, organizations_backends

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.refusals import refusal
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

SCP = "SERVICE_CONTROL_POLICY"
_FULL = "p-FullAWSAccess"
_MEMBERS_MAY = frozenset({"DescribeOrganization"})
AT_MOST = 5
"""How many service control policies may be attached to one account."""


def found(state: State, management: str) -> None:
    """Make an organization of all the accounts, unless there is one."""
    backend: Any = organizations_backends[management]["aws"]
    if backend.org is None:
        backend.create_organization("us-east-1", FeatureSet="ALL")
        _join(state, backend, management)


def _join(state: State, backend: Any, management: str) -> None:
    """The other simulated accounts become members; service control policies are switched on."""
    for member in state.accounts:
        if member == management:
            continue
        account = FakeAccount(backend.org, AccountName=member, Email=f"{member}@example.com")
        account.id = member
        backend.accounts.append(account)
        backend.attach_policy(PolicyId=_FULL, TargetId=member)
        organizations_backends.master_accounts[member] = (management, "aws")
    organizations_backends.master_accounts[management] = (management, "aws")
    backend.enable_policy_type(RootId=backend.ou[0].id, PolicyType=SCP)
    _put_in_force(state, backend, management)


def management_of(account: str) -> str:
    """The management account of an account's organization; "" when it is in none."""
    return str(organizations_backends.master_accounts.get(account, ("",))[0])


def check(call: Call, caller: Caller) -> None:
    """ApiError if Organizations would refuse a call that moto carries out."""
    if call.service != "organizations":
        return
    management = management_of(caller.account)
    if management and caller.account != management and call.operation not in _MEMBERS_MAY:
        raise refusal(call, "denied", "You don't have permissions to access this resource.")
    if call.operation == "AttachPolicy" and management:
        _check_attaching(call, organizations_backends[management]["aws"])


def _check_attaching(call: Call, backend: Any) -> None:
    if not any(one["Type"] == SCP for one in backend.ou[0].policy_types):
        text = "The specified policy type isn't enabled."
        raise ApiError("PolicyTypeNotEnabledException", text)
    target = next((one for one in backend.accounts if one.id == call.params["TargetId"]), None)
    if target is None:
        return
    attached = [one for one in target.attached_policies if one.type == SCP]
    if call.params["PolicyId"] in {one.id for one in attached}:
        text = "The selected policy is already attached to the specified target."
        raise ApiError("DuplicatePolicyAttachmentException", text)
    if len(attached) >= AT_MOST:
        text = "You have attached the maximum number of policies to the specified target."
        raise ApiError("ConstraintViolationException", text)


def after(state: State, call: Call, caller: Caller) -> None:
    """Put what was changed in force; all the accounts belong to an organization that is made."""
    if call.service != "organizations":
        return
    if call.operation == "CreateOrganization":
        _join(state, organizations_backends[caller.account]["aws"], caller.account)
    for management in {found[0] for found in organizations_backends.master_accounts.values()}:
        _put_in_force(state, organizations_backends[management]["aws"], management)


def _put_in_force(state: State, backend: Any, management: str) -> None:
    for account in backend.accounts:
        if account.id == management:
            continue
        levels = (_documents(level) for level in _above(backend, account))
        state.scps[account.id] = tuple(levels)


def _above(backend: Any, account: Any) -> list[Any]:
    """Root, organizational units and account, in this order."""
    units = {unit.id: unit for unit in backend.ou}
    chain = [account]
    while (parent := units.get(chain[-1].parent_id or "")) is not None and parent not in chain:
        chain.append(parent)
    return chain[::-1]


def _documents(entity: Any) -> tuple[dict[str, Any], ...]:
    attached = [one for one in entity.attached_policies if one.type == SCP]
    return tuple(accounts.document(one.content) for one in attached)


def resources(call: Call, caller: Caller) -> list[str]:
    """The ARNs that a call of Organizations needs permission for: the policy, and its target."""
    management = management_of(caller.account)
    backend: Any = organizations_backends[management or caller.account]["aws"]
    found = []
    number, target = call.params.get("PolicyId"), call.params.get("TargetId")
    for one in (*backend.policies, *backend.accounts, *backend.ou):
        if one.id in (number, target):
            found.append(str(one.arn))
    return found or ["*"]


def policy_type(params: Mapping[str, Any]) -> str:
    """`organizations:PolicyType` of a call: what it names, or its policy's."""
    said = params.get("Type") or params.get("Filter")
    if said:
        return str(said)
    number = params.get("PolicyId")
    for management in {each[0] for each in organizations_backends.master_accounts.values()}:
        backend: Any = organizations_backends[management]["aws"]
        for one in backend.policies:
            if one.id == number:
                return str(one.type)
    return ""


def forget() -> None:
    """No organization: moto itself remembers who was in one."""
    organizations_backends.master_accounts.clear()
