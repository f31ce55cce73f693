"""Node groups of impurities against the same functions in numpy, at random points."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from blender_addon.geometry.impurities.dust import specks
from blender_addon.geometry.impurities.fingerprints import Print, fingerprints, properties
from blender_addon.geometry.impurities.water_stains import water_stains
from manifests import schema
from manifests.sampling import Table
from worker.blender import Blender, build_command

from .rendering import manifest, table

SCRIPT = Path(__file__).with_name("node_values.py")
NEAR = 1e-3


def evaluate(
    folder: Path, blender: str, entry: dict[str, Any], group: str, **more: Any
) -> tuple[Table, bool, dict[str, np.ndarray]]:
    """Values of the entry's table, whether this Blender is 5.0 or later, and the passes (n, 3) at n points."""
    what = manifest(
        impurities=[entry],
        camera={"image_px": [96, 96], "region_px": None, "sensor_px": [96, 96]},
        views={"kind": "poses", "poses": [{"location_mm": [0, -260, 0]}]},
        backdrop=None,
        render={"samples": 1, "bounces": 0},
    )
    task = folder / "task.json"
    told = {"manifest": schema.to_dict(what), "group": group, "exr": str(folder / "values.exr"), **more}
    task.write_text(json.dumps(told))
    kind = "module" if Path(blender).name.startswith("python") else "binary"
    done = subprocess.run(
        build_command(Blender(kind, blender, "test"), SCRIPT, task), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"version"')))
    with OpenEXR.File(str(folder / "values.exr"), separate_channels=True) as file:
        channels = {name: c.pixels for part in file.parts for name, c in part.channels.items()}
    hit = channels["Image.Combined.A"] == 1
    names = {name.split(".")[1] for name in channels} - {"Combined"}
    return table(what), told["version"] >= [5, 0], {
        name: np.stack([channels[f"Image.{name}.{c}"][hit] for c in "RGB"], axis=1) for name in names
    }  # fmt: skip


STAINS = [
    {"radius_mm": 7, "cell_mm": 18, "frequency_per_mm": 0.3, "amplitude_mm": 3, "decay": 2.5, "intensity": -0.7},
    {"radius_mm": 30, "amplitude_mm": 12, "frequency_per_mm": 0.05, "intensity": 0.4, "center_mm": [10, -5, 0]},
]


@pytest.mark.parametrize("entry", STAINS, ids=["grid", "one"])
def test_water_stains_are_those_of_numpy(blender: str, tmp_path: Path, entry: dict[str, Any]) -> None:
    values, new, passes = evaluate(tmp_path, blender, {"kind": "water_stain", **entry}, "Water Stain")
    stains = values.manifest.impurities[0]
    assert isinstance(stains, schema.WaterStain)
    points = passes["Where"]
    assert len(points) > 2000 and (np.ptp(points, axis=0) > 80).all()
    inside, change = water_stains(points, stains, values.value("@texture", 0), "pcg" if new else "lookup3")
    assert 0.05 < inside.mean() < 0.7
    same = (passes["Mask"][:, 0] == 1) == inside
    # On the outline itself the last bit of a float decides.
    assert (~same).sum() <= 2
    assert np.abs(passes["Change"][:, 0] - change)[same].max() < NEAR
    assert np.abs(change).max() > 0.3


def test_dust_is_that_of_numpy(blender: str, tmp_path: Path) -> None:
    entry = {"kind": "dust", "diameter_mm": 9, "density_per_cm2": 0.5}
    values, new, passes = evaluate(tmp_path, blender, entry, "Dust")
    dust = values.manifest.impurities[0]
    assert isinstance(dust, schema.Dust)
    inside = specks(passes["Where"], dust, values.value("@texture", 0), "pcg" if new else "lookup3")
    assert 0.05 < inside.mean() < 0.5
    assert ((passes["Mask"][:, 0] == 1) != inside).sum() <= 2


def test_fingerprints_are_those_of_numpy(blender: str, tmp_path: Path) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    prints = [
        Print(np.array([-28.0, 5.0, 0.0]), turn[0], turn[1], (17.0, 22.0), 0.3),
        Print(np.array([28.0, -5.0, 4.0]), np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), (18.0, 30.0), 0.9),
    ]
    # A third has room in the group and is not on this instance.
    entry = {"kind": "fingerprint", "count": 3, "ridge_mm": 4, "smudge": 0.4, "intensity": -0.5, "roughness": 0.8}
    values, _, passes = evaluate(tmp_path, blender, entry, "Fingerprint", properties=properties(0, prints))
    what = values.manifest.impurities[0]
    assert isinstance(what, schema.Fingerprint)
    inside, grease = fingerprints(passes["Where"], passes["Facing"], prints, what, values.value("@texture", 0))
    assert 0.05 < inside.mean() < 0.5
    same = (passes["Mask"][:, 0] == 1) == inside
    assert (~same).sum() <= 2
    for name, amount in (("Change", -0.5), ("Rougher", 0.8)):
        assert np.abs(passes[name][:, 0] - amount * grease)[same].max() < NEAR
    assert grease.max() > 0.8
