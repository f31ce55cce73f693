"""Records: what is known of a pair, written beside it and as its line of the index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.layout import DataSet, pair_files
from manifests.sampling import Table, locate_frame
from manifests.schema import Manifest

from .. import parts


@dataclass
class Provenance:
    """Where a shard's pairs come from.

    Attributes:
        manifest: whose frames.
        part: file of the prepared part; None for a pattern.
        blender: version, as Blender reports it; None where no Blender was needed.
        device: what Cycles ran on, as Blender reports it.
        assets: list of the hashes of the other files that the manifest names; None where it names none.
    """

    manifest: Manifest
    part: Path | None
    blender: str | None = None
    device: str = ""
    assets: Path | None = None

    def __post_init__(self) -> None:
        self.manifest_sha256 = self.manifest.sha256()
        self.part_sha256 = None if self.part is None else parts.sha256(self.part)
        self.assets_sha256 = parts.sha256(self.assets) if self.assets else ""


def complete_record(
    data_set: DataSet, table: Table, frame: int, developed: dict[str, Any], event: dict[str, Any], origin: Provenance
) -> str:
    """The record of a pair as one line of JSON.

    Args:
        data_set: where the pair will lie.
        table: values of the manifest.
        frame: its number.
        developed: ``width``, ``height``, ``labels``, ``defects`` and ``sha256``, as developing gave them.
        event: what was reported of the frame: ``seconds``, ``warnings``.
        origin: Blender, device and hashes.
    """
    where = locate_frame(table.manifest, frame)
    states = table.manifest.light_states
    folder = data_set.pair_folder(frame).relative_to(data_set.root)
    record = {
        "frame": frame,
        "instance": where.instance,
        "view": where.view,
        "light": where.light,
        "light_state": states[where.light].name if states else "all",
        "repeat": where.repeat,
        **{key: (folder / name).as_posix() for key, name in pair_files(table.manifest).items()},
        **developed,
        "parameters": table.row(frame),
        "manifest_sha256": origin.manifest_sha256,
        "part_sha256": origin.part_sha256,
        **({"assets_sha256": origin.assets_sha256} if origin.assets_sha256 else {}),
        "blender": origin.blender,
        "device": origin.device,
        "seed": int(table.value("@seed", frame)),
        "seconds": round(float(event["seconds"]), 3),
    }
    record |= {key: event[key] for key in ("poses", "warnings") if event.get(key)}
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
