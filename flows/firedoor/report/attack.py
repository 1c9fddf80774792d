"""The techniques of MITRE ATT&CK that the runbook answers and the scenario plays."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.report.facts import Facts
from firedoor.report.model import Attack
from firedoor.report.text import line

NAMES = {
    "T1020": "Automated Exfiltration",
    "T1021.007": "Remote Services: Cloud Services",
    "T1048": "Exfiltration Over Alternative Protocol",
    "T1059.009": "Command and Scripting Interpreter: Cloud API",
    "T1069.003": "Permission Groups Discovery: Cloud Groups",
    "T1078": "Valid Accounts",
    "T1078.004": "Valid Accounts: Cloud Accounts",
    "T1087.004": "Account Discovery: Cloud Account",
    "T1098": "Account Manipulation",
    "T1098.001": "Account Manipulation: Additional Cloud Credentials",
    "T1098.003": "Account Manipulation: Additional Cloud Roles",
    "T1110": "Brute Force",
    "T1136.003": "Create Account: Cloud Account",
    "T1190": "Exploit Public-Facing Application",
    "T1199": "Trusted Relationship",
    "T1485": "Data Destruction",
    "T1486": "Data Encrypted for Impact",
    "T1490": "Inhibit System Recovery",
    "T1496": "Resource Hijacking",
    "T1526": "Cloud Service Discovery",
    "T1528": "Steal Application Access Token",
    "T1530": "Data from Cloud Storage",
    "T1531": "Account Access Removal",
    "T1535": "Unused/Unsupported Cloud Regions",
    "T1537": "Transfer Data to Cloud Account",
    "T1548.005": "Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access",
    "T1550.001": "Use Alternate Authentication Material: Application Access Token",
    "T1552": "Unsecured Credentials",
    "T1552.001": "Unsecured Credentials: Credentials In Files",
    "T1552.005": "Unsecured Credentials: Cloud Instance Metadata API",
    "T1555.006": "Credentials from Password Stores: Cloud Secrets Management Stores",
    "T1562.001": "Impair Defenses: Disable or Modify Tools",
    "T1562.008": "Impair Defenses: Disable or Modify Cloud Logs",
    "T1567.002": "Exfiltration Over Web Service: Exfiltration to Cloud Storage",
    "T1578": "Modify Cloud Compute Infrastructure",
    "T1578.002": "Modify Cloud Compute Infrastructure: Create Cloud Instance",
    "T1580": "Cloud Infrastructure Discovery",
    "T1619": "Cloud Storage Object Discovery",
    "T1648": "Serverless Execution",
    "T1651": "Cloud Administration Command",
}
"""Names of the techniques seen most in AWS. Source: https://attack.mitre.org/matrices/enterprise/
cloud/iaas/, version 16."""


def attack(facts: Facts) -> tuple[Attack, ...]:
    """Each technique once, with who names it."""
    sources: dict[str, list[str]] = {}
    for id_, source in (*_runbooks(facts), *_scenario(facts)):
        named = sources.setdefault(id_, [])
        if source not in named:
            named.append(source)
    return tuple(
        Attack(id=id_, name=NAMES.get(id_, ""), source=", ".join(named))
        for id_, named in sorted(sources.items())
    )


def _runbooks(facts: Facts) -> Iterator[tuple[str, str]]:
    ran = {told.text("runbook") for told in facts.of("run.started")}
    for told in facts.of("run.started"):
        books = told.part("program").get("runbooks")
        for name, book in books.items() if isinstance(books, dict) else ():
            if name in ran and isinstance(book, dict):
                yield from ((line(id_), f"runbook {line(name)}") for id_ in _ids(book))


def _scenario(facts: Facts) -> Iterator[tuple[str, str]]:
    for told in (facts.opened, *facts.of("drill.rated")):
        maps = told.part("maps_to") or told.data
        name = told.text("scenario")
        if name:
            yield from ((line(id_), f"scenario {name}") for id_ in _ids(maps))


def _ids(found: dict[str, object]) -> list[object]:
    listed = found.get("attack")
    return listed if isinstance(listed, list) else []
