"""Data sets to report on, and what stands on the page of one."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from manifests.layout import DataSet
from manifests.sampling import locate_frame
from manifests.schema import Manifest
from worker.report import write_report

from .made import made_data_set, seal

PARAMETERS = [
    {"id": "yaw", "target": "part.rotation_deg[2]", "distribution": {"kind": "uniform", "low": -6, "high": 6}},
    {
        "id": "rough",
        "target": "surface.roughness",
        "distribution": {"kind": "choice", "options": [0.2, 0.4]},
        "scope": "instance",
    },
]


class Page(HTMLParser):
    """Tags with their attributes, and the text outside style sheets, of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._style = False
        self.feed(content)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += "" if self._style else data

    def all(self, tag: str, of_class: str = "") -> list[dict[str, str]]:
        return [a for name, a in self.tags if name == tag and of_class in ["", *a.get("class", "").split()]]


def reported(root: Path, manifest: Manifest, frames: list[int]) -> DataSet:
    """A data set whose records have all fields: one dent of 16 pixels an instance, and one that no frame shows."""
    data_set = made_data_set(root, manifest, frames)
    for frame in frames:
        where = locate_frame(manifest, frame)
        dents = [
            {"id": 1, "kind": "dent", "label": "dent", "diameter_mm": 1.0 + where.instance, "depth_mm": 0.5,
             "position_mm": [0.0, 0.0, 0.0], "pixels": 16, "bbox": [4, 4, 4, 4]},
            {"id": 2, "kind": "dent", "label": "dent", "diameter_mm": 9.0, "depth_mm": 0.5,
             "position_mm": [0.0, 0.0, 0.0], "pixels": 0, "bbox": None},
        ]  # fmt: skip
        seal(
            data_set.pair_folder(frame),
            instance=where.instance,
            view=where.view,
            light=where.light,
            defects=dents if manifest.defects else [],
            parameters={p.id: 0.2 + frame / 10 for p in manifest.parameters},
            blender="4.5.15 LTS (5afeabba6097)",
            device="cpu: CPU",
            seconds=2.0 + frame,
            part_sha256="ab" * 32,
        )
    return data_set


def page_of(data_set: DataSet) -> Page:
    return Page(write_report(data_set).read_text(encoding="utf-8"))


def row_of(page: Page, label: str) -> list[str]:
    """Cells of a class in the table of classes, after its name."""
    found = re.search(rf"Images with it.*?\b{label}(?: impurity)?((?: [\d,–]+%?){{5}})", page.text)
    assert found is not None
    return found[1].split()
