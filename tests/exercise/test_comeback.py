"""After a drill everything comes back, but for what cannot and what would let the attacker in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firedoor.engine.undo import Undoing
from firedoor.exercise.comeback import place
from firedoor.exercise.watching import Watching
from tests.exercise.conftest import Altered, Play


class Watcher(Watching):
    """Notes what was said before each round of undoing."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, list[Undoing]]] = []

    def undoing(self, when: str, planned: Sequence[Undoing]) -> None:
        self.rounds.append((when, list(planned)))


def test_undo_brings_the_account_back_but_for_what_it_says(drill: Play) -> None:
    undone = drill(undo=True).undo

    assert undone is not None
    assert (undone.same, undone.shut) == (True, True)
    assert {(each["run"], each["step"]) for each in undone.left} == {  # type: ignore[index, call-overload]
        ("r1", "named_key"),
        ("r1", "keys"),
        ("r1", "console"),
        ("r1", "other_credentials"),
        ("r1", "made_keys.0"),
        ("r1", "made_passwords.0"),
        ("r1", "made_credentials.0"),
        ("r1.spread.0", "keys"),
        # And what was deleted after containment.
        ("r1", "own_keys.0"),
        ("r1", "made_keys_gone.0"),
        ("r1", "created_gone.0"),
    }
    assert not any("NOT EXPLAINED" in each for each in undone.differs)


def test_what_reopens_is_said_before_and_comes_back_when_no_session_is_alive(drill: Play) -> None:
    watcher = Watcher()

    drill(undo=True, watching=watcher)

    (now, first), (later, second) = watcher.rounds
    assert (now, later) == ("now", "36 h later")
    # What a later step deleted is that step's to bring back, and cannot come back.
    assert {one.verdict for one in first} == {"reopens", "lost", "drift", "back"}
    again = {one.step for one in second if one.verdict == "undo"}
    assert again == {"boundary", "deny", "sessions.0"}


def test_a_resource_of_a_change_is_found_in_the_snapshot() -> None:
    user = "arn:aws:iam::111122223333:user/teams/ci"

    assert place(f"{user}#access-key/AKIA1") == "users/ci/access_keys/AKIA1"
    assert place(f"{user}#login-profile") == "users/ci/login_profile"
    assert place(f"{user}#attached-policy/arn:aws:iam::aws:policy/AWSDenyAll") == "users/ci/managed"
    assert place("arn:aws:iam::111122223333:role/r#inline-policy/cut") == "roles/r/inline/cut"


def test_what_the_attacker_changed_himself_after_the_finding_is_told_apart(
    drill: Play, altered: Altered
) -> None:
    def adds_a_tag(root: dict[str, Any]) -> None:
        root["attacker"]["acts"].append(
            {
                "at": "20s",
                "as": "second_key",
                "call": "iam:TagUser",
                "with": {"UserName": "data-analyst", "Tags": [{"Key": "seen", "Value": "yes"}]},
            }
        )

    undone = drill(altered(adds_a_tag), undo=True).undo

    assert undone is not None
    assert undone.same
    assert [each for each in undone.differs if "the attacker did it himself (iam:TagUser)" in each]
