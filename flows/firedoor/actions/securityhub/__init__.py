"""Actions on AWS Security Hub."""
