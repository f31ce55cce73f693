"""What the farm does, in the text format of Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis

from . import board


def text(connection: Redis) -> str:
    """All metrics as they are now."""
    return generate_latest(_registry(connection)).decode()


def serve(connection: Redis, port: int) -> None:
    """Serve them under ``/metrics`` until this process is stopped; each request looks at Redis anew."""
    start_http_server(port, registry=_registry(connection))
    threading.Event().wait()


def _registry(connection: Redis) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Farm(connection))
    return registry


class _Farm(Collector):
    def __init__(self, connection: Redis) -> None:
        self._connection = connection

    def collect(self) -> Iterator[Metric]:
        found = board.look(self._connection)
        labels = ["data_set", "folder"]
        shards = GaugeMetricFamily("defectory_shards", "Shards of a data set by state.", labels=[*labels, "state"])
        pairs = CounterMetricFamily("defectory_pairs", "Pairs that the farm has committed.", labels=labels)
        pace = GaugeMetricFamily("defectory_pairs_per_second", "Over the last ten minutes.", labels=labels)
        failed = CounterMetricFamily("defectory_failed_tries", "Tries that failed.", labels=[*labels, "reason"])
        for state in found.runs:
            who = [state.run.name, str(state.run.folder)]
            pairs.add_metric(who, state.pairs)
            pace.add_metric(who, state.pairs_per_s)
            for word, count in (
                ("waiting", state.queued),
                ("running", state.running),
                ("done", state.shards_done),
                ("given_up", state.given_up),
            ):
                shards.add_metric([*who, word], count)
            for reason, count in state.reasons.items():
                failed.add_metric([*who, reason], count)
        workers = GaugeMetricFamily("defectory_workers", "Workers by machine and state.", labels=["host", "state"])
        counts: dict[tuple[str, str], int] = {}
        for worker in found.workers:
            if worker.ours:
                counts[worker.host, worker.state] = counts.get((worker.host, worker.state), 0) + 1
        for where, count in counts.items():
            workers.add_metric(where, count)
        yield from (shards, pairs, pace, failed, workers)
