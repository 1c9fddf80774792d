"""Actions on IAM Roles Anywhere: roles that are assumed with certificates."""
