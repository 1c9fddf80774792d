"""An approval as a message with two buttons, and what it becomes when somebody has decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    MarkdownTextObject,
    PlainTextObject,
)
from slack_sdk.models.views import View

from firedoor.approval import NOT_AGREED, Asked
from firedoor.chain import Entry
from firedoor.saying import policy_in_words, short_resource
from firedoor.slack import wording

APPROVE, DENY = "firedoor_approve", "firedoor_deny"
REASON = "firedoor_reason"
TOKEN = "{token}"
"""Stands for the letter's own token in a body; the sender puts it in."""

CHANGES = 25
"""Changes that are listed; the rest is counted, and stands in the plan."""


def standing(asked: Asked) -> str:
    """In a word, how it stands: another word, another message."""
    if asked.denied:
        return "denied"
    if asked.agreed:
        return "agreed"
    return "expired" if asked.expired else f"open-{len(asked.yes)}"


def asking(asked: Asked, evidence: int, last: Entry | None = None) -> dict[str, Any]:
    """The message: what, on which targets, from → to, whether it can come back, what is kept.

    `evidence`: how many pieces were kept when it was asked; `last`: the last answer, which decided
    it. The buttons carry the letter's token.
    """
    data = asked.entry.data
    blocks: list[Block] = [
        wording.header(f"Approval {asked.id}"),
        wording.section(f"*{wording.said(data['question'], 1500)}*"),
        *wording.paragraphs(_what(data)),
        wording.section("\n".join(_facts(asked, evidence))),
    ]
    text = wording.flat(f"{asked.id}: {data['question']}", 300)
    if not asked.open:
        blocks.append(wording.section(_decided(asked, last)))
        return wording.message(text, blocks)
    if asked.yes:
        names = ", ".join(wording.said(each, 60) for each in asked.yes)
        blocks.append(
            wording.section(f"approved by {names}; {asked.quorum - len(asked.yes)} more needed")
        )
    final = _lost(data)
    blocks.append(
        ActionsBlock(
            elements=[
                ButtonElement(
                    text=PlainTextObject(text="Approve", emoji=False),
                    action_id=APPROVE,
                    value=TOKEN,
                    style="primary",
                    confirm=_confirm(final) if final else None,
                ),
                ButtonElement(
                    text=PlainTextObject(text="Deny", emoji=False),
                    action_id=DENY,
                    value=TOKEN,
                    style="danger",
                ),
            ]
        )
    )
    return wording.message(text, blocks)


def reason_view(token: str, id_: str) -> View:
    """The window that asks for the words of a denial."""
    from slack_sdk.models.blocks import InputBlock, PlainTextInputElement

    return View(
        type="modal",
        callback_id=DENY,
        title=PlainTextObject(text="Deny", emoji=False),
        submit=PlainTextObject(text="Deny", emoji=False),
        close=PlainTextObject(text="Back", emoji=False),
        private_metadata=token,
        blocks=[
            wording.section(f"{wording.name(id_, 100)} ends with this, whoever else agrees."),
            InputBlock(
                block_id=REASON,
                label=PlainTextObject(text="Why not? Everybody reads it.", emoji=False),
                element=PlainTextInputElement(action_id=REASON, multiline=True, max_length=1000),
            ),
        ],
    )


def evidence_before(entries: Sequence[Entry], seq: int) -> int:
    """How many pieces of evidence were kept before an entry."""
    return sum(entry.kind == "evidence.kept" and entry.seq < seq for entry in entries)


def _what(data: Mapping[str, Any]) -> list[str]:
    """One line for each change, or for each call of a loop."""
    lines = []
    changes = list(data.get("changes") or ())
    for change in changes[:CHANGES]:
        line = (
            f"• {wording.name(short_resource(str(change['resource'])))} "
            f"{wording.said(change['what'], 120)}: {_value(change.get('from'))} → "
            f"{_value(change.get('to'))}"
        )
        if change.get("lost"):
            line += f"\n   *cannot come back*: {wording.said(change['lost'], 300)}"
        lines.append(line)
    items = list(data.get("items") or ())
    lines += [f"• {wording.name(item, 300)}" for item in items[:CHANGES]]
    left = max(0, len(changes) - CHANGES) + max(0, len(items) - CHANGES)
    return lines + ([f"and {left} more: `firedoor status` shows all"] if left else [])


def _facts(asked: Asked, evidence: int) -> list[str]:
    data = asked.entry.data
    lost = _lost(data)
    back = "no: " + wording.said("; ".join(lost), 300) if lost else "yes, exactly"
    if not data.get("changes") and data.get("items"):
        back = "as each of these runs says"
    roles = ", ".join(wording.said(role, 60) for role in data["by"])
    quorum = f" ({asked.quorum} different people)" if asked.quorum > 1 else ""
    targets = sorted({str(change["resource"]).split("#", 1)[0] for change in data["changes"]})
    lines = [
        f"*On*: {', '.join(wording.name(each) for each in targets[:5])}"
        + (f" and {len(targets) - 5} more" if len(targets) > 5 else "")
        if targets
        else "*On*: the calls above",
        f"*Reversible*: {back}",
        f"*Evidence kept before*: {evidence} piece(s)",
        f"*For*: {roles}{quorum}",
        f"*Expires*: {wording.moment(str(data['expires']))}; expiry is never a yes",
        f"*Elsewhere*: {wording.name('firedoor approve ' + asked.id)} or "
        f"{wording.name('firedoor deny ' + asked.id)}",
    ]
    why = [wording.said(each, 300) for each in data.get("why", ()) if each != NOT_AGREED]
    return lines + [f"*It asks because*: {each}" for each in why[:3]]


def _decided(asked: Asked, last: Entry | None) -> str:
    when = f" at {wording.moment(last.at)}" if last else ""
    if asked.denied:
        who = wording.said((last.data.get("person") or last.by) if last else "somebody", 100)
        reason = wording.said(last.data.get("reason", "") if last else asked.denied, 1000)
        return f"✗ *Denied* by {who}{when}" + (f": {reason}" if reason else "")
    if asked.agreed:
        names = ", ".join(wording.said(each, 100) for each in asked.yes)
        return f"✓ *Approved* by {names}{when} ({wording.said(asked.words, 600)})"
    return (
        f"*Expired* at {wording.moment(str(asked.entry.data['expires']))}: nobody answered in "
        f"time ({wording.said(asked.entry.data.get('on_timeout', 'escalate'), 40)})"
    )


def _lost(data: Mapping[str, Any]) -> list[str]:
    found = (str(change.get("lost") or "") for change in data.get("changes") or ())
    return list(dict.fromkeys(each for each in found if each))


def _confirm(lost: Sequence[str]) -> ConfirmObject:
    return ConfirmObject(
        title=PlainTextObject(text="This cannot come back", emoji=False),
        text=MarkdownTextObject(text=wording.said("; ".join(lost), 290), verbatim=True),
        confirm=PlainTextObject(text="Approve", emoji=False),
        deny=PlainTextObject(text="Back", emoji=False),
    )


def _value(found: Any) -> str:
    if found is None:
        return "absent"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, str):
        return wording.name(found, 80)
    spoken, condition = policy_in_words(found)
    text = spoken or msgspec.json.encode(found).decode()
    return wording.name(text + (" under a condition" if condition else ""), 120)
