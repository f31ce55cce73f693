"""Coresets: few feature vectors that stand for all that good patches look like (S4, section IV).

The sequential rule, for each patch p in its order: with d_p its distance to the nearest member and d_m the distance of
the two nearest members, p takes the place of the lower-numbered of these two where d_p > d_m. So d_m never falls, and
the members spread until an epoch changes nothing.

Done as written, every patch costs a pass over all members, and every replacement a pass over all pairs. Here a chunk of
patches meets all members in one matrix product; only patches with d_p > d_m are looked at; a replacement changes one
column of the chunk's distances and one row of the members', and every row remembers its minimum. The members that come
out are those of the rule, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

CHUNK = 512
"""Patches that meet the members at once: 4 MB of distances with 2048 members of float32."""
_ROUNDING = 64  # eps of a vector's square: what a matrix product may make of a squared distance of 0

Vectors = NDArray[np.floating[Any]]


class SequentialCoreset:
    """A coreset of fixed size that takes patches one after the other.

    It holds the members and their distances, whatever the number of patches.

    Args:
        size: number of members, two at least.
        features: length of a vector.
        dtype: float32, or float64 where the rule is to hold to the last bit.
    """

    def __init__(self, size: int, features: int, dtype: DTypeLike = np.float32) -> None:
        self._members: Vectors = np.zeros((size, features), dtype)
        self._filled = 0
        self._between: Vectors = np.empty((0, 0), dtype)
        self._nearest: NDArray[np.intp] = np.empty(0, np.intp)
        self._distance: Vectors = np.empty(0, dtype)

    @property
    def members(self) -> Vectors:
        """(n, features), n the size or, as long as fewer patches were seen, their number."""
        return self._members[: self._filled]

    def add(self, patches: Vectors) -> int:
        """Take patches, in order.

        Args:
            patches: (n, features).

        Returns:
            How many members are new.
        """
        patches = np.ascontiguousarray(patches, self._members.dtype)
        room = len(self._members) - self._filled
        first, rest = patches[:room], patches[room:]
        self._members[self._filled : self._filled + len(first)] = first
        self._filled += len(first)
        if len(rest) and not len(self._between):
            self._measure()
        return len(first) + sum(self._replace(rest[i : i + CHUNK]) for i in range(0, len(rest), CHUNK))

    def _measure(self) -> None:
        members = self._members
        between = _distances(_products(members, members), _squares(members)[:, None])
        # Rounding is not symmetric, but of the two nearest the lower-numbered is to be found.
        self._between = np.minimum(between, between.T)
        np.fill_diagonal(self._between, np.inf)
        self._nearest = self._between.argmin(axis=1)
        self._distance = self._between.min(axis=1)

    def _replace(self, chunk: Vectors) -> int:
        squares = _squares(chunk)
        products = _products(chunk, self._members)
        nearest = products.argmin(axis=1)
        distance = products[np.arange(len(chunk)), nearest]
        among: Vectors | None = None
        replaced = start = 0
        while True:
            far = _distances(distance[start:].copy(), squares[start:]) > self._distance.min()
            if not far.any():
                return replaced
            at = start + int(far.argmax())
            place = int(self._distance.argmin())
            self._put(place, chunk[at], _distances(products[at], squares[at]))
            start, replaced = at + 1, replaced + 1
            # What is left of the chunk meets the new member instead of the old.
            among = _products(chunk, chunk) if among is None else among
            column = among[start:, at]
            products[start:, place] = column
            lost = start + np.flatnonzero(nearest[start:] == place)
            nearer = column < distance[start:]
            nearest[start:][nearer], distance[start:][nearer] = place, column[nearer]
            nearest[lost] = products[lost].argmin(axis=1)
            distance[lost] = products[lost, nearest[lost]]

    def _put(self, place: int, patch: Vectors, row: Vectors) -> None:
        """Replace a member; ``row`` are the squared distances of the new one to all."""
        self._members[place] = patch
        row[place] = np.inf
        self._between[place] = self._between[:, place] = row
        lost = np.append(np.flatnonzero(self._nearest == place), place)
        nearer = row < self._distance
        self._nearest[nearer], self._distance[nearer] = place, row[nearer]
        self._nearest[lost] = self._between[lost].argmin(axis=1)
        self._distance[lost] = self._between[lost, self._nearest[lost]]


def meld(coresets: Sequence[Vectors], size: int) -> Vectors:
    """One coreset from several, by the same rule: what widens the first is taken from the others (S4, section IV).

    Args:
        coresets: (n, features) each.
        size: number of members.

    Raises:
        ValueError: their features differ in number.
    """
    if len({coreset.shape[1] for coreset in coresets}) > 1:
        raise ValueError("the coresets are of different features")
    melded = SequentialCoreset(size, coresets[0].shape[1], coresets[0].dtype)
    for coreset in coresets:
        melded.add(coreset)
    return melded.members


def greedy(patches: Vectors, size: int, first: int = 0) -> NDArray[np.intp]:
    """The coreset of PatchCore: again and again the patch that lies farthest from all chosen ones, of all patches.

    Needs all patches in memory: it tells how good a sequential coreset is.

    Args:
        patches: (n, features).
        size: number of members, at most n.
        first: patch to begin with.

    Returns:
        (size,) indices into ``patches``.
    """
    squares = _squares(patches)
    chosen = np.empty(size, np.intp)
    chosen[0] = first
    distance = np.full(len(patches), np.inf, patches.dtype)
    for k in range(1, size):
        member = patches[chosen[k - 1]]
        np.minimum(distance, squares - 2 * (patches @ member) + member @ member, out=distance)
        distance[chosen[k - 1]] = -np.inf
        chosen[k] = distance.argmax()
    return chosen


def _squares(vectors: Vectors) -> Vectors:
    squares: Vectors = np.einsum("ij,ij->i", vectors, vectors)
    return squares


def _products(a: Vectors, b: Vectors) -> Vectors:
    """Squared distances of the rows of a (n, f) and b (m, f), less a's own square, which orders a row the same."""
    products: Vectors = (-2 * a) @ b.T
    products += _squares(b)
    return products


def _distances(products: Vectors, squares: Vectors) -> Vectors:
    """Squared distances from :func:`_products`, in place; 0 where equal vectors would come out as rounding."""
    products += squares
    products[products <= _ROUNDING * np.finfo(products.dtype).eps * squares] = 0
    return products
