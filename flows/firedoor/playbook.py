"""What people agreed beforehand: which findings, who decides, what runs without asking.

A playbook is Markdown: front matter between two lines `---`, and prose below for people to read.
The models here are the front matter's schema; `firedoor check` says what is wrong with one
(`firedoor.check.playbooks`), `firedoor.routing` works with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec

from firedoor import globs
from firedoor.duties import Agreed
from firedoor.errors import CheckFailed, Problem
from firedoor.findings.model import Finding, Kind, Label, Principal, Resource
from firedoor.runbook import Identifier, RoleName, Said, Slug
from firedoor.shapes import shape
from firedoor.yamlio import Document, load_front_matter

Source = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]{1,59}$",
        description="Who made the finding: guardduty, health, macie, access-analyzer, …",
    ),
]
Part = Literal["actor", "target", "unknown"]
StepName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]{0,59}/[a-z][a-z0-9_]{0,39}$",
        description="runbook/step, such as compromised-credentials/named_key.",
    ),
]


class Match(Said, frozen=True, kw_only=True):
    """One kind of finding that a playbook takes.

    `type` is exact or a pattern. What else is set has to hold too: the source, whose credentials
    they are (`principals`), what is attacked (`resources`), and which part it plays (`parts`): a
    machine that guesses passwords is an actor, one that is knocked at a target. `alone`: it names
    one IAM user and his keys and nothing else. `severity`: what it counts as; without it, what the
    finding says.
    """

    type: str
    sources: tuple[Source, ...] = ()
    principals: tuple[Principal, ...] = ()
    resources: tuple[Kind, ...] = ()
    parts: tuple[Part, ...] = ()
    alone: bool = False
    severity: Label | None = None

    def takes(self, finding: Finding) -> bool:
        """Whether it covers a finding."""
        named = finding.resource
        return (
            globs.matches(self.type, finding.type)
            and (not self.sources or finding.source in self.sources)
            and (not self.principals or (named.principal or "unknown") in self.principals)
            and (not self.resources or named.kind in self.resources)
            and (not self.parts or (named.part or "unknown") in self.parts)
            and (not self.alone or is_alone(finding))
        )

    def meets(self, other: Match) -> bool:
        """Whether there can be a finding that both cover with the same precision."""
        return (
            globs.precision(self.type) == globs.precision(other.type)
            and _same_type(self.type, other.type)
            and _share(self.sources, other.sources)
            and _share(self.principals, other.principals)
            and _share(self.resources, other.resources)
            and _share(self.parts, other.parts)
        )


class Playbook(Agreed, frozen=True, kw_only=True):
    """The front matter of one playbook.

    `inputs` maps the runbook's inputs to whole references (`$finding.resource.user`) or literals.
    `unasked` lists, for each severity, the changing steps that may run without asking where the
    account's mode is `act`; `targets` says for each of them which one thing of the finding it
    changes (for a loop, which list), and without that thing it asks. `approve`: the roles that may
    approve. What else is about people, see `firedoor.duties`.
    """

    playbook: Slug
    title: str
    runbook: Slug
    findings: Annotated[tuple[Match, ...], msgspec.Meta(min_length=1)]
    inputs: dict[Identifier, str] = msgspec.field(default_factory=dict)
    unasked: dict[Label, tuple[StepName, ...]] = msgspec.field(default_factory=dict)
    targets: dict[StepName, str] = msgspec.field(default_factory=dict)
    approve: Annotated[tuple[RoleName, ...], msgspec.Meta(min_length=1)]

    def match(
        self, finding: Finding, eligible: Callable[[Match], bool] = lambda entry: True
    ) -> Match | None:
        """The closest of its eligible entries that covers a finding; the earlier of two alike."""
        fitting = [each for each in self.findings if eligible(each) and each.takes(finding)]
        return max(fitting, key=lambda each: globs.precision(each.type), default=None)


class HasPlaybooks(Protocol):
    """What knows the playbook files by name: `firedoor.library.Library`."""

    def playbooks(self) -> Mapping[str, Path]: ...


def load_playbooks(library: HasPlaybooks) -> list[tuple[Path, Playbook]]:
    """All playbooks in force, by name; CheckFailed lists what is wrong with any of them."""
    books: list[tuple[Path, Playbook]] = []
    problems: list[Problem] = []
    for path in library.playbooks().values():
        try:
            book, found = shape_playbook(load_front_matter(path)[0])
        except CheckFailed as error:
            problems.extend(error.problems)
            continue
        problems.extend(found)
        if book is not None:
            books.append((path, book))
    if problems:
        raise CheckFailed.of(problems)
    return books


def shape_playbook(document: Document) -> tuple[Playbook | None, list[Problem]]:
    """A front matter as a playbook, or None and what is wrong with it by itself."""
    book, problems = shape(document, Playbook)
    listed = document.root.get("findings")
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        said = entry.get("type") if isinstance(entry, dict) else None
        wrong = globs.mistake(said) if isinstance(said, str) and said else ""
        if wrong:
            problems.append(document.problem(("findings", index, "type"), wrong))
    return (None if problems else book), sorted(problems)


_WHOSE = {
    *("kind", "part", "principal", "principal_id", "session", "issuer", "source_identity"),
    *("user", "users", "access_key_id", "access_key_ids", "user_keys"),
}
"""The fields of a resource that tell of credentials; those of roles apart."""


def is_alone(finding: Finding) -> bool:
    """Whether a finding names one IAM user (or a key of his) and nothing else."""
    named = finding.resource
    one = {*named.users, *([named.user] if named.user else [])}
    others = [each for each in Resource.__struct_fields__ if each not in _WHOSE]
    return (
        named.principal == "iam_user"
        and len(one) == 1
        and not any(getattr(named, each) for each in others)
    )


def _same_type(one: str, other: str) -> bool:
    """Whether a finding type can be covered by both. `*:EC2/*` and `*:EKS/*` meet in no type, since
    one has a single purpose, service and name."""
    parts = [re.split("[:/]", each) for each in (one, other)]
    shaped = all(re.fullmatch(r"[^:/]*:[^:/]*/[^:/]*", each) for each in (one, other))
    return all(map(globs.overlap, *parts)) if shaped else globs.overlap(one, other)


def _share(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return not one or not other or bool(set(one) & set(other))
