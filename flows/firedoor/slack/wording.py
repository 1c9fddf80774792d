"""Words as Slack shows them. What attackers chose is shown, and does nothing: no ping, no link, no
bold, no second line; too long is cut with a mark. Secrets are masked, key ids shortened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from firedoor.kinds import mask_key_id, parse_time
from firedoor.masking import masked_text
from firedoor.render import clean, escape_slack

SECTION, HEADER, CONTEXT = 2900, 150, 1900
"""Characters that one block holds; Slack's own limits are 3000, 150 and (undocumented) 2000."""

MESSAGE = 9_500
"""Characters of all blocks of a message together; at about 13,200 Slack refuses it."""

BLOCKS = 48
"""Blocks of a message; Slack takes 50."""

CUT = "…"
NAME = 200
"""Characters of one name that somebody chose."""

# Slack has no escape for its own marks: they become letters that look alike.
_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def cut(text: str, most: int) -> str:
    """A text in at most so many characters, with a mark where it was cut."""
    return text if len(text) <= most else text[: most - 1] + CUT


def said(text: object, most: int = 600) -> str:
    """A text of somebody's as prose in mrkdwn."""
    return _EDGE.sub("ˍ", _safe(text, most).translate(_MARKS))


def name(text: object, most: int = NAME) -> str:
    """A name of somebody's in mrkdwn, letter by letter, as code."""
    shown = _safe(text, most).replace("`", "ˋ")
    return f"`{shown}`" if shown.strip() else "(nothing)"


def flat(text: object, most: int) -> str:
    """A text of somebody's where Slack reads no marks (`plain_text`), and in notifications."""
    return _safe(text, most)


def _safe(text: object, most: int) -> str:
    plain = mask_key_id(masked_text(clean(str(text)))).strip()
    shown = escape_slack(cut(plain, most))
    while len(shown) > most and plain:
        # What escaping made longer; an entity must not be cut in two.
        plain = plain[: max(0, len(plain) - 1 - (len(shown) - most) // 6)]
        shown = escape_slack(plain + CUT)
    return shown


def moment(text: str) -> str:
    """A time in each reader's own zone, UTC where that cannot be shown."""
    try:
        when = parse_time(text)
    except ValueError:
        return said(text, 40)
    utc = when.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(when.timestamp())}^{{date_num}} {{time}}|{utc}>"


def header(text: object) -> Block:
    """A heading."""
    return HeaderBlock(text=PlainTextObject(text=flat(text, HEADER) or "-", emoji=False))


def section(text: str) -> Block:
    """A paragraph of mrkdwn; its parts are safe already."""
    return SectionBlock(text=MarkdownTextObject(text=_whole(text, SECTION), verbatim=True))


def context(text: str) -> Block:
    """A small line of mrkdwn; its parts are safe already."""
    shown = MarkdownTextObject(text=_whole(text, CONTEXT), verbatim=True)
    return ContextBlock(elements=[shown])


def paragraphs(lines: Sequence[str], more: str = "and {} more") -> list[Block]:
    """Lines as few blocks, each line whole; what does not fit any more is counted."""
    blocks: list[Block] = []
    held: list[str] = []
    room = MESSAGE - 3000
    for number, line in enumerate(lines):
        if len(line) > room:
            held.append(more.format(len(lines) - number))
            break
        if held and sum(len(each) + 1 for each in held) + len(line) > SECTION - 40:
            blocks.append(section("\n".join(held)))
            held = []
        held.append(line)
        room -= len(line) + 1
    if held:
        blocks.append(section("\n".join(held)))
    return blocks


def _whole(text: str, most: int) -> str:
    """A text that fits a block, cut between lines where there are any."""
    if len(text) > most:
        text = (text[: most - 2].rpartition("\n")[0] or text[: most - 2]) + "\n" + CUT
    return text or "-"


def message(text: str, blocks: Sequence[Block]) -> dict[str, Any]:
    """`text` (what a notification says, safe already) and blocks, as chat.postMessage takes them.

    Raises SlackObjectFormationError when a block is not as Slack wants it.
    """
    return {"text": text, "blocks": [block.to_dict() for block in blocks[:BLOCKS]]}
