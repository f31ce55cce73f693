"""Build the Blender extension: ``python -m blender_addon.build dist``, or ``make addon``.

The zip holds the add-on, a copy of the contract (``vendor/manifests``) and the wheels of other people's packages, which
Blender itself installs. Wheels are fetched here, in the versions of ``constraints.txt``, so that the extension needs no
network. The same sources and wheels give the same bytes.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHEELHOUSE = ROOT / "build" / "wheels"

PACKAGES = ("cascadio", "fast-simplification", "PyYAML")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Blender 4.2 to 5.0 bring Python 3.11, later ones 3.13; distributions build Blender with their own."""

# Blender's name of a platform and the tags of wheels that run on every machine that can run Blender 4.2.
PLATFORMS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_24_x86_64", "manylinux2014_x86_64"),
    "macos-arm64": ("macosx_11_0_arm64",),
    "macos-x64": ("macosx_11_0_x86_64", "macosx_10_15_x86_64"),
    "windows-x64": ("win_amd64",),
}

# It builds the extension and is of no use inside it.
_LEFT_OUT = ("build.py",)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_INSERT_AT = "# {built}\n"


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m blender_addon.build", description="Build the Blender extension.")
    parser.add_argument("folder", type=Path, help="where the zip is written")
    parser.add_argument(
        "--platform",
        choices=[*PLATFORMS, "all"],
        default=this_platform(),
        help="whose wheels it carries; default: this machine's (%(default)s); all of them make a large file",
    )
    chosen = parser.parse_args(arguments)
    platforms = list(PLATFORMS) if chosen.platform == "all" else [chosen.platform]
    try:
        archive = build(chosen.folder, platforms)
    except BuildError as problem:
        print(f"defectory: {problem}", file=sys.stderr)
        return 2
    print(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB, for {', '.join(platforms)})")
    return 0


class BuildError(Exception):
    """The extension cannot be built; one line that says why."""


def build(folder: Path, platforms: Iterable[str]) -> Path:
    """Build and validate ``defectory-VERSION.zip`` in a folder, and return its path.

    Raises:
        BuildError: a wheel cannot be had, or Blender's own check refuses the result.
    """
    platforms = list(platforms)
    wheels = sorted((wheel for platform in platforms for wheel in fetch_wheels(platform)), key=lambda wheel: wheel.name)
    content = {name: path.read_bytes() for name, path in _sources().items()}
    content["vendor/__init__.py"] = b'"""Copied in when the extension was built."""\n'
    content["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    content["blender_manifest.toml"] = manifest(version(), platforms, [wheel.name for wheel in wheels]).encode()
    content |= {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in wheels}

    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"defectory-{version()}.zip"
    scratch = folder / f".{os.getpid()}-{archive.name}"
    try:
        with zipfile.ZipFile(scratch, "w") as file:
            for name in sorted(content):
                entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
                entry.create_system, entry.external_attr = 3, 0o644 << 16  # alike, whatever system builds it
                # A wheel is a zip already.
                entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
                file.writestr(entry, content[name])
        validate(scratch)
        scratch.replace(archive)
    finally:
        scratch.unlink(missing_ok=True)
    return archive


def version() -> str:
    """Version of the project; ``pyproject.toml`` is the only place that states it."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def manifest(number: str, platforms: list[str], wheels: list[str]) -> str:
    """Text of the extension's manifest."""
    lines = [f'version = "{number}"', f"platforms = {_toml_list(platforms)}"]
    lines.append(f"wheels = {_toml_list([f'./wheels/{name}' for name in wheels])}")
    template = (ROOT / "blender_addon" / "blender_manifest.toml").read_text("utf-8")
    if template.count(_INSERT_AT) != 1:
        raise BuildError(f"blender_manifest.toml: has no line '{_INSERT_AT.strip()}' to put the version in")
    return template.replace(_INSERT_AT, "\n".join(lines) + "\n")


def this_platform() -> str:
    """Blender's name of this machine's platform; the first known one where Blender has none."""
    system, _, machine = sysconfig.get_platform().partition("-")
    machine = machine.rpartition("-")[2].replace("x86_64", "x64").replace("amd64", "x64")
    name = f"{ {'macosx': 'macos', 'win': 'windows'}.get(system, system) }-{machine}"
    return name if name in PLATFORMS else next(iter(PLATFORMS))


def fetch_wheels(platform: str) -> list[Path]:
    """Wheels of all packages for a platform and every Python, fetched only where they are not there yet.

    Raises:
        BuildError: the index has no such wheel or cannot be reached.
    """
    wanted = [f"{name}=={number}" for name, number in _pinned().items()]
    found: list[Path] = []
    for python in PYTHONS:
        folder = WHEELHOUSE / platform / python
        if not all(_wheels(folder, requirement) for requirement in wanted):
            folder.mkdir(parents=True, exist_ok=True)
            options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
            options += ["--python-version", python, "--dest", str(folder)]
            options += [word for tag in PLATFORMS[platform] for word in ("--platform", tag)]
            command = [sys.executable, "-m", "pip", "download", *options, *wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise BuildError(f"wheels for Python {python} on {platform} cannot be fetched: {said}")
        found += [wheel for requirement in wanted for wheel in _wheels(folder, requirement)]
    # One wheel can serve several Pythons.
    return list({wheel.name: wheel for wheel in found}.values())


def validate(archive: Path) -> None:
    """Let Blender's own script check the zip; without a bpy module there is none, and that is said.

    Raises:
        BuildError: with what the script found.
    """
    script = blender_script()
    if script is None:
        print("defectory: not validated: there is no bpy module in this Python", file=sys.stderr)
        return
    done = subprocess.run(
        [sys.executable, str(script), "validate", str(archive)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"{archive}: Blender refuses it: {' '.join((done.stdout + done.stderr).split())}")


def blender_script() -> Path | None:
    """Blender's stand-alone script for extensions, found without importing bpy."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"), None)


def _sources() -> dict[str, Path]:
    """Name in the zip and path of every module."""
    addon, contract = ROOT / "blender_addon", ROOT / "manifests"
    found = {path.relative_to(addon).as_posix(): path for path in addon.rglob("*.py")}
    for name in _LEFT_OUT:
        found.pop(name)
    modules = (path for path in contract.rglob("*.py") if "examples" not in path.parts)
    return found | {f"vendor/manifests/{path.relative_to(contract).as_posix()}": path for path in modules}


def _pinned() -> dict[str, str]:
    """Package and version, as ``constraints.txt`` has them."""
    known = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split("\n") if "==" in line)
    versions = {_plain(name): number.strip() for name, number in known.items()}
    return {name: versions[_plain(name)] for name in PACKAGES}


def _wheels(folder: Path, requirement: str) -> list[Path]:
    name, number = requirement.split("==")
    wanted = [_plain(name), number]
    return [w for w in sorted(folder.glob("*.whl")) if [_plain(w.name.split("-")[0]), w.name.split("-")[1]] == wanted]


def _plain(name: str) -> str:
    """Spelling of a package's name that the index, the constraints and the wheels share."""
    return name.lower().replace("-", "_")


def _toml_list(items: list[str]) -> str:
    return "[\n" + "".join(f'  "{item}",\n' for item in items) + "]"


if __name__ == "__main__":
    sys.exit(main())
