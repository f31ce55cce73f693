"""Marks on what Defectory has built, so that it can be told from what a person made, and be built anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

_NAME, _SECTION = "defectory_built", "defectory_section"


@contextmanager
def marking(section: str) -> Iterator[None]:
    """Mark every data-block that is made inside as built, and as part of a section of the scene."""
    before = set(bpy.data.user_map())
    yield
    for made in set(bpy.data.user_map()) - before:
        made[_NAME], made[_SECTION] = made.name, section


def is_copy(thing: bpy.types.ID, original: bpy.types.ID) -> bool:
    """Whether a person made a thing by copying one that was built."""
    return thing != original and _NAME in original and thing.get(_NAME) == original[_NAME]


def built(section: str | None = None) -> set[bpy.types.ID]:
    """What bears the mark, of one section or of all; a copy that a person made bears the name of its original."""
    marked = {thing for thing in bpy.data.user_map() if thing.get(_NAME) == thing.name}
    return marked if section is None else {thing for thing in marked if thing.get(_SECTION) == section}
