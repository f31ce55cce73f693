"""Defectory: synthetic inspection images of a CAD part, authored in Blender and rendered anywhere.

Importing this package does not import Blender's Python: its arrays-only half (``geometry``) also runs outside Blender.
"""


def register() -> None:
    """Blender's entry when the extension is enabled."""


def unregister() -> None:
    """Blender's entry when the extension is disabled."""
