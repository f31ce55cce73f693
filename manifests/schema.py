"""The manifest: one frozen object that determines a data set completely.

Lengths are millimetres, angles degrees, in right-handed axes with z up; a view from azimuth 0 looks along +y, at the
part's front. Fields marked *driven* may be the target of a parameter.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from . import fields
from .distributions import Distribution, Number, support
from .errors import ManifestError
from .fields import field, join

CONTRACT = 1
"""Version of the contract that this package speaks; raised when a manifest's meaning changes."""

_FAR_MM = 1e9  # a thousand kilometres: beyond it, poses are rounding

Vector: TypeAlias = tuple[float, float, float]
Colour: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class ObjectBudget:
    """Face budget of one object of an assembly."""

    object: str = field("Name of the object in the CAD file.")
    faces: int = field("Most triangles that the object may keep.", low=4)


@dataclass(frozen=True)
class Part:
    """The CAD part and its pose."""

    file: str = field("CAD file (STEP, IGES, STL, OBJ, PLY, GLB, glTF), relative to the manifest.")
    unit: Literal["auto", "mm", "cm", "m", "inch"] = field(
        "Unit of length in the file; auto: mm for STL, OBJ and PLY, that of the file for STEP, IGES and glTF.", "auto"
    )
    faces: int | None = field("Most triangles that the whole part may keep; nothing: all.", None, low=4)
    budgets: tuple[ObjectBudget, ...] = field("Face budgets of single objects, instead of a share of `faces`.", ())
    origin: Literal["center", "base", "file"] = field(
        "What lies at the origin: the centre of the bounding box, the centre of its underside, or the file's origin.",
        "center",
    )
    location_mm: Vector = field("Where the origin of the part is put.", (0.0, 0.0, 0.0), driven=True)
    rotation_deg: Vector = field("Rotation about x, then y, then z.", (0.0, 0.0, 0.0), driven=True)

    def check(self, path: str) -> None:
        if not self.file.strip():
            raise ManifestError(join(path, "file"), "must name a CAD file")
        names = [b.object for b in self.budgets]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise ManifestError(f"{join(path, 'budgets')}[{i}].object", f"'{name}' has a budget already")


@dataclass(frozen=True)
class Camera:
    """Sensor, lens and focus; the default is the camera of S0 (a 1-inch sensor behind a 25 mm lens)."""

    sensor_width_mm: float = field("Width of the whole sensor.", 13.2, low=1e-3, high=10_000.0)
    sensor_px: tuple[int, int] = field(
        "Width and height of the whole sensor in pixels.", (5472, 3648), low=1, high=200_000
    )
    region_px: tuple[int, int, int, int] | None = field(
        "Region of interest on the sensor, [left, top, width, height]; nothing: the largest of the image's shape, "
        "centred.",
        None, low=0,
    )  # fmt: skip
    image_px: tuple[int, int] = field("Width and height of the rendered image.", (576, 576), low=8, high=16384)
    focal_length_mm: float = field("Focal length.", 25.0, above=0.0, driven=True)
    f_number: float = field("Focal length over aperture; 0: a pinhole, everything sharp.", 4.0, low=0.0, driven=True)
    focus_distance_mm: float | None = field(
        "Distance of the plane in focus; nothing: the point of the part's bounding sphere nearest to the camera.",
        None, above=0.0, driven=True,
    )  # fmt: skip
    offset_mm: Vector = field(
        "Shift from the view's pose, along the camera's right, up and back.", (0.0, 0.0, 0.0), driven=True
    )
    tilt_deg: Vector = field(
        "Turn from the view's pose about the camera's right, up and back.", (0.0, 0.0, 0.0), driven=True
    )

    def region(self) -> tuple[int, int, int, int]:
        """Region of interest [left, top, width, height] in sensor pixels."""
        if self.region_px is not None:
            return self.region_px
        scale = min(self.sensor_px[0] / self.image_px[0], self.sensor_px[1] / self.image_px[1])
        width, height = (max(1, round(scale * side)) for side in self.image_px)
        return (self.sensor_px[0] - width) // 2, (self.sensor_px[1] - height) // 2, width, height

    def reach_mm(self) -> float:
        """Distance on the sensor from the camera's axis to the nearest edge of the region; <= 0 where it misses it."""
        left, top, width, height = self.region()
        across, down = self.sensor_px[0] / 2, self.sensor_px[1] / 2
        reach_px = min(across - left, left + width - across, down - top, top + height - down)
        return reach_px * self.sensor_width_mm / self.sensor_px[0]

    def check(self, path: str) -> None:
        left, top, width, height = self.region()
        where = join(path, "region_px")
        if width < 1 or height < 1 or left + width > self.sensor_px[0] or top + height > self.sensor_px[1]:
            raise ManifestError(where, f"must lie on the sensor of {self.sensor_px[0]} x {self.sensor_px[1]} pixels")
        if abs(width * self.image_px[1] - height * self.image_px[0]) > max(*self.region(), *self.image_px):
            shape = f"{self.image_px[0]} x {self.image_px[1]}"
            raise ManifestError(where, f"{width} x {height} has another shape than image_px {shape}")


