"""A session with AWS: what actions ask of it, with retries, throttling and errors as they expect.

Reads are retried by the SDK. A changing call is sent once: when AWS throttles it, it was not
carried out and is sent again after a pause; when no answer comes it is never repeated blindly, the
caller observes first. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from firedoor.aws.pace import Pace
from firedoor.aws.target import Target, is_aws, keep_host, refuse_real
from firedoor.aws.translate import from_client_error, from_connection_error
from firedoor.aws.way import Way, credentials
from firedoor.clock import Clock, RealClock
from firedoor.errors import AwsError, AwsThrottled, Refused

READS = re.compile(
    r"^(get|list|describe|lookup|simulate|generate|head|batch_get|search|select|validate|filter"
    r"|download)_"
)
CONNECT_SECONDS = 5
READ_SECONDS = 20
BACKOFF = (0.3, 0.6, 1.2, 2.4, 4.8, 8.0)
"""Pauses before a throttled change is sent again, in seconds: 17 in all."""
ORGANIZATION_SESSION = "firedoor"
"""The session's name where the organization is administered."""
ROOT_SECONDS = 900
"""How long a session of root lives; AWS allows no longer one."""
ABOUT_TO_END = timedelta(minutes=2)

_collecting: ContextVar[tuple[list[str], ...]] = ContextVar("collecting", default=())
"""Lists that the request ids of calls are added to."""


