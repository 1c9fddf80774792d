"""RDS as far as moto lacks it: restarts that show in the events, log files with a line in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import moto.secretsmanager.models as secrets
from moto.rds.models import DBCluster, rds_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.trail import aware
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None


def _iam_signs_in(cluster: Any) -> bool:
    """Whether IAM signs people in to a cluster: moto reads what it was made with alone."""
    return bool(getattr(cluster, "enable_iam_database_authentication", cluster.iam_auth))


def _now() -> float:
    """Seconds since 1970 in simulated time: moto's Secrets Manager asks the machine's clock."""
    # Looked up at each call: `accounts.follow_clock` puts the simulated one there.
    found: float = vars(secrets)["utcnow"]().replace(tzinfo=UTC).timestamp()
    return found


vars(secrets)["time"] = SimpleNamespace(time=_now)
setattr(  # noqa: B010 a property of moto's
    DBCluster, "iam_database_authentication_enabled", property(_iam_signs_in)
)


def _instance(call: Call, caller: Caller) -> Any:
    name = str(call.params.get("DBInstanceIdentifier") or "").lower()
    found = rds_backends[caller.account][call.region].databases.get(name)
    if found is None:
        raise ApiError("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    return found


def _restarts(found: Any) -> list[Any]:
    """When an instance was restarted; kept on moto's instance."""
    if not hasattr(found, "restarts"):
        found.restarts = []
    kept: list[Any] = found.restarts
    return kept


def reboot(state: State, call: Call, caller: Caller) -> Result:
    """rds:RebootDBInstance: over at once, and in the events."""
    found = _instance(call, caller)
    _restarts(found).append(state.clock.now())
    name = found.db_instance_identifier
    return {"DBInstance": {"DBInstanceIdentifier": name, "DBInstanceStatus": "rebooting"}}


def describe_events(state: State, call: Call, caller: Caller) -> Result:
    """rds:DescribeEvents of one instance: its restarts. Of anything else there are none."""
    params = call.params
    if params.get("SourceType") != "db-instance" or not params.get("SourceIdentifier"):
        return {"Events": []}
    name = str(params["SourceIdentifier"]).lower()
    found = rds_backends[caller.account][call.region].databases.get(name)
    since = aware(params.get("StartTime"))
    return {
        "Events": [
            {
                "SourceIdentifier": name,
                "SourceType": "db-instance",
                "Message": "DB instance restarted",
                "EventCategories": ["availability"],
                "Date": moment,
            }
            for moment in (_restarts(found) if found is not None else ())
            if since is None or moment >= since
        ]
    }


def log_portion(state: State, call: Call, caller: Caller) -> Result:
    """rds:DownloadDBLogFilePortion: one line, for any file that there is."""
    found = _instance(call, caller)
    name = str(call.params["LogFileName"])
    if name not in {file.log_file_name for file in found.log_file_manager.files}:
        raise ApiError("DBLogFileNotFoundFault", f"no log file {name}", 404)
    line = f"{state.clock.now():%Y-%m-%d %H:%M:%S} UTC:LOG:  database system is ready\n"
    return {"LogFileData": line, "Marker": "0", "AdditionalDataPending": False}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "rds:RebootDBInstance": reboot,
    "rds:DescribeEvents": describe_events,
    "rds:DownloadDBLogFilePortion": log_portion,
}
