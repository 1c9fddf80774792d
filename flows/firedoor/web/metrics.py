"""What Prometheus asks for: findings, incidents, time to contain, approvals, queues."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from firedoor.inbox import Inbox
from firedoor.service.figures import Figure, Figures, counted
from firedoor.service.post import Post

BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
"""Seconds to containment."""


class Metrics(Collector):
    """The figures of one resident."""

    def __init__(self, post: Post, inbox: Inbox) -> None:
        self._post = post
        self._inbox = inbox
        self._figures = Figures(post)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is known before it is asked for."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | HistogramMetricFamily]:
        """The figures as they are now."""
        figures = self._figures.read()
        arrived = GaugeMetricFamily(
            "firedoor_arrivals",
            "Requests and messages by door and outcome",
            labels=["door", "outcome"],
        )
        for (door, outcome), count in sorted(self._inbox.arrivals().items()):
            arrived.add_metric([door, outcome], count)
        yield arrived
        inbox = GaugeMetricFamily("firedoor_inbox", "Findings taken in, by state", labels=["state"])
        states = {"new": 0, "done": 0, "parked": 0} | self._inbox.counts()
        for state, count in sorted(states.items()):
            inbox.add_metric([state], count)
        yield inbox
        incidents = GaugeMetricFamily(
            "firedoor_incidents", "Incidents by status and severity", labels=["status", "severity"]
        )
        for (status, severity), count in sorted(counted(figures).items()):
            incidents.add_metric([status, severity], count)
        yield incidents
        yield _gauge("firedoor_findings", "Findings in incidents", sum(f.findings for f in figures))
        yield _gauge(
            "firedoor_approvals_waiting", "Questions open now", sum(f.waiting for f in figures)
        )
        yield _gauge("firedoor_jobs", "Requests and runs at work", len(self._post.jobs()))
        yield _gauge(
            "firedoor_prefect_warm", "1 when Prefect answers", int(self._post.ready.is_set())
        )
        yield _to_contain(figures)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _to_contain(figures: list[Figure]) -> HistogramMetricFamily:
    took = [each.seconds for each in figures if each.seconds is not None]
    buckets = [(str(most), float(sum(each <= most for each in took))) for most in BUCKETS]
    return HistogramMetricFamily(
        "firedoor_time_to_contain_seconds",
        "From an incident's opening to its containment",
        buckets=[*buckets, ("+Inf", float(len(took)))],
        sum_value=sum(took),
    )
