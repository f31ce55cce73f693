"""Exports read back by anomalib itself, where DEFECTORY_TEST_ANOMALIB names a Python that has it.

It runs in a Python of its own, for it brings a torch of its own: ``pip install anomalib==2.7.0 torch==2.13.0``.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.layout import INSTANCES, DataSet
from worker.export import export_data_set, parse_split

from .exported import export_manifest, exported_data_set

PEER = os.environ.get("DEFECTORY_TEST_ANOMALIB", "")
SPLIT = parse_split("train=3,val=1,test=2")
READ = """
import json, sys, torch
# torchvision's build for CUDA lacks these beside a torch for processors; nothing here calls them.
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from anomalib.data import Folder, MVTecAD
names = dict(normal_dir="normal", normal_test_dir="normal_test", abnormal_dir="abnormal", mask_dir="mask")
how = dict(num_workers=0, val_split_mode="same_as_test")
module = (
    MVTecAD(root=sys.argv[2], category=".", **how)
    if sys.argv[1] == "mvtec"
    else Folder(name="x", root=sys.argv[2], **names, **how)
)
module.setup()
sides = {side: getattr(module, side + "_data") for side in ("train", "test")}
told = {
    side: [[one.image_path, int(one.gt_label), list(one.image.shape), int(one.gt_mask.sum())] for one in data]
    for side, data in sides.items()
}
print(json.dumps(told))
"""


@pytest.mark.skipif(not PEER, reason="DEFECTORY_TEST_ANOMALIB names no Python with anomalib")
@pytest.mark.parametrize("layout", ["mvtec", "folder"])
def test_anomalib_reads_the_same_frames_classes_and_areas(tmp_path: Path, layout: str) -> None:
    manifest = export_manifest()
    data_set: DataSet = exported_data_set(tmp_path / "set", manifest)
    export_data_set(data_set.root, layout, tmp_path / "out", SPLIT)
    done = subprocess.run(
        [PEER, "-c", READ, layout, str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    areas = {
        frame: int((np.asarray(Image.open(data_set.pair_folder(frame) / INSTANCES)) > 0).sum())
        for frame in range(manifest.frame_count)
    }
    for side, instances in SPLIT.divide(manifest).items():
        frames = [2 * instance + view for instance in instances for view in (0, 1)]
        if side != "val":
            wanted = {f: areas[f] for f in frames if side == "test" or not areas[f]}
            told = json.loads(done.stdout.splitlines()[-1])[side]
            assert {int(Path(path).stem): area for path, _, _, area in told} == wanted
            assert all(label == (area > 0) and shape == [3, 64, 72] for _, label, shape, area in told)
