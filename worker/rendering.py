"""Rendering: frames one after another from one Blender, or drawn here, each ready to be written as pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from manifests import assets
from manifests.layout import DataSet, disk_errors
from manifests.sampling import Table
from manifests.schema import Manifest, to_dict

from . import parts
from .blender import build_command, find_blender, headless_script
from .blender.limits import Limits
from .blender.supervisor import running
from .pairs.attempts import Attempt
from .pairs.records import Provenance
from .processes import cores


@dataclass(frozen=True)
class Rendered:
    """A frame.

    Attributes:
        event: what was told of it: ``frame``, ``seconds``, ``warnings``.
        table: values of the manifest.
        origin: Blender, device and hashes.
        write: writes its pictures into a ``folder``; returns what the record says of them.
    """

    event: dict[str, Any]
    table: Table
    origin: Provenance
    write: Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Means:
    """What frames are rendered with.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda``, ``optix``, ``hip``, ``metal`` or ``oneapi``.
        limits: of each Blender.
    """

    device: str
    limits: Limits


def render(
    data_set: DataSet, manifest: Manifest, attempt: Attempt, frames: list[int], means: Means
) -> Generator[Rendered, None, None]:
    """Render frames with one Blender, which may end before it has come to all of them.

    Raises:
        Refused: Blender reports a mistake of the user's.
        Died: Blender ended, or was ended, before it was done.
        BlenderError: there is no Blender, or it cannot be started.
    """
    if manifest.pattern is not None:
        yield from _draw(manifest, frames)
        return
    part = parts.prepared_file(data_set)
    shard_file = _write_shard(data_set, manifest, attempt, frames, means, part)
    command = build_command(find_blender(), headless_script(), shard_file)
    with running(command, attempt.log, means.limits, attempt.is_lost) as blender:
        attempt.hold(blender.identity)
        # What follows takes its time to load; Blender starts meanwhile.
        from .develop import develop

        origin = Provenance(manifest, part, assets=data_set.assets_file if assets.named(manifest) else None)
        table = parts.table(manifest, part)
        for event in blender:
            if event["event"] == "ready":
                origin.blender, origin.device = event["blender"], event["device"]
            elif event["event"] == "frame":
                exr, frame = Path(event["exr"]), int(event["frame"])
                where = data_set.assets_folder
                yield Rendered(
                    event,
                    table,
                    origin,
                    partial(develop, exr, table=table, frame=frame, event=event, assets=where),
                )
                for file in exr.parent.glob(f"{frame:07d}*.exr"):
                    file.unlink()


def _write_shard(
    data_set: DataSet, manifest: Manifest, attempt: Attempt, frames: list[int], means: Means, part: Path
) -> Path:
    folder = attempt.folder.absolute()
    shard: dict[str, Any] = {
        "attempt": attempt.token,
        "manifest": to_dict(manifest),
        "frames": frames,
        "part": str(part.absolute()),
        "assets": str(data_set.assets_folder.absolute()),
        "folder": str(folder),
        "device": means.device,
        "threads": len(cores()),
    }
    file = folder / "shard.json"
    with disk_errors(file):
        file.write_text(json.dumps(shard), encoding="utf-8")
    return file


def _draw(manifest: Manifest, frames: list[int]) -> Generator[Rendered, None, None]:
    """Draw the frames of a pattern, here: no Blender is needed."""
    from .develop import write_pictures
    from .develop.camera import camera_image
    from .patterns import draw_pattern

    table = Table(manifest, None)
    origin = Provenance(manifest, None, device="CPU")
    for frame in frames:
        began = time.monotonic()
        drawing, masks = draw_pattern(table, frame)
        image = camera_image(drawing.opaque(), manifest, table, frame)
        event: dict[str, Any] = {"frame": frame, "seconds": time.monotonic() - began, "warnings": drawing.warnings}
        write = partial(write_pictures, image, masks, manifest=manifest, defects=drawing.anomalies)
        yield Rendered(event, table, origin, write)
