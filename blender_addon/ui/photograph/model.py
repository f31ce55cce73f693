"""What a scene keeps of a photograph: where its file lies, how it is laid over the view, which points were matched."""

from __future__ import annotations

from typing import Any

import bpy


def _redraw(group: Any, context: Any) -> None:
    # Here and not above: messages are of an inspection, whose properties hold these.
    from ..messages import redraw

    redraw()


def _moved(point: Any, context: Any) -> None:
    point.error_px = -1.0
    _redraw(point, context)


class MatchedPoint(bpy.types.PropertyGroup):
    """A point of the part and where the photograph has it."""

    point_mm: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="On the Part (mm)", description="Point in the part's own axes", size=3, precision=3, update=_moved
    )
    pixel_px: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="In the Photograph (px)",
        description="Pixels from the photograph's left and top edge",
        size=2,
        precision=2,
        update=_moved,
    )
    error_px: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Error (px)", description="How far off the solved camera sees it; negative: not solved yet", default=-1.0
    )


class Photograph(bpy.types.PropertyGroup):
    """A photograph of the real part."""

    file: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The photograph's file", subtype="FILE_PATH"
    )
    blend: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Blend",
        description="How much of the photograph is seen over the view through the camera",
        min=0.0,
        max=1.0,
        default=0.5,
        subtype="FACTOR",
        update=_redraw,
    )
    wipe: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Wipe",
        description="Where the photograph begins, from the left edge",
        min=0.0,
        max=1.0,
        default=0.0,
        subtype="FACTOR",
        update=_redraw,
    )
    row: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Row",
        description="Row whose grey values are shown, from the top edge (0) to the bottom edge (1)",
        min=0.0,
        max=1.0,
        default=0.5,
        subtype="FACTOR",
        update=_redraw,
    )
    points: bpy.props.CollectionProperty(type=MatchedPoint, name="Points")  # type: ignore[valid-type]
    points_index: bpy.props.IntProperty(name="Chosen", description="The point that is chosen")  # type: ignore[valid-type]
    residual_px: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Residual (px)", description="Root mean square of the errors; negative: not solved yet", default=-1.0
    )
    spread_mm: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Spread (mm)", description="How far an error of one pixel in every point moves the camera"
    )


CLASSES: tuple[Any, ...] = (MatchedPoint, Photograph)
