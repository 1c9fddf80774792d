"""Actions on Amazon Bedrock."""
