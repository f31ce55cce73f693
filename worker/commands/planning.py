"""What a manifest's views see of its part, as numbers and a picture; and a manifest whose views are planned."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blender_addon.geometry.coverage import picture, planner
from blender_addon.geometry.coverage.planner import Coverage, Reach
from blender_addon.geometry.coverage.seeing import Lens, Limits, focuses_mm
from blender_addon.geometry.coverage.surface import Surface
from manifests import viewpoints
from manifests.distributions import Floats
from manifests.errors import DataSetError, ManifestError
from manifests.files import read_manifest, write_yaml
from manifests.layout import DataSet, write_atomic
from manifests.schema import Manifest
from manifests.viewpoints import Bounds, Viewpoints

from .. import parts

_SIDE_PX = 300
_MARGIN_PX = 16
_LINE_PX = 20


@dataclass(frozen=True)
class Judged:
    """A manifest whose views have been judged.

    Attributes:
        manifest: with planned views where they were planned.
        limits: what counted as seen.
        coverage: what the views see.
        picture: false colours, RGB.
    """

    manifest: Manifest
    limits: Limits
    coverage: Coverage
    picture: Image.Image

    def text(self) -> str:
        """The findings for people, a few lines."""
        c, limits = self.coverage, self.limits
        lines = [
            f"{self.manifest.name}: {c.views} views cover {100 * c.share:.1f} % of the reachable surface",
            f"uncovered: {c.uncovered_mm2:.4g} mm2 of {c.reachable_mm2:.4g} mm2 reachable, "
            f"{c.area_mm2:.4g} mm2 in all; median {c.px_per_mm:.3g} px/mm",
            f"seen means: at least {limits.px_per_mm:.3g} px/mm, at most {limits.incidence_deg:g} degrees from the "
            f"normal, blur of at most {limits.blur_px:g} px, not hidden by the part"
            + (f", from {limits.lowest_deg:g} degrees of elevation up" if limits.lowest_deg > -90 else ""),
        ]
        if c.blind:
            lines.append(f"see nothing within the limits: views {', '.join(map(str, c.blind))}")
        return "\n".join(lines)


def judge(
    manifest_file: Path,
    *,
    plan: bool = False,
    px_per_mm: float | None = None,
    incidence_deg: float = 60.0,
    blur_px: float = 2.0,
    lowest_deg: float = -90.0,
) -> Judged:
    """Judge the views of a manifest, or plan them and judge those.

    Args:
        manifest_file: the manifest; the part stands as it states, whatever parameters draw.
        plan: whether to plan views in place of the manifest's.
        px_per_mm: resolution that counts as seen; None: half of what a view has that just holds the whole part.
        incidence_deg: angle from the normal that counts as seen, above 0 and below 90.
        blur_px: circle of confusion that counts as seen.
        lowest_deg: elevation from which planned views look.

    Raises:
        UserError: the manifest or the CAD file is wrong, or nothing can be seen.
    """
    manifest = read_manifest(manifest_file)
    # No data set: the part is prepared anew.
    with _named(manifest_file):
        part = manifest.the_part()
    mesh = parts.prepare(manifest, manifest_file, DataSet(manifest_file.parent / ".no-data-set")).mesh
    with _named(manifest_file):
        bounds, surface = Bounds.of(mesh.vertices_mm), Surface.of(mesh, part)
        lens = Lens(manifest.camera)
        if px_per_mm is None:
            px_per_mm = planner.usual_px_per_mm(manifest.camera, bounds.radius_mm)
        limits = Limits(px_per_mm, incidence_deg, blur_px, lowest_deg)
        found = planner.reach(surface, manifest.camera, limits)
        if plan:
            manifest = _with_planned_views(manifest, found)
            lens = Lens(manifest.camera)
        views = viewpoints.plan(manifest.views, manifest.camera, bounds)
        focus_mm = focuses_mm(lens, views, bounds.radius_mm)
        coverage = planner.coverage(surface, lens, views, focus_mm, limits, found)
    return Judged(manifest, limits, coverage, _picture(surface, lens, views, focus_mm, limits, found, coverage))


def save(judged: Judged, picture_file: Path, manifest_file: Path | None, source: Path) -> None:
    """Write the picture, and the manifest where a file is named for it.

    Raises:
        DataSetError: a file may not be written, the manifest is there already, or it would lie in another folder.
    """
    if manifest_file is not None:
        if manifest_file.exists():
            raise DataSetError(f"{manifest_file}: exists already; name another file")
        if manifest_file.resolve().parent != source.resolve().parent:
            raise DataSetError(f"{manifest_file}: must lie beside {source}, whose files are named relative to it")
        write_atomic(manifest_file, write_yaml(judged.manifest).encode())
    content = io.BytesIO()
    judged.picture.save(content, "PNG")
    write_atomic(picture_file, content.getvalue())


@contextmanager
def _named(manifest_file: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with a field, as reading it does."""
    try:
        yield
    except ManifestError as error:
        raise ManifestError(f"{manifest_file}: {error.field}", error.problem) from None


