"""Opens whatever a finding came in, and hands it to the parser of its source.

Taken off: JSON lines, lists, `{"Findings": […]}`, EventBridge, SNS (also as Lambda sees it), SQS
(as received, as Lambda sees it), Security Hub's imports and custom actions; in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from firedoor.errors import NotAFinding
from firedoor.findings import bare, events, foreign
from firedoor.findings.document import MAX_ENTRIES, TOO_MANY, documents, plain
from firedoor.findings.model import Finding
from firedoor.findings.text import at, text

MAX_LAYERS = 8

# Keys under which a list of entries stands, and what opens it: GetFindings of any source, the
# records of a Lambda function, the answer of SQS's ReceiveMessage.
_LISTS = ("findings", "records", "messages")


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a document stands: the line, the way to it, its envelope, and how many are off."""

    line: str = ""
    path: str = ""
    envelope: Mapping[str, Any] = {}
    layers: int = 0

    @property
    def where(self) -> str | None:
        return ", ".join(part for part in (self.line, self.path) if part) or None

    def inside(self, step: str, envelope: Mapping[str, Any] | None = None) -> _Place:
        """One layer further in (`step` "": at the same place); NotAFinding when one too many."""
        if self.layers >= MAX_LAYERS:
            message = f"it is wrapped in more than {MAX_LAYERS} envelopes: no source does that"
            raise NotAFinding(message, where=self.where)
        dot = "." if self.path and step and not step.startswith("[") else ""
        return msgspec.structs.replace(
            self,
            path=f"{self.path}{dot}{step}",
            envelope=self.envelope if envelope is None else envelope,
            layers=self.layers + 1,
        )


def parse(document: Any) -> list[Finding]:
    """The findings in a document: bytes, text (JSON or JSON lines), or JSON already read.

    NotAFinding says what the document is instead, and where. When some entries of a list are
    findings and others are not, the findings are returned and the first says in its `doubts` what
    was left out.
    """
    if isinstance(document, str | bytes | bytearray | memoryview):
        values = documents(document)
    else:
        values = [("", plain(document))]
    opening = _Opening()
    opening.entries((_Place(line=line), value) for line, value in values)
    return opening.result()


class _Opening:
    """One document being opened: what was found in it so far, and what was not a finding."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.refused: list[NotAFinding] = []
        self.count = 0

    def entries(self, found: Iterable[tuple[_Place, Any]]) -> None:
        """Open each entry of a list; one that is no finding does not stop the others."""
        for place, value in found:
            self.count += 1
            if self.count > MAX_ENTRIES:
                return
            try:
                self.open(value, place)
            except NotAFinding as error:
                self.refused.append(error)

    def result(self) -> list[Finding]:
        """The findings; NotAFinding when there are none, or more entries than were opened."""
        if self.count > MAX_ENTRIES:
            raise NotAFinding(TOO_MANY)
        if not self.refused:
            return self.findings
        first, count = self.refused[0], len(self.refused)
        if self.findings:
            total = count + len(self.findings)
            doubt = f"{count} of {total} entries in the document left out; the first: {first}"
            head = self.findings[0]
            said = (*head.doubts, text(doubt, 400) or "")
            return [msgspec.structs.replace(head, doubts=said), *self.findings[1:]]
        if count == 1:
            raise first
        message = f"none of its {count} entries is a finding; the first: {first.message}"
        raise NotAFinding(message, where=first.where)

    def open(self, value: Any, place: _Place) -> None:
        """Take one layer off, or hand over to a parser."""
        if isinstance(value, str):
            # Text quoted twice.
            self.open(_json(value, place), place.inside(""))
        elif isinstance(value, list):
            self._list(value, place, "")
        elif isinstance(value, dict):
            self._mapping(value, place)
        else:
            raise NotAFinding(f"it is {foreign.scalar(value)}, no finding", where=place.where)

    def _mapping(self, value: dict[str, Any], place: _Place) -> None:
        if events.is_event(value):
            self._event(value, place)
        elif parser := bare.parser_of(value):
            self._parsed(parser, value, place)
        elif foreign.is_known(value):
            raise NotAFinding(foreign.what(value), where=place.where)
        elif isinstance(at(value, "message"), str) and at(value, "topicArn") is not None:
            self._notification(value, place)
        elif isinstance(value.get("Sns"), dict):
            self.open(value["Sns"], place.inside("Sns"))
        elif isinstance(at(value, "body"), str):
            # A message of SQS, as received or as Lambda sees it; also an HTTP request.
            inside = place.inside("Body" if "Body" in value else "body")
            self.open(_json(at(value, "body"), inside), inside)
        elif listed := next((key for key in _LISTS if isinstance(at(value, key), list)), None):
            key = listed if isinstance(value.get(listed), list) else listed.capitalize()
            self._list(value[key], place, key)
        elif isinstance(value.get("finding"), dict):
            # The answer of Access Analyzer's GetFinding.
            self.open(value["finding"], place.inside("finding"))
        else:
            raise NotAFinding(foreign.what(value), where=place.where)

    def _event(self, value: dict[str, Any], place: _Place) -> None:
        detail = value["detail"]
        inside = place.inside("detail", envelope=value)
        if isinstance(detail, str):
            # An input transformer that quotes too much.
            detail = _json(detail, inside)
        parser = events.parser_of(value)
        if parser:
            self._parsed(parser, detail, inside)
        elif events.has_several(value):
            found = at(detail, "findings")
            if not isinstance(found, list):
                raise NotAFinding("the event has no list of findings", where=inside.where)
            self._list(found, inside, "findings")
        else:
            raise NotAFinding(foreign.event(value), where=place.where)

    def _notification(self, value: dict[str, Any], place: _Place) -> None:
        said = text(at(value, "type"), 60)
        if said not in (None, "Notification"):
            raise NotAFinding(foreign.notification(said), where=place.where)
        inside = place.inside("Message")
        message = at(value, "message")
        if message.lstrip()[:1] not in ("{", "["):
            subject = text(at(value, "subject") or message, 80) or ""
            reason = f"it is an SNS message of plain text ({subject!r}), not a finding"
            raise NotAFinding(reason, where=inside.where)
        self.open(_json(message, inside), inside)

    def _list(self, values: list[Any], place: _Place, key: str) -> None:
        told = foreign.records(values) if values else "it is an empty list: no finding in it"
        if told:
            raise NotAFinding(told, where=place.inside(key).where if key else place.where)
        self.entries((place.inside(f"{key}[{n}]"), value) for n, value in enumerate(values))

    def _parsed(self, parser: bare.Parser, value: Any, place: _Place) -> None:
        try:
            self.findings.append(parser(value, place.envelope))
        except NotAFinding as error:
            raise NotAFinding(error.message, where=place.where) from None


def _json(value: str, place: _Place) -> Any:
    """The JSON inside a text, with the way to it in the error."""
    if value.lstrip()[:1] not in ("{", "[", '"'):
        raise NotAFinding("it is a text, not a finding", where=place.where)
    try:
        found = documents(value)
    except NotAFinding as error:
        where = ", ".join(part for part in (place.where, error.where) if part)
        raise NotAFinding(error.message, where=where or None) from None
    return found[0][1] if len(found) == 1 else [one for _, one in found]
