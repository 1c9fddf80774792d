"""What stands in firedoor's way, and in an investigator's: looked at before it matters."""
