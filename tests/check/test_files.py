"""Files of every kind, and what loading and checking them costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.check import Known, check_paths, check_runbook, load
from firedoor.errors import CheckFailed
from firedoor.library import shipped
from firedoor.runbook import Runbook, Step
from firedoor.yamlio import loads
from tests.check.actions import ACTIONS
from tests.check.conftest import HEAD

STEP = "  - { id: who, phase: triage, action: iam.resolve_user }\n"


def test_every_runbook_that_is_shipped_has_no_mistakes() -> None:
    assert check_paths([shipped("runbooks")]) == []


def test_every_playbook_and_scenario_that_is_shipped_has_no_mistakes() -> None:
    assert check_paths([shipped("playbooks")]) == []


def test_a_runbook_is_loaded_or_all_its_mistakes_are_raised(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + STEP)
    assert load(path, actions=ACTIONS).runbook == "example"

    path.write_text(HEAD + STEP.replace("triage", "tirage").replace("resolve", "resolv"))
    with pytest.raises(CheckFailed) as raised:
        load(path, actions=ACTIONS)

    assert len(raised.value.problems) == 2
    assert str(raised.value).startswith(f"{path}:11:23: 'tirage' is not one of triage,")


def test_the_mistakes_of_all_files_are_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(HEAD)
    (tmp_path / "a.yaml").write_text("runbook: 1\nrunbook: 2\n")
    (tmp_path / ".hidden.yaml").write_text("runbook: 1\nrunbook: 2\n")
    (tmp_path / "other-tool.yaml").write_text("policies: []\npolicies: []\n")
    (tmp_path / "README.md").write_text("# No front matter\n")
    (tmp_path / "c.md").write_text("---\na: &b\nplaybook: c\n---\n")

    found = check_paths([tmp_path, tmp_path / "none.yaml"], actions=ACTIONS)

    assert [str(each) for each in found] == [
        f"{tmp_path}/a.yaml:2:1: the key 'runbook' is here twice; first on line 1",
        f"{tmp_path}/b.yaml:10:7: 'steps' has to be a list",
        f"{tmp_path}/c.md:2:4: anchors (&b) are not allowed; write the value out",
        f"{tmp_path}/none.yaml: there is no such file",
    ]


def test_a_runbook_finds_those_beside_it_and_is_told_of_broken_ones(tmp_path: Path) -> None:
    caller = HEAD + "  - { id: o, phase: triage, runbook: other, with: { user: $inputs.user } }\n"
    (tmp_path / "example.yaml").write_text(caller)
    (tmp_path / "other.yaml").write_text(
        (HEAD + STEP).replace("runbook: example", "runbook: other")
    )
    assert check_paths([tmp_path / "example.yaml"], actions=ACTIONS) == []

    (tmp_path / "other.yaml").write_text("a: &b")
    found = check_paths([tmp_path / "example.yaml"], actions=ACTIONS)

    assert [each.message for each in found] == ["the runbook 'other' has errors of its own"]


def test_in_a_folder_of_runbooks_the_name_is_the_file_s(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    path = tmp_path / "runbooks" / "exampel.yaml"
    path.write_text(HEAD + STEP)

    assert [each.message for each in check_paths([path], actions=ACTIONS)] == [
        "the file is called exampel.yaml, so the runbook has to be called 'exampel'"
    ]


def test_checking_imports_neither_jinja_nor_prefect_nor_boto3() -> None:
    code = (
        "import sys, firedoor.check, firedoor.library\n"
        "firedoor.library.Library.open()\n"
        "firedoor.check.check_paths([firedoor.library.shipped('runbooks')])\n"
        "heavy = {'jinja2', 'prefect', 'boto3', 'botocore', 'moto', 'sqlalchemy', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )

    assert told.stdout == "[]\n"


_KEYS = st.sampled_from([*Step.__struct_fields__, "with", "as"])
_WORDS = ["who", "$who.user", "$inputs.user", "$inputs", "who.key", "example", "iam.resolve_user"]
_MORE = [
    "iam.disable_access_keys",
    "contain",
    "1",
    "null",
    "'{{ who.user }}'",
    "'{{ x', ",
    "not who",
]
_VALUES = st.recursive(
    st.sampled_from([*_WORDS, *_MORE[:-2], "run", "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(_KEYS | st.sampled_from(["user", "only"]), inner, max_size=5).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.dictionaries(_KEYS, _VALUES, max_size=9), max_size=4),
    st.dictionaries(st.sampled_from(Runbook.__struct_fields__), _VALUES, max_size=3),
)
def test_no_runbook_is_more_than_problems(
    steps: list[dict[str, str]], more: dict[str, str]
) -> None:
    lines = [
        "{" + ", ".join(f"{key}: {value}" for key, value in each.items()) + "}" for each in steps
    ]
    head = {"runbook": "example", "title": "x", "summary": "x", "steps": f"[{', '.join(lines)}]"}
    text = "\n".join(f"{key}: {value}" for key, value in ({**head, **more}).items())

    book, problems = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))

    assert (book is None) == bool(problems)
