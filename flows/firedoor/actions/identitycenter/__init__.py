"""Actions on IAM Identity Center: a person's access to accounts."""
