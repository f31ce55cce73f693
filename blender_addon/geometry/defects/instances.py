"""Instances: the prepared part with the defects that a manifest draws for one realisation of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...contract import distributions, errors, fields, sampling, schema
from ..mesh import Mesh
from ..progress import Progress, unseen
from ..split import Floats, Ints
from .bumps import make_bump
from .chips import make_chip
from .cracks import make_crack
from .dents import make_dent
from .forms import Defect, Form, apart
from .glue_pads import make_glue_pad
from .imprint import imprint
from .placement import Ground
from .places import Places
from .pores import make_pore
from .scratches import make_scratch

_TRIES = 400
_DRAWING = 0.5
"""About the share of the time that looking for places takes."""

Maker = Callable[[dict[str, float], np.random.Generator, float], Form]

MAKERS: dict[str, Maker] = {
    "dent": make_dent,
    "bump": make_bump,
    "scratch": make_scratch,
    "chip": make_chip,
    "glue_pad": make_glue_pad,
    "crack": make_crack,
    "pore": make_pore,
}
"""Kind of defect, and what makes its form from sizes, a generator and the slope of an edge's faces."""


@dataclass(frozen=True)
class Instance:
    """Geometry of one realisation.

    Attributes:
        vertices_mm: (n, 3).
        triangles: (m, 3).
        ids: (m,), for each triangle the id of its defect, 0 where there is none or an insignificant one.
        parents: (m,), for each triangle the one of the prepared part that it came from.
        defects: for each defect its id, kind, label, sizes and place, and ``insignificant`` where it is.
        twin_mm: (n, 3), the vertices of its twin.
        warnings: what could not be done, a sentence each.
    """

    vertices_mm: Floats
    triangles: Ints
    ids: Ints
    parents: np.ndarray
    twin_mm: Floats
    defects: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class LeftOut:
    """What found no room on an instance.

    Attributes:
        path: of its entry in the manifest.
        text: a sentence.
    """

    path: str
    text: str


def build_instance(
    manifest: schema.Manifest,
    ground: Ground,
    mesh: Mesh,
    eyes_mm: Floats,
    number: int,
    progress: Progress = unseen,
) -> Instance:
    """Draw and build one instance; the same for the same manifest and number, whatever was built before.

    Args:
        manifest: whose defects.
        ground: the prepared part, on which places are looked for.
        mesh: the same surface, as finely divided as its relief asks for, into which the defects are pressed.
        eyes_mm: (v, 3), where the cameras stand, in the part's axes.
        number: of the instance.
        progress: is told how far it is.

    Raises:
        ManifestError: a region selects nothing, or a defect does not fit at its exact position.
    """
    defects, records, left_out = draw_defects(
        manifest, ground, mesh, eyes_mm, number, lambda share: progress(_DRAWING * share)
    )
    twin = manifest.twin
    absent = frozenset(r["id"] for r in records if twin is not None and twin.lacks("defects", r["label"]))
    made = imprint(
        mesh.vertices_mm, mesh.triangles, defects, absent, lambda share: progress(_DRAWING + (1 - _DRAWING) * share)
    )
    return Instance(**vars(made), defects=tuple(records), warnings=tuple(one.text for one in left_out))


def draw_defects(
    manifest: schema.Manifest,
    ground: Ground,
    mesh: Mesh,
    eyes_mm: Floats,
    number: int,
    progress: Progress = unseen,
) -> tuple[list[Defect], list[dict[str, Any]], list[LeftOut]]:
    """The defects of an instance, their records and what was left out, without any change of the mesh."""
    defects: list[Defect] = []
    records: list[dict[str, Any]] = []
    left_out: list[LeftOut] = []
    counts = [count_of(manifest, entry, f"defects[{i}]", number) for i, entry in enumerate(manifest.defects)]
    for i, (entry, count) in enumerate(zip(manifest.defects, counts)):
        path = f"defects[{i}]"
        if not count:
            continue
        places = Places(entry, path, ground, mesh, eyes_mm)
        for k in range(count):
            # Room for the largest count is set aside, so that a defect's draw does not depend on how many there are.
            index = number * distributions.most(entry.count) + k
            progress((sum(counts[:i]) + k) / sum(counts))
            sizes = sizes_of(manifest, entry, path, index)
            defect = _place(manifest, ground, places, defects, entry, path, index, sizes)
            if isinstance(defect, str):
                size = next(iter(sizes.values()))
                if isinstance(entry.placement, schema.AtPosition):
                    raise errors.ManifestError(
                        f"{path}.placement.position_mm", f"the {entry.KIND} ({size:.3g} mm) {defect}"
                    )
                which = f"instance {number}: {path} number {k} ({size:.3g} mm)"
                left_out.append(LeftOut(path, f"{which} found no room on the surface and was left out"))
                continue
            defects.append(defect)
            record = {"id": defect.id, "kind": entry.KIND, "label": entry.label} | sizes
            record |= {"position_mm": defect.center_mm.tolist(), "normal": defect.normal.tolist()}
            records.append(record | ({"insignificant": True} if entry.insignificant else {}))
    return defects, records, left_out


def count_of(manifest: schema.Manifest, entry: Any, path: str, number: int) -> int:
    """How many of an entry an instance has; ``path`` identifies the draw."""
    return round(float(sampling.draw(entry.count, manifest.seed, f"{path}.count", number, number + 1)[0]))


def sizes_of(manifest: schema.Manifest, entry: Any, path: str, index: int) -> dict[str, float]:
    """The sizes of one of an entry: what its fields that are numbers or distributions draw."""
    hints = fields.hints(type(entry))
    names = [name for name, hint in hints.items() if hint == hints["count"] and name != "count"]
    return {
        name: float(sampling.draw(getattr(entry, name), manifest.seed, f"{path}.{name}", index, index + 1)[0])
        for name in names
    }


def _place(
    manifest: schema.Manifest,
    ground: Ground,
    places: Places,
    taken: list[Defect],
    entry: schema.Defect,
    path: str,
    index: int,
    sizes: dict[str, float],
) -> Defect | str:
    """The defect where there is room for it, else why there was none at the last place that was tried."""

    def random(name: str) -> np.random.Generator:
        return sampling.generator(manifest.seed, f"{path}.{name}", index)

    problem = "finds no place to lie"
    form: Form | None = None
    for place in places.tried(sizes.get("angle_deg", 0.0), lambda: random("placement"), _TRIES):
        if form is None or places.on_edges:
            form = MAKERS[entry.KIND](sizes, random("form"), place.slope)
        defect = Defect(len(taken) + 1, form, place.center_mm, place.normal, place.axis, entry.insignificant)
        blocker = None if entry.overlap else next((o for o in taken if not apart(defect, o)), None)
        if blocker is not None:
            problem = f"overlaps defect {blocker.id}; move it, or set `overlap`"
        elif not ground.holds(place, form):
            problem = "does not fit there: it is larger than its face, or too near an edge or a bend"
        else:
            return defect
    return problem
