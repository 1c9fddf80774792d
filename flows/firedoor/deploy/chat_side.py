"""The manifest of the Slack app, as it is pasted where Slack makes apps."""

from __future__ import annotations

from importlib.resources import files


def manifest() -> str:
    """YAML: scopes, events, the command, Socket Mode; comments say what to set where."""
    return (files("firedoor.slack") / "manifest.yaml").read_text()
