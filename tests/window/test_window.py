"""The panel in real Blender windows: from an empty file to an exported manifest, by its buttons.

The pictures of each step are left in build/window, one folder for each Blender.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blender_addon.build import build, this_platform
from blender_addon.ui.overlays import classes, mask
from manifests.encoding import decode, encode
from manifests.files import read_manifest
from manifests.schema import Output
from manifests.showing import class_colors

ROOT = Path(__file__).resolve().parents[2]
SUITES = {"trixie": "4.3", "sid": "5.2"}

# In name spaces of its own: mounts and processes go with them, however the test ends; and there is no network.
INSIDE = """
set -e
mount --bind /proc "$ROOT/proc"; mount --rbind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/tmp"
mkdir -p "$ROOT/shared"; mount --bind "$SHARED" "$ROOT/shared"
exec chroot "$ROOT" sh -c '
    Xvfb :7 -screen 0 1500x1300x24 >/dev/null 2>&1 &
    export DISPLAY=:7 LIBGL_ALWAYS_SOFTWARE=1 HOME=/shared BLENDER_USER_RESOURCES=/shared/blender
    cd /shared
    blender -b --factory-startup -P install.py -- /shared/defectory.zip
    for k in $(seq 50); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.2; done
    blender --factory-startup --window-geometry 0 0 1500 1300 -P drive.py -- /shared/part/flange.step /shared/out
'
"""
INSTALL = """
import bpy, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[-1], repo="user_default", enable_on_install=False)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"), [this_platform()])


def window_blender(suite: str) -> Path:
    """Folder of a Debian with a Blender in it; the first time, some minutes are spent on making it."""
    for tool in ("debootstrap", "unshare"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, without which there is no Blender with a window to be had")
    if os.geteuid() != 0:
        pytest.skip("not run by root, who alone can make a Debian with a Blender in it")
    done = subprocess.run([ROOT / ".ci" / "window-blender", suite], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.parametrize("suite", SUITES)
def test_from_an_empty_file_to_a_manifest_by_the_buttons(suite: str, archive: Path, tmp_path: Path) -> None:
    debian = window_blender(suite)
    for folder in ("part", "out"):
        (tmp_path / folder).mkdir()
    shutil.copyfile(archive, tmp_path / "defectory.zip")
    shutil.copyfile(ROOT / "manifests" / "examples" / "parts" / "flange.step", tmp_path / "part" / "flange.step")
    shutil.copyfile(Path(__file__).with_name("drive.py"), tmp_path / "drive.py")
    (tmp_path / "install.py").write_text(INSTALL)
    environment = {"PATH": os.environ["PATH"], "ROOT": str(debian), "SHARED": str(tmp_path)}
    environment |= {name: value for name, value in os.environ.items() if name == "DEFECTORY_WINDOW_PAUSE"}
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", INSIDE]
    shots = ROOT / "build" / "window" / SUITES[suite]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    finally:  # whatever happened, the pictures tell how far it went
        shutil.rmtree(shots, ignore_errors=True)
        shutil.copytree(tmp_path / "out", shots, ignore=shutil.ignore_patterns("*.blend", "*.step", ".defectory"))
    assert (tmp_path / "out" / "seen.json").is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    seen: dict[str, Any] = json.loads((tmp_path / "out" / "seen.json").read_text())
    assert "error" not in seen, seen
    assert seen["steps"][-1] == "written"
    manifest = read_manifest(tmp_path / "out" / "flange.yaml")
    assert [defect.label for defect in manifest.defects] == ["dent", "dent"]
    assert manifest.seed == 1
    # The rig that came last took the parameter of the light with it.
    assert [light.KIND for light in manifest.lights] == ["ring", "world"]
    assert (manifest.surface.KIND, manifest.parameters) == ("brushed", ())
    assert manifest.blend is not None
    assert (tmp_path / "out" / manifest.blend.file).is_file()
    assert manifest.the_part().file == "flange.step"
    assert (tmp_path / "out" / "flange.step").is_file()
    legend = np.array(classes.rgb(class_colors(manifest)["dent"]))
    for overlay, opacity in (("classes", classes.OPACITY), ("mask", mask.OPACITY)):
        np.testing.assert_allclose(color_laid(shots, overlay, opacity), legend, atol=0.03, err_msg=overlay)


def color_laid(shots: Path, overlay: str, opacity: float) -> Any:
    """Red, green and blue, 0 to 1, of what an overlay lays on the part, by what it changes on the screen."""
    view = (slice(300, 900), slice(320, 930))
    under, over = (read_screen(next(shots.glob(f"*_{name}.png")))[view] for name in ("plain", overlay))
    changed = np.abs(over - under).max(axis=2) > 0.1
    assert changed.sum() > 200, f"{overlay}: nothing is drawn"
    # Blender mixes light, not what the screen is given.
    light = (decode(over[changed], Output()) - (1 - opacity) * decode(under[changed], Output())) / opacity
    return encode(np.clip(np.median(light, axis=0), 0, 1), Output())


def read_screen(path: Path) -> Any:
    """(height, width, 3) of a picture, 0 to 1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255
