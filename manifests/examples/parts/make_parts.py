"""Draws the parts that the examples inspect, and writes them beside this file.

    python -m venv cad && cad/bin/pip install cadquery==2.8.0
    cad/bin/python manifests/examples/parts/make_parts.py [folder]

cadquery is needed for this alone; the files are committed. Run again, it writes the same bytes.

block.step, block.stl   25 x 25 x 50 mm, upright along z, edges rounded by 0.6 mm as printing and painting leave them
flange.step, flange.igs a turned flange of 60 mm with bore, counterbore, six bolt holes and chamfers, and a locating
                        pin: an assembly of two named bodies in STEP; IGES knows no assemblies
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cadquery as cq
from OCP.IGESControl import IGESControl_Writer

_STAMP = "2000-01-01T00:00:00"
BLOCK_MM = (25.0, 25.0, 50.0)
BLOCK_ROUNDING_MM = 0.6


def block() -> cq.Workplane:
    """The painted block, its centre at the origin."""
    return cq.Workplane("XY").box(*BLOCK_MM).edges().fillet(BLOCK_ROUNDING_MM)


def flange() -> cq.Workplane:
    """The flange: its disc on z = 0, the hub upward."""
    profile = [(9, 0), (30, 0), (30, 10), (18, 10), (18, 24), (12, 24), (12, 18), (9, 18)]
    body = cq.Workplane("XZ").polyline(profile).close().revolve(360, (0, 0, 0), (0, 1, 0))
    body = body.faces("<Z").edges("%CIRCLE").chamfer(1.0)
    body = (
        body.edges(cq.selectors.BoxSelector((-31, -31, 9.5), (31, 31, 10.5)))
        .edges(cq.selectors.RadiusNthSelector(-1))
        .chamfer(1.0)
    )
    body = body.faces(">Z").edges(cq.selectors.RadiusNthSelector(-1)).chamfer(0.8)
    holes = cq.Workplane("XY").polarArray(24.0, 30, 360, 6).circle(2.75).extrude(12)
    pin_hole = cq.Workplane("XY").center(24.0, 0.0).circle(2.05).extrude(12)
    return body.cut(holes).cut(pin_hole)


def pin() -> cq.Workplane:
    """The locating pin, which stands in its hole and out of the disc by 4 mm."""
    return cq.Workplane("XY").center(24.0, 0.0).circle(2.0).extrude(14).faces(">Z").edges().chamfer(0.5)


def main(folder: Path) -> None:
    """Write all parts into ``folder``."""
    cq.Assembly(block(), name="block").export(str(folder / "block.step"))
    cq.exporters.export(block(), str(folder / "block.stl"), tolerance=0.01, angularTolerance=0.2)
    assembly = cq.Assembly(name="flange_with_pin").add(flange(), name="flange").add(pin(), name="pin")
    assembly.export(str(folder / "flange.step"))
    writer = IGESControl_Writer("MM", 1)  # 1: solids, not loose surfaces
    for body in (flange(), pin()):
        writer.AddShape(body.val().wrapped)
    writer.Write(str(folder / "flange.igs"))
    for path in (folder / "block.step", folder / "flange.step", folder / "flange.igs"):
        path.write_text(_without_stamps(path.read_text()))


def _without_stamps(text: str) -> str:
    """STEP headers carry the time of writing, IGES too."""
    text = re.sub(r"'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'", f"'{_STAMP}'", text)
    return re.sub(r"15H\d{8}\.\d{6}", "15H20000101.000000", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
