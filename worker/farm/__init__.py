"""The farm: a Redis, and on each machine workers of RQ that render the shards which lie in it.

::

    connections   Redis behind a URL
    shard_jobs    a shard as a job of RQ that carries data, never code
    runs          data sets that have been handed to the farm: submit, pause, cancel; one queue of RQ each
    fitness       why a machine should not render a run
    outcomes      what came of a shard, and whose fault it was
    workers       FarmWorker, the worker class: ``rq worker -w worker.farm.FarmWorker render``
    local         a Redis and workers of our own
    board         what the farm does at this moment
    metrics       the same for Prometheus
"""

from .workers import FarmWorker

__all__ = ["FarmWorker"]
