"""Cutting of a mesh along the lines of a form, with no more triangles than their bends ask for.

Edges are split where a line crosses them, and the cut's own edges where the line bends away from them; so a straight
groove costs the same however thin it is. No vertex of the mesh moves, and every new one lies on the surface that was
there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..split import BorderReached, Floats, Ints, edge_table, split_edges
from .forms import Defect

_ON_LINE = 0.02  # distance, in edges of the form, under which a vertex counts as lying on a line that is cut
_STRAY = 0.05  # the same, of the cut from its line
_SAG = 0.04  # of the form's relief, by how much it may miss the form's along a cut
_ROOT_STEPS, _ROUNDS, _TURNS = 14, 8, 3
_SAMPLES = np.arange(1, 8) / 8  # along an edge, where a line that crosses it twice is looked for
_STEEPEST = 1.5  # change of a line's field over the distance


class Workpiece:
    """The piece of a mesh around a defect, while it is cut.

    Args:
        defect: whose lines it is cut along.
        vertices_mm: (n, 3).
        triangles: (m, 3).
        where: (m,), the triangles that may be cut.
        border: (b,), of the first vertices those that triangles outside the piece use too.
    """

    def __init__(
        self,
        defect: Defect,
        vertices_mm: Floats,
        triangles: Ints,
        where: NDArray[np.bool_],
        border: NDArray[np.bool_],
    ) -> None:
        self.defect, self.form = defect, defect.form
        self.vertices_mm, self.triangles, self.where, self.border = vertices_mm, triangles, where, border
        self.parents = np.arange(len(triangles))
        self.slack = _ON_LINE * self.form.edge_mm
        used = np.unique(triangles[where])
        found = self._levels(vertices_mm[used])
        # What the form does not touch is far from every line.
        self.levels = np.full((len(found), len(vertices_mm)), np.inf)
        self.levels[:, used] = found

    def cut(self) -> None:
        """Cut along every line; raises BorderReached where that would go beyond the piece."""
        starts_mm, ends_mm = self.form.folds_mm()
        self._insert(np.unique(np.round(np.concatenate([starts_mm, ends_mm]), 9), axis=0))
        self._fold(starts_mm, ends_mm)
        for line in range(len(self.levels)):
            for _ in range(_TURNS):
                self._part(line)
                self._cross(line)
                if self._bend([line]):
                    break
        self._bend(range(len(self.levels)), relief=True)

    def inside(self) -> NDArray[np.int64]:
        """The triangles within the outline."""
        mine = np.flatnonzero(self.where)
        level = self.levels[0][self.triangles[mine]].sum(axis=1)
        flat = np.flatnonzero(level == 0.0)  # all three corners on the outline
        level[flat] = self._levels(self.vertices_mm[self.triangles[mine[flat]]].mean(axis=1))[0]
        return mine[level < 0.0]

    def _levels(self, points_mm: Floats) -> Floats:
        found = self.form.levels(self.defect.plane_mm(points_mm))
        return np.where(np.abs(found) < self.slack, 0.0, found)

    def _edges(self) -> tuple[Ints, NDArray[np.int64], NDArray[np.int64]]:
        """All edges, those of each triangle, and the indices of those that may be split."""
        edges, edge_of = edge_table(self.triangles)
        mine = np.zeros(len(edges), dtype=bool)
        mine[edge_of[self.where]] = True
        return edges, edge_of, np.flatnonzero(mine)

    def _split(
        self,
        edges: Ints,
        edge_of: NDArray[np.int64],
        chosen: NDArray[np.int64],
        points: Floats,
        line: int | None = None,
    ) -> None:
        """Split edges at points, which lie on a line where one is given."""
        ends = edges[chosen]
        if (self.border[np.minimum(ends, len(self.border) - 1)] & (ends < len(self.border))).all(axis=1).any():
            raise BorderReached
        vertex_on = np.full(len(edges), -1, dtype=np.int64)
        vertex_on[chosen] = len(self.vertices_mm) + np.arange(len(chosen))
        lengths = np.linalg.norm(self.vertices_mm[edges[:, 0]] - self.vertices_mm[edges[:, 1]], axis=1)
        self.triangles, origin = split_edges(self.triangles, edge_of, vertex_on, lengths)
        levels = self._levels(points)
        if line is not None:
            levels[line] = 0.0
        self._add(points, levels)
        self.where, self.parents = self.where[origin], self.parents[origin]

    def _insert(self, knots_mm: Floats) -> None:
        """Make points (k, 2) of the plane vertices, where none is there yet."""
        while len(knots_mm):
            mine = np.flatnonzero(self.where)
            owner, off, share = _find(knots_mm, self.defect.plane_mm, self.vertices_mm, self.triangles[mine])
            owner, rank = mine[owner], np.sort(off, axis=1)
            # At a vertex two sides are near; beyond the patch one is far behind.
            beside = (np.abs(rank[:, 0]) <= self.slack) & (rank[:, 1] > self.slack)
            inside = rank[:, 0] > self.slack
            now = np.zeros(len(knots_mm), dtype=bool)
            if inside.any():
                now[np.flatnonzero(inside)[np.unique(owner[inside], return_index=True)[1]]] = True
                self._split_inside(owner[now], share[now])
            elif beside.any():
                edges, edge_of, _ = self._edges()
                side = off.argmin(axis=1)
                edge = edge_of[owner, (side + 1) % 3]
                now[np.flatnonzero(beside)[np.unique(edge[beside], return_index=True)[1]]] = True
                share[np.arange(len(share)), side] = 0.0
                share /= share.sum(axis=1, keepdims=True)
                points = (share[now, :, None] * self.vertices_mm[self.triangles[owner[now]]]).sum(axis=1)
                self._split(edges, edge_of, edge[now], points)
            knots_mm = knots_mm[(inside | beside) & ~now]

    def _split_inside(self, chosen: NDArray[np.int64], share: Floats) -> None:
        """Split triangles in three at points, given by their shares (k, 3) of the corners."""
        corners = self.triangles[chosen]
        points = (share[:, :, None] * self.vertices_mm[corners]).sum(axis=1)
        number = (len(self.vertices_mm) + np.arange(len(chosen))).astype(np.int32)
        self._add(points, self._levels(points))
        for k in (0, 1):
            third = np.column_stack([corners[:, k], corners[:, k + 1], number])
            self.triangles = np.concatenate([self.triangles, third])
        self.triangles[chosen] = np.column_stack([corners[:, 2], corners[:, 0], number])
        self.where = np.concatenate([self.where, *[self.where[chosen]] * 2])
        self.parents = np.concatenate([self.parents, *[self.parents[chosen]] * 2])

    def _add(self, points: Floats, levels: Floats) -> None:
        self.vertices_mm = np.concatenate([self.vertices_mm, points])
        self.levels = np.concatenate([self.levels, levels], axis=1)

    def _fold(self, starts_mm: Floats, ends_mm: Floats) -> None:
        """Split the edges that cross segments of the plane, from (s, 2) to (s, 2), whose ends are vertices."""
        while len(starts_mm):
            edges, edge_of, mine = self._edges()
            first, last = (self.defect.plane_mm(self.vertices_mm[edges[mine, k]])[:, None] for k in (0, 1))
            one, other = _beside(first, starts_mm, ends_mm), _beside(last, starts_mm, ends_mm)
            apart = (one * other < 0) & (np.minimum(np.abs(one), np.abs(other)) > self.slack)
            one_end, other_end = _beside(starts_mm, first, last), _beside(ends_mm, first, last)
            apart &= (one_end * other_end < 0) & (np.minimum(np.abs(one_end), np.abs(other_end)) > self.slack)
            rows = np.flatnonzero(apart.any(axis=1))
            if not len(rows):
                return
            # An edge that crosses several is split at one of them, and its halves in the next round.
            segment = apart[rows].argmax(axis=1)
            share = one[rows, segment] / (one[rows, segment] - other[rows, segment])
            from_mm, to_mm = (self.vertices_mm[edges[mine[rows], k]] for k in (0, 1))
            self._split(edges, edge_of, mine[rows], from_mm + share[:, None] * (to_mm - from_mm))

    def _part(self, line: int) -> None:
        """Split edges that a line crosses twice between the two, so that their ends' sides tell each crossing."""
        for _ in range(_ROUNDS):
            edges, edge_of, mine = self._edges()
            start, end = self.levels[line][edges[mine]].T
            first, last = (self.vertices_mm[edges[mine, k]] for k in (0, 1))
            length = np.linalg.norm(last - first, axis=1)
            near = (start * end >= 0) & (start + end != 0) & (np.abs(start) + np.abs(end) < _STEEPEST * length)
            mine, first, last, sign = mine[near], first[near], last[near], np.sign(start + end)[near]
            if not len(mine):
                return
            points = first[:, None] + _SAMPLES[:, None] * (last - first)[:, None]
            levels = self._levels(points.reshape(-1, 3)).reshape(len(self.levels), len(mine), -1)
            beyond = np.where(self._counts(line, levels[0]), -sign[:, None] * levels[line], -np.inf)
            most = beyond.argmax(axis=1)
            rows = np.flatnonzero(beyond.max(axis=1) > 0)
            if not len(rows):
                return
            self._split(edges, edge_of, mine[rows], points[rows, most[rows]])

    def _counts(self, line: int, outline: Floats) -> NDArray[np.bool_]:
        """Whether a line is cut at points of a signed outline: all but the outline itself end where the form does."""
        return np.full(outline.shape, True) if line == 0 else outline <= self.form.guard_mm

    def _cross(self, line: int) -> None:
        """Split the edges that cross a line, exactly on it."""
        edges, edge_of, mine = self._edges()
        side = self.levels[line][edges[mine]]
        crossing = mine[side[:, 0] * side[:, 1] < 0]
        start, end = self.levels[line][edges[crossing]].T
        first, last = (self.vertices_mm[edges[crossing, k]] for k in (0, 1))
        points = self._roots(line, first, last, start, end)
        within = self._counts(line, self._levels(points)[0])
        if within.any():
            self._split(edges, edge_of, crossing[within], points[within], line)

    def _roots(self, line: int, first: Floats, last: Floats, start: Floats, end: Floats) -> Floats:
        """(k, 3) where a line crosses edges, by regula falsi (Illinois), within 1e-4 of an edge for smooth lines."""
        low, high = np.zeros(len(first)), np.ones(len(first))
        share = np.full(len(first), 0.5)
        for _ in range(_ROOT_STEPS if len(first) else 0):
            share = np.clip(low + (high - low) * start / (start - end), low, high)
            value = self.form.levels(self.defect.plane_mm(first + share[:, None] * (last - first)))[line]
            if np.abs(value).max() < 1e-4 * self.form.edge_mm:
                break
            same = value * start > 0
            low, high = np.where(same, share, low), np.where(same, high, share)
            start, end = np.where(same, value, 0.5 * start), np.where(same, 0.5 * end, value)
        points: Floats = first + share[:, None] * (last - first)
        return points

    def _bend(self, lines: range | list[int], relief: bool = False) -> bool:
        """Split edges of the cut where a line bends away from them, or the relief from its mean.

        Returns:
            Whether the cut is on its lines; False: a line bends out of a triangle, so that there is more to cut.
        """
        true = True
        most = max(np.abs(self._rise(self.vertices_mm[np.isfinite(self.levels[0])])).max(initial=0.0), 1e-12)
        for _ in range(_ROUNDS):
            edges, edge_of, mine = self._edges()
            ends = edges[mine]
            on = np.zeros((len(self.levels), len(mine)), dtype=bool)
            for k in lines:
                counts = self._counts(k, self.levels[0][ends]).all(axis=1)
                on[k] = counts & (self.levels[k][ends] == 0).all(axis=1)
            rows = np.flatnonzero(on.any(axis=0))
            line, ends = on[:, rows].argmax(axis=0), ends[rows]
            middle = self.vertices_mm[ends].mean(axis=1)
            plane = self.defect.plane_mm(middle)
            off = np.abs(self.form.levels(plane)[line, np.arange(len(rows))]) / (_STRAY * self.form.edge_mm)
            if relief:
                rise = self._rise(self.vertices_mm[ends].reshape(-1, 3)).reshape(-1, 2)
                sag = np.abs(self._rise(middle) - rise.mean(axis=1))
                off = np.maximum(off, sag / (_SAG * most))
            error = np.zeros(len(edges))
            error[mine[rows]] = np.where(off > 1.0, off, 0.0)
            # One edge of a triangle at a time, the worst, so that no two moves meet in it.
            worst = np.take_along_axis(edge_of, error[edge_of].argmax(axis=1)[:, None], axis=1)[:, 0]
            wins = np.bincount(worst, minlength=len(edges)) == np.bincount(edge_of.ravel(), minlength=len(edges))
            pick = np.flatnonzero((error[mine[rows]] > 0) & wins[mine[rows]])
            if not len(pick):
                return true
            chosen = mine[rows[pick]]
            self._split(edges, edge_of, chosen, self._on_line(edges, edge_of, chosen, line[pick]))
            true = true and bool((self.levels[line[pick], -len(pick) :].diagonal() == 0).all())
        return true

    def _rise(self, points_mm: Floats) -> Floats:
        plane = self.defect.plane_mm(points_mm)
        return np.where(self.form.outline_mm(plane) < 0, self.form.rise_mm(plane), 0.0)

    def _on_line(
        self, edges: Ints, edge_of: NDArray[np.int64], chosen: NDArray[np.int64], line: NDArray[np.int64]
    ) -> Floats:
        """(k, 3) the middles of edges, brought onto their lines where that leaves every triangle upright."""
        middle = self.vertices_mm[edges[chosen]].mean(axis=1)
        start = self.defect.plane_mm(middle)
        goal, rows = start.copy(), np.arange(len(chosen))
        step = 1e-3 * self.form.edge_mm
        value = self.form.levels(goal)[line, rows]
        slopes = [(self.form.levels(start + step * np.eye(2)[k])[line, rows] - value) / step for k in (0, 1)]
        slope = np.stack(slopes, axis=1)
        slope /= np.maximum((slope**2).sum(axis=1), 1e-12)[:, None]
        for _ in range(3):
            goal = goal - value[:, None] * slope
            value = self.form.levels(goal)[line, rows]
        reached = np.abs(value) < self.slack
        points, upright = middle.copy(), np.ones(len(chosen), dtype=bool)
        number = np.full(len(edges), -1)
        number[chosen] = rows
        triangle, corner = np.nonzero(number[edge_of] >= 0)
        row = number[edge_of[triangle, corner]]
        corners = self.triangles[triangle[:, None], (corner[:, None] + np.arange(3)) % 3]  # the edge's ends, the apex
        a, b, apex = (self.defect.plane_mm(self.vertices_mm[corners[:, k]]) for k in range(3))
        area = _area(a, b, apex)
        share = np.stack([_area(goal[row], b, apex), _area(a, goal[row], apex), _area(a, b, goal[row])]) / area
        upright[row[(share[0] < 0.05) | (share[1] < 0.05) | (share[2] > 0.8) | (area <= 0)]] = False
        holds = share[2] >= 0
        points[row[holds]] = (share.T[holds, :, None] * self.vertices_mm[corners[holds]]).sum(axis=1)
        return np.where((reached & upright)[:, None], points, middle)


