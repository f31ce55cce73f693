"""The zip itself: what is in it, for whom, and that it is the same each time."""

from __future__ import annotations

import importlib.util
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blender_addon import build as builder

ROOT = Path(__file__).resolve().parents[2]


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as file:
        return {name: file.read(name) for name in file.namelist()}


def manifest(archive: Path) -> dict[str, Any]:
    return tomllib.loads(contents(archive)["blender_manifest.toml"].decode())


def test_it_is_named_and_numbered_as_the_project(archive: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert archive.name == f"defectory-{project['version']}.zip"
    assert manifest(archive)["version"] == project["version"]
    assert manifest(archive)["license"] == [f"SPDX:{project['license']}"]


def test_it_holds_the_add_on_and_the_contract_and_nothing_for_developers(archive: Path) -> None:
    names = {name for name in contents(archive) if not name.startswith("wheels/")}
    addon = {path.relative_to(ROOT / "blender_addon").as_posix() for path in (ROOT / "blender_addon").rglob("*.py")}
    contract = {path.relative_to(ROOT).as_posix() for path in (ROOT / "manifests").rglob("*.py")}
    expected = (addon - {"build.py"}) | {f"vendor/{name}" for name in contract if "/examples/" not in name}
    assert names == expected | {"vendor/__init__.py", "LICENSE", "blender_manifest.toml"}


def test_it_is_the_same_each_time(archive: Path, tmp_path: Path) -> None:
    again = builder.build(tmp_path, [builder.this_platform()])
    assert again.read_bytes() == archive.read_bytes()


def test_every_wheel_is_listed_and_there_is_one_for_each_python(archive: Path) -> None:
    listed = manifest(archive)["wheels"]
    assert {f"./{name}" for name in contents(archive) if name.endswith(".whl")} == set(listed)
    script = builder.blender_script()
    assert script is not None
    spec = importlib.util.spec_from_file_location("blender_ext", script)
    assert spec is not None
    assert spec.loader is not None
    blender_ext = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(blender_ext)
    assert blender_ext.python_versions_from_wheels(listed) == {(3, 11), (3, 12), (3, 13), (3, 14)}
    for package in ("pyyaml", "fast_simplification", "cascadio"):
        mine = [Path(wheel).name for wheel in listed if Path(wheel).name.startswith(f"{package}-")]
        served = {minor for minor in (11, 12, 13, 14) for name in mine if serves(name, minor)}
        assert served == {11, 12, 13, 14}, package


def serves(wheel: str, minor: int) -> bool:
    python, abi = wheel.removesuffix(".whl").split("-")[-3:-1]
    built_for = int(python.removeprefix("cp3"))
    return built_for == minor or (abi == "abi3" and built_for <= minor)


@pytest.mark.parametrize("platform", builder.PLATFORMS)
def test_every_platform_has_tags_that_blender_takes_for_it(platform: str) -> None:
    """Wheels of the other platforms are fetched only when they are asked for: hundreds of megabytes."""
    system, machine = platform.split("-")
    heads = {"linux": "manylinux", "macos": "macosx", "windows": "win"}
    tails = {"x64": ("x86_64", "amd64"), "arm64": ("arm64",)}
    assert all(tag.startswith(heads[system]) and tag.endswith(tails[machine]) for tag in builder.PLATFORMS[platform])


def test_a_wheel_that_cannot_be_had_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builder, "WHEELHOUSE", tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(builder.BuildError, match=r"Python 3\.11 on linux-x64 cannot be fetched: .*cascadio"):
        builder.build(tmp_path / "dist", ["linux-x64"])
    assert not (tmp_path / "dist").exists()


def test_what_blender_refuses_is_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builder, "version", lambda: "not a version")
    with pytest.raises(builder.BuildError, match="Blender refuses it"):
        builder.build(tmp_path, [builder.this_platform()])
    assert not list(tmp_path.iterdir())
