"""What lies on one instance of the part: its fingerprints and stickers, without overlap.

Their draws ask neither for the defects nor for impurities of another kind; of the places that are drawn, only those
are refused where a print or sticker of an entry before lies. So a sticker may lie on a defect, and hides it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ...contract import distributions, errors, sampling, schema
from ..defects.forms import Defect, apart
from ..defects.instances import Instance, LeftOut, count_of, sizes_of
from ..defects.placement import Ground, Place
from ..defects.places import Places
from ..mesh import Mesh
from ..split import Floats, Ints
from .fingerprints import Print
from .heights import heights_over
from .outlines import Patch
from .stickers import Sheet, make_sheet

_TRIES = 400
_PLIES = {"fingerprint": 0.12, "sticker": 0.06}  # how far the surface may bend under it, over its length


@dataclass(frozen=True)
class Laid:
    """What lies on an instance.

    Attributes:
        prints: of each entry of fingerprints, by its rank among them, where they lie.
        vertices_mm: (n, 3) of all stickers.
        triangles: (m, 3).
        entries: (m,), for each triangle its entry in the manifest's impurities.
        ink: (m,), whether it is of a printed number.
        warnings: what could not be done, a sentence each.
    """

    prints: tuple[tuple[Print, ...], ...]
    vertices_mm: Floats
    triangles: Ints
    entries: Ints
    ink: np.ndarray
    warnings: tuple[str, ...] = field(default=())

    def without(self, entries: list[int]) -> Laid:
        """The same but for the stickers of some of the manifest's impurities."""
        keep = ~np.isin(self.entries, entries)
        triangles, kept, ink = self.triangles[keep], self.entries[keep], self.ink[keep]
        return dataclasses.replace(self, triangles=triangles, entries=kept, ink=ink)


def rank(manifest: schema.Manifest, number: int) -> int:
    """How many impurities of its kind stand before an impurity of a manifest; draws are known by it."""
    entries = manifest.impurities
    return sum(type(entry) is type(entries[number]) for entry in entries[:number])


def lay_on(
    manifest: schema.Manifest, ground: Ground, mesh: Mesh, eyes_mm: Floats, built: Instance, number: int
) -> Laid:
    """Draw what lies on an instance; the same for the same manifest and number, whatever was built before.

    Args:
        manifest: whose impurities.
        ground, mesh: the prepared part, as for ``build_instance``.
        eyes_mm: (v, 3), where the cameras stand, in the part's axes.
        built: the instance, with its defects.
        number: of the instance.

    Raises:
        ManifestError: a region selects nothing, or a print or sticker does not fit at its exact position.
    """
    prints: dict[int, list[Print]] = {
        i: [] for i, entry in enumerate(manifest.impurities) if isinstance(entry, schema.Fingerprint)
    }
    sheets: list[tuple[int, Sheet]] = []
    places, left_out = draw_places(manifest, ground, mesh, eyes_mm, number)
    for i, index, sizes, place in places:
        entry, key = manifest.impurities[i], draw_key(manifest, i)
        if isinstance(entry, schema.Sticker):
            sheets.append((i, _sheet(manifest, ground, built, entry, key, index, sizes, place)))
        else:
            half = sizes["width_mm"] / 2, sizes["length_mm"] / 2
            draw = float(sampling.uniforms(manifest.seed, f"{key}.core", index, index + 1)[0])
            prints[i].append(Print(place.center_mm, np.cross(place.axis, place.normal), place.axis, half, draw))
    starts = np.cumsum([0, *(len(sheet.vertices_mm) for _, sheet in sheets)])
    return Laid(
        tuple(map(tuple, prints.values())),
        np.concatenate([np.zeros((0, 3)), *(sheet.vertices_mm for _, sheet in sheets)]),
        np.concatenate(
            [np.zeros((0, 3), dtype=np.int32), *(s.triangles + first for first, (_, s) in zip(starts, sheets))]
        ).astype(np.int32),
        np.repeat([i for i, _ in sheets], [len(sheet.triangles) for _, sheet in sheets]).astype(np.int32),
        np.concatenate([np.zeros(0, dtype=bool), *(sheet.ink for _, sheet in sheets)]),
        tuple(one.text for one in left_out),
    )


