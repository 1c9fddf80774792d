"""The sort of a finding, for references such as `$finding.resource.user`."""

from __future__ import annotations

from msgspec import inspect

from firedoor.check.sorts import Sort, made_of, sort_of, type_of_kind
from firedoor.findings import naming
from firedoor.findings.model import Finding
from firedoor.shapes import type_of

_KINDS = {
    **naming.KINDS,
    **{field: f"list[{naming.KINDS[item]}]" for field, item in naming.LISTS.items()},
    "ip": "ip_address",
    "updated": "time",
    "first": "time",
    "last": "time",
}
"""The kinds of a finding's fields, which its parsers have made sure of. The model says text."""


def _finding() -> Sort:
    """The finding, with the kinds that its parsers make sure of; without the raw document."""
    sort = sort_of(type_of(Finding))
    return made_of({name: _field(sort, name) for name in sort.known() if name != "raw"})


def _field(sort: Sort, name: str) -> Sort:
    found = sort.attribute(name) or sort
    kind = type_of_kind(_KINDS.get(name, ""))
    if kind is not None:
        described = sort_of(kind)
        return Sort(described.core, described.kind, _may_be_absent(found))
    if isinstance(found.core, inspect.StructType):
        return made_of(
            {each: _field(found, each) for each in found.known()}, optional=found.optional
        )
    return found


def _may_be_absent(sort: Sort) -> bool:
    # Empty text and empty lists stand for what a source did not say.
    return sort.optional or isinstance(sort.core, inspect.StrType | inspect.CollectionType)


FINDING = _finding()
"""What `$finding` stands for in a playbook."""