class BotoAws:
    """One account and Region, with one set of credentials. Safe for threads.

    `way`: the role that was assumed to get there, from `base`. `regions`: where it is looked at;
    all that are enabled by default.
    """

    def __init__(
        self,
        session: Any,
        *,
        region: str,
        endpoint: str | None = None,
        simulated: bool = False,
        clock: Clock | None = None,
        base: BotoAws | None = None,
        way: Way | None = None,
        regions: tuple[str, ...] = (),
        organization_role: str | None = None,
    ) -> None:
        self._session = session
        self.way = way
        self._base = base
        self._regions = regions
        self._organization_role = organization_role
        self._others: dict[str, tuple[BotoAws, datetime]] = {}
        self._region = region
        self._endpoint = endpoint
        self._simulated = simulated
        self._clock = clock or RealClock()
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._lock = threading.Lock()
        self._who: dict[str, str] = {}
        self._pace = Pace(self._clock)
        self.calls: Counter[str] = Counter()

    @property
    def account(self) -> str:
        """The 12 digits, from GetCallerIdentity, asked once."""
        return self._identity()["account"]

    @property
    def principal(self) -> str:
        """The ARN that the calls are made as."""
        return self._identity()["arn"]

    @property
    def region(self) -> str:
        """The Region that calls go to unless they say another."""
        return self._region

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return self.principal.split(":")[1]

    @property
    def target(self) -> Target:
        """Where this acts, for plans and results."""
        return {
            "account": self.account,
            "region": self.region,
            "principal": self.principal,
            "endpoint": self.endpoint,
            "world": "simulated" if self._simulated else "aws",
            **self._chain(),
        }

    @property
    def base(self) -> BotoAws:
        """The session that this one was reached from; itself where no role was assumed."""
        return self._base or self

    def _chain(self) -> dict[str, str]:
        """From whom and how the account was reached, where a role was assumed in it."""
        if self.way is None or self._base is None:
            return {}
        by = " with an external id" if self.way.external_id else ""
        return {
            "chain": f"{self._base.principal} → {self.way.role_arn}{by}",
            "scope": self.way.narrowed,
        }

    def again(self, *, session: str) -> BotoAws:
        """The same account in a new session of this name."""
        if self.way is None or self._base is None:
            return self
        way = dataclasses.replace(self.way, session=session)
        return assumed(self._base, way, region=self._region, regions=self._regions)

    @property
    def endpoint(self) -> str:
        """The endpoint that calls really go to when it is not AWS's own; "" when it is.

        botocore takes it from many places (environment, profile, per service), so the clients that
        act are asked, not the settings.
        """
        for service in ("iam", "sts"):
            found = str(self._client(service, None, reading=True).meta.endpoint_url)
            if not is_aws(found):
                return found
        return ""

    def call(
        self, service: str, operation: str, /, *, region: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """One call; see `firedoor.actions.contract.Aws`."""
        reading = bool(READS.match(operation))
        for pause in (*BACKOFF, None):
            try:
                return self._once(service, operation, region, given, reading)
            except AwsThrottled:
                if reading or pause is None:
                    raise
                self.wait(pause)
        raise AssertionError("the last pause is None")

    def pages(
        self, service: str, operation: str, key: str, /, *, region: str | None = None, **given: Any
    ) -> Iterator[Any]:
        """The items under `key` of every page, asked for as they are taken."""
        client = self._client(service, region, reading=True)
        if not client.can_paginate(operation):
            yield from self.call(service, operation, region=region, **given).get(key) or ()
            return
        model = client._PY_TO_OP_NAME[operation]
        paginator = self._paginator(service, region, model)
        more: dict[str, Any] = {}
        while True:
            page = self.call(service, operation, region=region, **given, **more)
            yield from page.get(key) or ()
            more = {
                name: page[token]
                for name, token in zip(paginator[0], paginator[1], strict=True)
                if page.get(token)
            }
            if not more or (paginator[2] and not page.get(paginator[2])):
                return

    def download(self, url: str, *, most: int) -> bytes:
        """What a link that AWS gave leads to; see `firedoor.aws.download`."""
        from firedoor.aws.download import fetch  # lazy: few actions need it

        return fetch(url, endpoint=self.endpoint, most=most)

    def regions(self) -> list[str]:
        """The enabled Regions, the own one first; [own] when they cannot be listed."""
        if self._regions:
            return list(dict.fromkeys((self.region, *self._regions)))
        try:
            found = self.call("ec2", "describe_regions")["Regions"]
        except AwsError:
            return [self.region]
        names = sorted(each["RegionName"] for each in found)
        return [self.region, *(name for name in names if name != self.region)]

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.wait(seconds)

    def organization(self) -> BotoAws:
        """See `firedoor.actions.contract.Aws`; the role is FIREDOOR_ORGANIZATION_ROLE's."""
        role = self._organization_role
        if role is None:
            return self
        external = os.environ.get("FIREDOOR_ORGANIZATION_EXTERNAL_ID") or ""
        session = self.way.session if self.way else ORGANIZATION_SESSION
        way = Way(role, "" if self._simulated else external, session)
        # Not from a session in another account: chained ones end within the hour.
        origin = self._base or self
        return self._with(role, lambda: origin.call("sts", "assume_role", **way.asked()))

    def as_root(self, task: str) -> BotoAws:
        """See `firedoor.actions.contract.Aws`. STS makes root sessions in a Region only."""
        policy = {"arn": f"arn:{self.partition}:iam::aws:policy/root-task/{task}"}
        given = {"TargetPrincipal": self.account, "TaskPolicyArn": policy}

        def ask() -> dict[str, Any]:
            return self.organization().call(
                "sts", "assume_root", region=self.region, **given, DurationSeconds=ROOT_SECONDS
            )

        return self._with(f"root-task/{task}", ask)

    def _with(self, name: str, ask: Callable[[], dict[str, Any]]) -> BotoAws:
        """A session with other credentials; asked for anew when they are about to end, by the
        clock of this session (botocore's own renewal knows the machine's alone)."""
        kept = self._others.get(name)
        if kept and kept[1] - self.now() > ABOUT_TO_END:
            return kept[0]
        found = ask()["Credentials"]
        keys = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        other = BotoAws(
            _session_of(*(found[each] for each in keys)),
            region=self._region,
            endpoint=self._endpoint,
            simulated=self._simulated,
            clock=self._clock,
        )
        self._others[name] = (other, found["Expiration"])
        return other

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """The AWS request ids of the calls in the block, those of threads it starts with its own
        context included (`contextvars.copy_context`)."""
        mine: list[str] = []
        token = _collecting.set((*_collecting.get(), mine))
        try:
            yield mine
        finally:
            _collecting.reset(token)

    def _once(
        self, service: str, operation: str, region: str | None, given: Mapping[str, Any], read: bool
    ) -> dict[str, Any]:
        from botocore import exceptions as boto  # lazy: see the package
        from botocore.parsers import ResponseParserError

        name = f"{service}:{''.join(part.title() for part in operation.split('_'))}"
        kind = (service, operation, region or self.region, given)
        self._pace.wait(*kind)
        self.calls[name] += 1
        try:
            client = self._client(service, region, reading=read)
            answer: dict[str, Any] = getattr(client, operation)(**given)
            if (service, operation) == ("s3", "get_object"):
                answer["Body"] = answer["Body"].read()
        except boto.ClientError as error:
            self._note(error.response)
            told = from_client_error(error, name)
            if isinstance(told, AwsThrottled):
                self._pace.throttled(*kind)
            raise told from None
        except (boto.BotoCoreError, ResponseParserError) as error:
            raise from_connection_error(error, name) from None
        self._note(answer)
        self._pace.succeeded(*kind)
        answer.pop("ResponseMetadata", None)
        return answer

    def _note(self, answer: Mapping[str, Any]) -> None:
        request = answer.get("ResponseMetadata", {}).get("RequestId")
        if request:
            for each in _collecting.get():
                each.append(request)

    def _client(self, service: str, region: str | None, *, reading: bool) -> Any:
        key = (service, region or self.region, reading)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make_client(*key)
            return self._clients[key]

    def _make_client(self, service: str, region: str, reading: bool) -> Any:
        from botocore.config import Config  # lazy: see the package

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 4 if reading else 1},
            user_agent_extra="firedoor",
            max_pool_connections=20,
        )
        try:
            client = self._session.create_client(
                service, region_name=region, endpoint_url=self._endpoint, config=config
            )
        except ValueError as error:
            raise AwsError(
                f"{error}; see AWS_ENDPOINT_URL and the AWS profile",
                code="InvalidEndpoint",
                operation=service,
            ) from None
        if self._simulated:
            refuse_real(client.meta.endpoint_url)
        if service == "s3" and not is_aws(client.meta.endpoint_url):
            # Names of buckets in front of a host lead nowhere but to AWS.
            by_path = config.merge(Config(s3={"addressing_style": "path"}))
            client = self._session.create_client(
                service, region_name=region, endpoint_url=self._endpoint, config=by_path
            )
        keep_host(client)
        return client

    def _paginator(
        self, service: str, region: str | None, operation: str
    ) -> tuple[list[str], list[str], str | None]:
        model = self._session.get_paginator_model(service)
        found = model.get_paginator(operation)
        return (
            _listed(found["input_token"]),
            _listed(found["output_token"]),
            found.get("more_results"),
        )

    def _identity(self) -> dict[str, str]:
        if not self._who:
            answer = self.call("sts", "get_caller_identity")
            self._who = {"account": answer["Account"], "arn": answer["Arn"]}
        return self._who


