"""What to do next, and the commands that check what this report says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from firedoor.kinds import parse_duration, time_text
from firedoor.report.facts import Facts
from firedoor.report.human import SECTIONS
from firedoor.report.intruder import Act
from firedoor.report.model import Taken
from firedoor.report.moments import moment, utc
from firedoor.report.said import Open
from firedoor.report.standing import Standing
from firedoor.report.text import line, listed, plural
from firedoor.report.verdict import refused_by_rule

_READ_SECRET = re.compile(r"getsecretvalue|batchgetsecretvalue|getparameters?(bypath)?$|decrypt$")


def following(
    facts: Facts, done: list[Act], stands: Standing, taken: tuple[Taken, ...]
) -> tuple[Open, ...]:
    """What is still to be done, the most urgent first."""
    return (
        *_questions(facts),
        *_not_contained(facts, stands),
        *_by_hand(facts, stands),
        *_due(facts, stands),
        *_secrets(done, taken),
        *_agreed(facts),
        *_people(facts),
    )


def commands(facts: Facts) -> tuple[Open, ...]:
    """How anybody checks this report."""
    id_ = facts.incident
    return (
        Open(
            text="The evidence is as it was kept (every SHA-256 anew).",
            command=f"firedoor evidence verify {id_}",
        ),
        Open(
            text="The journal was not changed, and nothing was cut off.",
            command=f"firedoor journal verify {id_}",
        ),
        Open(
            text="Take the journal along, and check it on any machine.",
            command=f"firedoor journal export {id_} -o {id_}.jsonl && "
            f"firedoor journal verify {id_}.jsonl",
        ),
        # A simulated account ends with its drill: there is nothing left to read back.
        *(
            ()
            if facts.simulated
            else (
                Open(
                    text="Read back from AWS, now, whether the containment holds.",
                    command=f"firedoor verify {id_}",
                ),
            )
        ),
        Open(
            text="Make this report again; the same journal gives the same bytes.",
            command=f"firedoor report {id_}",
        ),
    )


def _questions(facts: Facts) -> Iterator[Open]:
    for told in facts.open_questions():
        expires = told.text("expires")
        yield Open(
            text=f"Answer: {told.text('question')}",
            command=f"firedoor approve {told.text('id')}   (or: firedoor deny {told.text('id')})",
            at=f"expires {utc(expires)} UTC" if moment(told.data.get("expires")) else "",
            refs=(told.seq,),
        )


def _not_contained(facts: Facts, stands: Standing) -> Iterator[Open]:
    again = _run_again(facts)
    if stands.late or stands.got_through or stands.broken:
        yield Open(
            text="The attacker may still have access: find which credentials are still used, "
            "contain them, and prove it again.",
            command=again,
            refs=tuple(sorted({ref for act in stands.late[:5] for ref in act.refs})),
        )
    elif stands.status in ("failed", "not_contained"):
        yield Open(text="Mend what made it fail, and run it again.", command=again)
    elif stands.status == "running":
        text = "If the run was cut off, go on where it stopped."
        yield Open(text=text, command=f"firedoor resume {facts.incident}")
    elif stands.status == "refused":
        text = "What was refused is not done: decide what shall contain the attacker instead."
        by_rule = refused_by_rule(facts)
        refused = (*facts.of("approval.denied"), *by_rule)
        yield Open(text=text, refs=tuple(told.seq for told in refused))
        for told in by_rule:
            if told.text("instead"):
                yield Open(text=f"{told.text('instead')} (step {told.step}).", refs=(told.seq,))
    elif stands.status == "open":
        yield Open(text="Run a runbook.", command=again)


def _by_hand(facts: Facts, stands: Standing) -> Iterator[Open]:
    """What the route said a person does, where the runbook contained nothing."""
    if stands.status != "done":
        return
    for told in facts.of("route.decided"):
        advice = line(told.text("why")).partition("By hand: ")[2]
        if advice:
            yield Open(text=f"Nothing was contained. By hand: {advice}", refs=(told.seq,))


def _run_again(facts: Facts) -> str:
    """The command that runs the last runbook anew; masked key ids have to be put in by hand."""
    runs = facts.top_runs()
    told = runs[-1].started if runs else next(iter(facts.of("route.decided")), facts.opened)
    given = told.part("inputs")
    words = ["firedoor", "run", told.text("runbook") or "RUNBOOK"]
    for name, value in given.items():
        if isinstance(value, str | int) and "…" not in str(value):
            words.append(shlex.quote(f"{line(name)}={line(value)}"))
        elif isinstance(value, str) and "user" not in given:
            words.append(f"{line(name)}=KEY_ID")
    return " ".join([*words, "--incident", facts.incident])


def _due(facts: Facts, stands: Standing) -> Iterator[Open]:
    if facts.simulated:
        return
    again = [told.at for told in facts.of("proof.taken") if told.data.get("again")]
    last = max(again, default=None)
    open_: dict[str, list[str]] = {}
    refs: set[int] = set()
    for run, _ in stands.runs:
        for item in run.finished.items("due") if run.finished else ():
            at = moment(item.get("at")) if isinstance(item, dict) else None
            if at is None or (last is not None and last >= at):
                continue
            open_.setdefault(line(item.get("what")), []).append(
                f"{utc(time_text(at))} UTC ({facts.rel(at)})"
            )
            refs.add(run.finished.seq if run.finished else 0)
    for what, moments in open_.items():
        yield Open(
            text=f"{what[:1].upper()}{what[1:]}.",
            command=f"firedoor verify {facts.incident}",
            at=f"due {listed(moments, 6)}",
            refs=tuple(sorted(refs)),
        )


def _secrets(done: list[Act], taken: tuple[Taken, ...]) -> Iterator[Open]:
    read = [act for act in done if act.allowed and _READ_SECRET.search(act.key)]
    if read:
        names = listed(sorted({act.about or act.call for act in read}), 8)
        yield Open(
            text=f"Rotate the secrets that were read ({names}): shutting the door does not "
            "take back what was carried out.",
            refs=tuple(sorted({ref for act in read for ref in act.refs}))[:20],
        )
    shut = [each for step in taken for each in step.changes if each.made and not each.undone]
    keys = [each for each in shut if "access-key/" in each.resource]
    if keys:
        yield Open(
            text=f"Give the owner new credentials, better short-lived ones, and delete the "
            f"{plural(len(keys), 'access key')} that {'is' if len(keys) == 1 else 'are'} inactive "
            "when nothing depends on them. Find where the key leaked and remove it there.",
            refs=tuple(ref for each in keys for ref in each.refs),
        )


def _agreed(facts: Facts) -> Iterator[Open]:
    """What the playbook asks of people, with its deadlines from when the incident was opened, and
    what has to hold before it is closed. A drill shows it without times: nobody is told."""
    for told in facts.of("route.decided"):
        for duty in told.items("people"):
            if not isinstance(duty, dict):
                continue
            who = ", ".join(line(each) for each in duty.get("who") or ())
            when = f" When: {line(duty['when'])}." if duty.get("when") else ""
            yield Open(
                text=f"{line(duty.get('what'))}{f' ({who})' if who else ''}.{when}",
                at=_deadline(facts, line(duty.get("within"))),
                refs=(told.seq,),
            )
        for each in told.items("over_when"):
            yield Open(text=f"Close it only when {line(each)}.", refs=(told.seq,))


def _deadline(facts: Facts, within: str) -> str:
    opened = moment(facts.opened.stamp)
    if not within or opened is None:
        return ""
    try:
        by = utc(time_text(opened + parse_duration(within)))
    except ValueError:
        return within
    return f"within {within}" + ("" if facts.simulated else f": by {by} UTC")


def _people(facts: Facts) -> Iterator[Open]:
    users = {
        str(resource["user"])
        for told in facts.of("finding.received")
        if isinstance(resource := told.part("finding").get("resource"), dict)
        and resource.get("user")
    }
    if users:
        yield Open(
            text=f"Ask who owns {listed(sorted(users))}: which of the calls were theirs, where the "
            "key was kept, what breaks without it?",
        )
    noted = {told.text("section") for told in facts.of("note.added")}
    empty = [title.lower() for id_, (title, _) in SECTIONS.items() if id_ not in noted]
    if empty:
        yield Open(
            text=f"Write down what only people know: {listed(empty, len(SECTIONS))}.",
            command=f'firedoor note {facts.incident} --section impact "…"',
        )
