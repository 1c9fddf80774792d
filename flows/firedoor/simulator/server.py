"""The simulated AWS as an HTTP server on 127.0.0.1, for boto3 clients with `endpoint_url`."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from firedoor.clock import Clock
from firedoor.errors import Refused
from firedoor.simulator import (
    accounts,
    delivered,
    guardduty,
    organizations,
    profiles,
    root,
    root_sessions,
)
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.faults import Faults
from firedoor.simulator.listener import Listener
from firedoor.simulator.service import Service
from firedoor.simulator.sessions import Sessions
from firedoor.simulator.snapshot import snapshot
from firedoor.simulator.state import State
from firedoor.simulator.trail import Trail

RESPONDER = "firedoor-responder"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_FULL_ACCESS = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_running = threading.Lock()


class SimulatedAws:
    """A simulated AWS: moto's state behind authentication, authorisation and a trail of our own.

    `latency`: seconds of the clock that each of the responder's calls takes. `trail_delay`:
    seconds after which LookupEvents shows a record. `trail_throttle`: lookups a second that
    CloudTrail allows. `seed`: makes ids and keys the same in every run.

    moto's state belongs to the process, so one can run at a time; starting empties that state.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        accounts: Sequence[str] = ("111122223333",),
        regions: Sequence[str] = ("us-east-1", "eu-central-1"),
        latency: float = 0.0,
        trail_delay: float = 0.0,
        trail_throttle: int | None = None,
        seed: int | None = None,
    ) -> None:
        self.clock = clock
        self.accounts = tuple(accounts)
        self.regions = tuple(regions)
        self._seed = seed
        self._state = State(
            clock=clock,
            accounts=self.accounts,
            regions=self.regions,
            sessions=Sessions(seed),
            trail=Trail(clock.now, trail_delay, trail_throttle),
            faults=Faults(),
        )
        self._service = Service(self._state, latency)
        self._server: Listener | None = None
        self._thread: threading.Thread | None = None
        self._responders: dict[str, Credentials] = {}
        self._auditors: dict[str, Credentials] = {}

    def __enter__(self) -> SimulatedAws:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Empty the state, make the responder in every account, and listen on a free port."""
        if not _running.acquire(blocking=False):
            raise Refused("a simulated AWS is already running in this process; stop it first")
        try:
            accounts.reset(self.accounts, self._seed)
            organizations.forget()
            profiles.install()
            root_sessions.install()
            accounts.follow_clock(self.clock.now)
            self._responders = {account: self._responder(account) for account in self.accounts}
            self._server = Listener(self._service)
        except BaseException:
            accounts.follow_clock(None)
            _running.release()
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulated-aws", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and give moto its own clock back; harmless when stopped."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.close_all()
        self._thread.join()
        self._server = self._thread = None
        accounts.follow_clock(None)
        _running.release()

    @property
    def endpoint(self) -> str:
        """The URL for `endpoint_url`."""
        if self._server is None:
            raise Refused("the simulated AWS is not running; start it first")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def responder(self, account: str | None = None) -> Credentials:
        """Credentials of the session of role `firedoor-responder`, who may do everything."""
        return self._responders[account or self.accounts[0]]

    def limit(self, document: Mapping[str, Any]) -> None:
        """From here on the responder's new session of each account has this policy and no more,
        and so have those that it makes where the organization is administered."""
        self._state.limits[RESPONDER] = dict(document)
        for account in self.accounts:
            role = accounts.iam(account).get_role(RESPONDER)
            self._responders[account] = self._session(role, (dict(document),))

    def auditor(self, account: str | None = None) -> Credentials:
        """Credentials that may read and do everything whatever the account's policies say, and
        whose calls are neither counted nor recorded: to judge what is there, nothing else."""
        name = account or self.accounts[0]
        if name not in self._auditors:
            now = self.clock.now()
            session = self._state.sessions.mint(
                kind="auditor",
                account=name,
                owner_name="auditor",
                owner_id="AROAAUDITOR",
                owner_arn=f"arn:aws:iam::{name}:role/auditor",
                name="auditor",
                issued=now,
                expires=now.replace(year=now.year + 1, day=min(now.day, 28)),
            )
            self._auditors[name] = Credentials(
                session.access_key_id, session.secret_access_key, session.token, session.arn
            )
        return self._auditors[name]

    def root_key(self, account: str | None = None) -> Credentials:
        """A new access key of the root user of an account."""
        return root.make_key(self._state, account or self.accounts[0])

    def instance_credentials(
        self, instance_id: str, region: str | None = None, *, quiet: bool = False
    ) -> Credentials | str:
        """What the metadata service gives an instance of the first account, or why nothing."""
        where = region or self.regions[0]
        return delivered.to_instance(self._state, self.accounts[0], where, instance_id, quiet=quiet)

    def function_credentials(
        self, name: str, region: str | None = None, *, quiet: bool = False
    ) -> Credentials | str:
        """What a function of the first account gets when it is started, or why nothing."""
        where = region or self.regions[0]
        return delivered.to_function(self._state, self.accounts[0], where, name, quiet=quiet)

    def reachable(self, instance_id: str, region: str | None = None) -> bool:
        """Whether an instance of the first account runs and a security group leaves it open."""
        return delivered.reachable(self.accounts[0], region or self.regions[0], instance_id)

    @property
    def calls(self) -> Counter[str]:
        """How many calls were made, by `service:Operation`; `.total()` sums them up."""
        return self._service.calls

    @property
    def last_change(self) -> float:
        """When the last changing call was carried out: seconds since 1970, the machine's clock."""
        return self._service.last_change

    @property
    def asked(self) -> Counter[str]:
        """How often each IAM action was asked for."""
        return self._service.asked

    def reset_calls(self) -> None:
        """Begin counting anew."""
        self._service.calls.clear()
        self._service.asked.clear()

    @property
    def trail(self) -> Trail:
        """The records of all accounts; its `delay` may be changed at any time."""
        return self._state.trail

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._state.faults

    @contextlib.contextmanager
    def setting_the_scene(self) -> Iterator[None]:
        """Meanwhile the responder's calls are neither counted, recorded nor paced."""
        self._service.quiet = RESPONDER
        try:
            yield
        finally:
            self._service.quiet = None

    def seed_history(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add past CloudTrail records, with their own `eventTime`; the rest is filled in."""
        for record in records:
            given = dict(record)
            given.setdefault("recipientAccountId", self._account_of(given))
            self.trail.add(given)

    def set_scps(self, account: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Put service control policies on an account, in place of those before.

        FullAWSAccess is attached beside them unless one of them allows something itself; with no
        documents the account is unrestricted.
        """
        level = [dict(document) for document in documents]
        if level and not any(_allows(document) for document in level):
            level.append({"Version": "2012-10-17", "Statement": [_FULL_ACCESS]})
        self._state.scps[account] = (tuple(level),) if level else ()

    def organization_role(self) -> str | None:
        """The role by which the responder administers the organization; None without one."""
        management = organizations.management_of(self.accounts[0])
        return f"arn:aws:iam::{management}:role/{RESPONDER}" if management else None

    def found_organization(self, management: str) -> str:
        """Make all accounts one organization; the ARN of the role that administers it."""
        organizations.found(self._state, management)
        return f"arn:aws:iam::{management}:role/{RESPONDER}"

    def add_guardduty_finding(self, finding: Mapping[str, Any]) -> str:
        """Add a finding as GetFindings returns it (PascalCase); returns its detector's id."""
        account = str(finding.get("AccountId") or self.accounts[0])
        region = str(finding.get("Region") or self.regions[0])
        found = guardduty.detector(account, region)
        self._state.add_finding(account, region, finding)
        return found

    def snapshot(self, account: str | None = None) -> dict[str, Any]:
        """The account's security-relevant state; see `firedoor.simulator.snapshot`."""
        name = account or self.accounts[0]
        state = self._state
        return snapshot(name, state.scps.get(name, ()), state.beside, state.kept)

    def _account_of(self, record: Mapping[str, Any]) -> str:
        return str((record.get("userIdentity") or {}).get("accountId") or self.accounts[0])

    def _responder(self, account: str) -> Credentials:
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{self.accounts[0]}:root"},
                "Action": "sts:AssumeRole",
            },
        }
        backend = accounts.iam(account)
        role = backend.create_role(
            role_name=RESPONDER,
            assume_role_policy_document=json.dumps(trust),
            path="/",
            permissions_boundary=None,
            description="Carries out runbooks.",
            tags=[],
            max_session_duration="43200",
        )
        backend.attach_role_policy(_ADMINISTRATOR, RESPONDER)
        self._service.paced = RESPONDER
        return self._session(role)

    def _session(
        self, role: Any, policies: tuple[dict[str, Any], ...] | None = None
    ) -> Credentials:
        now = self.clock.now()
        session = self._state.sessions.mint(
            kind="role",
            account=role.account_id,
            owner_name=role.name,
            owner_id=role.id,
            owner_arn=role.arn,
            name="firedoor",
            policies=policies,
            issued=now,
            expires=now.replace(year=now.year + 1, day=min(now.day, 28)),
        )
        return Credentials(
            session.access_key_id, session.secret_access_key, session.token, session.arn
        )


def _allows(document: Mapping[str, Any]) -> bool:
    statements = document.get("Statement") or []
    statements = [statements] if isinstance(statements, Mapping) else statements
    return any(statement.get("Effect") == "Allow" for statement in statements)