def _beside(points: Floats, starts: Floats, ends: Floats) -> Floats:
    """Signed distance of points from the lines through two others each, left of them positive; arrays of (..., 2)."""
    along, away = ends - starts, points - starts
    side: Floats = (along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]) / np.linalg.norm(along, axis=-1)
    return side


def _area(a: Floats, b: Floats, c: Floats) -> Floats:
    """(n,) twice the signed area of triangles of the plane."""
    area: Floats = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return area


def _find(
    knots_mm: Floats, plane_mm: Callable[[Floats], Floats], vertices_mm: Floats, triangles: Ints
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """For points (k, 2) the triangle (k,) they lie in or least outside of.

    Returns:
        Besides it, for each corner the distance (k, 3) from the side across from it, and its share (k, 3) in the point.
    """
    corners = plane_mm(vertices_mm[triangles.ravel()]).reshape(-1, 3, 2)
    first, last = np.roll(corners, -1, axis=1), np.roll(corners, -2, axis=1)
    along = last - first
    away = knots_mm[:, None, None] - first
    area = along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]
    off = area / np.linalg.norm(along, axis=2)
    rows, owner = np.arange(len(knots_mm)), off.min(axis=2).argmax(axis=1)
    area = area[rows, owner]
    return owner, off[rows, owner], area / area.sum(axis=1, keepdims=True)
