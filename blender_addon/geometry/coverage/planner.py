"""Few views that see nearly all of a part: greedy set cover over candidates.

Source: Scott, Roth and Rivest, View planning for automated three-dimensional object reconstruction and inspection
(2003), for the measurability matrix; Chvatal, A greedy heuristic for the set-covering problem (1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...contract import errors, schema, viewpoints
from ..nearest import Floats
from .candidates import candidates, for_points, in_focus, standoffs_mm
from .seeing import Lens, Limits, resolutions
from .surface import Points, Surface

POINTS = 2500
"""Points by which a surface is judged: a share of 99 % has a standard error of 0.2 %."""
GOAL = 0.998
"""Share of the reachable points that is planned for; above 99 %, which the surface between them shall keep: planned
for 99.5 % of the points of a flange, it kept 98.99 %."""
_MOST_LATE = 150  # points that no candidate sees, for which a pose of their own is looked for

Bools = np.ndarray


@dataclass(frozen=True)
class Reach:
    """What can be seen at all.

    Attributes:
        points: n points of equal area.
        poses: c candidates.
        seen: (c, n) whether a candidate sees a point within the limits.
        standoffs_mm: distances from the surface at which the candidates hover.
    """

    points: Points
    poses: tuple[schema.Pose, ...]
    seen: Bools
    standoffs_mm: list[float]

    @property
    def reachable(self) -> Bools:
        """(n,) whether some candidate sees a point."""
        return np.asarray(self.seen.any(axis=0))


def usual_px_per_mm(camera: schema.Camera, radius_mm: float) -> float:
    """The resolution that counts as seen where none is asked for: half of what a view has that just holds the part."""
    return Lens(camera).scale_px / viewpoints.fitted_distance_mm(camera, radius_mm) / 2


def reach(surface: Surface, camera: schema.Camera, limits: Limits) -> Reach:
    """Look at a part from everywhere.

    Raises:
        ManifestError: nothing of it can be seen within the limits.
    """
    lens, points = Lens(camera), surface.points(POINTS)
    radius_mm = float(np.linalg.norm(surface.high_mm - surface.low_mm)) / 2
    standoffs = standoffs_mm(lens, limits, viewpoints.fitted_distance_mm(camera, radius_mm))
    poses = candidates(surface, lens, limits, standoffs)
    seen = _seen(surface, points, lens, poses, limits)
    missing = np.flatnonzero(~seen.any(axis=0))[:_MOST_LATE]
    for standoff in standoffs:
        late = for_points(
            surface, Points(points.places_mm[missing], points.normals[missing]), limits, standoff
        )  # fmt: skip
        poses, seen = poses + late, np.concatenate([seen, _seen(surface, points, lens, late, limits)])
        missing = missing[~seen[:, missing].any(axis=0)]
    if not seen.any():
        raise errors.ManifestError(
            "camera",
            f"sees nothing of the part from anywhere at {limits.px_per_mm:.3g} px/mm or more, within "
            f"{limits.incidence_deg:g} degrees of the normal, with a blur of {limits.blur_px:g} px at most",
        )
    return Reach(points, poses, seen, standoffs)


def _seen(
    surface: Surface, points: Points, lens: Lens, poses: tuple[schema.Pose, ...], limits: Limits
) -> Bools:  # fmt: skip
    if not poses:
        return np.zeros((0, len(points.places_mm)), dtype=bool)
    plan = viewpoints.Viewpoints.of(poses)
    return resolutions(surface, points, lens, plan, in_focus(lens, plan), limits) > 0


def choose(seen: Bools, goal: float = GOAL) -> list[int]:
    """Few rows of a (c, n) matrix that together cover a share of what all rows cover.

    Returns:
        Rows in the order in which they were chosen; without any of them less than the share is covered.
    """
    needed = goal * int(seen.any(axis=0).sum())
    covered = np.zeros(seen.shape[1], dtype=bool)
    chosen: list[int] = []
    while covered.sum() < needed:
        best = int(np.argmax(seen[:, ~covered].sum(axis=1)))
        chosen.append(best)
        covered |= seen[best]
    # What an early choice covers may be covered by later ones.
    for row in list(chosen):
        others = [other for other in chosen if other != row]
        if others and seen[others].any(axis=0).sum() >= needed:
            chosen = others
    return chosen


def planned(found: Reach, camera: schema.Camera) -> tuple[schema.Poses, float | None]:
    """A plan of few views, and the distance at which the camera must be in focus for it (None: it has no say)."""
    chosen = choose(found.seen)
    poses = tuple(found.poses[row] for row in chosen)
    return schema.Poses(poses), found.standoffs_mm[0] if camera.f_number > 0 else None


@dataclass(frozen=True)
class Coverage:
    """What a plan sees of a part.

    Attributes:
        views: number of views.
        blind: views that see nothing within the limits.
        area_mm2: of the whole surface.
        reachable_mm2: of what some view from somewhere could see within the limits.
        covered_mm2: of what the plan sees within the limits.
        px_per_mm: median over the covered surface of the best resolution.
    """

    views: int
    blind: tuple[int, ...]
    area_mm2: float
    reachable_mm2: float
    covered_mm2: float
    px_per_mm: float

    @property
    def share(self) -> float:
        """Covered share of the reachable surface, 0 to 1."""
        return self.covered_mm2 / self.reachable_mm2

    @property
    def uncovered_mm2(self) -> float:
        """Area that could be seen and is not."""
        return self.reachable_mm2 - self.covered_mm2


def coverage(
    surface: Surface, lens: Lens, plan: viewpoints.Viewpoints, focus_mm: Floats, limits: Limits, found: Reach
) -> Coverage:
    """Judge a plan of views.

    Raises:
        ManifestError: no view sees anything of the part within the limits.
    """
    best = resolutions(surface, found.points, lens, plan, focus_mm, limits)
    seen = best > 0
    if not seen.any():
        raise errors.ManifestError(
            "views",
            f"see nothing of the part at {limits.px_per_mm:.3g} px/mm or more, within {limits.incidence_deg:g} "
            f"degrees of the normal, with a blur of {limits.blur_px:g} px at most",
        )
    covered = seen.any(axis=0)
    per_point = surface.area_mm2 / len(covered)
    return Coverage(
        views=len(seen),
        blind=tuple(int(view) for view in np.flatnonzero(~seen.any(axis=1))),
        area_mm2=surface.area_mm2,
        # The plan itself may stand where no candidate did.
        reachable_mm2=float((found.reachable | covered).sum()) * per_point,
        covered_mm2=float(covered.sum()) * per_point,
        px_per_mm=float(np.median(best.max(axis=0)[covered])),
    )
