"""The cheapest settings of Cycles for a manifest, measured, and a manifest that has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from manifests import assets, fields
from manifests.errors import DataSetError, ManifestError
from manifests.files import read_manifest, write_yaml
from manifests.layout import DataSet, write_atomic
from manifests.schema import Manifest, Render

from .. import parts
from ..tuning.measuring import Bench
from ..tuning.search import Tuned, tune


@dataclass(frozen=True)
class Tuning:
    """A manifest that has been tuned.

    Attributes:
        manifest: with the settings that were found.
        tuned: they, and what was measured.
        frames: that were rendered.
        crop_px: side of the square of each.
    """

    manifest: Manifest
    tuned: Tuned
    frames: tuple[int, ...]
    crop_px: int

    def text(self) -> str:
        """The findings for people, a few lines."""
        t = self.tuned
        where = f"squares of {self.crop_px} pixels" if self.crop_px else "the whole image"
        kept = [] if t.keeping is None else [f"keeping the scene between frames: {t.keeping:.2f} of the time"]
        return "\n".join(
            [
                f"relative mean squared error {t.after.error:.3g} (to be reached: {t.target:.3g}, before: "
                f"{t.before.error:.3g})",
                f"{t.after.seconds:.2f} s a frame, before: {t.before.seconds:.2f} s; "
                f"{t.before.cost / t.after.cost:.2f} times as fast",
                f"measured in {where} of the frames {', '.join(map(str, self.frames))}",
                *kept,
            ]
        )

    def section(self) -> str:
        """The manifest's ``render`` section, YAML."""
        lines = (f"  {name}: {json.dumps(value)}\n" for name, value in _stated(self.manifest.render).items())
        return "render:\n" + "".join(lines)

    def write(self, file: Path) -> None:
        """Write the manifest, with what was measured in its first lines.

        Raises:
            DataSetError: it may not be written.
        """
        note = "".join(f"# {line}\n" for line in ("Render settings as tuned:", *self.text().splitlines()))
        write_atomic(file, (note + write_yaml(self.manifest)).encode())


def check_target(file: Path, source: Path) -> None:
    """Make sure that a tuned manifest can be written to a file, before anything is measured.

    Raises:
        DataSetError: it is there already, or would lie in another folder than its source.
    """
    if file.exists():
        raise DataSetError(f"{file}: exists already; name another file")
    if file.resolve().parent != source.resolve().parent:
        raise DataSetError(f"{file}: must lie beside {source}, whose files are named relative to it")


def run(
    manifest_file: Path,
    *,
    error: float | None,
    denoise: bool,
    frame_count: int,
    crop_px: int,
    reference_samples: int,
    device: str,
    folder: Path,
    on_done: Callable[[], None],
) -> Tuning:
    """Tune a manifest.

    Args:
        manifest_file: the manifest.
        error: to be reached; None: what the manifest's own settings give.
        denoise: whether images may be denoised.
        frame_count: frames that are rendered, spread over the data set.
        crop_px: side of the square of each; 0: the whole image.
        reference_samples: of the reference.
        device: as 'render' takes it.
        folder: keeps all that has been measured, a folder for each scene; the same command goes on from there.
        on_done: called after each render.

    Raises:
        UserError: the manifest is wrong, the error cannot be reached, or Blender refuses.
    """
    manifest = read_manifest(manifest_file)
    if manifest.pattern is not None:
        raise ManifestError("pattern", f"{manifest_file}: is drawn, not rendered: there is nothing to tune")
    folder = folder / _scene_key(manifest, manifest_file.parent)
    data_set = DataSet(folder)
    parts.prepare(manifest, manifest_file, data_set).save(data_set)
    count = manifest.frame_count
    frames = tuple(sorted({int(f) for f in np.linspace(0, count - 1, min(frame_count, count)).round()}))
    bench = Bench(
        manifest,
        parts.prepared_file(data_set),
        manifest_file.parent,
        folder,
        frames,
        crop_px,
        Render(preset="blender", samples=reference_samples),
        device=device,
        on_done=on_done,
    )
    tuned = tune(bench, error, denoise)
    return Tuning(replace(manifest, render=tuned.render), tuned, frames, crop_px)


def _scene_key(manifest: Manifest, home: Path) -> str:
    """What tells a scene from others: all of its manifest but the settings, and what its files hold."""
    used = {path for field in assets.named(manifest) for path in assets.find(manifest, field, home)}
    hashes = [parts.sha256(file) for file in (home / manifest.the_part().file, *sorted(used))]
    scene = fields.to_dict(replace(manifest, render=Render()), sparse=True)
    return hashlib.sha256(json.dumps([scene, hashes], sort_keys=True).encode()).hexdigest()[:16]


def _stated(render: Render) -> dict[str, object]:
    """What is not at its default, and the samples."""
    return {"samples": render.samples, **fields.to_dict(render, sparse=True)}
