"""Actions on AWS IAM."""