def draw_places(
    manifest: schema.Manifest, ground: Ground, mesh: Mesh, eyes_mm: Floats, number: int
) -> tuple[list[tuple[int, int, dict[str, float], Place]], list[LeftOut]]:
    """Where prints and stickers of an instance lie, and what found no room; arguments and errors are ``lay_on``'s.

    Returns:
        Of each the number of its entry, the index of its draws, its sizes and its place; and what was left out.
    """
    found: list[tuple[int, int, dict[str, float], Place]] = []
    taken: list[Defect] = []
    left_out: list[LeftOut] = []
    for i, entry in enumerate(manifest.impurities):
        if not isinstance(entry, schema.Fingerprint | schema.Sticker):
            continue
        path, key = f"impurities[{i}]", draw_key(manifest, i)
        count = count_of(manifest, entry, key, number)
        if not count:
            continue
        places = Places(entry, path, ground, mesh, eyes_mm)
        for k in range(count):
            # Room for the largest count is set aside, so that a draw does not depend on how many there are.
            index = number * distributions.most(entry.count) + k
            sizes = sizes_of(manifest, entry, key, index)
            place, problem = _place(manifest, ground, places, taken, entry, key, index, sizes)
            if place is not None:
                found.append((i, index, sizes, place))
            elif isinstance(entry.placement, schema.AtPosition):
                raise errors.ManifestError(f"{path}.placement.position_mm", f"the {entry.KIND} {problem}")
            else:
                text = f"instance {number}: {path} number {k} found no room on the surface and was left out"
                left_out.append(LeftOut(path, text))
    return found, left_out


def draw_key(manifest: schema.Manifest, i: int) -> str:
    """By which the draws of an impurity of a manifest are known."""
    return f"impurities.{manifest.impurities[i].KIND}[{rank(manifest, i)}]"


def _place(
    manifest: schema.Manifest,
    ground: Ground,
    places: Places,
    taken: list[Defect],
    entry: schema.Fingerprint | schema.Sticker,
    key: str,
    index: int,
    sizes: dict[str, float],
) -> tuple[Place | None, str]:
    """A place with room, which is taken from then on; or none, and why there was none at the last that was tried."""
    patch, problem = _patch(entry, sizes), "finds no place to lie"
    random = f"{key}.placement"
    for place in places.tried(sizes["angle_deg"], lambda: sampling.generator(manifest.seed, random, index), _TRIES):
        here = Defect(0, patch, place.center_mm, place.normal, place.axis)
        if not all(apart(here, other) for other in taken):
            problem = "overlaps another one; move it"
        elif not ground.holds(place, patch):
            problem = "does not fit there: it is larger than its face, or too near an edge or a bend"
        else:
            taken.append(here)
            return place, ""
    return None, problem


def _patch(entry: schema.Fingerprint | schema.Sticker, sizes: dict[str, float]) -> Patch:
    if isinstance(entry, schema.Fingerprint):
        half = sizes["length_mm"] / 2, sizes["width_mm"] / 2  # a place's axis lies along the finger
    else:
        half = sizes["width_mm"] / 2, sizes["height_mm"] / 2
    return Patch(half, _PLIES[entry.KIND] * 2 * max(half), round_=isinstance(entry, schema.Fingerprint))


def _sheet(
    manifest: schema.Manifest,
    ground: Ground,
    built: Instance,
    entry: schema.Sticker,
    key: str,
    index: int,
    sizes: dict[str, float],
    place: Place,
) -> Sheet:
    number, corner = sampling.uniforms(manifest.seed, f"{key}.number", 2 * index, 2 * index + 2)
    text = f"{int(number * 10**entry.digits):0{entry.digits}d}"

    def heights_mm(points_mm: Floats) -> Floats:
        # The sheet is stiff: it lies on the part as it was made and on what rises from it, and bridges what is hollow.
        relief = 0.5 * max(_displaced_mm(manifest), default=0.0)
        reach = 0.25 * float(np.linalg.norm([sizes["width_mm"], sizes["height_mm"]]))
        surfaces = ((ground.vertices_mm, ground.triangles), (built.vertices_mm, built.triangles))
        heights: Floats = np.max([heights_over(*one, place, points_mm, reach) for one in surfaces], axis=0)
        return heights + relief

    return make_sheet(sizes, text, int(4 * corner), place, heights_mm)


def _displaced_mm(manifest: schema.Manifest) -> Iterator[float]:
    """Heights of the reliefs that the render, and not the mesh, raises about the surface."""
    for surface in (manifest.surface, *(local.surface for local in manifest.surfaces)):
        if isinstance(surface, schema.Painted) and surface.relief == "displacement":
            yield surface.relief_height_mm
