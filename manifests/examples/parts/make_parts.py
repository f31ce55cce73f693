"""Draws the parts that the examples inspect, and writes them beside this file.

    python -m venv cad && cad/bin/pip install cadquery==2.8.0
    cad/bin/python manifests/examples/parts/make_parts.py [folder]

cadquery is needed for this alone; the files are committed. Run again, it writes the same bytes.

block.step, block.stl   25 x 25 x 50 mm, upright along z, edges rounded by 0.6 mm as printing and painting leave them
flange.step, flange.igs a turned flange of 60 mm with bore, counterbore, six bolt holes and chamfers, and a locating
                        pin: an assembly of two named bodies in STEP; IGES knows no assemblies
bricks.step             ten building bricks of 2 x 4 knobs in a holder (S1): objects brick_1 to brick_10 and holder
clutch.step             the two halves of a machined clutch of 84 mm (S2): steps, jaws, counterbores, threads, bevels;
                        threads are rings of the thread's profile, without its pitch
plate.step              a sheet of 120 x 100 x 2 mm (S3, S4), its top at z = 1
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


def brick() -> cq.Workplane:
    """A brick of 2 x 4 knobs at a pitch of 8 mm, hollow from below, standing on z = 0."""
    body = cq.Workplane("XY").box(31.8, 15.8, 9.6, centered=(True, True, False)).edges("|Z or >Z").fillet(0.25)
    body = body.cut(cq.Workplane("XY").box(28.8, 12.8, 8.2, centered=(True, True, False)))
    tubes = cq.Workplane("XY").pushPoints([(-8, 0), (0, 0), (8, 0)]).circle(3.25).circle(2.4).extrude(8.2)
    knob = cq.Workplane("XY").circle(2.4).extrude(1.8).faces(">Z").edges().fillet(0.2)
    for x in (-12, -4, 4, 12):
        for y in (-4, 4):
            body = body.union(knob.translate((x, y, 9.6)))
    return body.union(tubes)


def holder() -> cq.Workplane:
    """The plate that holds ten bricks on pegs, with ribs between their places and screw holes in its corners."""
    plate = cq.Workplane("XY").box(92, 132, 8, centered=(True, True, False)).translate((0, 0, -8))
    plate = plate.edges("|Z").fillet(6).faces(">Z").edges().chamfer(0.8)
    places = [(x, y) for x in (-20, 20) for y in (-48, -24, 0, 24, 48)]
    plate = plate.faces(">Z").workplane(origin=(0, 0, 0)).pushPoints(places).rect(33, 17).cutBlind(-2)
    plate = plate.faces(">Z").workplane(origin=(0, 0, 0)).rect(82, 122, forConstruction=True).vertices()
    plate = plate.cboreHole(3.4, 6.2, 3.2)
    lights = [(0.0, y) for y in (-56, -40, -24, -8, 8, 24, 40, 56)]
    return plate.cut(cq.Workplane("XY").pushPoints(lights).circle(1.8).extrude(-8))


def bricks() -> cq.Assembly:
    """Ten bricks, two columns of five at multiples of the knobs' pitch, sunk by 2 mm into the holder."""
    assembly = cq.Assembly(name="bricks").add(holder(), name="holder", color=cq.Color(0.05, 0.05, 0.06))
    one = brick()
    for number, (x, y) in enumerate([(x, y) for y in (48, 24, 0, -24, -48) for x in (-20, 20)], start=1):
        assembly = assembly.add(one, name=f"brick_{number}", loc=cq.Location((x, y, -2)))
    return assembly


def clutch() -> cq.Assembly:
    """Both halves of the clutch, which a slot of 0.8 mm parts along y = 0; it stands on z = 0."""
    profile = [(14, 0), (42, 0), (42, 12), (33, 12), (33, 15), (31.5, 15), (31.5, 20), (33, 20), (33, 30)]
    profile += [(20, 30), (20, 24), (16, 24), (16, 6), (14, 6)]
    body = cq.Workplane("XZ").polyline(profile).close().revolve(360, (0, 0, 0), (0, 1, 0))
    body = body.faces("<Z").edges("%CIRCLE").chamfer(1.2)
    body = body.faces(">Z").edges("%CIRCLE").chamfer(1.0)
    jaw = cq.Workplane("XY").rect(30, 11).extrude(6).translate((30, 0, 24))  # six slots leave six jaws
    for k in range(6):
        body = body.cut(jaw.rotate((0, 0, 0), (0, 0, 1), 30 + 60 * k))
    head = cq.Workplane("XY").circle(3.6).extrude(8).translate((0, 0, 5))
    screw = cq.Workplane("XY").circle(2.25).extrude(12).union(head)
    for k in range(6):  # threads and counterbores by turns
        tool = _thread(3.0, 12.0) if k % 2 else screw
        body = body.cut(tool.translate((37.2, 0, 0)).rotate((0, 0, 0), (0, 0, 1), 30 + 60 * k))
    for x in (-24.5, 24.5):  # the clamping screws cross the slot
        hole = cq.Workplane("XZ").circle(2.25).extrude(60, both=True)
        bore = cq.Workplane("XZ").circle(4.2).extrude(60).translate((0, -21, 0))
        body = body.cut(hole.translate((x, 0, 17.5))).cut(bore.translate((x, 0, 17.5)))
    slot = cq.Workplane("XY").box(100, 0.8, 100)
    body = body.cut(slot)
    front, back = sorted(body.solids().vals(), key=lambda solid: solid.Center().y)
    return cq.Assembly(name="clutch").add(cq.Workplane(front), name="front").add(cq.Workplane(back), name="back")


def _thread(radius: float, length: float, pitch: float = 1.0) -> cq.Workplane:
    """What a threaded hole takes away, from z = 0 up, with a countersink at both ends."""
    points = [(0.0, 0.0), (radius + 0.5, 0.0), (radius, 0.5)]
    z = 0.5
    while z + pitch < length - 0.5:
        points += [(radius - 0.5, z + pitch / 2), (radius, z + pitch)]
        z += pitch
    points += [(radius, length - 0.5), (radius + 0.5, length), (0.0, length)]
    return cq.Workplane("XZ").polyline(points).close().revolve(360, (0, 0, 0), (0, 1, 0))


def plate() -> cq.Workplane:
    """The sheet, its centre at the origin, its edges as a saw and a file leave them."""
    sheet = cq.Workplane("XY").box(120, 100, 2).edges("|Z").fillet(1.5)
    return sheet.faces("<Z or >Z").edges().chamfer(0.15)


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
    large = {"bricks": bricks(), "clutch": clutch(), "plate": cq.Assembly(plate(), name="plate")}
    for name, assembly in large.items():  # half the size without the curves in the faces' own parameters
        assembly.export(str(folder / f"{name}.step"), write_pcurves=False)
    for path in (*folder.glob("*.step"), folder / "flange.igs"):
        path.write_text(_without_stamps(path.read_text()))


def _without_stamps(text: str) -> str:
    """STEP headers carry the time of writing, IGES too."""
    text = re.sub(r"'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'", f"'{_STAMP}'", text)
    return re.sub(r"15H\d{8}\.\d{6}", "15H20000101.000000", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
