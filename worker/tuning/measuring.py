"""Measuring: crops of a few frames by several settings, their error against a reference and what they cost.

Everything that was measured lies in a folder and is never measured again: what was stopped goes on where it was.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests import fields
from manifests.errors import DataSetError
from manifests.layout import disk_errors
from manifests.schema import Manifest, Render, to_dict

from ..blender import build_command, find_blender, headless_script
from ..blender.limits import Limits
from ..blender.supervisor import running
from ..develop import read_exr
from ..processes import cores

_EPSILON = 0.01
"""What keeps dark pixels from outweighing all others (Rousselle, Knaus and Zwicker, Adaptive Sampling and
Reconstruction using Greedy Error Minimization, 2011)."""
_REFERENCE = "reference"


@dataclass(frozen=True)
class Measured:
    """What settings give and cost, the mean over the frames.

    Attributes:
        error: relative mean squared error against the reference.
        seconds: wall time of a render of the crop.
        cpu_seconds: processor time of it.
        cost: what counts: processor time where Cycles renders on the CPU, which other processes may use too, else the
            wall time.
    """

    error: float
    seconds: float
    cpu_seconds: float
    cost: float


@dataclass
class Bench:
    """Where settings are measured.

    Attributes:
        manifest: whose scene, without twins.
        part: file of its prepared part.
        assets: folder below which its files lie.
        folder: keeps references and measurements.
        frames: that are rendered.
        crop_px: side of the square of each that is rendered; 0: all of it.
        reference: settings that errors are measured against.
        device: as Blender takes it.
        on_done: called after each render.
    """

    manifest: Manifest
    part: Path
    assets: Path
    folder: Path
    frames: Sequence[int]
    crop_px: int
    reference: Render
    device: str = "cpu"
    on_done: Callable[[], None] = lambda: None
    _known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = self._journal.read_text("utf-8") if self._journal.exists() else ""
            whole = text[: text.rfind("\n") + 1]
            if whole != text:  # who was killed while writing leaves a torn line
                self._journal.write_text(whole, encoding="utf-8")
        except OSError as error:
            raise DataSetError(f"{self.folder}: cannot be used: {error.strerror}") from None
        entries = map(json.loads, whole.splitlines())
        self._known = {entry["key"]: entry for entry in entries}

    def measure(self, candidates: Iterable[Render]) -> list[Measured]:
        """Measure settings, in one Blender those that have not been measured yet.

        Raises:
            UserError: Blender refuses or dies, or the disk is full.
        """
        wanted = [(self._key(render), render) for render in candidates]
        missing = {}
        for frame in self.frames:
            todo = {key: render for key, render in wanted if self._name(key, frame) not in self._known}
            if todo:
                missing[frame] = todo
        with disk_errors(self.folder):
            self._render(missing)
        found = []
        for key, _ in wanted:
            entries = [self._known[self._name(key, frame)] for frame in self.frames]
            names = [f.name for f in dataclasses.fields(Measured)]
            found.append(Measured(**{name: float(np.mean([entry[name] for entry in entries])) for name in names}))
        return found

    def forget(self) -> None:
        """Measure anew what has been measured; references stay."""
        self._journal.unlink(missing_ok=True)
        self._known.clear()

    def _render(self, missing: dict[int, dict[str, Render]]) -> None:
        """One Blender for all frames that lack something; each first renders its reference where that is absent."""
        for todo in _alike(missing):
            frames, renders = todo
            lacking = [frame for frame in frames if not self._reference_file(frame).exists()]
            if lacking:
                self._run(lacking, [(self._key(self.reference), self.reference, True)])
            self._run(frames, [(key, render, False) for key, render in renders.items()])

    def _run(self, frames: Sequence[int], trials: list[tuple[str, Render, bool]]) -> None:
        # Blender leaves files of its own; with a log of what went wrong it stays until the next run.
        scratch = self.folder / "blender"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        shard = {
            "manifest": to_dict(replace(self.manifest, twin=None)),
            "frames": list(frames),
            "part": str(self.part.absolute()),
            "assets": str(self.assets.absolute()),
            "folder": str(scratch.absolute()),
            "device": self.device,
            "threads": len(cores()),
            "crop_px": self.crop_px,
            "trials": [{"key": key, "render": to_dict(render), "reference": of} for key, render, of in trials],
        }
        file = scratch / "shard.json"
        file.write_text(json.dumps(shard), encoding="utf-8")
        command = build_command(find_blender(), headless_script(), file)
        with running(command, scratch / "blender.log", Limits()) as blender:
            on_cpu = True
            for event in blender:
                if event["event"] == "ready":
                    on_cpu = event["device"].startswith("cpu")
                if event["event"] == "frame":
                    self._take(event, trials[0][2], "cpu_seconds" if on_cpu else "seconds")
                    self.on_done()
        shutil.rmtree(scratch, ignore_errors=True)

    def _take(self, event: dict[str, Any], is_reference: bool, clock: str) -> None:
        exr, frame = Path(event["exr"]), int(event["frame"])
        light, _ = read_exr(exr)
        exr.unlink()
        if is_reference:
            scratch = self.folder / ".reference.npy"
            np.save(scratch, light)
            scratch.replace(self._reference_file(frame))
            return
        entry = {
            "key": self._name(event["key"], frame),
            "error": relative_error(light, np.load(self._reference_file(frame))),
            "seconds": event["seconds"],
            "cpu_seconds": event["cpu_seconds"],
            "cost": event[clock],
        }
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(entry) + "\n")
        self._known[entry["key"]] = entry

    @property
    def _journal(self) -> Path:
        return self.folder / "measured.jsonl"

    def _reference_file(self, frame: int) -> Path:
        return self.folder / f"{_REFERENCE}.{self._key(self.reference)}.{frame:07d}.npy"

    def _name(self, key: str, frame: int) -> str:
        return f"{key}.{frame}"

    def _key(self, render: Render) -> str:
        """What tells settings, and all else that the measurement depends on, from others."""
        scene = fields.to_dict(replace(self.manifest, render=Render(), twin=None), sparse=True)
        told = [scene, fields.to_dict(render), self.crop_px, self.device, fields.to_dict(self.reference)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def relative_error(light: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Relative mean squared error over the pixels that show the part: of (x - r)^2 / (r^2 + 0.01).

    Args:
        light, reference: (height, width, 4) linear, alpha premultiplied.
    """
    shown = reference[..., 3] > 0
    x, r = light[shown][:, :3].astype(np.float64), reference[shown][:, :3].astype(np.float64)
    return float(np.mean((x - r) ** 2 / (r**2 + _EPSILON)))


def _alike(missing: dict[int, dict[str, Render]]) -> list[tuple[list[int], dict[str, Render]]]:
    """Frames that lack the same settings, together."""
    groups: dict[tuple[str, ...], tuple[list[int], dict[str, Render]]] = {}
    for frame, renders in missing.items():
        groups.setdefault(tuple(renders), ([], renders))[0].append(frame)
    return list(groups.values())
