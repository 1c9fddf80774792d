"""The drills about buckets: what each containing step is for, seen by taking it out.

Steps whose objectives do not depend on each other are taken out together, to save time.
"""

from __future__ import annotations

import pytest

from firedoor.library import Library
from tests.exercise.conftest import Play, without

MUTATIONS = [
    (
        "public-bucket",
        "public-bucket",
        {
            "block": ("shut", "stranger still got through"),
            "points": ("access_point", "wanted"),
            "opened_by": ("credentials", "no policy denies everything"),
            "clean_acl": ("acl", "ObjectWriter"),
        },
    ),
    ("public-bucket", "public-bucket", {"policy": ("account", "is true")}),
    (
        "ransomed-bucket",
        "ransomed-bucket",
        {
            "rules": ("expiry", "is Enabled"),
            "versions_again": ("versions", "is Suspended"),
            "sse_c": ("sse_c", "is NONE"),
            "strangers": ("strangers", "is true"),
            "restore": ("restored", "is 0"),
        },
    ),
    (
        "ransomed-bucket",
        "ransomed-bucket",
        {
            "block": ("block", "NoSuchPublicAccessBlockConfiguration"),
            "policy": ("policy", "is true"),
            "keep": ("destruction", "is false"),
            "credentials": ("credentials", "no policy denies everything"),
        },
    ),
    (
        "planted-website",
        "public-bucket",
        {
            "block_website": ("website", "stranger still got through"),
            "points_everywhere": ("everywhere", "is false"),
            "others": ("second", "passer_by still got through"),
            "opened_by": ("credentials", "no policy denies everything"),
        },
    ),
    ("planted-website", "public-bucket", {"policy": ("policy", "wanted nothing")}),
]
BY_HAND = {
    "public-bucket": {"shut_for", "website_policy", "opened_by_role"},
    "ransomed-bucket": {"shut_for", "versions", "others", "credentials_role"},
}
"""Containing steps of which no drill tells: what only people name (`accounts`), or when they keep a
website up, or where versioning was never on; see tests/engine/test_buckets.py. Roles have drills of
their own."""


@pytest.mark.parametrize(
    ("scenario", "runbook", "steps"),
    MUTATIONS,
    ids=[f"{scenario} without {', '.join(steps)}" for scenario, _, steps in MUTATIONS],
)
def test_without_a_step_the_drill_fails_and_says_what_for(
    drill: Play,
    library: Library,
    scenario: str,
    runbook: str,
    steps: dict[str, tuple[str, str]],
) -> None:
    drilled = drill(scenario, program=without(library, *steps, runbook=runbook))

    told = {str(each["id"]): each for each in drilled.objectives}
    assert not drilled.passed
    assert {goal for goal, _ in steps.values()} <= {
        k for k, each in told.items() if not each["met"]
    }
    for goal, why in steps.values():
        assert why in str(told[goal]["why"])


@pytest.mark.parametrize("runbook", sorted(BY_HAND))
def test_every_containing_step_is_taken_out_above(library: Library, runbook: str) -> None:
    taken = {step for _, book, steps in MUTATIONS if book == runbook for step in steps}

    steps = library.load(runbook).all_steps()

    containing = {step.id for step in steps if step.phase and step.phase.value == "contain"}
    assert containing - BY_HAND[runbook] <= taken
