from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_addon.contract import errors
from blender_addon.geometry.cad.cad_files import read_cad, tell_format

from .cad_writers import BOX_QUADS, PARTS, ascii_stl, binary_stl, box, embedded, glb, gltf, mesh, obj, ply, volume

BOX = box()


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def nodes_of_two_boxes():
    return [
        {"name": "base", "mesh": 0, "children": [1], "translation": [0, 0, 10]},
        {"name": "base", "mesh": 0, "scale": [-2, 1, 1], "rotation": [0, 0, 2**-0.5, 2**-0.5]},
    ]


SOUND = {
    "binary.stl": binary_stl(*BOX),
    "binary_that_begins_with_solid.stl": binary_stl(*BOX, header=b"solid box"),
    "no_suffix": binary_stl(*BOX),
    "ascii.stl": ascii_stl({"box": BOX}),
    "upper.STL": ascii_stl({"box": BOX}).upper(),
    "quads.obj": obj(BOX[0], BOX_QUADS),
    "triangles.obj": obj(*BOX),
    "ascii.ply": ply(BOX[0], BOX_QUADS),
    "little.ply": ply(*BOX, "binary_little_endian"),
    "big.ply": ply(*BOX, "binary_big_endian"),
    "mixed_polygons.ply": ply(BOX[0], [*BOX_QUADS[:3], *BOX[1][3:6], *BOX[1][9:]], "binary_big_endian"),
}


@pytest.mark.parametrize("name", SOUND)
def test_every_triangle_format_gives_the_same_closed_box(tmp_path, name):
    read = read_cad(write(tmp_path, name, SOUND[name]))
    low, high = read.bounds_mm()
    assert read.face_count == 12
    assert low.tolist() == [0, 0, 0] and high.tolist() == [1, 2, 3]
    assert volume(read) == pytest.approx(6.0)
    assert read.object_names == (name.split(".")[0] if "." in name else name,)
    assert read.triangles.dtype == np.int32 and read.vertices_mm.dtype == np.float64