def connect(
    account: str | None = None,
    region: str | None = None,
    *,
    profile: str | None = None,
    endpoint: str | None = None,
    clock: Clock | None = None,
    credentials: tuple[str, str, str | None] | None = None,
    simulated: bool = False,
    organization_role: str | None = None,
) -> BotoAws:
    """A session from the standard AWS environment, or from what is given.

    Refused when another account answers than the one that is wanted. `simulated` is for worlds that
    firedoor itself simulates: every client is then held to this machine. `organization_role`: what
    is assumed to administer the organization; FIREDOOR_ORGANIZATION_ROLE where nothing is given.
    """
    from botocore import exceptions as boto  # lazy: 0.2 s

    try:
        session = _session(profile)
        if credentials:
            session.set_credentials(*credentials)
        # botocore itself reads AWS_DEFAULT_REGION alone; all other SDKs, and the CLI, read this.
        named = region or os.environ.get("AWS_REGION")
        wanted = named or session.get_config_variable("region") or "us-east-1"
    except boto.BotoCoreError as error:
        raise from_connection_error(error, "sts:GetCallerIdentity") from None
    if organization_role is None and not simulated:
        organization_role = os.environ.get("FIREDOOR_ORGANIZATION_ROLE") or None
    aws = BotoAws(
        session,
        region=wanted,
        endpoint=endpoint,
        simulated=simulated,
        clock=clock,
        organization_role=organization_role,
    )
    if simulated:
        refuse_real(aws.endpoint)
    if account and aws.account != account:
        raise Refused(
            f"account {account} is wanted, and these credentials are of {aws.account} "
            f"({aws.principal})"
        )
    return aws


def _session(profile: str | None = None) -> Any:
    """A session of botocore that reads no service model which another one has read."""
    import botocore.session  # lazy: 0.2 s

    session = botocore.session.Session(profile=profile)
    models = service_models(session.get_config_variable("data_path"))
    session.register_component("data_loader", models)
    return session


def _session_of(*credentials: str) -> Any:
    session = _session()
    session.set_credentials(*credentials)
    return session


def assumed(
    base: BotoAws, way: Way, *, region: str | None = None, regions: tuple[str, ...] = ()
) -> BotoAws:
    """A session in another account, by a role that is assumed now; AwsError when it is not."""
    session = _session()
    # Credentials that renew themselves can be given in no other way.
    session._credentials = credentials(base, way)
    return BotoAws(
        session,
        region=region or base.region,
        endpoint=base._endpoint,
        simulated=base._simulated,
        clock=base._clock,
        base=base,
        way=way,
        organization_role=base._organization_role,
        regions=regions,
    )


@functools.cache
def service_models(path: str | None) -> Any:
    """The service models of all sessions: each would read, and hold, tens of megabytes anew."""
    from botocore.loaders import create_loader  # lazy: see the package

    return create_loader(path)


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