def _with_planned_views(manifest: Manifest, found: Reach) -> Manifest:
    views, focus_mm = planner.planned(found, manifest.camera)
    camera = manifest.camera if focus_mm is None else replace(manifest.camera, focus_distance_mm=focus_mm)
    return replace(manifest, views=views, camera=camera)


def _picture(
    surface: Surface, lens: Lens, views: Viewpoints, focus_mm: Floats, limits: Limits, found: Reach, coverage: Coverage
) -> Image.Image:
    """Four sides of the part in false colours, two by two, above the scale."""
    most = picture.most_px_per_mm(limits.px_per_mm, coverage.px_per_mm)
    sides = picture.paint(surface, lens, views, focus_mm, limits, found, most, _SIDE_PX)
    cell = _SIDE_PX + _MARGIN_PX
    width, height = 2 * cell + _MARGIN_PX, 2 * (cell + _LINE_PX) + _MARGIN_PX
    sheet = Image.new("RGB", (width, height + 5 * _LINE_PX), (255, 255, 255))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for i, (name, colours) in enumerate(sides.items()):
        x, y = _MARGIN_PX + i % 2 * cell, _MARGIN_PX + i // 2 * (cell + _LINE_PX)
        draw.text((x, y), name, fill=(0, 0, 0), font=font)
        sheet.paste(_image(colours), (x, y + _LINE_PX))
    _legend(sheet, draw, font, height, limits.px_per_mm, most)
    return sheet


def _legend(sheet: Image.Image, draw: ImageDraw.ImageDraw, font: Any, top: int, least: float, most: float) -> None:
    right = sheet.width - _MARGIN_PX
    bar = picture.colours(np.linspace(0, 1, right - _MARGIN_PX))
    sheet.paste(_image(np.tile(bar, (_LINE_PX - 6, 1, 1))), (_MARGIN_PX, top))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = f"{least + share * (most - least):.3g}" + (" px/mm or more" if share == 1 else "")
        at, anchor = _MARGIN_PX + share * (right - _MARGIN_PX), {0.0: "la", 1.0: "ra"}.get(share, "ma")
        draw.text((at, top + _LINE_PX - 4), label, fill=(0, 0, 0), font=font, anchor=anchor)
    for row, (colour, meaning) in enumerate(
        ((picture.MISSED, "reachable, not seen within the limits"), (picture.UNREACHABLE, "not reachable by any view"))
    ):
        y = top + int((2.2 + 1.2 * row) * _LINE_PX)
        fill = tuple(round(255 * channel) for channel in colour)
        draw.rectangle((_MARGIN_PX, y, _MARGIN_PX + 24, y + _LINE_PX - 6), fill=fill)
        draw.text((_MARGIN_PX + 32, y - 1), meaning, fill=(0, 0, 0), font=font)


def _image(colours: Floats) -> Image.Image:
    return Image.fromarray(np.rint(255 * colours).clip(0, 255).astype(np.uint8))
