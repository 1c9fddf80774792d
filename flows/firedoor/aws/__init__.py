"""AWS as the rest of firedoor sees it. Only this package makes clients; botocore comes lazily."""

from firedoor.aws.session import BotoAws, assumed, connect
from firedoor.aws.target import Target
from firedoor.aws.way import Way

__all__ = ["BotoAws", "Target", "Way", "assumed", "connect"]
