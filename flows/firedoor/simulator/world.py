"""A scenario's world in the simulated AWS: the account it is, and who holds which credentials.

What is built is the account as it was before anything happened: nothing of the building is in
CloudTrail. Secrets stay in here and in the clients made with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from firedoor import scenario_places
from firedoor.errors import BadInput, CheckFailed, Problem, RunFailed
from firedoor.scenario_places import Path
from firedoor.scenario_world import Role, User
from firedoor.simulator.building import Builder
from firedoor.simulator.called import calls_of
from firedoor.simulator.callers import Answered, Callers, minted, picked
from firedoor.simulator.credentials import Credentials

if TYPE_CHECKING:
    from firedoor.scenario import Scenario
    from firedoor.scenario_attack import Principal
    from firedoor.simulator.server import SimulatedAws

Places = Callable[[Path, str], Problem]
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NOBODY = Credentials("", "", None, "anonymous")
"""Of whoever does not sign his requests."""


class World:
    """The account of a scenario. `held`: credentials by the name that the scenario gives them;
    `names`: values by the names that calls gave them."""

    def __init__(
        self,
        scenario: Scenario,
        aws: SimulatedAws,
        callers: Callers,
        places: Places | None = None,
    ) -> None:
        """`places`: a mistake at a path of the scenario, as a problem in its file."""
        self.scenario = scenario
        self.aws = aws
        self.callers = callers
        self.account = aws.accounts[0]
        self.held: dict[str, Credentials] = {}
        self.names: dict[str, Any] = {"account": self.account, "region": aws.regions[0]}
        self._places = places

    def build(self) -> None:
        """Make everything that is there before the attack.

        CheckFailed names every call of the scenario that AWS does not have, BadInput the first item
        that cannot be made.
        """
        self._check_calls()
        builder = Builder(self.scenario.world, self, lambda index: self._where(("world", index)))
        with self.aws.setting_the_scene():
            builder.build()
            for name, principal in self.scenario.principals.items():
                if principal.lasts:
                    self.held[name] = self._lasting(name, principal, builder.keys)

    def credentials(self, name: str) -> Credentials | None:
        """Whose name it is in the scenario; None when he does not hold them (yet).

        A session that is there from the start is made when it is first used. Whoever is on an
        instance and renews gets new ones each time; when he cannot get there he keeps the last.
        """
        principal = self.scenario.principals.get(name)
        if principal is None or principal.side == "fresh":
            return self.held.get(name)
        if name not in self.held:
            self.held[name] = self._needed(name, self.renewed(name))
        elif principal.renews and self._gets_to(principal):
            found = self.renewed(name, probe=True)
            if isinstance(found, Credentials):
                self.held[name] = found
        return self.held[name]

    def renewed(self, name: str, *, probe: bool = False) -> Credentials | Answered:
        """New temporary credentials of a principal, or how the attempt was refused."""
        principal = self.scenario.principals[name]
        if principal.session_of is not None:
            return self._assumed(name, principal, probe)
        found: Credentials | str
        if principal.instance is not None:
            instance = str(self.names[principal.instance])
            found = self.aws.instance_credentials(instance, quiet=probe)
        else:
            function = str(self.names[str(principal.function)])
            found = self.aws.function_credentials(function, quiet=probe)
        if isinstance(found, Credentials):
            return found
        # He is as good as denied: there is nothing that he could sign with.
        return Answered("credentials of its role", False, "AccessDenied", found)

    def administrate(
        self,
        call: str,
        given: Mapping[str, Any],
        region: str | None = None,
        account: str | None = None,
    ) -> Answered:
        """A call by the administrator of an account, the scenario's own by default."""
        return self.callers.call(self.aws.responder(account), call, given, region=region)

    def audit(
        self, call: str, given: Mapping[str, Any], region: str | None, account: str | None
    ) -> Answered:
        """A read by an auditor, whom no policy binds and whom nobody sees."""
        who = self.aws.auditor(account)
        return self.callers.call(who, call, self.filled(given), probe=True, region=region)

    def name(self, name: str, value: Any) -> None:
        """From now on `{name}` stands for a value."""
        self.names[name] = value

    def pick(self, answer: Mapping[str, Any], gives: Mapping[str, str]) -> None:
        """Give names to values of an answer; those that it does not have stay without."""
        for name, expression in gives.items():
            value = picked(answer, self.filled(expression))
            if value is not None:
                self.name(name, value)

    def filled(self, value: Any) -> Any:
        """A value of the scenario with `{account}`, `{NAME}` and `{NAME.key}` filled in."""
        keys = {name: one.access_key_id for name, one in self.held.items()}
        return scenario_places.fill(value, self.names, keys)

    def missing(self, value: Any) -> list[str]:
        """Names in a value that acts were to give and have not given."""
        given = scenario_places.given_by_acts(self.scenario)
        return [one for one in scenario_places.unfilled(value, given) if one not in self.names]

    def user_of(self, name: str) -> str:
        """The IAM user that a principal's key belongs to; "" for sessions and minted keys."""
        principal = self.scenario.principals.get(name)
        for item in self.scenario.world:
            if isinstance(item, User) and principal is not None and principal.key in item.keys:
                return item.name
        return ""

    def _assumed(self, name: str, principal: Principal, probe: bool) -> Credentials | Answered:
        role = next((one for one in self.scenario.world if one.id == principal.session_of), None)
        assert principal.by is not None
        by = self.credentials(principal.by)
        if by is None:
            return Answered("sts:AssumeRole", False, "NoCredentials", f"{principal.by} has none")
        given: dict[str, Any] = {"RoleSessionName": name.replace("_", "-")}
        if isinstance(role, Role):
            given["RoleArn"] = f"arn:aws:iam::{self.account}:role/{role.name}"
            # AWS gives whoever assumes a role from a role's session an hour at most.
            chained = by.session_token is not None
            given["DurationSeconds"] = 3600 if chained else role.max_session
        else:
            given["RoleArn"] = self.filled(principal.session_of)
        answered = self.callers.call(by, "sts:AssumeRole", given, probe=probe)
        return minted(answered.result) or answered

    def _lasting(
        self, name: str, principal: Principal, keys: Mapping[str, Credentials]
    ) -> Credentials:
        if principal.key is not None:
            return keys[principal.key]
        if principal.anonymous:
            return NOBODY
        if principal.root:
            return self.aws.root_key()
        user = name.replace("_", "-")
        account = principal.account
        self.administrate("iam:CreateUser", {"UserName": user}, account=account)
        attach = {"UserName": user, "PolicyArn": _ADMINISTRATOR}
        self.administrate("iam:AttachUserPolicy", attach, account=account)
        made = self.administrate("iam:CreateAccessKey", {"UserName": user}, account=account)
        return self._needed(name, minted(made.result) or made)

    def _gets_to(self, principal: Principal) -> bool:
        return self.aws.reachable(str(self.names[str(principal.instance)]))

    def _check_calls(self) -> None:
        """Look every call up in AWS's service models, before anything is played."""
        problems = [
            self._places(path, told) if self._places else told
            for path, call, given in calls_of(self.scenario)
            if (told := self.callers.mistake(call, given))
        ]
        if problems and self._places:
            raise CheckFailed.of([one for one in problems if isinstance(one, Problem)])
        if problems:
            raise BadInput(str(problems[0]), where=f"scenario {self.scenario.metadata.id}")

    def _where(self, path: Path) -> str:
        if self._places is None:
            return f"scenario {self.scenario.metadata.id}"
        return self._places(path, "").where

    def _needed(self, name: str, found: Credentials | Answered) -> Credentials:
        if isinstance(found, Credentials):
            return found
        raise RunFailed(
            f"principal {name!r} of scenario {self.scenario.metadata.id!r} cannot get credentials: "
            f"{found.code}: {found.message}"
        )
