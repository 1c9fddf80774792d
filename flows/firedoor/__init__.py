"""firedoor: incident-response runbooks for AWS that contain, prove it, keep evidence and undo."""

__version__ = "0.1.0"
