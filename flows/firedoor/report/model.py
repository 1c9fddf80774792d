"""What a report says, as plain data: `build` makes it, the HTML, Markdown and JSON show it.

Times are UTC, ISO 8601 with milliseconds; `…_seconds` are seconds; `refs` are the numbers of the
journal entries that a statement rests on. Access key ids are masked, control characters removed.
"""

from __future__ import annotations

from typing import Any, Literal

from firedoor.report.said import Drill, Human, Open, Refs, Row, Said, Shown, Statement, Tone


class Person(Said, frozen=True, kw_only=True):
    """Who had a hand in it, first when, and what they did."""

    person: str
    did: tuple[str, ...]
    since: str
    refs: Refs = ()


class Head(Said, frozen=True, kw_only=True):
    """What the report is about. `made` is the time of the last entry, never the clock's."""

    id: str
    title: str
    simulated: bool
    scenario: str
    severity: str
    severity_changes: tuple[Statement, ...]
    status: str
    people: tuple[Person, ...]
    target: dict[str, str]
    opened: str
    opened_by: str
    made: str
    entries: int
    head: str
    chain: Statement
    policy: dict[str, Any]


class Verdict(Said, frozen=True, kw_only=True):
    """The answer to the one question everybody asks. `symbol` and `words` say what colour says."""

    status: str
    words: str
    symbol: str
    tone: Tone
    why: str
    caveats: tuple[Statement, ...] = ()
    refs: Refs = ()


class Time(Said, frozen=True, kw_only=True):
    """One measured time: a moment (`at`), a length (`seconds`), or why there is none."""

    id: str
    name: str
    definition: str
    at: str = ""
    seconds: float | None = None
    shown: str = ""
    none: str = ""
    refs: Refs = ()


class Decided(Said, frozen=True, kw_only=True):
    """A question that was put to people. `answer` is "" while nobody has answered."""

    id: str
    question: str
    asked: str
    by_roles: tuple[str, ...]
    expires: str
    on_timeout: str
    steps: tuple[str, ...]
    changes: int
    answer: Literal["", "yes", "no"]
    who: str
    how: str
    reason: str
    waited_seconds: float | None
    waited: str
    refs: Refs = ()


class Agreed(Said, frozen=True, kw_only=True):
    """On whose word a step ran, and how long it waited for it."""

    words: str
    waited: str = ""
    refs: Refs = ()


class Changed(Said, frozen=True, kw_only=True):
    """One change. `made` is "" when there is an intent and no receipt."""

    resource: str
    short_resource: str
    what: str
    before: Shown
    after: Shown
    made: str
    relative: str
    lost: str
    undone: str
    requests: tuple[str, ...]
    refs: Refs = ()


class Taken(Said, frozen=True, kw_only=True):
    """One step that changed, or was to change, something."""

    run: str
    step: str
    action: str
    title: str
    phase: str
    status: str
    why: str
    changes: tuple[Changed, ...]
    agreed: Agreed
    proof: Literal["holds", "broken", "unknown", "none"]
    reopens: str
    refs: Refs = ()


class Checked(Said, frozen=True, kw_only=True):
    """One thing that was read back or tried. `holds` None: it could not be looked at."""

    run: str
    step: str
    action: str
    what: str
    seen: str
    holds: bool | None
    kind: str
    at: str
    relative: str
    again: bool
    refs: Refs = ()


class Control(Said, frozen=True, kw_only=True):
    """A call made before and after containment. `met` None: one side was not made."""

    role: str
    who: str
    call: str
    before: str
    after: str
    wanted: str
    met: bool | None
    refs: Refs = ()


class Kept(Said, frozen=True, kw_only=True):
    """One piece of evidence."""

    artefact: str
    name: str
    about: str
    sha256: str
    size: int
    path: str
    collected: str
    source: str
    step: str
    requests: tuple[str, ...]
    refs: Refs = ()


class Attack(Said, frozen=True, kw_only=True):
    """A technique of MITRE ATT&CK; `name` is "" when it is not in our short list."""

    id: str
    name: str
    source: str


class Found(Said, frozen=True, kw_only=True):
    """One finding, with its fields as (name, value) pairs."""

    id: str
    type: str
    title: str
    description: str
    sample: bool
    archived: bool
    fields: tuple[tuple[str, Shown], ...]
    resource: tuple[tuple[str, Shown], ...]
    refs: Refs = ()


class Ran(Said, frozen=True, kw_only=True):
    """One run of a runbook and its inputs."""

    run: str
    parent: str
    runbook: str
    title: str
    engine: str
    status: str
    started: str
    finished: str
    inputs: tuple[tuple[str, Shown], ...]
    digest: str
    why: str
    unasked: tuple[str, ...]
    refs: Refs = ()


class Intruder(Said, frozen=True, kw_only=True):
    """What is known of the attacker's doing, split at detection and at containment."""

    before: int
    after: int
    succeeded: int
    denied: int
    after_containment: int
    acts: tuple[Row, ...]
    addresses: tuple[str, ...]
    agents: tuple[str, ...]
    identities: tuple[str, ...]
    regions: tuple[str, ...]
    progress: str
    refs: Refs = ()


class Undo(Said, frozen=True, kw_only=True):
    """What undo would and would not bring back, and what was undone already."""

    can: tuple[Open, ...]
    lost: tuple[Statement, ...]
    reopens: tuple[Statement, ...]
    history: tuple[Statement, ...]


class Unknown(Said, frozen=True, kw_only=True):
    """What is not known (`found`) and what cannot be known from here (`limits`)."""

    found: tuple[Statement, ...]
    limits: tuple[str, ...]


class Line(Said, frozen=True, kw_only=True):
    """One journal entry, as the appendix shows it."""

    seq: int
    at: str
    relative: str
    kind: str
    by: str
    place: str
    text: str
    data: str
    hash: str


class Report(Said, frozen=True, kw_only=True):
    """Everything that is said of an incident. `left_out`: what was cut for length."""

    format: str
    head: Head
    verdict: Verdict
    summary: tuple[Statement, ...]
    times: tuple[Time, ...]
    timeline: tuple[Row, ...]
    intruder: Intruder
    decisions: tuple[Decided, ...]
    actions: tuple[Taken, ...]
    proofs: tuple[Checked, ...]
    controls: tuple[Control, ...]
    evidence: tuple[Kept, ...]
    unknown: Unknown
    undo: Undo
    findings: tuple[Found, ...]
    attack: tuple[Attack, ...]
    runs: tuple[Ran, ...]
    human: tuple[Human, ...]
    drill: Drill | None
    next: tuple[Open, ...]
    commands: tuple[Open, ...]
    journal: tuple[Line, ...]
    left_out: tuple[str, ...]
