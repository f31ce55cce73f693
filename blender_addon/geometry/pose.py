"""Pose of a camera from points of a part and their pixels in a photograph (perspective-n-point), pure numpy.

Every solution of three points (Haralick, Lee, Ottenberg and Nölle 1994, after Grunert 1841) is a start; those that suit
the other points best are refined on all of them by Levenberg and Marquardt. So it works alike for points in a plane and
in space, from four on.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 4
"""Points that a pose needs: three leave up to four poses open."""
_TRIPLES = 8
_STARTS = 4
_STEPS = 40
_SETTLED = 1e-9
"""Share of the error below which a step is the last."""
_FLAT = 1e-4
"""Extent across a line, as a share of that along it, below which points are collinear."""
_VAGUE = 0.5
"""Share of the distance that an error of one pixel may move the camera."""


class PoseError(ValueError):
    """The points do not tell the pose; the message is for the person who chose them."""


@dataclass(frozen=True)
class Lens:
    """A pinhole with square pixels.

    Attributes:
        focal_px: focal length.
        center_px: where the line of sight meets the image, from its left and top edge.
    """

    focal_px: float
    center_px: tuple[float, float]


@dataclass(frozen=True)
class CameraPose:
    """A camera that was found.

    Attributes:
        location_mm: (3,) where it stands.
        rotation: (3, 3), columns right, up and back: it looks along -back.
        errors_px: (n,) distance of each point's image from its pixel.
        spread_mm: how far one pixel of error in every coordinate moves the camera, in the worst direction (one standard
            deviation).
    """

    location_mm: Floats
    rotation: Floats
    errors_px: Floats
    spread_mm: float

    @property
    def residual_px(self) -> float:
        """Root mean square of the errors."""
        return float(np.sqrt((self.errors_px**2).mean()))


def project(points_mm: Floats, location_mm: Floats, rotation: Floats, lens: Lens) -> Floats:
    """(n, 2) pixels of (n, 3) points, from the image's left and top edge; not finite where they are not in front."""
    seen = (points_mm - location_mm) @ rotation
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(seen[:, 2] < 0, -seen[:, 2], np.nan)
        return np.array(lens.center_px) + lens.focal_px * seen[:, :2] * (1, -1) / depth[:, None]


def solve(points_mm: Floats, pixels_px: Floats, lens: Lens) -> CameraPose:
    """The camera that sees points where a photograph has them.

    Args:
        points_mm: (n, 3), n >= 4.
        pixels_px: (n, 2), from the image's left and top edge.
        lens: of the camera.

    Returns:
        The pose of least squares; among those that fit alike, as four points in a plane may have two, the best.

    Raises:
        PoseError: there are fewer than four points, they lie on a line or do not determine the camera, or no camera
            has all of them before it.
    """
    points, pixels = np.asarray(points_mm, dtype=np.float64), np.asarray(pixels_px, dtype=np.float64)
    if len(points) < LEAST:
        raise PoseError(f"A camera needs {LEAST} points or more; there are {len(points)}")
    for values, where in ((points, "part"), (pixels, "photograph")):
        if len(np.unique(values.round(9), axis=0)) < LEAST:
            raise PoseError(f"A camera needs {LEAST} points or more in different places of the {where}")
        along, across = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)[:2]
        if across < _FLAT * along:
            raise PoseError(f"The points lie on one line in the {where}; add one beside it")
    # Right, down and forward, as the formulas have them; turned into Blender's axes at the end.
    image = (pixels - lens.center_px) / lens.focal_px
    starts = _starts(points, image)
    refined = [_refine(points, image, *start) for start in starts]
    fits = [(error, turn, place) for error, turn, place in refined if ((points - place) @ turn.T)[:, 2].min() > 0]
    if not fits:
        raise PoseError("No camera has all of these points before it; is a point matched with a wrong pixel?")
    _, turn, place = min(fits, key=lambda fit: fit[0])
    spread = _spread(points, turn, place) / lens.focal_px
    distance = float(np.linalg.norm(points.mean(axis=0) - place))
    if not spread <= _VAGUE * distance:
        raise PoseError("The points hardly tell where the camera stands; take some farther apart")
    rotation = turn.T * (1, -1, -1)
    errors = np.linalg.norm(project(points, place, rotation, lens) - pixels, axis=1)
    return CameraPose(place, rotation, errors, spread)


def _starts(points: Floats, image: Floats) -> list[tuple[Floats, Floats]]:
    """Poses of three points that suit all best: rotation (3, 3) into the camera's axes, and place (3,)."""
    triples = np.array(list(itertools.islice(itertools.combinations(range(len(points)), 3), 2000)))
    one, two, three = (image[triples[:, k]] for k in range(3))
    (ax, ay), (bx, by) = (two - one).T, (three - one).T
    area = np.abs(ax * by - ay * bx)
    found = []
    for triple in triples[np.argsort(-area)[:_TRIPLES]]:
        for turn, place in _three_points(points[triple], image[triple]):
            seen = (points - place) @ turn.T
            depth = np.maximum(seen[:, 2], 1e-6 * np.abs(seen).max())
            found.append((float(np.hypot(*(seen[:, :2] / depth[:, None] - image).T).sum()), turn, place))
    found.sort(key=lambda one: one[0])
    chosen: list[tuple[Floats, Floats]] = []
    for _, turn, place in found:
        if all(np.abs(turn - other).max() > 1e-2 for other, _ in chosen):
            chosen.append((turn, place))
    return chosen[:_STARTS]


