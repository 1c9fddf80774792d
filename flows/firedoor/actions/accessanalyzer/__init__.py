"""Actions on IAM Access Analyzer."""