@dataclass(frozen=True)
class Pose:
    """A camera that stands at one point and looks at another."""

    location_mm: Vector = field("Where the camera stands.", low=-_FAR_MM, high=_FAR_MM)
    target_mm: Vector = field("What it looks at.", (0.0, 0.0, 0.0), low=-_FAR_MM, high=_FAR_MM)
    roll_deg: float = field("Turn about the line of sight; 0 keeps z up.", 0.0)

    def check(self, path: str) -> None:
        if math.dist(self.location_mm, self.target_mm) < 1e-6:
            raise ManifestError(join(path, "target_mm"), "must not be where the camera stands")


@dataclass(frozen=True)
class Poses:
    """Views at given poses."""

    KIND: ClassVar[str] = "poses"
    poses: tuple[Pose, ...] = field("One view each.")

    def check(self, path: str) -> None:
        if not self.poses:
            raise ManifestError(join(path, "poses"), "must have at least one item")


@dataclass(frozen=True)
class Ring:
    """Views on a circle around the vertical through the target."""

    KIND: ClassVar[str] = "ring"
    count: int = field("Number of views.", 1, low=1)
    start_deg: float = field("Azimuth of the first view; 0 looks along +y, 90 along -x.", 0.0)
    span_deg: float = field(
        "Angle from the first view to the last; 360: a full circle, evenly divided.", 360.0, low=-360.0, high=360.0
    )
    elevation_deg: float = field("Height of the views above the horizon.", 0.0, low=-90.0, high=90.0)
    distance_mm: float | None = field(
        "Distance from the target; nothing: as near as the whole bounding sphere stays in the image.",
        None,
        low=1e-3,
        high=_FAR_MM,
    )
    target_mm: Vector | None = field(
        "What the views look at; nothing: the centre of the bounding sphere.", None, low=-_FAR_MM, high=_FAR_MM
    )


Views: TypeAlias = Poses | Ring


@dataclass(frozen=True)
class Diffuser:
    """An emitting plane between the first view's camera and the part, with a hole to look through (S0)."""

    KIND: ClassVar[str] = "diffuser"
    name: str = field("Name, for light states.", "diffuser")
    radiance: float = field(
        "Radiance of the plane, W/(m2 sr); 1 on a white part facing it all around gives white.",
        1.0,
        low=0.0,
        driven=True,
    )
    color: Colour = field("Linear RGB, multiplies the radiance.", (1.0, 1.0, 1.0), low=0.0)
    distance_mm: float | None = field(
        "Distance from what the view looks at; nothing: two thirds of the way to the camera.", None, above=0.0
    )
    size_mm: tuple[float, float] | None = field(
        "Width and height; nothing: square, as wide as it is distant.", None, above=0.0
    )
    hole_diameter_mm: float | None = field("Diameter of the camera hole; nothing: a fifth of the width.", None, low=0.0)
    follow: Literal["scene", "camera"] = field(
        "scene: stays at the first view; camera: moves from view to view.", "scene"
    )


@dataclass(frozen=True)
class World:
    """Constant light from everywhere: the walls of the box (S0)."""

    KIND: ClassVar[str] = "world"
    name: str = field("Name, for light states.", "world")
    radiance: float = field("Radiance, W/(m2 sr).", 0.25, low=0.0, driven=True)
    color: Colour = field("Linear RGB, multiplies the radiance.", (1.0, 1.0, 1.0), low=0.0)


Light: TypeAlias = Diffuser | World


@dataclass(frozen=True)
class LightState:
    """Which lights burn; every view is rendered once for each state."""

    name: str = field("Name of the state.")
    lights: tuple[str, ...] = field("Names of the lights that burn.")


