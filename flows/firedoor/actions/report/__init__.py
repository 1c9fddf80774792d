"""Actions on the report."""
