"""Environment variables as evidence keeps them: every name, and the values that are no secrets.

Functions and containers get passwords, tokens and connection strings through their environment, and
no pattern tells all of those from other text. So only the values that say how code is loaded or
where traffic goes are kept: they are where an attacker hooks himself in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.masking import MASK

LOADERS = frozenset(
    {
        "AWS_LAMBDA_EXEC_WRAPPER",
        "AWS_LAMBDA_RUNTIME_API",
        "BASH_ENV",
        "CLASSPATH",
        "DOTNET_STARTUP_HOOKS",
        "ENV",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "JAVA_TOOL_OPTIONS",
        "LD_AUDIT",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "NODE_OPTIONS",
        "NODE_PATH",
        "PATH",
        "PERL5LIB",
        "PERL5OPT",
        "PROMPT_COMMAND",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "RUBYLIB",
        "RUBYOPT",
        "_HANDLER",
        "_JAVA_OPTIONS",
    }
)
"""Variables that decide what code is loaded, or where calls go."""


def environment(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables with their values masked, but for those in `LOADERS`."""
    return {
        name: value if name.upper() in LOADERS or value == "" else MASK
        for name, value in values.items()
    }


def without_values(told: Any) -> Any:
    """A document of Lambda's or ECS's with every environment in it masked, and nothing else.

    Lambda writes `Environment: {Variables: {name: value}}`, ECS `environment: [{name, value}]`.
    """
    if isinstance(told, Mapping):
        return {key: _environment_of(key, inner) for key, inner in told.items()}
    if isinstance(told, list | tuple):
        return [without_values(inner) for inner in told]
    return told


def _environment_of(key: str, value: Any) -> Any:
    if key == "Variables" and isinstance(value, Mapping):
        return environment(value)
    if key == "environment" and isinstance(value, list):
        return [
            {**each, "value": environment({str(each["name"]): each.get("value", "")})[each["name"]]}
            if isinstance(each, Mapping) and "name" in each
            else each
            for each in value
        ]
    return without_values(value)
