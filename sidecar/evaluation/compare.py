"""The command ``compare``: evaluated runs side by side."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from manifests.errors import RunError
from manifests.layout import write_atomic

from . import report

_INSIDE = "evaluated"
"""Where a run's evaluation lies in its folder, unless told otherwise."""
_SCORES = ("precision", "recall", "f1", "f2", "iou", "auroc", "auprc", "aupro")


def compare(folders: Sequence[Path], out: Path) -> None:
    """Write ``OUT/report.html``, ``OUT/metrics.json`` and ``OUT/runs.csv`` on runs that were evaluated.

    Args:
        folders: of the runs, or of their evaluations.

    Raises:
        RunError: a run was not evaluated.
    """
    # Runs of one config have one name, but each a folder of its own.
    runs = named(folders)
    records = [_read(folder, "metrics.json") | {"run": name} for folder, name in runs.items()]
    drawn = [_read(folder, "curves.json") for folder in runs]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["run", *_SCORES, "defect_wise_recall", "training_seconds"])
    for record in records:
        mean = record["defect_wise"]["mean"]
        scores = [record["pixels"][name] for name in _SCORES]
        writer.writerow([record["run"], *scores, mean and mean[0], record["training_seconds"]])
    write_atomic(out / "metrics.json", (json.dumps(records, indent=1) + "\n").encode())
    write_atomic(out / "runs.csv", table.getvalue().encode())
    write_atomic(out / "report.html", report.comparison(records, drawn).encode())


def named(folders: Sequence[Path]) -> dict[Path, str]:
    """Runs, each once, or evaluations that lie in none, and the shortest end of each one's path that no other has."""
    paths = [path.parent if path.name == _INSIDE else path for path in map(Path.resolve, folders)]
    ends = {path: ["/".join(path.parts[-n:]) for n in range(1, len(path.parts) + 1)] for path in paths}
    taken = Counter(end for every in ends.values() for end in every)
    return {path: next(end for end in every if taken[end] == 1) for path, every in ends.items()}


def _read(folder: Path, name: str) -> dict[str, Any]:
    for file in (folder / _INSIDE / name, folder / name):
        if file.exists():
            try:
                record: dict[str, Any] = json.loads(file.read_bytes())
            except ValueError:
                raise RunError(f"{file}: is damaged; 'defectory-sidecar evaluate {folder}' writes it anew") from None
            return record
    raise RunError(f"{folder}: was not evaluated; 'defectory-sidecar evaluate {folder}' does")
