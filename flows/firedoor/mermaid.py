"""Draws a runbook as a Mermaid flowchart: phases as boxes, a diamond where a person is asked.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from firedoor.runbook import Runbook, Step

COLOURS = {
    "triage": "#dbe4ff",
    "evidence": "#d3f9d8",
    "contain": "#ffd8a8",
    "eradicate": "#ffc9c9",
    "recover": "#c5f6fa",
    "report": "#e9ecef",
}
"""Fill colours of phases; black text on each has a contrast of at least 12:1."""

# What follows a node: a plain arrow, or one with words on it.
_Exit = tuple[str, str]


def mermaid(book: Runbook) -> str:
    """The flowchart. Steps of a parallel group stand side by side; a loop points to itself; what is
    refused or does not apply is passed by."""
    drawing = _Drawing()
    entries = [*book.steps, *book.finally_]
    for _, group in groupby(enumerate(entries), key=lambda each: _phase(each[1])):
        members = [entry for _, entry in group]
        drawing.box(_phase(members[0]), members)
    return "\n".join(drawing.lines())


@dataclass
class _Drawing:
    """The chart while it is being drawn; `ends`: what the next step is reached from."""

    ends: list[_Exit] = field(default_factory=lambda: [("begin", "")])
    nodes: list[str] = field(default_factory=lambda: ["  begin([begin])"])
    edges: list[str] = field(default_factory=list)
    classes: dict[str, list[str]] = field(default_factory=dict)
    boxes: int = 0

    def box(self, phase: str, entries: Sequence[Step]) -> None:
        """One phase, or what mixes several: its steps in a box."""
        self.boxes += 1
        self.nodes.append(f'  subgraph box_{self.boxes}["{phase}"]')
        for entry in entries:
            self.entry(entry)
        self.nodes.append("  end")

    def entry(self, entry: Step) -> None:
        """One step, or a group whose steps run side by side."""
        reached, ends = self.ends, []
        for step in entry.parallel or (entry,):
            self.ends = list(reached)
            self.step(step)
            ends += self.ends
        self.ends = list(dict.fromkeys(ends))

    def step(self, step: Step) -> None:
        """The step with its question before it, and the ways around it."""
        # `end` and others are words of Mermaid's own.
        name = f"step_{step.id}"
        around: list[_Exit] = []
        first = f"ask_{step.id}" if step.approve else name
        condition = f"when {step.when}" if step.when else ""
        if condition:
            around += [(each, _both(said, "otherwise")) for each, said in self.ends]
        for each, said in self.ends:
            self.edge(each, first, _both(said, condition))
        if step.approve:
            several = f"{step.approve.quorum} of " if step.approve.quorum > 1 else ""
            self.node(first, f"{several}{step.approve.by} agrees?", "{", "}")
            self.edge(first, name, "yes")
            around.append((first, "no"))
        does = step.action or f"runbook {step.runbook}"
        shape = ("[[", "]]") if step.runbook else ("[", "]")
        self.node(name, f"{step.id}<br/>{does}", *shape)
        self.classes.setdefault(step.phase.value if step.phase else "triage", []).append(name)
        if step.for_each:
            self.edge(name, name, f"each of {step.for_each}, at most {step.limit}")
        self.ends = [(name, ""), *around]

    def node(self, name: str, label: str, opens: str, closes: str) -> None:
        self.nodes.append(f'    {name}{opens}"{_said(label)}"{closes}')

    def edge(self, start: str, to: str, said: str) -> None:
        self.edges.append(f'  {start} -->|"{_said(said)}"| {to}' if said else f"  {start} --> {to}")

    def lines(self) -> Iterator[str]:
        """The whole chart."""
        for each, said in self.ends:
            self.edge(each, "finish", said)
        yield "flowchart TD"
        yield from (*self.nodes, "  finish([finish])", *self.edges)
        for phase, members in self.classes.items():
            yield f"  classDef {phase} fill:{COLOURS[phase]},color:#000,stroke:#868e96"
            yield f"  class {','.join(members)} {phase}"


def _phase(entry: Step) -> str:
    phases = [step.phase.value for step in (entry.parallel or (entry,)) if step.phase]
    return " and ".join(dict.fromkeys(phases))


def _both(one: str, other: str) -> str:
    return "; ".join(each for each in (one, other) if each)


def _said(text: str) -> str:
    """A label: quotes would end it, and `#` begins a character's name."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("|", "#124;")
