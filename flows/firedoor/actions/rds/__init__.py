"""Actions on RDS."""
