"""Parsers of findings, one module per source. `firedoor.finding` is the door to them."""
