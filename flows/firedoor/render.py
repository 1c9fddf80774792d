"""Templates: `ask`, `title` and messages are rendered once, and escaped for where they go.

Findings carry text that an attacker chose (user names, user agents): as a value it is escaped, and
what was rendered is never a template again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from firedoor.errors import BadInput
from firedoor.runbook import Json

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~&-])")


def inert(text: Any) -> str:
    """Text without control characters and with every run of white space as one space."""
    squeezed = re.sub(r"\s+", " ", "" if text is None else str(text))
    return "".join(letter if letter.isprintable() else "�" for letter in squeezed)


def for_html(text: Any) -> str:
    """Text for HTML."""
    return html.escape(inert(text), quote=True)


def for_markdown(text: Any) -> str:
    """Text for Markdown: nothing in it is a link, a table, code or HTML."""
    return _MARKDOWN.sub(r"\\\1", inert(text))


def for_slack(text: Any) -> str:
    """Text for Slack's mrkdwn: no mention, link or formatting of its own.

    https://docs.slack.dev/messaging/formatting-message-text says which letters to escape; the rest
    is broken up with a zero-width space, so that `*`, `_`, `~` and backticks stay letters.
    """
    escaped = inert(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`@#])", "\u200b\\1", escaped)


def plain(template: str, scope: Mapping[str, Json]) -> str:
    """A template rendered for a terminal: values without control characters."""
    return render(template, scope, inert)


def render(template: str, scope: Mapping[str, Json], escape: Callable[[Any], str]) -> str:
    """A template rendered once, each value through `escape`; BadInput when it is no template."""
    from jinja2 import TemplateError

    try:
        return str(_environment(escape).from_string(template).render(**scope))
    except (TemplateError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"the text {template!r} cannot be filled in: {error}") from None


def template_problems(template: str) -> list[str]:
    """What is wrong with a template; empty when nothing is."""
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = _environment(inert).parse(template)
    except TemplateSyntaxError as error:
        return [f"is not a template: {error.message}"]
    for node in tree.find_all((nodes.Call, nodes.For, nodes.Macro, nodes.Include, nodes.Import)):
        return [f"must not use {type(node).__name__.lower()}: only {{{{ values }}}} and filters"]
    return []


def template_paths(template: str) -> list[tuple[str, ...]]:
    """Every name with the attributes taken of it in a template."""
    from jinja2 import nodes

    found: list[tuple[str, ...]] = []
    inner_seen: set[int] = set()
    tree = _environment(inert).parse(template)
    for node in tree.find_all((nodes.Getattr, nodes.Name)):
        if id(node) in inner_seen:
            continue
        taken: list[str] = []
        inner: Any = node
        while isinstance(inner, nodes.Getattr):
            taken.append(inner.attr)
            inner = inner.node
            inner_seen.add(id(inner))
        if isinstance(inner, nodes.Name):
            found.append((inner.name, *reversed(taken)))
    return found


@lru_cache(maxsize=8)
def _environment(escape: Callable[[Any], str]) -> Environment:
    # Lazy: importing Jinja takes 0.13 s, and most commands render nothing.
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, finalize=escape)
    keep = ("length", "lower", "upper", "first", "last", "default", "join", "round", "int")
    environment.filters = {name: environment.filters[name] for name in keep}
    environment.globals = {}
    return environment