@dataclass(frozen=True)
class Painted:
    """A printed, rough, glossily painted surface (S0): Perlin noise in relief, no paint in the deepest crevices."""

    KIND: ClassVar[str] = "painted"
    color: Colour = field("Linear RGB of the paint.", (0.8, 0.79, 0.76), low=0.0, high=1.0, driven=True)
    crevice_color: Colour = field(
        "Linear RGB of the crevices that the paint does not reach.", (0.12, 0.11, 0.1), low=0.0, high=1.0, driven=True
    )
    crevice_level: float = field(
        "Noise value (0 to 1) below which the paint ends; 0: paint everywhere.", 0.3, low=0.0, high=1.0, driven=True
    )
    crevice_width: float = field(
        "Range of noise values over which paint and crevice blend.", 0.08, above=0.0, high=1.0, driven=True
    )
    roughness: float = field(
        "Roughness of the Principled shader; low for glossy paint.", 0.25, low=0.0, high=1.0, driven=True
    )
    specular: float = field(
        "Specular level of the Principled shader; 0.5 is plastic (index of refraction 1.5).",
        0.5,
        low=0.0,
        high=1.0,
        driven=True,
    )
    relief: Literal["none", "bump", "normal", "displacement"] = field(
        "How the noise shapes the surface: none (flat paint), bump, normal (a perturbed normal from the noise's slope) "
        "or true displacement, which alone holds at the silhouette.",
        "bump",
    )
    relief_height_mm: float = field(
        "Height from the deepest to the highest point of the noise.", 0.25, low=0.0, driven=True
    )
    relief_scale_mm: float = field("Size of the noise's coarsest features.", 0.9, above=0.0, driven=True)
    relief_detail: float = field("Octaves of ever finer noise.", 3.0, low=0.0, high=15.0, driven=True)
    mesh_edge_mm: float = field(
        "Longest edge of the mesh under displacement; finer shows more and costs more.", 0.25, above=0.0
    )


Surface: TypeAlias = Painted


@dataclass(frozen=True)
class Backdrop:
    """A plane behind the part that is transparent to the camera and black in reflections (holdout, S0)."""

    distance_mm: float | None = field(
        "Distance behind what the first view looks at; nothing: twice the part's radius.", None, above=0.0
    )
    size_mm: float | None = field("Side length; nothing: ten times the part's radius.", None, above=0.0)


@dataclass(frozen=True)
class OnArea:
    """Anywhere on the surface, each square millimetre equally likely."""

    KIND: ClassVar[str] = "area"
    facing_deg: float = field(
        "Only where some view sees the surface at less than this angle from its normal; 180: anywhere.",
        70.0,
        above=0.0,
        high=180.0,
    )


@dataclass(frozen=True)
class AtPosition:
    """At the point of the surface nearest to a position."""

    KIND: ClassVar[str] = "position"
    position_mm: Vector = field("Position in the axes of the placed part, before its own location and rotation.")


Placement: TypeAlias = OnArea | AtPosition


@dataclass(frozen=True)
class Dent:
    """Dents pressed into the geometry: elliptic bowls, deepest at the centre, level with the surface at the outline."""

    KIND: ClassVar[str] = "dent"
    label: str = field("Name of the class in the mask.", "dent")
    count: Number = field("Dents of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    diameter_mm: Number = field(
        "Diameter of the circle of the same area as the outline (S2: 0.2 to 2 mm).", 1.5, above=0.0
    )
    depth_mm: Number = field("Depth at the centre.", 0.2, above=0.0)
    elongation: Number = field("Long axis over short axis of the outline.", 1.0, low=1.0)
    angle_deg: Number = field("Direction of the long axis in the surface.", 0.0)
    placement: Placement = field("Where the dents lie.", OnArea())


Defect: TypeAlias = Dent


@dataclass(frozen=True)
class Dust:
    """Specks of dust that lie on the surface, a solid texture: acceptable, but labelled."""

    KIND: ClassVar[str] = "dust"
    label: str = field("Name of the class in the mask.", "dust")
    density_per_cm2: float = field("Mean number of specks on a square centimetre.", 4.0, low=0.0, driven=True)
    diameter_mm: float = field(
        "Largest diameter of a speck; the smallest is a third of it.", 0.5, above=0.0, driven=True
    )
    color: Colour = field("Linear RGB of the specks.", (0.2, 0.18, 0.15), low=0.0, high=1.0, driven=True)


Impurity: TypeAlias = Dust


@dataclass(frozen=True)
class Parameter:
    """A field that is drawn anew for each instance or frame; in Blender, a driver on the property it sets."""

    id: str = field("Identifier: the draw depends on it, on the seed and on nothing else.")
    target: str = field("Path of a driven field of this manifest, such as lights[0].radiance or part.rotation_deg[2].")
    distribution: Distribution = field("What the values look like.")
    scope: Literal["instance", "frame"] = field("Whether a value holds for an instance or for a single frame.", "frame")


