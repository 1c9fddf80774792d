"""Slack: where the team works the incident. Never on the path of safety: it reads the journal."""
