"""Conditions: `when:` is one Jinja expression, limited to names, attributes, comparisons and logic.

No calls, no subscripts, no arithmetic, no attribute that begins with an underscore: a condition
reads what steps found and cannot do anything. Its value is a boolean, or something that may be
absent: absent, empty and zero are false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from firedoor.errors import BadInput
from firedoor.runbook import Json

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

FILTERS = ("length", "lower", "upper", "first", "last", "default")
MAX_LENGTH = 500


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Lazy: importing Jinja takes 0.13 s, and most commands meet no condition.
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=ChainableUndefined)
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests = {"none": environment.tests["none"], "defined": environment.tests["defined"]}
    environment.globals = {}
    return environment


def problems(text: str) -> list[str]:
    """What is wrong with a condition; empty when nothing is. Names are checked by the caller."""
    from jinja2 import TemplateSyntaxError

    if len(text) > MAX_LENGTH:
        return [f"longer than {MAX_LENGTH} characters"]
    try:
        expression = _parse(text)
    except TemplateSyntaxError as error:
        return [f"is not an expression: {error.message}"]
    except RecursionError:
        return ["is nested too deeply"]
    return list(dict.fromkeys(_forbidden(expression)))


def paths(text: str) -> list[tuple[str, ...]]:
    """Every name with the attributes taken of it: `who.user == "x"` → [("who", "user")]."""
    found = list(_paths(_parse(text)))
    return [path for path, _ in found]


@lru_cache(maxsize=512)
def names(text: str) -> tuple[str, ...]:
    """The first names that a condition reads, each once."""
    return tuple(dict.fromkeys(path[0] for path in paths(text)))


def evaluate(text: str, scope: Mapping[str, Json]) -> bool:
    """Whether the condition holds; BadInput when it is not one or its values cannot be compared."""
    wrong = problems(text)
    if wrong:
        raise BadInput(f"when: {text!r} {wrong[0]}")
    try:
        found = _compiled(text)(**{name: scope[name] for name in names(text) if name in scope})
    except (TypeError, ValueError) as error:
        raise BadInput(f"when: {text!r} cannot be decided: {error}") from None
    return bool(found)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Any:
    return _environment().compile_expression(text, undefined_to_none=True)


@lru_cache(maxsize=512)
def _parse(text: str) -> nodes.Expr:
    from jinja2 import TemplateSyntaxError
    from jinja2.parser import Parser

    environment = _environment()
    parser = Parser(environment, text, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("there is more after its end", parser.stream.current.lineno)
    expression.set_environment(environment)
    return expression


def _forbidden(node: nodes.Node) -> Iterator[str]:
    from jinja2 import nodes

    allowed = (
        nodes.And,
        nodes.Or,
        nodes.Not,
        nodes.Compare,
        nodes.Operand,
        nodes.Const,
        nodes.Name,
        nodes.Getattr,
        nodes.Filter,
        nodes.Test,
        nodes.List,
        nodes.Tuple,
        nodes.Neg,
        nodes.Keyword,
    )
    if not isinstance(node, allowed):
        yield _not_allowed(node)
        return
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield f"must not read {node.attr!r}: names begin with a letter"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield f"must not use the filter {node.name!r}; there are: {', '.join(FILTERS)}"
    if isinstance(node, nodes.Test) and node.name not in ("none", "defined"):
        yield f"must not use the test {node.name!r}; there are: none, defined"
    for child in node.iter_child_nodes():
        yield from _forbidden(child)


def _not_allowed(node: nodes.Node) -> str:
    from jinja2 import nodes

    words: dict[type[nodes.Node], str] = {
        nodes.Call: "call anything",
        nodes.Getitem: "use [ ]",
        nodes.CondExpr: "use if/else inside",
        nodes.Dict: "build a dictionary",
        nodes.Concat: "join texts",
    }
    what = words.get(type(node), "calculate")
    return f"must not {what}: names, literals, comparisons, and, or, not, in"


def _paths(node: nodes.Node) -> Iterator[tuple[tuple[str, ...], nodes.Node]]:
    from jinja2 import nodes

    taken: list[str] = []
    inner = node
    while isinstance(inner, nodes.Getattr):
        taken.append(inner.attr)
        inner = inner.node
    if isinstance(inner, nodes.Name):
        yield (inner.name, *reversed(taken)), node
        return
    for child in inner.iter_child_nodes():
        yield from _paths(child)
