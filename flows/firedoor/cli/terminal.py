"""What people see: one console for progress (stderr) and results (stdout), and `--json`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from firedoor.masking import masked, masked_text

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """`--json`: one JSON document on stdout and nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(
        command
    )


def print_json(document: Any) -> None:
    """Write a document to stdout, keys in the order they were given, secrets masked."""
    clean = masked(msgspec.to_builtins(document))
    encoded = msgspec.json.format(msgspec.json.encode(clean), indent=2)
    try:
        sys.stdout.write(encoded.decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _unread(sys.stdout)


def _unread(stream: IO[str]) -> None:
    """Whoever read it has gone: what is still said goes nowhere, and the exit code stays."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def console(*, stderr: bool = False) -> Console:
    """A rich console; without colour where the terminal or NO_COLOR says so."""
    from rich.console import Console  # lazy: 0.1 s that light commands do not need
    from rich.theme import Theme

    theme = Theme(
        {
            "good": "bold green",
            "bad": "bold red",
            "warn": "bold yellow",
            "quiet": "dim",
            "name": "bold cyan",
            "head": "bold",
        }
    )

    class Lasting(Console):
        """rich would end the process when nobody reads on; containing goes on unseen."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            _unread(self.file)

    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "100"))
    return Lasting(stderr=stderr, theme=theme, highlight=False, soft_wrap=False, width=width)


def tell(shown: Console, markup: str, indent: int = 0, hang: int = 4) -> None:
    """Print a line of rich markup; what does not fit goes on below, further in by `hang`."""
    width = max(20, shown.width - indent - hang)
    text = shown.render_str(markup)
    if text.cell_len + indent <= shown.width:
        shown.print(" " * indent, text, sep="", soft_wrap=True)
        return
    for number, line in enumerate(text.wrap(shown, width)):
        shown.print(" " * (indent + (hang if number else 0)), line, sep="", soft_wrap=True)


def can_ask() -> bool:
    """Whether somebody sits at the terminal to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def clean(text: Any) -> str:
    """Text for the terminal: no secrets, no control characters, no rich markup of its own."""
    from rich.markup import escape

    shown = masked_text(str(text))
    return escape("".join(each if each.isprintable() else "�" for each in shown))


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Rows as aligned plain text; the last column is left as it is."""
    if not rows:
        return ""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    return "\n".join(
        indent
        + "  ".join(
            [cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[-1]]
        ).rstrip()
        for row in rows
    )
