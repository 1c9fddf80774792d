"""`report`, `evidence` and `journal`: what an incident leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from firedoor.cli.terminal import clean, columns, console, json_option, print_json
from firedoor.cli.touched import warn_if_touched
from firedoor.engine.case import office_of
from firedoor.engine.spool import Spool
from firedoor.errors import NotFound, VerificationFailed


@click.command("report")
@click.argument("incident")
@click.option("--format", "format_", type=click.Choice(["html", "md", "json"]), default="html")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@json_option
def report_command(incident: str, format_: str, output: Path | None, as_json: bool) -> None:
    """Write the report again, from the journal as it is now. `-o -` writes it to stdout."""
    from firedoor.engine.reporting import render, report_folder

    office = office_of(incident)
    content = render(office.journal.entries(incident), format_)
    warn_if_touched(office, incident)
    if output == Path("-"):
        sys.stdout.buffer.write(content)
        return
    path = output or report_folder(office.home, incident) / f"report.{format_}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise NotFound(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"incident": incident, "format": format_, "path": str(path)})
    else:
        print(path)


@click.group("evidence")
def evidence_command() -> None:
    """List and verify evidence."""


@evidence_command.command("list")
@click.argument("incident")
@json_option
def evidence_list(incident: str, as_json: bool) -> None:
    """What was kept, from where and when."""
    office = office_of(incident)
    office.journal.entries(incident)
    records = office.vault.list(incident)
    if as_json:
        print_json({"incident": incident, "evidence": records})
        return
    rows = [
        (
            each.artefact.id,
            each.collected.get("end", ""),
            each.artefact.sha256[:16],
            each.artefact.path,
        )
        for each in records
    ]
    print(f"{office.vault.folder(incident)}")
    print(columns(rows))


@evidence_command.command("verify")
@click.argument("what", metavar="INCIDENT|DIR")
@json_option
def evidence_verify(what: str, as_json: bool) -> None:
    """Check every file against the chain of custody and the journal. Exit 1 if one differs."""
    from firedoor.evidence import verify_folder

    if Path(what).is_dir():
        found = verify_folder(Path(what))
    else:
        office = office_of(what)
        kept = [
            entry.data for entry in office.journal.entries(what) if entry.kind == "evidence.kept"
        ]
        found = office.vault.verify(what, kept)
    _verdict(
        msgspec.to_builtins(found),
        as_json,
        f"{found.artefacts} artefacts are as they were kept; custody head {found.head[:16]}",
    )


@click.group("journal")
def journal_command() -> None:
    """Show, export and verify the journal."""


@journal_command.command("show")
@click.argument("incident")
@json_option
def journal_show(incident: str, as_json: bool) -> None:
    """Every entry, in short."""
    entries = office_of(incident).journal.entries(incident)
    if as_json:
        print_json({"incident": incident, "entries": entries})
        return
    shown = console()
    for each in entries:
        place = "/".join(filter(None, (each.run, each.step)))
        shown.print(
            f"[quiet]#{each.seq:<4} {each.at[:19].replace('T', ' ')}[/]  {each.kind:<18} "
            f"[name]{clean(place):<20}[/] [quiet]{clean(each.by)}[/]",
            soft_wrap=True,
        )


@journal_command.command("export")
@click.argument("incident")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@json_option
def journal_export(incident: str, output: Path | None, as_json: bool) -> None:
    """The journal as JSON Lines; `journal verify FILE` checks it on any machine.

    With --json one document: where it was written to and its head, or the entries themselves.
    """
    content = office_of(incident).journal.export(incident)
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise NotFound(f"{output} cannot be written: {error.strerror}") from None
    if not as_json:
        if output:
            print(output)
        else:
            sys.stdout.buffer.write(content)
        return
    entries = [msgspec.json.decode(line) for line in content.splitlines()]
    told = {"incident": incident, "head": entries[-1].get("hash", "") if entries else ""}
    if output is None:
        print_json({**told, "entries": entries})
    else:
        print_json({**told, "path": str(output), "entries": len(entries)})


@journal_command.command("verify")
@click.argument("what", metavar="INCIDENT|FILE")
@json_option
def journal_verify(what: str, as_json: bool) -> None:
    """Check the hash chain, and that nothing was cut off. Exit 1 if it does not hold."""
    from firedoor.chain import verify_file

    if Path(what).is_file():
        found = verify_file(Path(what))
    else:
        office = office_of(what)
        found = office.journal.verify(what)
        spool = Spool.of(office.home)
        if what in spool.pending():
            note = f"more of {what} lies in the spool {spool.folder}: it cannot be merged yet"
            found = msgspec.structs.replace(found, notes=(*found.notes, note))
    _verdict(
        msgspec.to_builtins(found), as_json, f"{found.entries} entries hold; head {found.head[:16]}"
    )


def _verdict(found: dict[str, object], as_json: bool, good: str) -> None:
    if as_json:
        print_json(found)
        sys.exit(0 if found["holds"] else 1)
    problems = found["problems"]
    if not found["holds"]:
        assert isinstance(problems, list | tuple)
        raise VerificationFailed("\n".join(problems), where=str(found["incident"]))
    notes = found.get("notes") or ()
    assert isinstance(notes, list | tuple)
    print("\n".join([good, *notes]))