@dataclass(frozen=True)
class Render:
    """How Cycles renders."""

    samples: int = field("Paths per pixel.", 32, low=1, high=65536)
    adaptive_threshold: float = field(
        "Noise level at which a pixel is done before its last sample; 0: never.", 0.0, low=0.0
    )
    bounces: int = field("Most bounces of a path.", 4, low=0, high=1024)
    denoise: bool = field("Open Image Denoise on the image; it blurs fine texture, so only where asked for.", False)
    masks: Literal["aov", "emissive"] = field(
        "aov: ids ride on the image's own samples; emissive: a second pass in which the surface emits its id.", "aov"
    )
    shard_frames: int = field(
        "Frames that one Blender process renders before the next shard; instances stay whole.", 12, low=1
    )


@dataclass(frozen=True)
class Noise:
    """Noise of the sensor."""

    full_well_e: float = field(
        "Electrons that a white pixel holds: shot noise is their square root.", 10000.0, above=0.0
    )
    read_noise_e: float = field("Standard deviation of the read noise in electrons.", 4.0, low=0.0)


@dataclass(frozen=True)
class Output:
    """How the camera image is developed from the linear render."""

    exposure_stops: float = field("Exposure: each stop doubles the light.", 0.0, low=-20.0, high=20.0, driven=True)
    view_transform: Literal["srgb", "linear", "gamma"] = field("From light to pixel value.", "srgb")
    gamma: float = field("Exponent of the gamma view transform.", 2.2, above=0.0)
    greyscale: bool = field("One channel of luminance (Rec. 709) in place of three.", False)
    bit_depth: Literal[8, 16] = field("Bits per channel.", 8)
    flatten: bool = field("Lay the image on `background` instead of keeping alpha.", False)
    background: Colour = field("Linear RGB under the image where it is flattened.", (0.0, 0.0, 0.0), low=0.0, high=1.0)
    noise: Noise | None = field("Noise of the sensor; nothing: none.", None)

    def check(self, path: str) -> None:
        if self.greyscale and self.bit_depth == 16 and not self.flatten:
            raise ManifestError(
                join(path, "flatten"), "must be true for 16-bit greyscale: PNG readers lose such an alpha"
            )


