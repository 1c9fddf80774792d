"""What undo can bring back, what it cannot, and what would let the attacker in again."""

from __future__ import annotations

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Taken, Undo
from firedoor.report.said import Open, Statement
from firedoor.report.text import line, listed, plural


def undo(facts: Facts, taken: tuple[Taken, ...]) -> Undo:
    """The changes that stand, sorted by what undoing them would do; and what was undone."""
    can: list[Open] = []
    lost: list[Statement] = []
    reopening: list[Statement] = []
    for step in taken:
        standing = [each for each in step.changes if each.made and not each.undone]
        gone = [each for each in standing if each.lost]
        back = [each for each in standing if not each.lost]
        lost += [
            Statement(text=f"{each.what} of {each.short_resource}: {each.lost}", refs=each.refs)
            for each in gone
        ]
        if not back:
            continue
        refs = tuple(ref for each in back for ref in each.refs)
        names = listed([each.short_resource for each in back])
        if step.reopens:
            text = f"{step.step}, {names}: {step.reopens}"
            reopening.append(Statement(text=text, refs=refs))
        command = f"firedoor undo {facts.incident} {step.step}"
        if step.reopens:
            command += ' --reopen "REASON"'
        text = f"{step.step}: {plural(len(back), 'change')} on {names}"
        can.append(Open(text=text, command=command, refs=refs))
    return Undo(
        can=tuple(reversed(can)),
        lost=tuple(lost),
        reopens=tuple(reopening),
        history=tuple(_history(told) for told in facts.of("undo.finished")),
    )


def _history(told: Told) -> Statement:
    left = [item for item in told.items("left") if isinstance(item, dict)]
    text = f"{plural(len(told.items('undone')), 'change')} undone by {told.by}"
    if left:
        why = [f"{line(item.get('step'))} ({line(item.get('why'))})" for item in left]
        text += f"; left as it is: {listed(why, 6)}"
    return Statement(text=text + ".", refs=(told.seq,))