@pytest.mark.parametrize(("unit", "factor"), [(None, 1.0), ("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("inch", 25.4)])
def test_unit_scales_an_stl(tmp_path, unit, factor):
    read = read_cad(write(tmp_path, "a.stl", SOUND["binary.stl"]), unit)
    assert read.bounds_mm()[1] == pytest.approx(np.array([1, 2, 3]) * factor)


def test_unknown_unit_is_refused(tmp_path):
    with pytest.raises(errors.PartError, match="unit 'furlong' is unknown"):
        read_cad(write(tmp_path, "a.stl", SOUND["binary.stl"]), "furlong")  # type: ignore[arg-type]


def test_glb_applies_nested_transforms_keeps_names_and_stands_upright(tmp_path):
    read = read_cad(write(tmp_path, "a.glb", glb(*gltf(*BOX, nodes_of_two_boxes(), [0]))))
    assert read.object_names == ("base", "base.001")
    parent = read.vertices_mm[np.unique(read.triangles[read.object_index == 0])]
    child = read.vertices_mm[np.unique(read.triangles[read.object_index == 1])]
    # y up in metres becomes z up in millimetres: (x, y, z) -> (x, -z, y)
    assert parent.min(axis=0).tolist() == [0, -13000, 0] and parent.max(axis=0).tolist() == [1000, -10000, 2000]
    # The child is scaled to -2 in x, then turned by 90 degrees about z: (x, y) -> (-y, -2 x)
    assert child.min(axis=0) == pytest.approx([-2000, -13000, -2000])
    assert child.max(axis=0) == pytest.approx([0, -10000, 0])
    # A mirrored box is still wound outward: 6 + 12 cubic metres.
    assert volume(read) == pytest.approx(18e9, rel=1e-6)


def test_gltf_reads_embedded_and_neighbouring_buffers(tmp_path):
    document, data = gltf(*BOX, [{"mesh": 0}], [0])
    write(tmp_path, "box one.bin", data)
    document["buffers"][0]["uri"] = "box%20one.bin"
    beside = read_cad(write(tmp_path, "a.gltf", json.dumps(document).encode()))
    inside = read_cad(write(tmp_path, "b.gltf", embedded(document, data)))
    assert np.array_equal(beside.vertices_mm, inside.vertices_mm) and volume(beside) == pytest.approx(6e9)
    assert beside.object_names == ("mesh",)


@pytest.mark.parametrize("uri", ["../secret.bin", "/etc/hostname", "http://example.org/a.bin", "absent.bin"])
def test_gltf_takes_no_buffer_from_elsewhere(tmp_path, uri):
    (tmp_path / "secret.bin").write_bytes(bytes(1000))
    (tmp_path / "inner").mkdir()
    document, _ = gltf(*BOX, [{"mesh": 0}], [0])
    document["buffers"][0]["uri"] = uri
    with pytest.raises(errors.PartError, match=r"a\.gltf: .*(elsewhere|outside|missing)"):
        read_cad(write(tmp_path / "inner", "a.gltf", json.dumps(document).encode()))


@pytest.mark.parametrize("mode", [5, 6])
def test_glb_strips_and_fans_keep_their_winding(tmp_path, mode):
    points = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]] if mode == 5 else [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    document, data = gltf(points, [[0, 1, 2, 3]], [{"mesh": 0}], [0])
    document["meshes"][0]["primitives"][0]["mode"] = mode
    read = read_cad(write(tmp_path, "a.glb", glb(document, data)))
    a, b, c = (read.vertices_mm[read.triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    assert read.face_count == 2
    assert normals[:, 1] == pytest.approx([-1e6, -1e6])  # z of the file is -y here


def test_ascii_stl_solids_become_objects_with_unique_names(tmp_path):
    content = (
        ascii_stl({"pin": BOX}) + ascii_stl({"plate": box(low=(5, 0, 0))}) + ascii_stl({"pin": box(low=(9, 0, 0))})
    )
    read = read_cad(write(tmp_path, "a.stl", content))
    assert read.object_names == ("pin", "plate", "pin.001")
    assert read.faces_by_object() == {"pin": 12, "plate": 12, "pin.001": 12}


def test_obj_groups_negative_indices_colours_and_continued_lines(tmp_path):
    text = b"# a comment\ng first\nv 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nf -3//1 -2//1 \\\n -1//1\n"
    text += b"g second\nv 0 0 5\nv 1 0 5\nv 1 1 5\nv 0 1 5\nf 4/1/1 5/2/1 6/3/1 7/4/1\ng first\nf 1 2 3\n"
    read = read_cad(write(tmp_path, "a.obj", text))
    assert read.object_names == ("first", "second")
    assert read.triangles.tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6], [0, 1, 2]]
    assert read.object_index.tolist() == [0, 1, 1, 0]


def test_step_assembly_keeps_names_millimetres_and_cad_faces():
    read = read_cad(PARTS / "flange.step")
    low, high = read.bounds_mm()
    assert read.object_names == ("flange", "pin")
    assert (high - low)[2] == pytest.approx(24.0, abs=1e-4)
    assert (high - low)[0] == pytest.approx(60.0, abs=0.05)
    assert read.cad_face is not None and len(np.unique(read.cad_face)) == read.cad_face.max() + 1 > 15
    # A face of the CAD model belongs to one body.
    assert len(np.unique(np.stack([read.cad_face, read.object_index], 1), axis=0)) == read.cad_face.max() + 1


def test_step_and_iges_of_the_same_part_agree():
    step, iges = (read_cad(PARTS / f"flange.{suffix}") for suffix in ("step", "igs"))
    assert step.bounds_mm()[1] == pytest.approx(iges.bounds_mm()[1], abs=1e-3)


def test_step_in_inches_is_converted_and_a_declared_unit_can_be_replaced(tmp_path):
    text = (PARTS / "block.step").read_text()
    assert "SI_UNIT(.MILLI.,.METRE.)" in text
    metres = write(tmp_path, "m.step", text.replace("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT($,.METRE.)").encode())
    assert np.ptp(read_cad(metres).vertices_mm, axis=0) == pytest.approx([25e3, 25e3, 50e3], rel=1e-5)
    assert np.ptp(read_cad(metres, "mm").vertices_mm, axis=0) == pytest.approx([25, 25, 50], rel=1e-5)
    assert np.ptp(read_cad(PARTS / "block.step", "inch").vertices_mm, axis=0) == pytest.approx(
        [635, 635, 1270], rel=1e-5
    )


def test_format_is_told_by_content_not_by_suffix(tmp_path):
    assert tell_format(write(tmp_path, "wrong.stl", ply(*BOX))) == "PLY"
    assert tell_format(write(tmp_path, "wrong.obj", SOUND["binary.stl"])) == "STL"
    assert tell_format(write(tmp_path, "wrong.ply", (PARTS / "block.step").read_bytes())) == "STEP"
    assert tell_format(write(tmp_path, "wrong.txt", (PARTS / "flange.igs").read_bytes())) == "IGES"


def glb_with(change):
    document, data = gltf(*BOX, [{"mesh": 0}], [0])
    change(document)
    return glb(document, data)


def with_number(content: bytes, old: bytes, new: bytes) -> bytes:
    assert content.count(old) >= 1
    return content.replace(old, new, 1)


NOT_FINITE = BOX[0].copy()
NOT_FINITE[3, 1] = np.nan
HUGE = (2**32 - 1).to_bytes(4, "little")
STEP = (PARTS / "block.step").read_bytes()
BAD = {
    "empty": ("a.stl", b"", "is empty"),
    "short": ("a.stl", b"\x01" * 40, "no STL file"),
    "truncated binary stl": ("a.stl", SOUND["binary.stl"][:-1], "truncated"),
    "four billion faces": ("a.stl", SOUND["binary.stl"][:80] + HUGE + SOUND["binary.stl"][84:], "truncated"),
    "count of zero": ("a.stl", SOUND["binary.stl"][:80] + bytes(4), "no faces"),
    "truncated ascii stl": ("a.stl", SOUND["ascii.stl"][:-30], "truncated"),
    "a facet of two corners": ("a.stl", with_number(SOUND["ascii.stl"], b"vertex", b"vortex"), "damaged"),
    "a word for a number": ("a.stl", with_number(SOUND["ascii.stl"], b"vertex 0.0", b"vertex zero"), "no number"),
    "solid without facets": ("a.stl", b"solid a\nendsolid a\n", "no faces"),
    "not finite binary stl": ("a.stl", binary_stl(NOT_FINITE, BOX[1]), "not a finite"),
    "not finite ascii stl": ("a.stl", ascii_stl({"a": (NOT_FINITE, BOX[1])}), "not a finite"),
    "not finite obj": ("a.obj", obj(NOT_FINITE, BOX[1]), "not a finite"),
    "not finite ply": ("a.ply", ply(NOT_FINITE, BOX[1], "binary_big_endian"), "not a finite"),
    "jpeg": ("a.stl", b"\xff\xd8\xff\xe0" + bytes(500), "JPEG"),
    "zip": ("a.step", b"PK\x03\x04" + bytes(500), "zip archive"),
    "brep": ("a.brep", b"DBRep_DrawableShape\n", "export STEP"),
    "prose": ("a.stl", b"Dear all, the file is attached.\n" * 20, "no CAD file"),
    "prose as obj": ("a.obj", b"v for victory\nf for fake\n", "without three numbers"),
    "noise as stl": ("a.stl", np.random.default_rng(1).bytes(5000), "truncated, or no STL"),
    "noise as step": ("a.step", np.random.default_rng(1).bytes(5000), "no CAD file"),
    "noise as glb": ("a.glb", b"glTF" + np.random.default_rng(1).bytes(5000), "glTF"),
    "points only obj": ("a.obj", obj(BOX[0], []), "no faces"),
    "obj index out of range": ("a.obj", obj(BOX[0], [[0, 1, 8]]), "not there"),
    "obj index zero": ("a.obj", obj(BOX[0], [[-1, 1, 2]]), "vertex numbers"),
    "obj negative too far": ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -4\n", "not there"),
    "obj face of two corners": ("a.obj", obj(BOX[0], [[0, 1]]), "no faces"),
    "points only ply": ("a.ply", ply(BOX[0], []), "no faces"),
    "truncated ascii ply": ("a.ply", SOUND["ascii.ply"][:-12], "truncated"),
    "truncated binary ply": ("a.ply", SOUND["little.ply"][:-1], "truncated"),
    "truncated mixed ply": ("a.ply", SOUND["mixed_polygons.ply"][:-1], "truncated"),
    "ply cut in the vertices": ("a.ply", SOUND["big.ply"][:240], "truncated"),
    "ply cut in the header": ("a.ply", SOUND["big.ply"][:60], "header"),
    "ply of an unknown type": ("a.ply", with_number(SOUND["big.ply"], b"float x", b"fixed x"), "header"),
    "ply index out of range": ("a.ply", ply(BOX[0], [[0, 1, 8]], "binary_little_endian"), "not there"),
    "ply index negative": ("a.ply", ply(BOX[0], [[0, 1, -1]]), "not there"),
    "ply of 2^32 faces": ("a.ply", with_number(SOUND["little.ply"], b"face 12", b"face 4294967295"), "truncated"),
    "ply of 2^32 points": ("a.ply", with_number(SOUND["ascii.ply"], b"vertex 8", b"vertex 4294967295"), "truncated"),
    "truncated glb": ("a.glb", glb(*gltf(*BOX, [{"mesh": 0}], [0]))[:-10], "truncated"),
    "glb of four billion points": (
        "a.glb", glb_with(lambda d: d["accessors"][0].update(count=2**32 - 1)), "truncated",
    ),
    "glb with a negative offset": ("a.glb", glb_with(lambda d: d["bufferViews"][0].update(byteOffset=-8)), "damaged"),
    "glb index out of range": ("a.glb", glb(*gltf(BOX[0], [[0, 1, 8]], [{"mesh": 0}], [0])), "not there"),
    "glb whose nodes are a ring": (
        "a.glb", glb_with(lambda d: d.update(nodes=[{"mesh": 0, "children": [1]}, {"children": [1]}])), "no tree",
    ),
    "glb by draco": (
        "a.glb", glb_with(lambda d: d.update(extensionsRequired=["KHR_draco_mesh_compression"])), "without compression",
    ),
    "glb without a mesh": ("a.glb", glb(*gltf(*BOX, [{"name": "empty"}], [0])), "no faces"),
    "glb of lists for objects": ("a.glb", glb_with(lambda d: d.update(nodes=[[]])), "damaged"),
    "gltf that is no json": ("a.gltf", b'{"asset": {', "damaged"),
    "truncated step": ("a.step", STEP[: len(STEP) // 2], "truncated"),
    "damaged step": ("a.step", with_number(STEP, b"ADVANCED_FACE(", b"ADVANCED_FACE"), r"a\.step"),
    "step without a body": ("a.step", STEP[: STEP.index(b"#1 =")] + b"ENDSEC;\nEND-ISO-10303-21;\n", r"a\.step"),
    "truncated iges": ("a.igs", (PARTS / "flange.igs").read_bytes()[:40000], r"a\.igs"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_in_one_line_that_names_it(tmp_path, case):
    name, content, reason = BAD[case]
    with pytest.raises(errors.PartError, match=reason) as caught:
        read_cad(write(tmp_path, name, content))
    message = str(caught.value)
    assert name in message and "\n" not in message
    assert len(message) < 250


def test_absent_file_and_folder_are_refused(tmp_path):
    with pytest.raises(errors.PartError, match="no such file"):
        read_cad(tmp_path / "absent.stl")
    with pytest.raises(errors.PartError, match="is a folder"):
        read_cad(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(
        ["binary.stl", "ascii.stl", "quads.obj", "ascii.ply", "big.ply", "mixed_polygons.ply", "a.glb"]
    ),
    cut=st.floats(0, 1),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
def test_any_damage_gives_a_mesh_in_range_or_one_error(tmp_path, kind, cut, edits):
    content = bytearray(SOUND[kind] if kind in SOUND else glb(*gltf(*BOX, nodes_of_two_boxes(), [0])))
    for position, value in edits:
        content[int(position * (len(content) - 1))] = value
    content = content[: int(cut * len(content))] if cut < 0.5 else content
    try:
        read = read_cad(write(tmp_path, kind, bytes(content)))
    except errors.PartError:
        return
    assert read.face_count > 0 and np.isfinite(read.vertices_mm).all()
    assert read.triangles.min() >= 0 and read.triangles.max() < len(read.vertices_mm)
    assert len(read.object_index) == read.face_count


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_coordinates_survive_a_binary_stl_bit_for_bit(tmp_path, data):
    values = st.floats(-1e6, 1e6, width=32)
    count = data.draw(st.integers(1, 20))
    points = np.array(data.draw(st.lists(values, min_size=9 * count, max_size=9 * count))).reshape(-1, 3)
    read = read_cad(write(tmp_path, "a.stl", binary_stl(points, np.arange(3 * count).reshape(-1, 3))))
    assert np.array_equal(read.vertices_mm[read.triangles].reshape(-1, 3), points)
    assert len(np.unique(read.vertices_mm, axis=0)) == len(read.vertices_mm)


def test_large_binary_stl_is_joined_across_chunks(tmp_path, monkeypatch):
    from blender_addon.geometry.cad import read_stl

    monkeypatch.setattr(read_stl, "_CHUNK_FACES", 5)
    read = read_cad(write(tmp_path, "a.stl", SOUND["binary.stl"]))
    assert len(read.vertices_mm) == 8
    assert np.array_equal(read.vertices_mm[read.triangles], mesh(*BOX).vertices_mm[BOX[1]])
