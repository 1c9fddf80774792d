"""Findings collected from public places, where the folder of them is there."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.errors import NotAFinding
from firedoor.finding import Finding, parse
from tests.findings.documents import Json

FOLDER = Path(
    os.environ.get("FIREDOOR_SHARED_FINDINGS")
    or Path(__file__).parents[2] / ".." / "shared" / "findings"
)
FILES = sorted((*FOLDER.glob("*.json"), *FOLDER.glob("other/*.json")))
ABSENT = "the folder of collected findings is not here (FIREDOOR_SHARED_FINDINGS names it)"

pytestmark = pytest.mark.skipif(not FILES, reason=ABSENT)


# What the index of the folder `other` calls a document, and whose finding is in it (None: none).
KINDS = {
    "AWS Health EventBridge": "health",
    "Access Analyzer API": "access-analyzer",
    "IAM Access Analyzer EventBridge": "access-analyzer",
    "GuardDuty GetFindings (boto3/CLI PascalCase)": "guardduty",
    "Macie EventBridge": "macie",
    "Macie GetFindings (CLI example)": "macie",
    "CloudTrail LookupEvents": None,
    "CloudTrail record": None,
    "CloudTrail records (array)": None,
    "Health API": None,
    "SNS HTTP envelope": None,
}


def rows(folder: Path = FOLDER) -> list[dict[str, str]]:
    """The index of a folder: one row for each file."""
    index = folder / "index.csv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def read(row: dict[str, str]) -> tuple[Json, Finding | None]:
    """A file's own document without its event, and the finding in it."""
    content = (FOLDER / row["file"]).read_bytes()
    document = json.loads(content)
    detail = document.get("detail", document)
    try:
        (found,) = parse(content)
    except NotAFinding:
        return detail, None
    return detail, found


def is_refused(row: dict[str, str]) -> bool:
    """Rows about documents that are no findings, or no longer."""
    return "NOT a finding" in row["envelope"] or "Athena row" in row["envelope"]


def findings() -> Iterator[tuple[dict[str, str], Json, Finding]]:
    """Each row that is about a finding, with its document and the finding."""
    for row in rows():
        if not is_refused(row):
            detail, found = read(row)
            assert found, row["file"]
            yield row, detail, found


def said(document: Json, *path: str) -> Json:
    """A value of a document in either spelling."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key, document.get(key[0].upper() + key[1:]))
    return document


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_collected_document_is_findings_with_a_type_or_a_reason(file: Path) -> None:
    try:
        found = parse(file.read_bytes())
    except NotAFinding as error:
        found, reason = [], error.message
    else:
        reason = ""

    assert all(each.type and each.source for each in found)
    assert found or reason


@pytest.mark.parametrize(
    ("file", "source"),
    [(row["file"], KINDS[row["kind"]]) for row in rows(FOLDER / "other") if row["kind"] in KINDS],
)
def test_a_document_of_another_kind_is_its_sources_or_none(file: str, source: str | None) -> None:
    try:
        sources = {each.source for each in parse((FOLDER / "other" / file).read_bytes())}
    except NotAFinding:
        sources = {None}

    assert sources == {source}


@pytest.mark.skipif(not rows(), reason=ABSENT)
class TestTheIndex:
    """What the index of the folder says of each file."""

    def test_what_is_no_finding_is_refused_and_all_else_is_read(self) -> None:
        refused = {row["file"] for row in rows() if read(row)[1] is None}

        assert refused == {row["file"] for row in rows() if is_refused(row)}

    def test_types_agree(self) -> None:
        wrong = {}
        for row, _, found in findings():
            wanted = row["finding_type"]
            if row["envelope"].startswith("ASFF"):
                wanted = wanted.rpartition("/")[2].replace("-", "/", 1)
            elif row["envelope"] == "OCSF":
                # The index has their titles.
                continue
            if found.type != wanted:
                wrong[row["file"]] = (found.type, wanted)

        assert wrong == {}

    def test_severities_agree(self) -> None:
        wrong = {}
        for row, _, found in findings():
            wanted = row["severity"].strip('"')
            if not wanted:
                continue
            agrees = (
                found.severity_label == wanted.lower()
                if wanted.isalpha()
                else found.severity == float(wanted)
            )
            if not agrees:
                wrong[row["file"]] = (found.severity, found.severity_label, wanted)

        assert wrong == {}

    def test_samples_and_what_is_archived_agree(self) -> None:
        wrong = {}
        for row, _, found in findings():
            for name in ("sample", "archived"):
                wanted = row[name].lower()
                if wanted and getattr(found, name) != (wanted == "true"):
                    wrong[row["file"], name] = wanted

        assert wrong == {}

    def test_counts_agree(self) -> None:
        wrong = {
            row["file"]: (found.count, row["count"])
            for row, _, found in findings()
            if row["count"] and found.count != int(row["count"])
        }

        assert wrong == {}

    def test_accounts_are_those_of_the_documents(self) -> None:
        wrong = {}
        for row, detail, found in findings():
            wanted = said(detail, "accountId")
            if wanted is not None and found.account not in (wanted, ""):
                wrong[row["file"]] = (found.account, wanted)
            if not found.account and not found.doubts:
                wrong[row["file"]] = ("no account and no doubt", wanted)

        assert wrong == {}

    def test_users_are_iam_users_of_the_documents_and_no_one_else_is(self) -> None:
        wrong = {}
        for row, detail, found in findings():
            key = said(detail, "resource", "accessKeyDetails")
            if key is None:
                continue
            is_user = said(key, "userType") == "IAMUser"
            wanted = said(key, "userName") if is_user else None
            if found.resource.user != wanted:
                wrong[row["file"]] = (found.resource.user, wanted)

        assert wrong == {}

    def test_what_is_attacked_agrees(self) -> None:
        kinds = {
            "AccessKey": "access_key",
            "Instance": "instance",
            "S3Bucket": "bucket",
            "EKSCluster": "eks_cluster",
            "RDSDBInstance": "database",
            "AttackSequence": "attack_sequence",
        }
        wrong = {}
        for row, _, found in findings():
            wanted = kinds.get(row["resource_type"])
            if row["finding_type"].startswith(("Policy:S3/", "Stealth:S3/")):
                wanted = "bucket"
            if wanted and found.resource.kind != wanted:
                wrong[row["file"]] = (found.resource.kind, wanted)

        assert wrong == {}
