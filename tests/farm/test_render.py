"""A manifest becomes a data set: what lies in it, that it is the same however it is cut, and that it mends."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from worker.farm.local import local_farm
from worker.processes import cores

from .conftest import Command, pictures, write_manifest

LINE = {
    "frame", "instance", "view", "light", "image", "mask", "instance_mask", "width", "height", "sha256", "parameters",
    "passes", "labels", "defects", "poses", "manifest_sha256", "part_sha256", "blender", "device", "seed", "seconds",
}  # fmt: skip


def test_index_tells_of_every_pair(rendered: tuple[Path, Path]) -> None:
    _, folder = rendered
    lines = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(9))
    for line in lines:
        assert line.keys() >= LINE
        assert (line["instance"], line["view"]) == divmod(line["frame"], 3)
        assert line["width"] == line["height"] == 64
        assert line["labels"] == {"background": 0, "dent": 1}
        assert 0.8 <= line["parameters"]["glow"] <= 1.2
        assert line["blender"].startswith("4.5")
        for key in ("image", "mask", "instance_mask", "passes"):
            assert hashlib.sha256((folder / line[key]).read_bytes()).hexdigest() == line["sha256"][key]
        for defect in line["defects"]:
            assert defect.keys() >= {"id", "kind", "diameter_mm", "pixels", "bbox"}
    assert len({line["seed"] for line in lines}) == 9


def test_nothing_is_left_of_the_work(rendered: tuple[Path, Path]) -> None:
    _, folder = rendered
    expected = {"manifest.yaml", "index.jsonl", "report.html", "part", "pairs", ".attempts"}
    assert {path.name for path in folder.iterdir()} == expected
    assert not [path for path in (folder / ".attempts").iterdir() if path.is_dir()]


def test_same_bytes_for_other_workers_and_shards(
    rendered: tuple[Path, Path], defectory: Command, tmp_path: Path
) -> None:
    manifest, folder = rendered
    done = defectory("render", manifest, "--out", tmp_path, "--device", "cpu", "--workers", 2, "--shard-frames", 4)
    assert done.returncode == 0, done.stderr
    assert pictures(tmp_path) == pictures(folder)
    assert not defectory.processes()


def test_workers_keep_to_cores_of_their_own(tmp_path: Path) -> None:
    own = cores()
    with local_farm(2, tmp_path):
        started = [child for child in psutil.Process().children() if "rq.cli" in child.cmdline()]
        shares = [set(child.cpu_affinity()) for child in started]
    assert len(shares) == 2
    assert set.union(*shares) == set(own)
    assert sum(map(len, shares)) == max(2, len(own))


SIZES: dict[str, dict[str, float]] = {
    "dent": {"diameter_mm": 4}, "bump": {"diameter_mm": 4}, "glue_pad": {"diameter_mm": 4}, "pore": {"diameter_mm": 1},
    "scratch": {"length_mm": 8, "width_mm": 0.4}, "crack": {"length_mm": 7, "width_mm": 0.4}, "chip": {"length_mm": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two instances from two sides in two lights, with every kind of defect and impurity, and twins without them."""
    folder = tmp_path_factory.mktemp("rich")
    vary = [
        {name: {"kind": "uniform", "low": 0.8 * size, "high": 1.2 * size} for name, size in sizes.items()}
        for sizes in SIZES.values()
    ]
    hidden = {"kind": "dent", "label": "faint", "insignificant": True, "diameter_mm": 3}
    stick = {"kind": "sticker", "width_mm": 6, "height_mm": 4}
    manifest = write_manifest(
        folder,
        instances=2,
        views={"kind": "ring", "count": 2, "elevation_deg": 20, "span_deg": 50},
        light_states=[{"name": name, "lights": [name]} for name in ("diffuser", "world")],
        defects=[*({"kind": kind} | drawn for kind, drawn in zip(SIZES, vary)), hidden],
        impurities=[
            {"kind": "water_stain", "radius_mm": 2, "cell_mm": 6},
            {"kind": "dust"},
            {"kind": "fingerprint", "width_mm": 5, "length_mm": 7},
            stick,
        ],
        surface={"kind": "painted", "relief": "displacement"},
        surfaces=[{"where": {"normal": [0, 0, 1]}, "surface": {"kind": "brushed"}}],
        twin={"without": ["defects", "impurities"]},
    )
    done = Command()("render", manifest, "--out", folder / "set", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    return manifest, folder / "set"


def test_all_that_a_manifest_asks_for_is_the_same_however_it_is_cut(
    rich: tuple[Path, Path], defectory: Command, tmp_path: Path
) -> None:
    manifest, folder = rich
    done = defectory("render", manifest, "--out", tmp_path, "--device", "cpu", "--frames", "2:6", "--shard-frames", 3)
    assert done.returncode == 0, done.stderr
    some, whole = pictures(tmp_path), pictures(folder)
    assert len(some) == len(whole) // 2
    assert some == {name: whole[name] for name in some}


def test_a_defect_keeps_its_id_and_its_sizes_in_all_views_and_lights(rich: tuple[Path, Path]) -> None:
    _, folder = rich
    lines = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    seen = {"pixels", "bbox", "contrast", "visible"}  # of one frame
    for instance in (0, 1):
        frames = lines[4 * instance : 4 * instance + 4]
        assert [(line["instance"], line["view"], line["light"]) for line in frames] == [
            (instance, view, light) for view in (0, 1) for light in (0, 1)
        ]
        true = [[{k: v for k, v in d.items() if k not in seen} for d in line["defects"]] for line in frames]
        assert true[0] == true[1] == true[2] == true[3]
        assert len({defect["id"] for defect in true[0]}) == len(true[0]) >= 7
        for defect in true[0]:
            for name, size in SIZES[defect["kind"]].items() if defect["label"] != "faint" else ():
                assert 0.8 * size <= defect[name] <= 1.2 * size
        faint = {defect["id"] for defect in true[0] if defect.get("insignificant")}
        for view in (0, 1):
            dark, bright = (np.asarray(Image.open(folder / frames[2 * view + k]["instance_mask"])) for k in (0, 1))
            assert set(np.unique(dark)) <= {0} | {defect["id"] for defect in true[0]} - faint
            # Other samples may tip pixels on outlines; masks that lay elsewhere would differ by all of their pixels.
            assert (dark != bright).sum() < 0.5 * (dark > 0).sum()
    assert "faint" not in lines[0]["labels"]
    assert lines[0]["defects"] != lines[4]["defects"]


def test_again_renders_nothing(rendered: tuple[Path, Path], defectory: Command) -> None:
    manifest, folder = rendered
    before = {path: path.stat().st_mtime_ns for path in folder.glob("pairs/**/*")}
    done = defectory("render", manifest, "--out", folder)
    assert done.returncode == 0
    assert "9 of 9 pairs, nothing was missing" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in folder.glob("pairs/**/*")} == before


