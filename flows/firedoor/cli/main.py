"""`firedoor`: finds the command, and turns every error into one message and the right exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from firedoor import __version__
from firedoor.errors import FiredoorError
from firedoor.masking import masked

# Importing makes objects that all stay; to look through them for garbage is a tenth of the start.
gc.set_threshold(50_000, 20, 20)

COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module below firedoor.cli, what it does in one line)
    "check": ("language", "Check runbooks, playbooks and scenarios; all errors at once."),
    "list": ("language", "List runbooks, playbooks, actions or scenarios."),
    "show": ("showing", "What a runbook, action, playbook or scenario is; --graph draws it."),
    "policy": ("policy", "The least-privilege IAM policy that runbooks need."),
    "schema": ("language", "The JSON Schema of runbooks, for editors."),
    "reference": ("language", "Write the reference of runbooks and actions, as Markdown."),
    "route": ("route", "Which playbook and runbook a finding goes to, and why."),
    "plan": ("run", "What a runbook would change. Reads AWS, changes nothing."),
    "run": ("run", "Run a runbook: shows the plan, asks, contains, proves, reports."),
    "ingest": ("ingest", "Take a finding in as if it had come by webhook; always asks."),
    "incidents": ("incidents", "List the incidents."),
    "status": ("incidents", "Where an incident stands."),
    "role": ("casework", "Who does what in an incident."),
    "severity": ("casework", "Set how bad an incident is."),
    "close": ("casework", "Close an incident."),
    "split": ("casework", "Give findings an incident of their own."),
    "merge": ("casework", "Let one incident's findings belong to another."),
    "note": ("incidents", "Write down what only people know; the report keeps it."),
    "approvals": ("approvals", "What waits for a person."),
    "approve": ("approvals", "Approve what waits."),
    "deny": ("approvals", "Deny what waits."),
    "freeze": ("freezing", "Stop all automatic change; what is asked still can be approved."),
    "thaw": ("freezing", "Allow automatic change again."),
    "resume": ("resume", "Go on with what was cut off or waited."),
    "verify": ("aftercare", "Read back whether what was contained still holds."),
    "undo": ("undoing", "Put back what was changed, from the recorded state before."),
    "serve": ("serve", "Stay: take findings in, keep Prefect warm, take runs over."),
    "deploy": ("deploy", "Print what a team sets up: the AWS side, a service unit, a container."),
    "doctor": ("doctor", "What stands in the way, and the fix; --readiness: of an investigation."),
    "drill": ("drill", "Play scenarios against simulated AWS, in seconds."),
    "scenario": ("scenario", "Write a new scenario to begin with."),
    "report": ("records", "Write the report of an incident again."),
    "evidence": ("records", "List and verify evidence."),
    "journal": ("records", "Show, export and verify the journal."),
}

GROUPS = {
    "In an incident": (
        "route",
        "plan",
        "run",
        "ingest",
        "approvals",
        "approve",
        "deny",
        "resume",
        "freeze",
        "thaw",
        "role",
        "severity",
    ),
    "Afterwards": (
        "incidents",
        "status",
        "verify",
        "undo",
        "note",
        "split",
        "merge",
        "close",
        "report",
        "evidence",
        "journal",
    ),
    "Before": (
        "doctor",
        "deploy",
        "serve",
        "drill",
        "scenario",
        "check",
        "list",
        "show",
        "policy",
        "schema",
        "reference",
    ),
}


class Firedoor(click.Group):
    """The top command: knows its commands' names and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"firedoor.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name}_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "; `firedoor --help` lists them"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])


@click.group(cls=Firedoor, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="firedoor %(version)s")
def cli() -> None:
    """Shuts an attacker out of an AWS account: contains, proves it, keeps evidence, can undo it.

    Exit codes: 0 done; 1 the answer is no; 2 bad input; 3 failed, refused or not proven to be
    contained; 4 waits for an approval; 130 interrupted (Ctrl-C). Every command takes --json.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Ends the process with the exit code of the contract."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in args
    try:
        code = cli.main(args, prog_name="firedoor", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.UsageError as error:
        code = _tell(_usage(error), as_json, 2)
    except click.Abort as abort:
        # click makes one of Ctrl-C anywhere; at a question of its own it has no cause.
        told = _INTERRUPTED if isinstance(abort.__cause__, KeyboardInterrupt) else _ABORTED
        code = _leave(_tell(told, as_json, 130))
    except FiredoorError as error:
        code = _tell(error.as_json(), as_json, error.exit_code)
    except KeyboardInterrupt:
        code = _leave(_tell(_INTERRUPTED, as_json, 130))
    except BrokenPipeError:
        # The reader of our output has gone; nothing is left to be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        # The last door: a fault of ours is said, not thrown.
        if os.environ.get("FIREDOOR_DEBUG"):
            raise
        code = _tell(_fault(error), as_json, 3)
    sys.exit(code if isinstance(code, int) else 0)


def _leave(code: int) -> int:
    """The code; or the end at once, where a thread still reads an answer that nobody gives."""
    from firedoor.cli.asking import ASKING  # lazy: most commands ask nothing

    if ASKING.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


_ABORTED = {"kind": "aborted", "message": "aborted: nothing was changed", "where": None}
_INTERRUPTED = {
    "kind": "interrupted",
    "message": "interrupted; what was done is in the journal: `firedoor incidents`, then "
    "`firedoor resume INCIDENT` goes on",
    "where": None,
}


def _usage(error: click.UsageError) -> dict[str, Any]:
    where = error.ctx.command_path if error.ctx else None
    return {"kind": "usage", "message": error.format_message(), "where": where}


def _fault(error: Exception) -> dict[str, Any]:
    return {
        "kind": "fault",
        "message": f"a fault in firedoor itself: {type(error).__name__}: {error}. What was done is "
        "in the journal. FIREDOOR_DEBUG=1 shows where it happened",
        "where": None,
    }


def _tell(error: dict[str, Any], as_json: bool, code: int) -> int:
    # What somebody typed or sent by mistake is quoted in messages.
    error = masked(error)
    if as_json:
        import json

        print(json.dumps({"error": error}))
        return code
    where = f"{error['where']}: " if error.get("where") else ""
    lines = f"{where}{error['message']}".splitlines() or [""]
    mark = click.style("error:", fg="red", bold=True)
    click.echo(f"{mark} {_inert(lines[0])}", err=True)
    for line in lines[1:]:
        click.echo(f"       {_inert(line)}", err=True)
    return code


def _inert(text: str) -> str:
    """Without control characters: a message may quote what an attacker chose."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


if __name__ == "__main__":
    main()
