"""Errors that people read: what was wrong, where, and what to do next.

Every error carries the exit code of the command line contract: 1 the answer is no, 2 usage or bad
input, 3 a run failed or was refused, 4 waiting for an approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake in a file that people write: where it is (lines and columns from 1) and what.

    Problems sort by file and position. Line 0: the file as a whole.
    """

    file: str
    line: int
    column: int
    message: str

    @property
    def where(self) -> str:
        """`runbooks/x.yaml:41:13`."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class FiredoorError(Exception):
    """Base of every error that is shown without a traceback."""

    kind = "error"
    exit_code = 3

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def as_json(self) -> dict[str, str | None]:
        """The `error` object of the `--json` contract."""
        return {"kind": self.kind, "message": self.message, "where": self.where}

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class BadInput(FiredoorError):
    """The caller's input cannot be used: a file, a value, an option."""

    kind = "bad_input"
    exit_code = 2


class NotAFinding(BadInput):
    """The document is well-formed but is not a security finding; the message says what it is."""

    kind = "not_a_finding"


class NotFound(BadInput):
    """A named runbook, incident, scenario or approval does not exist."""

    kind = "not_found"


class CheckFailed(FiredoorError):
    """A runbook, playbook or scenario has errors; the message lists all of them."""

    kind = "check_failed"
    exit_code = 1

    def __init__(
        self, message: str, *, where: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message, where=where)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> CheckFailed:
        """All problems as one error: its message has one line for each, in order of position."""
        ordered = sorted(set(problems))
        return cls("\n".join(str(problem) for problem in ordered), problems=ordered)


class VerificationFailed(FiredoorError):
    """A journal, an evidence folder or a proof does not hold."""

    kind = "verification_failed"
    exit_code = 1


class Refused(FiredoorError):
    """A rule of ours forbids it; the message names the rule and what to do instead.

    `rule` and `instead`: the same for themselves, where a guardrail has refused a step.
    """

    kind = "refused"

    def __init__(
        self, message: str, *, where: str | None = None, rule: str = "", instead: str = ""
    ) -> None:
        super().__init__(message, where=where)
        self.rule = rule
        self.instead = instead


class RunFailed(FiredoorError):
    """A run could not go on."""

    kind = "run_failed"


class PrefectUnavailable(RunFailed):
    """Prefect cannot be started or reached; containment goes on without it."""

    kind = "prefect_unavailable"


class StoreUnavailable(RunFailed):
    """The store or the vault cannot be read or written."""

    kind = "store_unavailable"


class AwsError(FiredoorError):
    """AWS answered with an error; `code` is its own, `operation` is like `iam:GetUser`."""

    kind = "aws_error"

    def __init__(
        self, message: str, *, code: str, operation: str, where: str | None = None
    ) -> None:
        super().__init__(message, where=where)
        self.code = code
        self.operation = operation


class AwsRefused(AwsError):
    """AWS refused the call for lack of permission."""

    kind = "aws_refused"


class AwsThrottled(AwsError):
    """AWS asked for fewer calls; the call was not carried out."""

    kind = "aws_throttled"


class AwsUnreachable(AwsError):
    """No answer came; a changing call may or may not have been carried out: observe again."""

    kind = "aws_unreachable"


class NoCredentials(AwsError):
    """There are no usable AWS credentials."""

    kind = "no_credentials"
