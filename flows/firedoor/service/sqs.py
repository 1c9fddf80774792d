"""Takes findings out of an SQS queue: deleted there only when they are on disk here.

A message that is no finding is parked with the reason, and deleted: it would come back for ever. A
message that cannot be written stays in the queue and comes back by itself.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from firedoor.actions.contract import Aws
from firedoor.engine.gate import Gate
from firedoor.errors import AwsError, NotAFinding, StoreUnavailable
from firedoor.inbox import Full, Inbox, Note
from firedoor.service.arriving import arrivals

WAIT_SECONDS = 10
"""How long SQS holds a request open for messages; below the network's own time limit."""

VISIBLE_SECONDS = 60
"""How long a message that was taken is hidden from others."""

WRITTEN_SECONDS = 20.0
AGAIN_SECONDS = 5.0
URL = re.compile(r"https?://[^/]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?")


class Queue:
    """One queue, polled by one thread."""

    def __init__(
        self,
        url: str,
        inbox: Inbox,
        gate: Gate,
        connected: Callable[[], Aws],
        log: Callable[[str], None],
    ) -> None:
        self._url = url
        self._inbox = inbox
        self._gate = gate
        self._connected = connected
        self._log = log
        self._aws: Aws | None = None

    def run(self) -> None:
        """Poll until the gate is shut."""
        while not self._gate.is_shut:
            try:
                self.poll()
            except (AwsError, StoreUnavailable) as error:
                self._log(f"the queue {self._url}: {error}; again in {AGAIN_SECONDS:g} s")
                self._aws = None
                self._pause()
            except Full:
                self._log("too much waits here already; what is in the queue stays there")
                self._pause()

    def poll(self) -> int:
        """Ask once, and take what comes; how many messages were taken."""
        aws = self._aws = self._aws or self._connected()
        answer = aws.call(
            "sqs",
            "receive_message",
            region=self._region,
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=VISIBLE_SECONDS,
            AttributeNames=["ApproximateReceiveCount"],
        )
        messages = answer.get("Messages") or []
        for message in messages:
            self._take(aws, message)
        return len(messages)

    @property
    def _region(self) -> str | None:
        host = self._url.split("/")[2]
        parts = host.split(".")
        return parts[1] if parts[0] == "sqs" and len(parts) > 3 else None

    def _take(self, aws: Aws, message: Mapping[str, Any]) -> None:
        note = Note(door="sqs", sender=self._url[:300], remote=str(message.get("MessageId"))[:100])
        try:
            items = arrivals(str(message.get("Body") or ""))
        except NotAFinding as error:
            self._inbox.park(str(message.get("Body") or ""), note, f"not a finding: {error}")
            self._log(f"a message of the queue is parked: {error}")
        else:
            self._inbox.offer(items, note).result(WRITTEN_SECONDS)
        aws.call(
            "sqs",
            "delete_message",
            region=self._region,
            QueueUrl=self._url,
            ReceiptHandle=message["ReceiptHandle"],
        )

    def _pause(self) -> None:
        until = time.monotonic() + AGAIN_SECONDS
        while time.monotonic() < until and not self._gate.is_shut:
            time.sleep(0.1)
