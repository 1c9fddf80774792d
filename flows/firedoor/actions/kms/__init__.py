"""Actions on AWS KMS."""
