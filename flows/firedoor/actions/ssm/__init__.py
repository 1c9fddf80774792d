"""Actions through Systems Manager."""
