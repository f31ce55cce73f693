"""The report says what the records and the masks say, in one file that asks for nothing else."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from manifests.layout import IMAGE, INSTANCES, MASK, RECORD, DataSet
from worker.report import pictures, write_report
from worker.report.census import take_census

from .made import made_manifest, seal
from .reported import PARAMETERS, Page, page_of, reported, row_of

EVIL = "<script>alert(1)</script>\"'&{{ 7*7 }}"


def test_counts_are_those_of_the_records(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(parameters=PARAMETERS), [0, 1, 2, 3, 4, 5]))
    assert "6 of 6 pairs complete" in page.text
    assert "3 × 2 instances × views" in page.text
    assert "3 of 6 defects seen" in page.text  # one of two of each of three instances
    # Median of 2 to 7 s, and their sum.
    assert "4.5 s render time of a pair, median" in page.text
    assert "0:27 render time of all pairs" in page.text
    assert row_of(page, "dent") == ["1", "6", "3", "96", "100%"]
    assert len(page.all("figure", "tile")) == 6
    assert page.text.count("1 defect ") == 6
    assert len(page.all("circle")) == 6
    assert "missing" not in page.text.lower()


@pytest.mark.parametrize("frames", [[0, 1, 4], []])
def test_every_link_leads_to_a_file_of_the_data_set_and_nothing_is_loaded(tmp_path: Path, frames: list[int]) -> None:
    data_set = reported(tmp_path, made_manifest(), frames)
    content = write_report(data_set).read_text()
    page = Page(content)
    links = [a["href"] for a in page.all("a")]
    files = [link for link in links if not link.startswith("#")]
    assert {unquote(link) for link in files} >= {f"pairs/0000/000000{frame}/image.png" for frame in frames}
    assert [link for link in files if not (tmp_path / unquote(link)).is_file()] == []
    anchors = {a["id"] for _, a in page.tags if "id" in a}
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    sources = [a.get("src", "") or a.get("href", "") for tag in ("img", "image") for a in page.all(tag)]
    assert bool(sources) == bool(frames)
    assert all(source.startswith("data:image/") for source in sources)
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"https?:|@import|url\(|\son\w+=", content)


def test_same_data_set_gives_the_same_bytes(tmp_path: Path) -> None:
    data_set = reported(tmp_path / "one", made_manifest(parameters=PARAMETERS), [0, 1, 2])
    first = write_report(data_set).read_bytes()
    assert write_report(data_set).read_bytes() == first
    shutil.copytree(tmp_path / "one", tmp_path / "elsewhere")
    assert write_report(DataSet(tmp_path / "elsewhere")).read_bytes() == first


def test_incomplete_data_set_names_what_is_missing(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(), [0, 3]))
    assert "2 of 6 pairs complete" in page.text
    assert "Missing: frames 1:3, 4:6." in page.text
    strip = next(a for a in page.all("svg", "strip"))
    assert strip["viewbox"] == "0 0 6 1"
    assert [(a["x"], a["width"]) for a in page.all("rect") if a.get("height") == "1"] == [("1", "2"), ("4", "2")]


def test_log_of_a_failed_shard_is_linked(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(), [0])
    folder = data_set.open_attempt()
    (folder / "blender.log").write_text("line\nCUDA error: <out of memory>\n\n")
    page = page_of(data_set)
    assert f".attempts/{folder.name}/blender.log" in [a["href"] for a in page.all("a")]
    assert "ends with CUDA error: <out of memory>" in page.text


def test_no_pairs(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(parameters=PARAMETERS), []))
    assert "0 of 6 pairs complete" in page.text
    assert "No pair has been rendered yet." in page.text
    assert not page.all("img")


def test_no_defects(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(defects=[]), [0, 1])
    for frame in (0, 1):
        for name in (MASK, INSTANCES):
            picture = Image.open(data_set.pair_folder(frame) / name)
            Image.fromarray(np.asarray(picture) * 0).save(data_set.pair_folder(frame) / name)
    page = page_of(data_set)
    assert "The manifest asks for no defects and no impurities." in page.text
    assert "0 of 0 defects seen" in page.text
    assert not page.all("path", "defect")
    assert len(page.all("img")) == 2


def test_impurities_are_counted_in_the_masks(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(impurities=[{"kind": "dust"}]), [0, 1])
    path = data_set.pair_folder(1) / MASK
    mask = np.array(Image.open(path))
    mask[10:12, 3:6] = 2
    Image.fromarray(mask).save(path)
    page = page_of(data_set)
    assert row_of(page, "dust") == ["2", "–", "–", "6", "50%"]
    assert row_of(page, "dent") == ["1", "2", "1", "32", "100%"]
    assert len(page.all("path", "impurity")) == 2  # casing and line
    faint = {"id": 3, "kind": "dent", "label": "no class", "insignificant": True, "pixels": 0, "bbox": None}
    record = json.loads((data_set.pair_folder(1) / RECORD).read_text())
    seal(data_set.pair_folder(1), defects=[*record["defects"], faint])
    assert row_of(page_of(data_set), "dent") == ["1", "2", "1", "32", "100%"]
    assert "counted in all masks" in page.text


def test_sample_of_the_masks_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.report._MOST_READ", 2)
    monkeypatch.setattr("worker.report.THUMBNAILS", 2)
    page = page_of(reported(tmp_path, made_manifest(impurities=[{"kind": "dust"}]), list(range(6))))
    assert "counted in 2 of 6 masks" in page.text
    assert "2 of 6 pairs, spread evenly" in page.text
    assert row_of(page, "dent")[3] == "96"  # from the records of all


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    manifest = made_manifest(name=EVIL, defects=[{"kind": "dent", "label": EVIL}], impurities=[])
    data_set = reported(tmp_path, manifest, [0])
    record = data_set.record(0)
    record["defects"] = [d | {"label": EVIL} for d in record["defects"]]
    record |= {"blender": EVIL, "device": EVIL, "warnings": [EVIL]}
    (data_set.pair_folder(0) / RECORD).write_text(json.dumps(record))
    content = write_report(data_set).read_text()
    page = Page(content)
    assert not page.all("script")
    assert html.escape("<script>") in content
    assert page.text.count(EVIL) >= 6  # title, head, keys, table, warning, provenance


@pytest.mark.parametrize("output", [{"greyscale": True}, {"flatten": True}, {"greyscale": True, "flatten": True}])
def test_every_kind_of_image_is_shown(tmp_path: Path, output: dict[str, Any]) -> None:
    page = page_of(reported(tmp_path, made_manifest(output=output), [0]))
    assert len(page.all("img")) == 1
    assert "cannot be" not in page.text.replace("The prepared part cannot be read", "")


def test_sixteen_bit_image_has_the_brightness_of_its_eight_bits() -> None:
    grey = np.full((4, 4), 0x8040, dtype=np.uint16)
    color, alpha = pictures._on_black(grey)
    assert (color == 0x80).all()
    assert (alpha == 255).all()


def test_what_does_not_vary_is_said_in_words(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(parameters=PARAMETERS), [0, 1]))
    titles = {a["aria-label"].split(":")[0] for a in page.all("svg") if a.get("aria-label", "").startswith("Histogram")}
    assert "Histogram of yaw" in titles
    assert "Histogram of rough" not in titles  # one instance, one value
    assert "The same throughout: Defects of an instance 2; " in page.text
    assert "dent: depth 0.5 mm" in page.text
    assert "rough 0.2" in page.text


def test_part_that_is_absent_is_a_warning(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(), [0]))
    assert "1 warning Part" in page.text
    assert "holds no prepared part" in page.text


def test_part_is_told_and_its_warnings_come_first(tmp_path: Path) -> None:
    from blender_addon.geometry.preparation.prepare import prepare_part
    from blender_addon.geometry.preparation.prepared_files import save_prepared

    data_set = reported(tmp_path / "set", made_manifest(), [0])
    corners = ["0 0 0", "30 0 0", "0 20 0"]
    facet = "facet normal 0 0 1 outer loop " + " ".join(f"vertex {c}" for c in corners) + " endloop endfacet"
    flat = "facet normal 0 0 1 outer loop " + f"vertex {corners[0]} " * 3 + "endloop endfacet"
    source = tmp_path / "<b>part.stl"
    source.write_text(f"solid x\n{facet}\n{flat}\nendsolid x\n")
    save_prepared(data_set.part_folder, *prepare_part(source))
    page = page_of(data_set)
    assert "<b>part.stl (STL, unit auto)" in page.text
    assert "30 × 20 × 0 mm" in page.text
    assert "2 in the file, 1 rendered" in page.text
    warning = page.text.index("1 triangle without area dropped.")
    assert warning < page.text.index("Frame 0")


def test_pairs_of_another_manifest_are_told(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(), [0, 1, 2])
    seal(data_set.pair_folder(2), manifest_sha256="cd" * 32)
    assert "1 of 3 come from another manifest" in page_of(data_set).text


def test_command_to_render_again_copies_what_it_needs(tmp_path: Path) -> None:
    data_set = reported(tmp_path / "set", made_manifest(), [0])
    data_set.part_folder.mkdir()
    (data_set.part_folder / "ab.npz").write_bytes(b"part")
    page = page_of(data_set)
    found = re.search(r"in this folder: (mkdir .*) && (defectory resume \S+ --device cpu)", page.text)
    assert found is not None
    subprocess.run(found[1], shell=True, check=True, cwd=data_set.root)
    assert (tmp_path / "again" / "manifest.yaml").read_bytes() == data_set.manifest_file.read_bytes()
    assert (tmp_path / "again" / "part" / "ab.npz").is_file()
    assert found[2].split()[2] == "../again"


def test_largest_sighting_stands_for_a_defect(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(), [0, 1])
    record = data_set.record(1)
    record["defects"][0] |= {"pixels": 20, "bbox": [4, 4, 5, 4]}
    (data_set.pair_folder(1) / RECORD).write_text(json.dumps(record))
    census = take_census(data_set, made_manifest(), [0, 1])
    assert (census.defects[0, 1].frame, census.defects[0, 1].pixels, census.defects[0, 1].bbox) == (1, 20, (4, 4, 5, 4))
    assert census.sightings["dent"].tolist() == [16, 20]
    assert census.defects_per_instance().tolist() == [2.0]
    assert census.defects[0, 1].sizes == {"diameter_mm": 1.0, "depth_mm": 0.5}


def test_brightness_is_that_of_the_opaque_pixels(tmp_path: Path) -> None:
    manifest = made_manifest()
    data_set = reported(tmp_path, manifest, [0, 1])
    image = np.zeros((16, 16, 4), dtype=np.uint8)
    image[:8] = (102, 102, 102, 255)
    image[8:12] = (102, 102, 102, 51)  # an edge weighs as much as it covers
    Image.fromarray(image).save(data_set.pair_folder(0) / IMAGE)
    Image.fromarray(image * 0).save(data_set.pair_folder(1) / IMAGE)
    seen, nothing = pictures.look_at(data_set, manifest, [0, 1], set(), [])
    assert seen.brightness == pytest.approx(0.4, abs=0.002)
    assert nothing.brightness is None
    assert seen.class_pixels[:3].tolist() == [240, 16, 0]


def test_twins_lie_beside_their_images(tmp_path: Path) -> None:
    manifest = made_manifest(twin={"without": ["dent"]})
    page = page_of(reported(tmp_path, manifest, [0, 1]))
    alternatives = [img["alt"] for img in page.all("img")]
    assert alternatives[:6] == ["Frame 0", "Its twin", "What can be seen", "Frame 1", "Its twin", "What can be seen"]
    assert "its twin without dent, and the class mask" in page.text
    # Half of the dent's mask can be seen, and is the brighter one.
    look = next(pictures.look_at(DataSet(tmp_path), manifest, [0], {0}, []))
    assert look.thumbnail is not None
    painted = np.asarray(Image.open(io.BytesIO(base64.b64decode(look.thumbnail.classes.split(",")[1]))).convert("L"))
    assert painted[5, 4] > 2 * painted[5, 7] > 20 > painted[0, 0]


def test_a_twin_that_measures_nothing_has_no_mask(tmp_path: Path) -> None:
    page = page_of(reported(tmp_path, made_manifest(twin={"without": ["texture"]}), [0]))
    assert [img["alt"] for img in page.all("img")][:2] == ["Frame 0", "Its twin"]
    assert "What can be seen" not in [img["alt"] for img in page.all("img")]
