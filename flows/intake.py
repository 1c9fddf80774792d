"""Takes a finding document in, as `firedoor ingest` does: `flows/intake.py:intake`."""

from firedoor.engine.deployed import intake_flow

intake = intake_flow()

__all__ = ["intake"]
