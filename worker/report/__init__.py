"""The report of a data set: one HTML file to look at, of numbers and pictures that are computed here.

The same data set gives the same bytes: nothing of the clock or of the machine goes in.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from blender_addon.geometry.preparation.part_report import PartReport
from blender_addon.geometry.preparation.prepared_files import load_prepared
from manifests import assets
from manifests.errors import DataSetError, UserError
from manifests.files import read_manifest
from manifests.layout import IMAGE, DataSet, write_atomic
from manifests.sampling import locate_frame
from manifests.schema import Manifest
from manifests.showing import class_colors, spread

from .. import parts
from ..progress import duration
from ..standing import Standing, standing
from . import charts
from .census import Census, Defect, take_census
from .charts import number, unit_of, with_unit
from .histograms import histograms, words
from .pictures import Look, look_at, mean_picture

THUMBNAILS = 24
CLOSE_UPS = 24
_MOST_READ = 500  # pictures read for brightness and impurities, and pixels in them altogether, which bound the time
_MOST_PIXELS = 200e6
_MOST_DOTS = 1500
_MOST_LISTED = 40
_TEMPLATE = "report.html.j2"
_DEVICES = ("cpu", "cuda", "optix", "hip", "metal", "oneapi")


@dataclass(frozen=True)
class ClassRow:
    """A class in numbers; ``defects`` and ``seen`` are None for impurities, which have no instances.

    Attributes:
        label, value, color: name, mask value and the report's colour.
        defects: placed on the instances that have pairs.
        seen: of these, those that at least one image shows.
        pixels: in the masks that were read.
        share: of these masks, 0 to 1, that hold at least one pixel of it; None where none was read.
    """

    label: str
    value: int
    color: str
    defects: int | None
    seen: int | None
    pixels: int
    share: float | None


def write_report(data_set: DataSet) -> Path:
    """Write the report of a data set anew, complete or not.

    Returns:
        The file, ``DIR/report.html``.

    Raises:
        DataSetError: there is no data set, a record is damaged, or the disk refuses.
        ManifestError: the manifest has been damaged.
    """
    try:
        page = _render(_context(data_set))
        write_atomic(data_set.report_file, page.encode("utf-8", "replace"))
    except OSError as error:
        where = error.filename or data_set.report_file
        raise DataSetError(f"{where}: {error.strerror or error}; the report was not written") from None
    return data_set.report_file


def _render(context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(context)


def _context(data_set: DataSet) -> dict[str, Any]:
    """Everything that the template lays out."""
    found = standing(data_set.root)
    manifest = read_manifest(data_set.manifest_file)
    frames = [frame for frame in data_set.complete_frames() if frame < manifest.frame_count]
    census = take_census(data_set, manifest, frames)
    colors = class_colors(manifest)
    sheet = spread(frames, THUMBNAILS, manifest.frames_per_instance)
    sample = spread(frames, _sample_size(manifest), manifest.frames_per_instance)
    shown = _by_size(census.defects.values(), CLOSE_UPS)
    wanted = sorted({*sheet, *sample, *(defect.frame for defect in shown)})
    looks = {look.frame: look for look in look_at(data_set, manifest, wanted, set(sheet), shown)}
    sampled = [looks[frame] for frame in sample if not looks[frame].problem]
    part, part_problem = _part(data_set) if manifest.pattern is None else (None, "")
    return {
        "manifest": manifest,
        "standing": found,
        "labels": manifest.labels,
        "colors": colors,
        "impurities": [i.label for i in manifest.impurities],
        "facts": _facts(manifest, found, census),
        "warnings": _warnings(manifest, census, part, part_problem, looks),
        "missing": _ranges(found.missing),
        "logs": [_log(path, data_set) for path in found.failed_logs] if found.missing else [],
        "tiles": [_tile(data_set, manifest, look) for f in sheet if (look := looks[f]).thumbnail],
        "visible": census.visible,
        "close_ups": [
            {"picture": close_up, "sizes": _sizes(close_up.defect), "href": _href(data_set, close_up.defect.frame)}
            for defect in shown
            for close_up in looks[defect.frame].close_ups
            if close_up.defect is defect
        ],
        "seen": sum(defect.pixels > 0 for defect in census.defects.values()),
        "classes": _class_rows(manifest, census, sampled, colors),
        "sampled": len(sampled),
        "ground": mean_picture([look.thumbnail for look in looks.values() if look.thumbnail]),
        "dots": _dots(census, colors),
        "groups": histograms(manifest, census, sampled),
        "part": part,
        "repairs": _repairs(part),
        "provenance": _provenance(manifest, census, part),
        "again": _again(manifest, census),
        "has_index": data_set.index_file.is_file(),
        "canvas": (charts.WIDTH, charts.HEIGHT),
    }


def _sample_size(manifest: Manifest) -> int:
    width, height = manifest.camera.image_px
    return int(np.clip(_MOST_PIXELS / (width * height), THUMBNAILS, _MOST_READ))


def _by_size(defects: Iterable[Defect], count: int) -> list[Defect]:
    """Up to ``count`` visible defects, evenly spread from the smallest to the largest."""
    visible = sorted((d for d in defects if d.pixels), key=lambda d: (d.pixels, d.instance, d.id))
    if len(visible) <= count:
        return visible
    return [visible[k] for k in np.rint(np.linspace(0, len(visible) - 1, count)).astype(int)]


def _facts(manifest: Manifest, found: Standing, census: Census) -> list[tuple[str, str]]:
    """The figures of the head: value and what it is."""
    width, height = manifest.camera.image_px
    product = [
        (manifest.instances, "instance"),
        (manifest.view_count, "view"),
        (manifest.light_count, "light state"),
        (manifest.repeats, "repeat"),
    ]
    facts = [
        (f"{found.done:,} of {found.total:,}", "pairs complete"),
        (
            " × ".join(f"{n:,}" for n, _ in product if n > 1) or "1",
            " × ".join(noun + "s" for n, noun in product if n > 1) or "instance, view and light state",
        ),
        (f"{width} × {height}", "pixels"),
        (
            f"{sum(defect.pixels > 0 for defect in census.defects.values()):,} of {len(census.defects):,}",
            "defects seen",
        ),
    ]
    if census.frames:
        seconds = np.array(census.seconds)
        facts += [
            (f"{number(float(np.median(seconds)))} s", "render time of a pair, median"),
            (duration(float(seconds.sum())), "render time of all pairs"),
        ]
    return facts


def _warnings(
    manifest: Manifest, census: Census, part: PartReport | None, part_problem: str, looks: dict[int, Look]
) -> list[tuple[str, str]]:
    """What a person should know first: where it concerns, and a sentence."""
    found = [("Part", problem) for problem in (part.warnings if part else [part_problem]) if problem]
    strangers = sum(n for sha256, n in census.manifests.items() if sha256 != manifest.sha256())
    if strangers:
        told = f"{strangers:,} of {len(census.frames):,} come from another manifest"
        found.append(("Pairs", f"{told}; 'defectory verify' names them."))
    if len(census.parts) > 1:
        found.append(("Pairs", f"They come from {len(census.parts)} different prepared parts."))
    damaged = [look.problem for look in looks.values() if look.problem]
    found += [("Picture", f"{problem}; left out below.") for problem in damaged[:_MOST_LISTED]]
    if len(damaged) > _MOST_LISTED:
        found.append(("Picture", f"{len(damaged) - _MOST_LISTED:,} more of those read are damaged."))
    warned = sorted(census.warnings.items())
    found += [("Scene", f"{text} ({_frames(n)})") for text, n in warned[:_MOST_LISTED]]
    if len(warned) > _MOST_LISTED:
        found.append(("Scene", f"{len(warned) - _MOST_LISTED:,} more warnings are in the records."))
    return found


def _ranges(missing: Sequence[tuple[int, int]]) -> str:
    """Half-open ranges of frames, as ``--frames`` takes them."""
    spans = ", ".join(f"{start}:{stop}" for start, stop in missing[:_MOST_LISTED])
    return spans + (f" and {len(missing) - _MOST_LISTED:,} ranges more" if len(missing) > _MOST_LISTED else "")


def _log(path: Path, data_set: DataSet) -> tuple[str, str]:
    """Path of a log relative to the data set, and its last line."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4096))
        lines = stream.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return path.relative_to(data_set.root).as_posix(), last[:300]


