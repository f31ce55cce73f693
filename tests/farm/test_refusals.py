"""What cannot be had is said in one line, with exit code 2, and leaves the folder as it was."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command, write_manifest


def refuse(defectory: Command, *words: object) -> str:
    done = defectory(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("defectory: error: ")
    assert not defectory.processes()
    return done.stderr


def test_folder_of_another_manifest(defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_manifest(tmp_path, seed=7)
    said = refuse(defectory, "render", other, "--out", rendered[1])
    assert f"{rendered[1]}: belongs to another manifest (tiny); choose another --out" in said


def test_folder_with_something_else_in_it(defectory: Command, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "here")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    assert "is not empty and holds no data set" in refuse(defectory, "render", manifest, "--out", tmp_path / "photos")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]


def test_file_for_a_folder(defectory: Command, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path)
    assert "box.stl: is a file" in refuse(defectory, "render", manifest, "--out", tmp_path / "box.stl")


def test_redis_that_does_not_answer(defectory: Command, tmp_path: Path) -> None:
    manifest, out = write_manifest(tmp_path), tmp_path / "set"
    said = refuse(defectory, "render", manifest, "--out", out, "--redis", "redis://localhost:1")
    assert "redis://localhost:1: does not answer" in said
    assert not out.exists()
    assert "is no URL of a Redis" in refuse(defectory, "render", manifest, "--out", out, "--redis", "localhost")


def test_no_blender(defectory: Command, tmp_path: Path) -> None:
    defectory.changes = {"DEFECTORY_BLENDER": str(tmp_path / "blender")}
    said = refuse(defectory, "render", write_manifest(tmp_path), "--out", tmp_path / "set")
    assert "is no program; install bpy" in said
    assert not (tmp_path / "set").exists()


def test_device_that_is_absent(defectory: Command, tmp_path: Path) -> None:
    said = refuse(defectory, "render", write_manifest(tmp_path), "--out", tmp_path / "set", "--device", "metal")
    assert "device 'metal' is not available on this machine" in said
    assert not list(tmp_path.glob("set/pairs/*"))


def test_part_that_is_absent_or_none(defectory: Command, tmp_path: Path) -> None:
    manifest, out = write_manifest(tmp_path), tmp_path / "set"
    (tmp_path / "box.stl").write_bytes(b"")
    assert "box.stl" in refuse(defectory, "render", manifest, "--out", out)
    (tmp_path / "box.stl").unlink()
    assert "box.stl" in refuse(defectory, "render", manifest, "--out", out)
    assert not out.exists()


def test_no_data_set(defectory: Command, tmp_path: Path) -> None:
    for command in ("status", "resume", "verify", "report"):
        assert "holds no data set" in refuse(defectory, command, tmp_path)


def test_manifest_with_an_unknown_key(defectory: Command, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"colour": 1}))
    assert "colour" in refuse(defectory, "render", manifest, "--out", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_paths_that_leave_their_folder(defectory: Command, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "m")
    plain = json.loads(manifest.read_text())
    (tmp_path / "m" / "box.stl").rename(tmp_path / "box.stl")
    (tmp_path / "m" / "link.stl").symlink_to(tmp_path / "box.stl")
    for name in ("../box.stl", str(tmp_path / "box.stl"), "link.stl"):
        manifest.write_text(json.dumps(plain | {"part": {"file": name}}))
        assert "part.file: " in refuse(defectory, "render", manifest, "--out", tmp_path / "set")
    manifest.write_text(json.dumps(plain | {"name": "../elsewhere"}))
    assert "name: '../elsewhere' is no name of a folder" in refuse(defectory, "render", manifest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box.stl", "m"]
