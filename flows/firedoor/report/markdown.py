"""The report as Markdown, for wikis and tickets. Nothing that others chose can act in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from firedoor.render import escape_markdown
from firedoor.report.kept import size_said
from firedoor.report.model import Report, Taken
from firedoor.report.moments import utc
from firedoor.report.proofs import KINDS
from firedoor.report.said import Open, Refs, Row, Statement

_HOLDS = {True: "✓ holds", False: "✗ does not hold", None: "? not known"}
_ENDS_CODE = re.compile(r"[`<>\[\]|\n]")
_CAME_TO = {"success": "succeeded: ", "denied": "denied: "}
_PROOF = {"holds": "✓ holds", "broken": "✗ does not hold", "unknown": "? not known", "none": "–"}


def to_markdown(report: Report) -> str:
    """The report; every value is escaped, every table cell is one line."""
    parts = (
        _top(report),
        _next(report),
        _times(report),
        _timeline(report),
        _intruder(report),
        _decisions(report),
        _actions(report),
        _proof(report),
        _evidence(report),
        _unknown(report),
        _undo(report),
        _findings(report),
        _people(report),
        _journal(report),
    )
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _top(report: Report) -> Iterator[str]:
    head, said = report.head, report.verdict
    if head.simulated:
        yield from ("> **DRILL – simulated AWS, nothing real was touched**", "")
    yield from (f"# {_(head.id)}: {_(head.title)}", "")
    yield from (f"## {said.symbol} {_(said.words)}", "", _(said.why) + _refs(said.refs), "")
    yield from _list(said.caveats)
    yield f"Severity {_(head.severity)}, status {_(head.status)}, opened {utc(head.opened)} UTC, "
    yield f"told up to {utc(head.made)} UTC (entry {head.entries})."
    yield from ("", "## Summary", "")
    for number, each in enumerate(report.summary, start=1):
        yield f"{number}. {_(each.text)}{_refs(each.refs)}"
    yield ""
    if report.drill:
        yield from ("## The drill", "", f"{report.drill.symbol} {_(report.drill.rating)}", "")
        rows = [[words, _yes(held)] for words, held in report.drill.proof]
        rows += [[each.title or each.id, _yes(each.met)] for each in report.drill.objectives]
        yield from _table(("Control or objective", "Met"), rows)


def _next(report: Report) -> Iterator[str]:
    yield from ("## What to do next", "")
    yield from _todo(report.next)


def _times(report: Report) -> Iterator[str]:
    yield from ("## Times", "")
    rows = [
        [t.name, (t.shown + (" UTC" if t.at else "")) or f"not known: {t.none}", t.definition]
        for t in report.times
    ]
    yield from _table(("Time", "Value", "What it means"), rows)


def _timeline(report: Report) -> Iterator[str]:
    yield from ("## Timeline", "")
    rows = [
        [
            row.relative,
            utc(row.at),
            row.lane,
            _CAME_TO.get(row.mark, "") + row.text + _times_said(row),
            row.by,
            _plain(row.refs),
        ]
        for row in report.timeline
    ]
    yield from _table(("From detection", "UTC", "Lane", "What", "Who", "Journal"), rows)


def _times_said(row: Row) -> str:
    return f" ×{row.count}" if row.count > 1 and row.lane != "action" else ""


def _intruder(report: Report) -> Iterator[str]:
    found = report.intruder
    yield from ("## What the attacker did", "", _(found.progress), "")
    for name, values in (
        ("Addresses", found.addresses),
        ("Identities", found.identities),
        ("User agents", found.agents),
        ("Regions", found.regions),
    ):
        if values:
            yield f"- {name}: {_(', '.join(values[:12]))}"
    yield from (f"- ATT&CK {_(each.id)} {_(each.name)}" for each in report.attack)
    yield ""


def _decisions(report: Report) -> Iterator[str]:
    yield from ("## Decisions", "")
    rows = [
        [
            each.question,
            ", ".join(each.steps),
            {"yes": "✓ agreed", "no": "✗ refused"}.get(each.answer, "? waits"),
            each.who,
            each.waited,
            each.reason,
        ]
        for each in report.decisions
    ]
    head = ("Question", "About", "Answer", "Who", "Waited", "Reason")
    yield from _table(head, rows, "Nobody was asked anything.")


def _actions(report: Report) -> Iterator[str]:
    yield from ("## Actions", "")
    rows = [row for step in report.actions for row in _changes(step)]
    head = ("Step", "What", "Before", "After", "Made", "On whose word", "Proof")
    yield from _table(head, rows, "Nothing was changed.")


def _changes(step: Taken) -> Iterator[list[str]]:
    for each in step.changes:
        made = each.relative or "no receipt"
        made += f"; undone {utc(each.undone)} UTC" if each.undone else ""
        yield [
            _place(step.run, step.step),
            f"{each.short_resource}: {each.what}",
            each.before.short,
            each.after.short,
            made,
            step.agreed.words,
            _PROOF[step.proof],
        ]
    if not step.changes:
        yield [
            _place(step.run, step.step),
            step.status,
            "",
            "",
            "",
            step.agreed.words,
            _PROOF[step.proof],
        ]


def _proof(report: Report) -> Iterator[str]:
    yield from ("## Proof", "")
    if report.controls:
        rows = [
            [c.role, c.who, c.call, c.before, c.after, c.wanted, _yes(c.met)]
            for c in report.controls
        ]
        yield from _table(("Role", "Who", "Call", "Before", "After", "Wanted", "Met"), rows)
    rows = [
        [_place(p.run, p.step), p.what, p.seen, p.kind, p.relative, _HOLDS[p.holds]]
        for p in report.proofs
    ]
    yield from _table(
        ("Step", "Looked at", "Seen", "Kind", "When", "Holds"), rows, "No proof was taken."
    )
    yield from (f"- **{kind}**: {_(words)}" for kind, words in KINDS)
    yield ""


def _evidence(report: Report) -> Iterator[str]:
    yield from ("## Evidence", "")
    rows = [
        [
            e.artefact,
            e.about or e.name,
            f"{e.path} ({size_said(e.size)})",
            utc(e.collected),
            e.sha256,
        ]
        for e in report.evidence
    ]
    head = ("No", "What", "File", "Collected (UTC)", "SHA-256")
    yield from _table(head, rows, "No evidence was kept.")
    yield from ("How to check it:", "")
    yield from _todo(report.commands)


def _unknown(report: Report) -> Iterator[str]:
    yield from ("## What is not known", "")
    yield from _list(report.unknown.found)
    yield from ("What such a record cannot know:", "")
    yield from _list(Statement(text=each) for each in report.unknown.limits)


def _undo(report: Report) -> Iterator[str]:
    yield from ("## Undo", "")
    yield from _list(report.undo.history)
    for title, found in (
        ("What would let the attacker in again:", report.undo.reopens),
        ("What cannot come back:", report.undo.lost),
    ):
        if found:
            yield from (title, "")
            yield from _list(found)
    if report.undo.can:
        yield from ("What can come back:", "")
        yield from _todo(report.undo.can)


def _findings(report: Report) -> Iterator[str]:
    yield from ("## Findings", "")
    for found in report.findings:
        yield from (f"### {_(found.title)}", "", f"{_(found.type)}{_refs(found.refs)}", "")
        if found.description:
            yield from (_(found.description), "")
        pairs = [*found.fields, *((f"resource {name}", v) for name, v in found.resource)]
        yield from _table(("Field", "Value"), [[name, v.short] for name, v in pairs])


def _people(report: Report) -> Iterator[str]:
    yield from ("## From people", "")
    for section in report.human:
        yield from (f"### {_(section.title)}", "")
        if not section.notes:
            yield from (f"{_(section.asks)} {_code(section.command)}", "")
        for note in section.notes:
            yield from (f"> {_(line)}" for line in note.text.splitlines())
            yield from (">", f"> {_(note.author)}, {utc(note.at)} UTC{_refs(note.refs)}", "")


def _journal(report: Report) -> Iterator[str]:
    yield from ("## Journal", "", _(report.head.chain.text), "")
    yield from (f"Head: {_code(report.head.head)}", "")
    yield from _list(Statement(text=f"Left out: {each}") for each in report.left_out)
    rows = [[f"#{e.seq}", utc(e.at), e.kind, e.place, e.text, e.hash] for e in report.journal]
    yield from _table(("No", "UTC", "Kind", "Place", "What", "SHA-256"), rows)


def _(text: str) -> str:
    """A text that cannot act, in one line."""
    return escape_markdown(text).strip()


def _place(run: str, step: str) -> str:
    """A step's name; of a run that another one called, with the run's."""
    return f"{run}/{step}" if "." in run else step


def _code(command: str) -> str:
    """A command as code; as escaped text when it carries what could end the code or the cell."""
    return _(command) if _ENDS_CODE.search(command) else f"`{command}`"


def _refs(refs: Refs) -> str:
    return f" ({_(_plain(refs))})" if refs else ""


def _plain(refs: Refs) -> str:
    refs = tuple(sorted(set(refs)))
    told = ", ".join(f"#{seq}" for seq in refs[:6])
    return told + (f" and {len(refs) - 6} more" if len(refs) > 6 else "")


def _yes(met: bool | None) -> str:
    return {True: "✓ yes", False: "✗ NO", None: "? not known"}[met]


def _list(found: Iterable[Statement]) -> Iterator[str]:
    lines = [f"- {_(each.text)}{_refs(each.refs)}" for each in found]
    yield from (*lines, "") if lines else ()


def _todo(found: Sequence[Open]) -> Iterator[str]:
    for number, each in enumerate(found, start=1):
        when = f" ({_(each.at)})" if each.at else ""
        yield f"{number}. {_(each.text)}{when}{_refs(each.refs)}"
        if each.command:
            yield f"   {_code(each.command)}"
    yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "") -> Iterator[str]:
    if not rows:
        yield from (empty, "") if empty else ()
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_(cell) for cell in row)} |"
    yield ""