def test_a_part_of_the_frames_and_then_the_rest(
    rendered: tuple[Path, Path], defectory: Command, tmp_path: Path
) -> None:
    manifest, folder = rendered
    done = defectory("render", manifest, "--out", tmp_path, "--device", "cpu", "--frames", "4:6")
    assert done.returncode == 0, done.stderr
    status = json.loads(defectory("status", tmp_path, "--json").stdout)
    assert (status["done"], status["missing"], status["running"]) == (2, [[0, 4], [6, 9]], False)
    # The part travels with the data set: what remains needs neither the manifest's file nor the CAD file.
    done = defectory("resume", tmp_path, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert pictures(tmp_path) == pictures(folder)


def test_damage_is_found_taken_out_and_rendered_again(
    rendered: tuple[Path, Path], defectory: Command, tmp_path: Path
) -> None:
    whole, folder = rendered[1], tmp_path / "set"
    shutil.copytree(whole, folder)
    assert defectory("verify", folder).returncode == 0
    image = folder / "pairs/0000/0000004/image.png"
    image.write_bytes(image.read_bytes()[:-1])
    found = defectory("verify", folder)
    assert found.returncode == 2
    assert "frame 4: image.png has changed since it was rendered" in found.stdout
    assert found.stderr.count("\n") == 1
    assert defectory("verify", folder, "--repair").returncode == 2
    assert not image.exists()
    assert len((folder / "index.jsonl").read_text().splitlines()) == 8
    assert defectory("resume", folder, "--device", "cpu").returncode == 0
    assert pictures(folder) == pictures(whole)


def test_frame_that_fails_does_not_stop_the_others(defectory: Command, tmp_path: Path) -> None:
    states = [{"name": "lit", "lights": ["diffuser", "world"]}, {"name": "dark", "lights": []}]
    manifest = write_manifest(tmp_path, light_states=states, instances=1, views={"kind": "ring", "count": 1})
    done = defectory("render", manifest, "--out", tmp_path / "set", "--device", "cpu")
    assert done.returncode == 2
    assert "set: frame 1 failed: the render is black wherever the part is" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "set/pairs/0000/0000000").is_dir()
    assert len((tmp_path / "set/index.jsonl").read_text().splitlines()) == 1


def test_cad_file_that_changed_is_noticed(defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path)
    shutil.copytree(rendered[1], tmp_path / "set")
    (tmp_path / "box.stl").write_bytes((tmp_path / "box.stl").read_bytes().replace(b"\0\0\xa0A", b"\0\0\xa8A"))
    done = defectory("render", manifest, "--out", tmp_path / "set")
    assert done.returncode == 2
    assert "box.stl: has changed since" in done.stderr


def test_each_blender_renders(blender: str, defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    defectory.changes = {"DEFECTORY_BLENDER": blender}
    done = defectory("render", rendered[0], "--out", tmp_path / "my set", "--device", "cpu", "--frames", "0:2")
    assert done.returncode == 0, done.stderr
    assert defectory("verify", tmp_path / "my set").stdout == "2 pairs verified, 0 damaged\n"


@pytest.mark.parametrize("words", [["--workers", "0"], ["--frames", "3"], ["--frames", "7:20"], ["--device", "abacus"]])
def test_wrong_options_are_one_line(defectory: Command, tmp_path: Path, words: list[str]) -> None:
    done = defectory("render", write_manifest(tmp_path), "--out", tmp_path / "set", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("defectory: error: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "set").exists()
