"""``defectory plan``: numbers and a picture of any plan, a manifest with planned views, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import manifests
from manifests.files import read_manifest
from manifests.schema import Poses
from worker.cli import main
from worker.commands import planning

BLOCK = Path(manifests.__file__).parent / "examples" / "parts" / "block.stl"
TEXT = """\
name: block
part: {{file: block.stl}}
camera: {{image_px: [200, 200], f_number: 0}}
views: {views}
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(planning, "_SIDE_PX", 40)
    monkeypatch.chdir(tmp_path)
    shutil.copy(BLOCK, tmp_path)


def written(views: str = "{kind: ring, count: 4}") -> Path:
    path = Path("block.yaml")
    path.write_text(TEXT.format(views=views), "utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *(str(word) for word in words)])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def test_ring_round_a_block_misses_its_ends(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, written())
    assert code == 0
    # 25 x 25 x 50 mm standing or lying: a ring of four sees the four sides that face it and not the other two.
    found = planning.judge(written()).coverage
    assert found.area_mm2 == pytest.approx(6250, rel=0.05)
    sides = {5000 / 6250, (2 * 625 + 2 * 1250) / 6250}
    assert min(abs(found.share - share) for share in sides) < 0.03
    assert out.startswith("block: 4 views cover ")
    assert "of the reachable surface\nuncovered: " in out
    assert out.endswith("picture: block.coverage.png\n")
    picture = np.array(Image.open("block.coverage.png").convert("RGB"))
    red = (picture[..., 0] > 120) & (picture[..., 1] < 60) & (picture[..., 2] < 70)
    assert red.sum() > 300, "the ends that no view sees are red"


def test_planned_manifest_stands_for_itself(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, written(), "--write", "planned.yaml")
    assert (code, err) == (0, "")
    planned = read_manifest(Path("planned.yaml"))
    assert isinstance(planned.views, Poses)
    assert f"{planned.view_count} views cover 9" in out or f"{planned.view_count} views cover 100" in out
    again = planning.judge(Path("planned.yaml"))
    assert again.coverage.share >= 0.99
    assert again.text() == out.split("\npicture: ")[0]
    assert read_manifest(written()).camera == planned.camera, "a pinhole needs no focus"
    assert run(capsys, written(), "--write", "planned.yaml")[2].startswith("defectory: error: planned.yaml: exists")


def test_plan_of_a_lens_says_where_it_is_in_focus() -> None:
    written().write_text(TEXT.format(views="{kind: ring}").replace("f_number: 0", "f_number: 8"), "utf-8")
    judged = planning.judge(Path("block.yaml"), plan=True, blur_px=3)
    focus = judged.manifest.camera.focus_distance_mm
    assert focus is not None
    assert isinstance(judged.manifest.views, Poses)
    gaps = [np.subtract(pose.location_mm, pose.target_mm) for pose in judged.manifest.views.poses]
    np.testing.assert_allclose(np.linalg.norm(gaps, axis=1), focus, atol=2e-3)
    assert judged.coverage.share >= 0.99


@pytest.mark.parametrize(
    ("views", "options", "said"),
    [
        ("{kind: poses, poses: [{location_mm: [0, -200, 0], target_mm: [0, -400, 0]}]}", [], "block.yaml: views: see"),
        ("{kind: ring, distance_mm: 1e6}", [], "block.yaml: views: see nothing of the part at 1.55 px/mm"),
        ("{kind: ring}", ["--incidence", "0.0001", "--lowest", "89"], "block.yaml: camera: sees nothing of the part"),
        ("{kind: ring}", ["--incidence", "90"], "Invalid value for '--incidence'"),
        ("{kind: ring}", ["--px-per-mm", "0"], "Invalid value for '--px-per-mm'"),
        ("{kind: nowhere}", [], "block.yaml: views.kind: must be one of poses, ring, hemisphere"),
    ],
)
def test_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], views: str, options: list[str], said: str
) -> None:  # fmt: skip
    code, _, err = run(capsys, written(views), *options)
    assert code == 2
    assert err.startswith(f"defectory: error: {said}"), err
    assert err.count("\n") == 1


def test_planned_manifest_lies_beside_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other").mkdir()
    assert "must lie beside block.yaml" in run(capsys, written(), "--write", "other/planned.yaml")[2]
    assert not Path("other/planned.yaml").exists()
