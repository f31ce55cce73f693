"""Defectory: synthetic inspection images of a CAD part, authored in Blender and rendered anywhere.

Importing this package does not import Blender's Python: its arrays-only half (``geometry``) also runs outside Blender.
"""

import importlib


def register() -> None:
    """Blender's entry when the extension is enabled."""
    # By name: with an import statement, whatever imports from this package would count as one that knows the panels.
    importlib.import_module(".registration", __package__).register()


def unregister() -> None:
    """Blender's entry when the extension is disabled."""
    importlib.import_module(".registration", __package__).unregister()
