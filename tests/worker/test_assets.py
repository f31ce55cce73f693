"""What a manifest names beside its part comes from its own folder alone, and travels with the data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from manifests import assets as named
from manifests.errors import DataSetError, ManifestError
from manifests.layout import DataSet
from manifests.schema import Manifest
from worker import assets

from .made import made_manifest

FIELD = "output.backgrounds[1].folder"


def manifest_of(folder: str) -> Manifest:
    return made_manifest(output={"backgrounds": [{"kind": "clouds"}, {"kind": "photographs", "folder": folder}]})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A manifest's folder with two photographs and something else."""
    for name in ("walls/b.JPG", "walls/a.png", "walls/notes.txt"):
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "home"


@pytest.mark.parametrize("path", ["../walls", "/etc", "a/../../b", "a//b", "", " ", ".", "a\\b", "C:walls", "a\nb"])
def test_only_paths_below_the_manifest_are_taken(path: str) -> None:
    with pytest.raises(ManifestError, match="must be a path below the folder of the manifest") as caught:
        manifest_of(path)
    assert caught.value.field == FIELD


def test_fields_that_name_assets_are_known(home: Path) -> None:
    manifest = manifest_of("walls")
    assert named.named(manifest) == (FIELD,)
    assert named.named(made_manifest()) == ()
    assert named.find(manifest, FIELD, home) == (home / "walls/a.png", home / "walls/b.JPG")


def test_what_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    (home / "empty").mkdir()
    (home / "link").symlink_to(tmp_path)
    (tmp_path / "x.png").touch()
    for folder, problem in (
        ("floors", "there is no such folder"),
        ("empty", "holds no file of .png, .jpg, .jpeg"),
        ("link", "a link leads out of"),
    ):
        with pytest.raises(ManifestError, match=problem) as caught:
            assets.gather(manifest_of(folder), home, DataSet(tmp_path / "set"))
        assert caught.value.field == FIELD
    assert not (tmp_path / "set").exists()


def test_assets_travel_with_the_data_set(home: Path, tmp_path: Path) -> None:
    manifest, data_set = manifest_of("walls"), DataSet(tmp_path / "set")
    data_set.assets_folder.mkdir(parents=True)
    (data_set.assets_folder / "left.png").touch()  # of a run that was cut off
    assets.save(assets.gather(manifest, home, data_set), data_set)
    assert sorted(json.loads(data_set.assets_file.read_text())) == ["walls/a.png", "walls/b.JPG"]
    assert [path.read_bytes() for path in named.find(manifest, FIELD, data_set.assets_folder)] == [
        b"walls/a.png",
        b"walls/b.JPG",
    ]
    assert not (data_set.assets_folder / "left.png").exists()
    assert assets.gather(manifest, home, data_set) == {}
    # Moved away from its manifest, it still has all it needs.
    assert assets.gather(manifest, tmp_path / "elsewhere", data_set) == {}
    (home / "walls/c.png").touch()
    with pytest.raises(DataSetError, match=r"c\.png: has changed since .* was begun; choose another --out"):
        assets.gather(manifest, home, data_set)
    (data_set.assets_folder / "walls/a.png").write_bytes(b"other")
    with pytest.raises(DataSetError, match=r"a\.png: is absent or has changed since it was copied here"):
        assets.check(manifest, data_set)
