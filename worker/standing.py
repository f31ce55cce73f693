"""Standing: how far a data set is, read from the names of its pairs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .data_sets import open_data_set
from .pairs import attempts, failures
from .storage.urls import Place


@dataclass(frozen=True)
class Standing:
    """How far a data set is, read from the names of its pairs.

    Attributes:
        name: of the manifest.
        folder: of the data set, or its address in a store.
        done: complete pairs.
        total: frames of the manifest.
        missing: frames that have no pair yet, as half-open ranges, ascending.
        quarantined: how many frames are given up, by what failed.
        running: whether a run of this machine is at work on it.
        failed_logs: logs of the shards that failed in the last run.
    """

    name: str
    folder: Place
    done: int
    total: int
    missing: tuple[tuple[int, int], ...]
    quarantined: dict[str, int]
    running: bool
    failed_logs: tuple[Path, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {
            "folder": str(self.folder),
            "missing": [list(span) for span in self.missing],
            "failed_logs": [str(path) for path in self.failed_logs],
        }

    def text(self) -> str:
        """Lines for a person."""
        lines = [f"{self.name} in {self.folder}: {self.done} of {self.total} pairs"]
        if self.running:
            lines[0] += ", being rendered"
        if self.missing:
            spans = ", ".join(f"{start}:{stop}" for start, stop in self.missing[:8])
            more = f" and {len(self.missing) - 8} ranges more" if len(self.missing) > 8 else ""
            lines.append(f"missing: frames {spans}{more}")
            if not self.running:
                lines.append(f"'defectory resume {self.folder}' renders them")
            if self.quarantined:
                kinds = ", ".join(f"{count} by {kind}" for kind, count in self.quarantined.items())
                lines.append(f"quarantined: {kinds}; 'defectory retry {self.folder} --failed' tries them again")
            lines += [f"log of a shard that failed: {path}" for path in self.failed_logs]
        return "\n".join(lines)


def standing(folder: Place) -> Standing:
    """How far the data set in a folder or a store is.

    Raises:
        DataSetError: there is none.
        ManifestError: its manifest has been damaged.
    """
    data_set, manifest = open_data_set(folder)
    left = data_set.lacking(range(manifest.frame_count))
    return Standing(
        manifest.name,
        folder,
        manifest.frame_count - len(left),
        manifest.frame_count,
        _spans(left),
        {str(k): n for k, n in failures.count_by_kind(failures.quarantined(data_set).values()).items()} if left else {},
        attempts.is_running(data_set),
        tuple(attempts.logs(data_set)),
    )


def _spans(frames: list[int]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for frame in frames:
        if spans and spans[-1][1] == frame:
            spans[-1] = (spans[-1][0], frame + 1)
        else:
            spans.append((frame, frame + 1))
    return tuple(spans)
