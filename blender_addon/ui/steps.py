"""The steps of the work, in order, and how far each is. No Blender in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..contract import schema

State = Literal["done", "open", "wrong"]


@dataclass(frozen=True)
class Step:
    """A step of the work.

    Attributes:
        key: for identifiers.
        title: for people.
        fields: of the manifest that it is about; one that is wrong makes the step wrong.
    """

    key: str
    title: str
    fields: tuple[str, ...]


STEPS = (
    Step("part", "Part", ("part",)),
    Step("views", "Camera and Views", ("camera", "views")),
    Step("lights", "Lights", ("lights", "light_states")),
    Step("surface", "Surface", ("surface", "surfaces", "backdrop")),
    Step("defects", "Defects", ("defects",)),
    Step("impurities", "Impurities", ("impurities",)),
    Step("randomise", "Randomise", ("parameters",)),
    Step("preview", "Preview", ("name", "seed", "instances", "repeats")),
    Step("export", "Export and Render", ("render", "output", "twin", "blend")),
)


def state(step: Step, manifest: schema.Manifest | None, problem: str, *, exported: bool, gone: bool) -> State:
    """How far a step is.

    Args:
        step: of STEPS.
        manifest: that is open; None: none is.
        problem: field of the manifest that is wrong; empty: none.
        exported: whether the manifest lies on the disk as it is shown.
        gone: whether a parameter drives something that is no longer there.
    """
    first = problem.partition(".")[0].partition("[")[0]
    if first in step.fields or (step.key == "randomise" and gone):
        return "wrong"
    if manifest is None:
        return "open"
    done = {
        "lights": bool(manifest.lights),
        "defects": bool(manifest.defects),
        "impurities": bool(manifest.impurities),
        "randomise": bool(manifest.parameters),
        "export": exported,
    }
    return "done" if done.get(step.key, True) else "open"
