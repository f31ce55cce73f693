"""Little squares of colour as icons, for legends in the panel."""

from __future__ import annotations

from typing import Any

import bpy.utils.previews

_SIDE_PX = 16

_icons: Any = None


def icon(color: tuple[float, float, float]) -> int:
    """Identifier of the icon of a colour, 0 to 1, for ``icon_value``."""
    global _icons
    if _icons is None:
        _icons = bpy.utils.previews.new()
    name = "{:.3f} {:.3f} {:.3f}".format(*color)
    if name not in _icons:
        made = _icons.new(name)
        made.icon_size = (_SIDE_PX, _SIDE_PX)
        made.icon_pixels_float = [*color, 1.0] * _SIDE_PX**2
    return int(_icons[name].icon_id)


def forget() -> None:
    """Let go of all icons."""
    global _icons
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
        _icons = None
