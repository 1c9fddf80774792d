"""AWS as the rest of firedoor sees it. Only this package makes clients; botocore comes lazily."""

from firedoor.aws.session import BotoAws, connect
from firedoor.aws.target import Target

__all__ = ["BotoAws", "Target", "connect"]
