"""A flow for each runbook in force, by its name: `flows/runbooks.py:compromised_credentials`.

`prefect.yaml` points here. Such a flow changes nothing that nobody has approved: see
`firedoor.engine.deployed`.
"""

from firedoor.engine.deployed import runbook_flows

_flows = runbook_flows()
globals().update(_flows)

__all__ = sorted(_flows)
