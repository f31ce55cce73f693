"""Shards: runs of frames that one Blender process renders, whole instances where possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from .schema import Manifest


def plan(manifest: Manifest, frames: Iterable[int], shard_frames: int) -> Iterator[tuple[int, ...]]:
    """Cut frames into shards.

    An instance's frames stay together, so that its geometry is built once; a shard closes when it holds at least
    ``shard_frames`` frames.

    Args:
        manifest: whose frames.
        frames: frame numbers, ascending.
        shard_frames: frames per shard, at least.
    """
    shard: list[int] = []
    for _, members in groupby(frames, key=lambda frame: frame // manifest.frames_per_instance):
        shard.extend(members)
        if len(shard) >= shard_frames:
            yield tuple(shard)
            shard = []
    if shard:
        yield tuple(shard)
