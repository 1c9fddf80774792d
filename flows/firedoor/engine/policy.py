"""Which rules a run is under, and that nobody else could have written them."""

from __future__ import annotations

from collections.abc import Mapping

from firedoor.errors import Refused


def policy_in_force(target: Mapping[str, str]) -> dict[str, str]:
    """Which runbooks and playbooks are in force: folders and digest.

    Refused when they rule what happens in AWS itself and somebody else could have written them.
    """
    from firedoor.library import Library  # lazy: reads YAML

    library = Library.open()
    open_to_others = library.writable_by_others()
    if open_to_others and not target.get("endpoint"):
        raise Refused(
            f"others can write to {open_to_others[0]}, and so decide what is done in AWS; take that"
            f" away first: chmod go-w {open_to_others[0]} (and look who owns it)"
        )
    return library.policy()
