"""Actions on AWS Backup."""
