"""The proof of containment: what was read back, and the controls of a drill."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Checked, Control
from firedoor.report.text import line, shortened

KINDS = (
    (
        "denied",
        "The attacker's own credentials were tried, and AWS refused them. The strongest proof "
        "there is; only drills can give it, because nobody uses stolen credentials for real.",
    ),
    (
        "state",
        "The change was read back from AWS and is as it was meant to be. It shows the setting, not "
        "that every request meets it.",
    ),
    (
        "stubbed",
        "The simulator lacks this part of AWS: the call was made and answered, its effect is not "
        "proven.",
    ),
)
"""The kinds of proof and what they are worth."""

_WANTED = {
    "attacker": "allowed before, denied after",
    "innocent": "allowed before and after",
    "fresh": "a session minted after containment is allowed",
}


def proofs(facts: Facts) -> tuple[Checked, ...]:
    """Every check of every proof, in the journal's order."""
    return tuple(each for told in facts.of("proof.taken") for each in _checks(facts, told))


def controls(facts: Facts) -> tuple[Control, ...]:
    """The probes of a drill: one line a role, person and call, before against after."""
    pairs: dict[tuple[str, str, str], dict[str, Told]] = {}
    for told in facts.of("probe.made"):
        key = (told.text("role"), told.text("who"), told.text("call"))
        pairs.setdefault(key, {})[told.text("phase")] = told
    return tuple(_control(key, pair) for key, pair in pairs.items())


def _checks(facts: Facts, told: Told) -> Iterator[Checked]:
    checks = [each for each in told.items("checks") if isinstance(each, dict)]
    for each in checks or [{"what": "nothing was checked", "holds": told.data.get("holds")}]:
        holds = each.get("holds")
        yield Checked(
            run=told.run,
            step=told.step,
            action=told.text("action"),
            what=line(each.get("what")),
            seen=shortened(line(each.get("seen")), 200),
            holds=holds if isinstance(holds, bool) else None,
            kind=line(each.get("kind")) or told.text("kind") or "state",
            at=told.stamp,
            relative=facts.rel(told.at),
            again=bool(told.data.get("again")),
            refs=(told.seq,),
        )


def _control(key: tuple[str, str, str], pair: dict[str, Told]) -> Control:
    role, who, call = key
    before, after = pair.get("before"), pair.get("after")
    met: bool | None = None
    if not any(told.data.get("inconclusive") for told in pair.values()):
        got = tuple(bool(told.data.get("allowed")) if told else None for told in (before, after))
        if role == "fresh":
            met = got[1]
        elif None not in got:
            met = got == ((True, False) if role == "attacker" else (True, True))
    return Control(
        role=role,
        who=who,
        call=call,
        before=_said(before),
        after=_said(after),
        wanted=_WANTED.get(role, ""),
        met=met,
        refs=tuple(told.seq for told in (before, after) if told),
    )


def _said(told: Told | None) -> str:
    if told is None:
        return "not tried"
    if told.data.get("inconclusive"):
        reason = told.data["inconclusive"]
        return "inconclusive" + (f" ({line(reason)})" if isinstance(reason, str) else "")
    if told.data.get("allowed"):
        return "allowed"
    return f"denied ({told.text('code')})" if told.text("code") else "denied"