def _href(data_set: DataSet, frame: int) -> str:
    return (data_set.pair_folder(frame) / IMAGE).relative_to(data_set.root).as_posix()


def _tile(data_set: DataSet, manifest: Manifest, look: Look) -> dict[str, Any]:
    where = locate_frame(manifest, look.frame)
    states = manifest.light_states
    return {
        "picture": look.thumbnail,
        "where": where,
        "state": states[where.light].name if states else "",
        "href": _href(data_set, look.frame),
    }


def _sizes(defect: Defect) -> list[str]:
    """The lengths of a defect in words."""
    return [
        f"{words(name)} {with_unit(number(value), unit_of(name))}"
        for name, value in defect.sizes.items()
        if name.endswith("_mm")
    ]


def _class_rows(manifest: Manifest, census: Census, sampled: list[Look], colors: dict[str, str]) -> list[ClassRow]:
    rows = []
    defects = Counter(defect.label for defect in census.defects.values())
    seen = Counter(defect.label for defect in census.defects.values() if defect.pixels)
    impurities = {impurity.label for impurity in manifest.impurities}
    for label, value in manifest.labels.items():
        if not value:
            continue
        if label in impurities:
            pixels = np.array([look.class_pixels[value] for look in sampled], dtype=np.int64)
            share = float((pixels > 0).mean()) if pixels.size else None
            rows.append(ClassRow(label, value, colors[label], None, None, int(pixels.sum()), share))
        else:
            total = sum(census.sightings.get(label, ()))
            share = census.images[label] / len(census.frames) if census.frames else None
            rows.append(ClassRow(label, value, colors[label], defects[label], seen[label], total, share))
    return rows


