"""How a drill was rated: objectives, and the controls that its proof rests on."""

from __future__ import annotations

from firedoor.report.facts import Facts
from firedoor.report.said import Drill, Objective, Tone
from firedoor.report.text import line

RATINGS: dict[str, tuple[str, str, Tone]] = {
    "P": ("P: performed without challenges", "✓", "good"),
    "S": ("S: performed with some challenges", "✓", "good"),
    "M": ("M: performed with major challenges", "!", "warn"),
    "U": ("U: unable to be performed", "✗", "bad"),
}
"""The four ratings of the Homeland Security Exercise and Evaluation Program (HSEEP, 2020)."""

_PROOF = {
    "before_allowed": "the attacker was allowed before",
    "attacker_denied": "the attacker is denied after",
    "innocent_allowed": "innocent principals still work",
    "fresh_allowed": "a fresh, legitimate session works",
}


def drill(facts: Facts) -> Drill | None:
    """The last rating; None outside drills and before one is given."""
    rated = facts.of("drill.rated")
    if not rated:
        return None
    told = rated[-1]
    words, symbol, tone = RATINGS.get(
        told.text("rating"), (told.text("rating") or "not rated", "·", "quiet")
    )
    proof = told.part("proof")
    return Drill(
        scenario=told.text("title") or told.text("scenario"),
        rating=words,
        tone=tone,
        symbol=symbol,
        objectives=tuple(
            Objective(
                id=line(each.get("id")),
                title=line(each.get("title")),
                met=each.get("met") is True,
                why=line(each.get("why")),
            )
            for each in told.items("objectives")
            if isinstance(each, dict)
        ),
        proof=tuple(
            (words, value if isinstance(value := proof.get(key), bool) else None)
            for key, words in _PROOF.items()
        ),
        refs=(told.seq,),
    )