@dataclass(frozen=True)
class Manifest:
    """A data set: instances x views x light states x repeats, one frame each."""

    name: str = field("Name of the data set.")
    part: Part = field("The CAD part.")
    contract: int = field("Version of this contract.", CONTRACT, low=1)
    seed: int = field("Seed of every draw.", 0, low=0, high=2**63 - 1)
    instances: int = field(
        "Realisations of the part, each with its own defects and texture.", 1, low=1, high=10_000_000
    )
    repeats: int = field("Frames of each instance, view and light state, with fresh frame parameters.", 1, low=1)
    camera: Camera = field("The camera.", Camera())
    views: Views = field("Where the camera stands.", Ring())
    lights: tuple[Light, ...] = field("The lights.", (Diffuser(), World()))
    light_states: tuple[LightState, ...] = field("Which lights burn; nothing: one state with all of them.", ())
    surface: Surface = field("The surface of the part.", Painted())
    backdrop: Backdrop | None = field("Plane behind the part; nothing: none.", Backdrop())
    defects: tuple[Defect, ...] = field("Kinds of defects.", ())
    impurities: tuple[Impurity, ...] = field("Kinds of impurities: acceptable, labelled on their own.", ())
    parameters: tuple[Parameter, ...] = field("What is drawn anew.", ())
    render: Render = field("How it is rendered.", Render())
    output: Output = field("How images are developed.", Output())

    @property
    def view_count(self) -> int:
        return len(self.views.poses) if isinstance(self.views, Poses) else self.views.count

    @property
    def light_count(self) -> int:
        return max(1, len(self.light_states))

    @property
    def frames_per_instance(self) -> int:
        return self.view_count * self.light_count * self.repeats

    @property
    def frame_count(self) -> int:
        return self.instances * self.frames_per_instance

    @property
    def labels(self) -> dict[str, int]:
        """Name of each class and its value in the class mask: background 0, then defects, then impurities, in order."""
        names = dict.fromkeys(["background", *(d.label for d in self.defects), *(i.label for i in self.impurities)])
        return {name: value for value, name in enumerate(names)}

    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical form: JSON of :func:`to_dict`, keys sorted, no white space."""
        text = json.dumps(to_dict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, path: str) -> None:
        if self.frame_count > 1_048_574:
            raise ManifestError("instances", f"makes {self.frame_count} frames; Blender's timeline ends at 1048574")
        if isinstance(self.views, Ring) and self.views.distance_mm is None and self.camera.reach_mm() <= 0:
            raise ManifestError("views.distance_mm", "must be given: the camera's axis lies outside camera.region_px")
        _check_lights(self)
        _check_labels(self)
        for i, parameter in enumerate(self.parameters):
            _check_parameter(self, parameter, f"parameters[{i}]", [p.id for p in self.parameters[:i]])
        for group in ("defects", "impurities"):
            for i, item in enumerate(getattr(self, group)):
                _check_numbers(item, f"{group}[{i}]")


def from_dict(data: Any) -> Manifest:
    """Build a manifest from plain data.

    Raises:
        ManifestError: naming the field that is wrong and what is expected of it.
    """
    if isinstance(data, dict) and "contract" in data:
        version = data["contract"]
        if isinstance(version, int) and not isinstance(version, bool) and version > CONTRACT:
            raise ManifestError("contract", f"version {version} is newer than this Defectory ({CONTRACT}); update it")
        if version != CONTRACT or isinstance(version, bool):
            raise ManifestError("contract", f"unsupported version {version!r}; this Defectory reads {CONTRACT}")
    return fields.from_dict(Manifest, data)


to_dict = fields.to_dict


def _check_lights(manifest: Manifest) -> None:
    names = [light.name for light in manifest.lights]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ManifestError(f"lights[{i}].name", f"'{name}' is taken; give each light a name of its own")
    if sum(isinstance(light, World) for light in manifest.lights) > 1:
        raise ManifestError("lights", "must have at most one world")
    for i, state in enumerate(manifest.light_states):
        for k, name in enumerate(state.lights):
            if name not in names:
                raise ManifestError(
                    f"light_states[{i}].lights[{k}]", f"there is no light '{name}'; known are {', '.join(names)}"
                )


def _check_labels(manifest: Manifest) -> None:
    if len(manifest.labels) > 256:
        raise ManifestError("defects", "must have at most 255 labels together with the impurities: the mask has 8 bits")
    for group in ("defects", "impurities"):
        for i, item in enumerate(getattr(manifest, group)):
            where = f"{group}[{i}].label"
            if not item.label.strip() or item.label == "background":
                raise ManifestError(where, "must be a name other than 'background'")
            if group == "impurities" and item.label in {d.label for d in manifest.defects}:
                raise ManifestError(
                    where, f"'{item.label}' is the label of a defect; impurities have labels of their own"
                )


def _check_parameter(manifest: Manifest, parameter: Parameter, path: str, taken: list[str]) -> None:
    if not re.fullmatch(r"[A-Za-z][\w.-]{0,99}", parameter.id, re.ASCII):
        raise ManifestError(
            f"{path}.id", f"'{parameter.id}' is no identifier: a letter, then letters, digits, '_', '.', '-'"
        )
    if parameter.id in taken:
        raise ManifestError(f"{path}.id", f"'{parameter.id}' is taken")
    where = f"{path}.target"
    try:
        owner, name, index = fields.locate(manifest, parameter.target)
    except ManifestError as error:
        raise ManifestError(where, error.problem) from None
    about = fields.info(type(owner), name)
    value = getattr(owner, name)
    if not about.driven:
        raise ManifestError(where, f"'{parameter.target}' cannot be drawn: it is not a driven field")
    if isinstance(value, tuple) and index is None:
        raise ManifestError(
            where, f"'{parameter.target}' has {len(value)} numbers; name one, as in {parameter.target}[0]"
        )
    for other in manifest.parameters:
        if other is not parameter and other.target == parameter.target and other.id in taken:
            raise ManifestError(where, f"'{parameter.target}' is drawn by '{other.id}' already")
    _check_support(parameter.distribution, about, f"{path}.distribution")


def _check_numbers(item: Any, path: str) -> None:
    """Check what the distributions inside a defect can give against the limits of their fields."""
    for name in fields.hints(type(item)):
        value = getattr(item, name)
        if hasattr(value, "support"):
            _check_support(value, fields.info(type(item), name), f"{path}.{name}")


def _check_support(distribution: Number, about: fields.FieldInfo, path: str) -> None:
    for end, edge in zip(("low", "high"), support(distribution)):
        try:
            about.check(edge, path)
        except ManifestError as error:
            names = fields.hints(type(distribution))
            where = join(path, end) if end in names else path
            raise ManifestError(where, error.problem + (f"; set '{end}'" if math.isinf(edge) else "")) from None
