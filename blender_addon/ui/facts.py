"""What is known of a manifest and of one of its frames, in words and numbers for a person. No Blender in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..contract import sampling

if TYPE_CHECKING:
    from ..geometry.preparation.part_report import PartReport


@dataclass(frozen=True)
class Drawn:
    """A parameter's value for a frame."""

    identifier: str
    target: str
    value: float
    scope: str

    @property
    def text(self) -> str:
        """The value with its unit."""
        field = self.target.rpartition(".")[2].partition("[")[0]
        unit = next((f" {word}" for end, word in (("_mm", "mm"), ("_deg", "°")) if field.endswith(end)), "")
        return f"{self.value:.4g}{unit}"


def clamp_frame(table: sampling.Table, frame: int) -> int:
    """The frame itself, or the nearest that the manifest has."""
    return min(max(frame, 0), table.manifest.frame_count - 1)


def drawn(table: sampling.Table, frame: int) -> tuple[Drawn, ...]:
    """Every parameter of a frame, in the manifest's order."""
    values = table.row(frame)
    return tuple(Drawn(p.id, p.target, values[p.id], p.scope) for p in table.manifest.parameters)


def describe_manifest(table: sampling.Table, report: PartReport | None) -> tuple[tuple[str, str], ...]:
    """Label and text of what holds for all frames; ``report`` is None where the prepared part is not at hand."""
    manifest = table.manifest
    lines = [("Manifest", manifest.name), ("Part", manifest.the_part().file)]
    if report is not None:
        lines.append(("Size", " × ".join(f"{side:.4g}" for side in report.size_mm) + " mm"))
        decimated = f" of {report.faces_before:,}" if report.faces_before != report.faces_after else ""
        lines.append(("Faces", f"{report.faces_after:,}{decimated}"))
    lines.append(("Frames", f"{manifest.frame_count:,}"))
    return tuple(lines)


def describe_part(report: PartReport) -> tuple[tuple[str, str], ...]:
    """Label and text of what became of a CAD file: faces before and after, and how far the surface has moved."""
    lines = [("Faces", f"{report.faces_before:,} → {report.faces_after:,}")]
    if report.deviation_points:
        lines.append(("Deviation", f"at most {report.deviation_max_mm:.3g} mm"))
    return (*lines, *(("Warning", text) for text in report.warnings))


def describe_frame(table: sampling.Table, frame: int) -> tuple[tuple[str, str], ...]:
    """Label and text of where a frame stands; counted from 1, as people count."""
    manifest, place = table.manifest, sampling.locate_frame(table.manifest, frame)
    lines = [
        ("Instance", f"{place.instance + 1} of {manifest.instances}"),
        ("View", f"{place.view + 1} of {manifest.view_count}"),
    ]
    if manifest.light_states:
        lines.append(("Light state", manifest.light_states[place.light].name))
    if manifest.repeats > 1:
        lines.append(("Repeat", f"{place.repeat + 1} of {manifest.repeats}"))
    return tuple(lines)