def _dots(census: Census, colors: dict[str, str]) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """Label, colour and centres (x, y as percentages of the image) of the defects seen, thinned evenly where many."""
    total = sum(len(places) for places in census.places.values()) // 2
    step = max(1, -(-total // _MOST_DOTS))
    found = []
    for label, places in sorted(census.places.items()):
        points = np.round(100 * np.array(places).reshape(-1, 2)[::step], 2).tolist()
        found.append((label, colors[label], [(x, y) for x, y in points]))
    return found


def _part(data_set: DataSet) -> tuple[PartReport | None, str]:
    """The report of the prepared part; else why there is none."""
    try:
        return load_prepared(parts.prepared_file(data_set))[1], ""
    except UserError as error:
        # Where the data set lies is no part of it: a moved one has the same report.
        return None, str(error).replace(f"{data_set.root}{os.sep}", "")


def _repairs(part: PartReport | None) -> list[tuple[str, int]]:
    if part is None:
        return []
    return [(name.replace("_", " "), int(count)) for name, count in vars(part.repair).items()]


def _provenance(manifest: Manifest, census: Census, part: PartReport | None) -> list[tuple[str, list[str]]]:
    """What it is, and its values."""
    try:
        version = importlib.metadata.version("defectory")
    except importlib.metadata.PackageNotFoundError:
        version = "not installed as a package"
    rows = [
        ("Manifest SHA-256", [manifest.sha256()]),
        ("Seed", [str(manifest.seed)]),
        ("Contract", [str(manifest.contract)]),
        ("Blender", _counted(census.blenders)),
        ("Device", _counted(census.devices)),
        ("Prepared part SHA-256", _counted(census.parts)),
        ("CAD file", [part.source] if part else []),
        ("CAD file SHA-256", [part.source_sha256] if part else []),
        ("Defectory, of this report", [version]),
    ]
    return [(name, values) for name, values in rows if values]


def _counted(values: Counter[str]) -> list[str]:
    if len(values) == 1:
        return list(values)
    return [f"{value} ({_frames(n)})" for value, n in sorted(values.items())]


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count:,} frames"


def _again(manifest: Manifest, census: Census) -> str:
    """The command that renders the data set once more; manifest, prepared part and assets are all that it needs."""
    needed = "manifest.yaml" + (" part" if manifest.pattern is None else "")
    needed += " assets assets.json" if assets.named(manifest) else ""
    kinds = {device.partition(":")[0] for device in census.devices}
    device = kinds.pop() if len(kinds) == 1 else ""
    command = f"mkdir ../again && cp -r {needed} ../again/ && defectory resume ../again"
    return command + (f" --device {device}" if device in _DEVICES else "")