def _three_points(points: Floats, image: Floats) -> list[tuple[Floats, Floats]]:
    """Poses from which three points are seen where they are: Grunert's quartic in the ratio of two distances.

    Of complex roots the real part is taken: with noise a pose may lie there, and it is but a start.
    """
    rays = np.column_stack([image, np.ones(3)])
    rays /= np.linalg.norm(rays, axis=1)[:, None]
    aa, bb, cc = (((points[i] - points[j]) ** 2).sum() for i, j in ((1, 2), (0, 2), (0, 1)))
    if min(aa, bb, cc) == 0:
        return []
    alpha, beta, gamma = rays[1] @ rays[2], rays[0] @ rays[2], rays[0] @ rays[1]
    minus, plus = (aa - cc) / bb, (aa + cc) / bb
    quartic = (
        (minus - 1) ** 2 - 4 * cc / bb * alpha**2,
        4 * (minus * (1 - minus) * beta - (1 - plus) * alpha * gamma + 2 * cc / bb * alpha**2 * beta),
        2
        * (
            minus**2
            - 1
            + 2 * minus**2 * beta**2
            + 2 * (bb - cc) / bb * alpha**2
            - 4 * plus * alpha * beta * gamma
            + 2 * (bb - aa) / bb * gamma**2
        ),
        4 * (-minus * (1 + minus) * beta + 2 * aa / bb * gamma**2 * beta - (1 - plus) * alpha * gamma),
        (1 + minus) ** 2 - 4 * aa / bb * gamma**2,
    )
    poses = []
    for v in np.unique(np.roots(quartic).real.round(12)):
        below = 2 * (gamma - v * alpha)
        if v <= 0 or below == 0:
            continue
        u = ((minus - 1) * v**2 - 2 * minus * beta * v + 1 + minus) / below
        square = bb / (1 + v**2 - 2 * v * beta)
        if u > 0 and square > 0:
            seen = np.sqrt(square) * np.array([1.0, u, v])[:, None] * rays
            poses.append(_fit(points, seen))
    return poses


def _fit(points: Floats, seen: Floats) -> tuple[Floats, Floats]:
    """Rotation and place of the camera that has points where it sees them (Kabsch 1976)."""
    middle, seen_middle = points.mean(axis=0), seen.mean(axis=0)
    u, _, v = np.linalg.svd((seen - seen_middle).T @ (points - middle))
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))]) @ v
    return turn, middle - turn.T @ seen_middle


def _refine(points: Floats, image: Floats, turn: Floats, place: Floats) -> tuple[float, Floats, Floats]:
    """The best pose nearby (Levenberg, Marquardt): sum of squares in the image plane, rotation, place."""
    damping, (error, off, slope) = 1e-3, _linear(points, image, turn, place)
    for _ in range(_STEPS):
        normal, gradient = slope.T @ slope, slope.T @ off
        # The scale is each parameter's own: radians beside millimetres.
        scaled = normal + damping * np.diag(np.diag(normal) + 1e-300)
        try:
            step = np.linalg.solve(scaled, gradient)
        except np.linalg.LinAlgError:
            break
        other_turn, other_place = _rotation(step[:3]) @ turn, place + step[3:]
        other, other_off, other_slope = _linear(points, image, other_turn, other_place)
        if other < error:
            gain = error - other
            turn, place, error, off, slope = other_turn, other_place, other, other_off, other_slope
            damping = max(damping / 10, 1e-12)
            if gain <= _SETTLED * (error + 1e-18):
                break
        else:
            damping *= 10
            if damping > 1e4:
                break
    return error, turn, place


def _linear(points: Floats, image: Floats, turn: Floats, place: Floats) -> tuple[float, Floats, Floats]:
    """Sum of squares, what is off (2 n,), and how it falls with a turn about the camera's axes and a shift (2 n, 6)."""
    seen = (points - place) @ turn.T
    x, y, z = seen.T
    if (z <= 0).any():
        return np.inf, np.zeros(2 * len(points)), np.zeros((2 * len(points), 6))
    flat = np.stack([np.stack([1 / z, 0 * z, -x / z**2], axis=1), np.stack([0 * z, 1 / z, -y / z**2], axis=1)], axis=1)
    zero = np.zeros_like(x)
    turned = np.stack(
        [np.stack([zero, z, -y], axis=1), np.stack([-z, zero, x], axis=1), np.stack([y, -x, zero], axis=1)], axis=1
    )
    slope = np.concatenate([flat @ turned, np.broadcast_to(-(flat @ turn), (len(x), 2, 3))], axis=2)
    off = image - seen[:, :2] / z[:, None]
    return float((off**2).sum()), off.ravel(), slope.reshape(-1, 6)


def _spread(points: Floats, turn: Floats, place: Floats) -> float:
    """How far an error of one focal length in the image moves the camera; infinite where it can move freely."""
    _, _, slope = _linear(points, np.zeros((len(points), 2)), turn, place)
    scale = np.linalg.norm(slope, axis=0)
    if not scale.all():
        return np.inf
    _, values, axes = np.linalg.svd(slope / scale, full_matrices=False)
    if values[-1] < 1e-9 * values[0]:
        return np.inf
    covariance = (axes.T / values**2) @ axes / np.outer(scale, scale)
    return float(np.sqrt(np.linalg.eigvalsh(covariance[3:, 3:]).max()))


def _rotation(vector: Floats) -> Floats:
    """Rotation by a vector's length about it (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
