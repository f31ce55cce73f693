"""The frame that is shown, rendered beside the window and set against the photograph."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from .. import inspection, previews
from ..facts import clamp_frame
from ..messages import redraw
from ..properties import of
from . import picture
from .likeness import Likeness, compare
from .matching import lens

KIND = "comparison"
"""Of the job that renders."""

held: Likeness | None = None
_light: NDArray[np.float32] | None = None


def begin(scene: bpy.types.Scene) -> None:
    """Render the frame that is shown as the farm would, and compare it once it is there; the window goes on meanwhile.

    Raises:
        UserError: there is no photograph, it has another shape than the camera's image, or nothing can be rendered.
    """
    opened = inspection.current
    assert opened is not None
    manifest, frame = opened.table.manifest, clamp_frame(opened.table, scene.frame_current)
    photograph = picture.read(of(scene).photograph.file)
    lens(opened.table, frame, photograph.size_px)
    name = scene.name

    def hear(preview: previews.Preview) -> None:
        global _light
        _light = preview.light
        measure(bpy.data.scenes[name], preview.frame)
        redraw()

    width_px, samples = manifest.camera.image_px[0], manifest.render.samples
    previews.begin(KIND, f"Comparing frame {frame}", scene, [frame], width_px=width_px, samples=samples, each=hear)


def measure(scene: bpy.types.Scene, frame: int) -> None:
    """Compare the frame that was rendered last with the photograph, at the exposure that the manifest has now.

    Raises:
        UserError: there is no photograph, or the render shows no part.
    """
    global held
    opened = inspection.current
    assert opened is not None and _light is not None
    stops = opened.table.field("output.exposure_stops", frame)
    values = picture.read(of(scene).photograph.file).values
    held = compare(values, _light, opened.table.manifest.output, stops, frame)


def fitted_stops() -> float:
    """The exposure at which the last render is as bright as the photograph.

    Raises:
        UserError: nothing was compared, exposure is drawn, or the photograph is black or white where the part is.
    """
    opened = inspection.current
    if held is None or opened is None:
        raise errors.DataSetError("Render and compare first")
    drawn = opened.table.driver_of("output.exposure_stops")
    if drawn is not None:
        raise errors.ManifestError("output.exposure_stops", f"is drawn by '{drawn}'; mute or remove that parameter")
    if held.stops is None:
        raise errors.DataSetError(
            "Half of the part is black or white in the photograph or dark in the render: its exposure cannot be told"
        )
    return held.stops


def forget() -> None:
    """Let go of what was compared."""
    global held, _light
    held = _light = None
