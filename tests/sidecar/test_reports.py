"""Reports: what their figures show, and how runs are named that are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sidecar.evaluation import figures
from sidecar.evaluation.compare import named
from sidecar.evaluation.counting import Picture, evaluate
from sidecar.scores import domain
from sidecar.scores.thresholds import Thresholds

NAMES = [f"class{k}" for k in range(1, len(figures.COLORS) + 2)]
"""One more than there are colours."""


def test_classes_beyond_the_colours_are_drawn_too() -> None:
    classes = np.zeros((16, 16), np.uint8)
    for k in range(1, len(NAMES) + 1):
        classes[k, :4] = k
    scores = np.where(classes > 0, 0.8, 0.1).astype(np.float32)
    picture = Picture("a", "a", "", np.zeros((16, 16, 3), np.uint8), scores, classes)
    labels = {name: k for k, name in enumerate(NAMES, 1)}
    found = evaluate(lambda: [picture], labels, frozenset(), (Thresholds(0.5), "chosen here"))
    for drawn in (figures.coverage(found), figures.densities(found)):
        assert [name for name in NAMES if f">{name}<" not in drawn] == []


def test_sets_beyond_the_colours_are_drawn_too() -> None:
    sets = {name: np.random.default_rng(k).normal(size=(5, 3)) for k, name in enumerate(NAMES)}
    drawn = figures.components(domain.fit(sets["class1"]), sets)
    assert [name for name in NAMES if f">{name}<" not in drawn] == []


def test_runs_of_one_folder_name_are_named_apart(tmp_path: Path) -> None:
    def names(*folders: str) -> list[str]:
        return list(named([tmp_path / folder for folder in folders]).values())

    assert names("a", "b", "b/evaluated") == ["a", "b"]
    assert names("runs/a/evaluated", "runs/b/evaluated", "other") == ["a", "b", "other"]
    assert names("x/real", "y/real", "y/synthetic") == ["x/real", "y/real", "synthetic"]
    assert names("x/a/real/evaluated", "y/a/real", "real") == ["x/a/real", "y/a/real", f"{tmp_path.name}/real"]
