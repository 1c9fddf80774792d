"""YAML as people write it: text with places, and nothing hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.errors import BadInput, CheckFailed, NotFound
from firedoor.yamlio import load, load_front_matter, loads, split_front_matter


def test_every_scalar_stays_the_text_that_was_written() -> None:
    text = "a: 012345670123\nb: yes\nc: 1e3\nd: 2024-01-01\ne: null\nf: 0x1F\ng: 1_000\nh: ~\ni:\n"

    assert loads(text, "x.yaml").value == {
        "a": "012345670123",
        "b": "yes",
        "c": "1e3",
        "d": "2024-01-01",
        "e": "null",
        "f": "0x1F",
        "g": "1_000",
        "h": "~",
        "i": "",
    }


def test_keys_stay_text_too() -> None:
    assert loads("111122223333: act\nyes: 1\n", "x.yaml").value == {
        "111122223333": "act",
        "yes": "1",
    }


def test_lists_mappings_and_blocks_are_read() -> None:
    text = "a: [1, {b: c}]\nd: |\n  two\n  lines\ne: >-\n  one\n  line\n"

    assert loads(text, "x.yaml").value == {
        "a": ["1", {"b": "c"}],
        "d": "two\nlines\n",
        "e": "one line",
    }


def test_the_place_of_every_key_and_value_is_known() -> None:
    document = loads("steps:\n  - id: who\n    with: { user: 'ä b' }\n", "x.yaml")

    user = document.mark(("steps", 0, "with", "user"))
    assert user.key == (3, 13)
    assert user.value == (3, 19)
    assert user.at(2) == (3, 22)
    assert document.mark(("steps", 0)).value == (2, 5)
    assert document.mark(("steps", 0, "with", "missing")).value == (3, 11)


def test_nothing_written_and_null_are_told_from_quoted_text() -> None:
    document = loads("a:\nb: null\nc: 'null'\nd: ~\ne: ''\n", "x.yaml")

    assert [document.is_null((key,)) for key in "abcde"] == [True, True, False, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: the key 'a' is here twice; first on line 1"),
        ("a: &x 1\n", "x.yaml:1:4: anchors (&x) are not allowed; write the value out"),
        ("a: *x\n", "x.yaml:1:4: aliases (*x) are not allowed; write the value out"),
        ("a: !!int 1\n", "x.yaml:1:4: tags (!!int) are not allowed; the schema knows the type"),
        (
            "a: !!python/object/apply:os.system [id]\n",
            "x.yaml:1:4: tags (!!python/object/apply:os.system) are not allowed;"
            " the schema knows the type",
        ),
        ("<<: { a: 1 }\n", "x.yaml:1:1: merge keys (<<) are not allowed"),
        ("? [a]\n: 1\n", "x.yaml:1:3: a key has to be text"),
        ("'': 1\n", "x.yaml:1:1: a key is missing before the ':'"),
        (
            "a: 1\n---\nb: 1\n",
            "x.yaml:2:1: a second document begins here; one file holds one document",
        ),
        ("%YAML 1.1\n---\na: 1\n", "x.yaml:1:1: directives (%YAML, %TAG) are not allowed"),
        ("a:\n\tb: 1\n", "x.yaml:2:1: a tab; YAML is indented with spaces"),
        ("a: b: c\n", "x.yaml:1:5: a ':' cannot be here; put text that holds ': ' in quotes"),
        ("a: 'b\n", "x.yaml:1:4: the quote opened here is not closed"),
        ("a: { b: 1\n", "x.yaml:1:4: a bracket opened here is not closed, or lacks a ','"),
        ("a: @b\n", "x.yaml:1:4: a value cannot begin with '@'; put it in quotes"),
        ("a: \x07\n", "x.yaml:1:4: the character U+0007 is not allowed"),
        ('a: "\\a"\n', "x.yaml:1:4: the character U+0007 is not allowed"),
        ("a: \u202eb\n", "x.yaml:1:4: the character U+202E is not allowed"),
        ("a: 1\rb: 2\n", "x.yaml:1:5: the character U+000D is not allowed"),
        ("", "x.yaml:1:1: the file is empty"),
        ("# nothing\n", "x.yaml:1:1: the file is empty"),
        ("---\n", "x.yaml:1:1: the file is empty"),
        ("[" * 60, "x.yaml:1:52: nested deeper than 50 levels"),
        ("a" * (1024 * 1024 + 1), "x.yaml: larger than 1 MiB"),
    ],
)
def test_what_is_hidden_or_broken_is_refused_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(CheckFailed) as raised:
        loads(text, "x.yaml")

    assert str(raised.value) == expected


def test_all_mistakes_are_reported_together() -> None:
    with pytest.raises(CheckFailed) as raised:
        loads("a: &x 1\nb: *x\nb: !t 2\n", "x.yaml")

    assert [problem.line for problem in raised.value.problems] == [1, 2, 3]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]

    with pytest.raises(CheckFailed, match="anchors"):
        loads("\n".join(lines), "x.yaml")


def test_windows_line_ends_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: 2\r\n".encode())

    document = load(path)

    assert document.value == {"a": "1", "b": "2"}
    assert document.mark(("b",)).key == (2, 1)


def test_a_file_that_is_not_utf_8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(CheckFailed) as raised:
        load(path)

    assert str(raised.value) == f"{path}:2:4: this is not UTF-8 text"


def test_a_file_over_1_mib_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: " + b"b" * 2_000_000)

    with pytest.raises(CheckFailed, match="larger than 1 MiB"):
        load(path)


def test_a_file_that_is_not_there_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match="folder"):
        load(tmp_path)


def test_a_path_below_the_current_folder_is_shown_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "x.yaml").write_text("a: 1")
    monkeypatch.chdir(tmp_path)

    assert load(tmp_path / "runbooks" / "x.yaml").name == "runbooks/x.yaml"


def test_front_matter_has_the_places_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\na: 1\nb:\n  c: 2\n---\n# Title\n\n---\nProse.\n")

    document, prose = load_front_matter(path)

    assert document.value == {"a": "1", "b": {"c": "2"}}
    assert document.mark(("b", "c")).value == (4, 6)
    assert prose == "# Title\n\n---\nProse."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n", "x.md:1:1: no front matter: the first line has to be ---"),
        (
            "---\na: 1\n",
            "x.md:1:1: the front matter that begins here is not closed by a line ---",
        ),
        ("---\n---\nText", "x.md:1:1: the file is empty"),
        ("---\na: *b\n---\n", "x.md:2:4: aliases (*b) are not allowed; write the value out"),
        ("---\na: 1\n---\nb\nc\x1b[2J\n", "x.md:5:2: the character U+001B is not allowed"),
    ],
)
def test_broken_front_matter_is_refused_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(CheckFailed) as raised:
        split_front_matter(text, "x.md")

    assert str(raised.value) == expected


_PIECES = st.sampled_from(
    ["\n", "  ", ": ", "- ", "&x ", "!!t ", "---\n", "...\n", "\t", "\0", "\ud800", "\r"]
).flatmap(lambda piece: st.sampled_from([piece, *"a{}[],'\"|>#%\\é?@1~", "*x", "<<"]))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=40).map("".join)))
def test_no_text_raises_anything_but_check_failed(text: str) -> None:
    try:
        found = loads(text, "x.yaml").marks
    except CheckFailed as error:
        found = error.problems

    assert found
