"""What the service takes over HTTP, as OpenAPI."""

from __future__ import annotations

from typing import Any

from firedoor import __version__


def document() -> dict[str, Any]:
    """The OpenAPI document of the service."""
    keys: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "firedoor", "version": __version__},
        "paths": {
            "/healthz": {"get": _reads("It lives.", {"200": "It does."}, [])},
            "/readyz": {
                "get": _reads(
                    "Findings can be taken in.", {"200": "They can.", "503": "They cannot."}, []
                )
            },
            "/metrics": {
                "get": _reads("Figures for Prometheus.", {"200": "Text.", "401": "No key."}, keys)
            },
            "/openapi.json": {
                "get": _reads("This document.", {"200": "It.", "401": "No key."}, keys)
            },
            "/hooks/eventbridge": {
                "post": _takes(
                    "An event of an EventBridge API destination: on disk when it is answered.",
                    ("application/json",),
                    keys,
                    {"type": "object", "required": ["source", "detail-type", "detail"]},
                )
            },
            "/hooks/sns": {
                "post": _takes(
                    "A message of SNS, signed.",
                    ("text/plain", "application/json"),
                    [],
                    {"type": "object", "required": ["Type", "TopicArn", "Signature"]},
                )
            },
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": {
                            "type": "object",
                            "required": ["kind", "message"],
                            "properties": {
                                "kind": {"type": "string"},
                                "message": {"type": "string"},
                            },
                        }
                    },
                },
                "Taken": {
                    "type": "object",
                    "required": ["findings", "new"],
                    "properties": {
                        "findings": {"type": "integer", "minimum": 1},
                        "new": {"type": "integer", "minimum": 0},
                    },
                },
            },
        },
    }


_WHY = {
    "400": "Not JSON, or broken off.",
    "401": "No key, or none of ours.",
    "403": "Not of an allowed topic, not signed by SNS, or too old.",
    "408": "Too slow.",
    "413": "Larger than 1 MiB.",
    "415": "Of another content type.",
    "422": "Not a finding; the message says what it is instead.",
    "502": "A subscription could not be confirmed.",
    "503": "No room, or the disk cannot be written: come again after Retry-After.",
}


def _reads(summary: str, answers: dict[str, str], security: list[Any]) -> dict[str, Any]:
    told = {code: {"description": words} for code, words in answers.items()}
    return {"summary": summary, "security": security, "responses": told}


def _takes(
    summary: str, types: tuple[str, ...], security: list[Any], schema: dict[str, Any]
) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    taken = {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}}
    return {
        "summary": summary,
        "security": security,
        "requestBody": {"required": True, "content": {each: {"schema": schema} for each in types}},
        "responses": {
            "200": {"description": "A subscription was confirmed, or its end was noted."},
            "202": {"description": "It is on disk.", "content": taken},
            **{code: {"description": words, "content": error} for code, words in _WHY.items()},
        },
    }
