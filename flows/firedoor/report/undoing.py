"""What undo can bring back, what it cannot, and what would let the attacker in again."""

from __future__ import annotations

from collections import Counter

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Taken, Undo
from firedoor.report.said import Open, Statement
from firedoor.report.text import line, listed, plural


def undo(facts: Facts, taken: tuple[Taken, ...]) -> Undo:
    """The changes that stand, sorted by what undoing them would do; and what was undone."""
    can: list[Open] = []
    lost: list[Statement] = []
    reopening: list[Statement] = []
    named = Counter(step.step for step in taken)
    for step in taken:
        standing = [each for each in step.changes if each.made and not each.undone]
        gone = [each for each in standing if each.lost]
        back = [each for each in standing if not each.lost]
        lost += [
            Statement(text=f"{each.short_resource}: {each.lost}", refs=each.refs) for each in gone
        ]
        if not back:
            continue
        refs = tuple(ref for each in back for ref in each.refs)
        names = listed([each.short_resource for each in back])
        name = step.step if named[step.step] == 1 else f"{step.run}/{step.step}"
        if step.reopens:
            text = f"{name}, {names}: {step.reopens}"
            reopening.append(Statement(text=text, refs=refs))
        command = f"firedoor undo {facts.incident} {name}"
        if step.reopens:
            command += ' --reopen "REASON"'
        text = f"{name}: {plural(len(back), 'change')} on {names}"
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
        steps = list(dict.fromkeys(line(item.get("step")) for item in left))
        text += f"; left as it is: {listed(steps, 12)}"
    return Statement(text=text + ".", refs=(told.seq,))
