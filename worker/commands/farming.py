"""Farming: what the commands ask of a farm: hand data sets over, hold them, take them back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis

from manifests.errors import DataSetError, QueueError
from manifests.layout import DataSet
from manifests.schema import Manifest

from ..dispatch import hand_over
from ..farm import board
from ..farm import runs as farm_runs
from ..farm.connections import connected, shown
from ..farm.outcomes import failed_key
from ..farm.runs import FarmRun, absolute
from ..farm.workers import DRAINED_HOSTS, PARKED
from ..lifeline import stop_signals
from ..pairs import attempts
from ..pairs.failures import quarantined
from ..runs import Options, begin, farm_run, reopen
from ..storage.urls import Place


@dataclass(frozen=True)
class HandedOver:
    """What has been handed to a farm.

    Attributes:
        place: of the data set.
        shards: that were put into the queue.
        queued: shards that lie there now, or are being rendered.
        quarantined: frames that were left out because they failed too often.
        note: what holds the farm up; empty where nothing does.
    """

    place: Path | str
    shards: int
    queued: int
    quarantined: int
    note: str

    def text(self) -> str:
        """Lines for a person."""
        lines = [f"{self.place}: {self.shards} shards handed over, {self.queued} in the queue or being rendered"]
        if not self.queued:
            lines = [f"{self.place}: nothing is missing"]
        if self.quarantined:
            again = f"'defectory retry {self.place} --failed' tries again"
            lines.append(f"{self.quarantined} frames are quarantined; {again}")
        if self.note and self.queued:
            lines.append(self.note)
        return "\n".join(lines)


def submit(manifest_file: Path, place: Place | None, options: Options) -> HandedOver:
    """Lay out a data set and hand what it lacks to the farm.

    Raises:
        UserError: any; the place is left as it was.
    """
    with stop_signals():
        return _hand_over(*begin(manifest_file, place, options), options)


def resume(place: Place, options: Options) -> HandedOver:
    """Hand what a data set lacks to the farm, and lift its pause.

    Raises:
        UserError: any; there is no data set, say.
    """
    with stop_signals():
        return _hand_over(*reopen(place, options), options)


def pause(place: Place, redis_url: str) -> None:
    """Have workers leave a data set alone.

    Raises:
        DataSetError: it is not on the farm.
    """
    with connected(redis_url) as connection:
        farm_runs.pause(connection, known_run(connection, place, redis_url))


def cancel(place: Place, redis_url: str) -> None:
    """Take a data set back from the farm.

    Raises:
        DataSetError: it is not on the farm.
    """
    with connected(redis_url) as connection:
        farm_runs.withdraw(connection, known_run(connection, place, redis_url))


def drain(host: str, redis_url: str, *, undo: bool) -> str:
    """Have the workers of a machine take no more shards, or take them again; what came of it in one line.

    Raises:
        QueueError: no worker runs there.
    """
    with connected(redis_url) as connection:
        workers = board.workers(connection)
        there = [worker for worker in workers if worker.host == host]
        if undo:
            connection.srem(DRAINED_HOSTS, host)
            for worker in there:
                if worker.state == PARKED:
                    connection.delete(failed_key(worker.name))
            return f"{host}: its {len(there)} workers take shards again"
        if not there:
            known = ", ".join(sorted({worker.host for worker in workers})) or "none"
            raise QueueError(f"{host}: no worker runs there; workers run on: {known}")
        connection.sadd(DRAINED_HOSTS, host)
        return f"{host}: its {len(there)} workers finish their shards and take no more; --undo lets them go on"


def known_run(connection: Redis, place: Place, redis_url: str) -> FarmRun:
    """The run of a data set, which may have gone meanwhile.

    Raises:
        DataSetError: it is not on the farm.
    """
    for found in farm_runs.all_runs(connection):
        if found.folder == absolute(place):
            return found
    handing = f"'defectory resume {place}' hands it over"
    raise DataSetError(f"{place}: is not on the farm at {shown(redis_url)}; {handing}")


def _hand_over(data_set: DataSet, manifest: Manifest, wanted: range, options: Options) -> HandedOver:
    assert options.redis_url is not None
    run = replace(farm_run(data_set, manifest, wanted, options), unattended=True)
    with connected(options.redis_url) as connection:
        before = farm_runs.find(connection, run)
        if before is None and attempts.is_running(data_set):
            raise DataSetError(f"{data_set.place}: another defectory renders into it; wait for it or stop it first")
        attempts.sweep(data_set)
        farm_runs.forget_failed(connection, run)
        sent = hand_over(connection, _as_before(run, before), manifest, wanted, options.cut)
        state = board.look_at(connection, run)
        if not state.queued + state.running:
            # The index and the report may be older than the last pair: Redis may have forgotten that they were due.
            farm_runs.conclude_later(connection, run)
        note = board.Board(workers=board.workers(connection)).note()
    left_out = [frame for frame in quarantined(data_set) if frame in wanted]
    return HandedOver(data_set.place, sent, state.queued + state.running, len(left_out), note)


def _as_before(run: FarmRun, before: FarmRun | None) -> FarmRun:
    """A run with what was asked of the farm when it was handed over first, where nothing else is asked now."""
    if before is None:
        return run
    return replace(
        run,
        device=before.device if run.device == "auto" else run.device,
        tags=run.tags or before.tags,
        priority=run.priority or before.priority,
        submitted=before.submitted,
    )
