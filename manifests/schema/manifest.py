"""The manifest: one frozen object that determines a data set completely."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from .. import fields
from ..distributions import Distribution, Number, support
from ..errors import ManifestError
from ..fields import field, join
from .backdrop import Backdrop
from .blend import BlenderFile
from .camera import Camera
from .defects import Defect
from .impurities import Impurity, Sticker
from .lights import FROM_OUTSIDE, Diffuser, Light, LightState, World
from .output import Output
from .part import Part
from .pattern import ChessPattern, Pattern
from .render import Render
from .surface import LocalSurface, Painted, Surface
from .twin import FACTORS, Twin
from .views import Fibonacci, Hemisphere, Ring, Views

CONTRACT = 1
"""Version of the contract that this package speaks; raised when a manifest's meaning changes."""
FOREIGN = "blender:"
"""What the target of a parameter begins with that drives a property which is not a field of the manifest."""


@dataclass(frozen=True)
class Parameter:
    """A field that is drawn anew for each instance or frame; in Blender, a driver on the property it sets."""

    id: str = field("Identifier: the draw depends on it, on the seed and on nothing else.")
    target: str = field(
        "Path of a driven field of this manifest, such as lights[0].radiance or part.rotation_deg[2]; or, after "
        "'blender:', of a property in the Blender file that the manifest names."
    )
    distribution: Distribution = field("What the values look like.")
    scope: Literal["instance", "frame"] = field("Whether a value holds for an instance or for a single frame.", "frame")
    muted: bool = field("Leave the target as it is: the parameter is kept, but drives nothing.", False)


@dataclass(frozen=True)
class Manifest:
    """A data set: instances x views x light states x repeats, one frame each."""

    name: str = field("Name of the data set.")
    part: Part | None = field("The CAD part; nothing where `pattern` says what is drawn in place of one.", None)
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
    surface: Surface = field("The surface of the part, where `surfaces` names no other.", Painted())
    surfaces: tuple[LocalSurface, ...] = field(
        "Other surfaces on some of its faces; where two claim a face, the later has it.", ()
    )
    backdrop: Backdrop | None = field("Plane behind the part; nothing: none.", Backdrop())
    defects: tuple[Defect, ...] = field("Kinds of defects.", ())
    impurities: tuple[Impurity, ...] = field("Kinds of impurities: acceptable, labelled on their own.", ())
    pattern: Pattern | None = field(
        "What is drawn by formula, where no part is rendered; leaves `camera.image_px`, `parameters` and `output`.",
        None,
    )
    twin: Twin | None = field(
        "Each frame once more without something, to tell what can be seen of it; nothing: no twins.", None
    )
    parameters: tuple[Parameter, ...] = field("What is drawn anew.", ())
    render: Render = field("How it is rendered.", Render())
    output: Output = field("How images are developed.", Output())
    blend: BlenderFile | None = field(
        "Blender file to begin with; nothing: the scene is built from this manifest alone.", None
    )

    @property
    def view_count(self) -> int:
        return self.views.count

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
        """Name of each class and its value in the class mask: background 0, then defects, then impurities, in order.

        What is insignificant only is in no mask and has no value.
        """
        marked = [d.label for d in self.defects if not d.insignificant]
        drawn = [] if self.pattern is None else [self.pattern.label]
        names = dict.fromkeys(["background", *drawn, *marked, *(i.label for i in self.impurities)])
        return {name: value for value, name in enumerate(names)}

    def the_part(self) -> Part:
        """The CAD part.

        Raises:
            ManifestError: the manifest has a pattern in its place.
        """
        if self.part is None:
            raise ManifestError("part", "is missing: a pattern has no part to be looked at; give one in its place")
        return self.part

    @property
    def measures_visibility(self) -> bool:
        """Whether twins tell what can be seen of defects or impurities: they lack some of these, and nothing else."""
        twin = self.twin
        if twin is None or twin.plain:
            return False
        return any(twin.lacks("defects", d.label) for d in self.defects) or any(
            twin.lacks("impurities", i.label) for i in self.impurities
        )

    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical form: what is not at its default, and the contract's version, as JSON.

        Keys are sorted and there is no white space. A field that a later Defectory adds has a default that means what
        was before, so that it changes no hash; where a meaning changes, the contract's version does.
        """
        data = to_dict(self, sparse=True) | {"contract": self.contract}
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, path: str) -> None:
        if self.frame_count > 1_048_574:
            raise ManifestError("instances", f"makes {self.frame_count} frames; Blender's timeline ends at 1048574")
        if self.pattern is not None:
            _check_pattern(self, self.pattern)
        elif self.part is None:
            raise ManifestError("part", "must be given; or a `pattern` that is drawn in place of one")
        fitted = isinstance(self.views, Ring | Hemisphere | Fibonacci) and self.views.distance_mm is None
        if fitted and self.camera.reach_mm() <= 0:
            raise ManifestError("views.distance_mm", "must be given: the camera's axis lies outside camera.region_px")
        _check_lights(self)
        _check_labels(self)
        _check_surfaces(self)
        _check_twin(self)
        for i, parameter in enumerate(self.parameters):
            _check_parameter(self, parameter, f"parameters[{i}]", [p.id for p in self.parameters[:i]])
        groups = {"defects": self.defects, "impurities": self.impurities, "output.backgrounds": self.output.backgrounds}
        for group, items in groups.items():
            for i, item in enumerate(items):
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


_OF_PATTERNS = ("name", "contract", "seed", "instances", "repeats", "camera", "pattern", "parameters", "output")


def _check_pattern(manifest: Manifest, pattern: Pattern) -> None:
    for each in dataclasses.fields(manifest):
        if each.name not in _OF_PATTERNS and getattr(manifest, each.name) != each.default:
            raise ManifestError(each.name, "means nothing beside `pattern`, which is drawn, not rendered; leave it out")
    image_px = manifest.camera.image_px
    if manifest.camera != Camera(image_px=image_px):
        raise ManifestError("camera", "may state `image_px` alone beside `pattern`, which is drawn, not rendered")
    for i, parameter in enumerate(manifest.parameters):
        if not parameter.target.startswith(("pattern.", "output.")):
            raise ManifestError(f"parameters[{i}].target", "must lie in `pattern` or `output`: nothing else is drawn")
    if manifest.output.passes:
        raise ManifestError("output.passes", "must be empty beside `pattern`, which has no scene")
    if manifest.output.backgrounds:
        raise ManifestError("output.backgrounds", "must be empty beside `pattern`, which fills the image")
    if not pattern.label.strip() or pattern.label == "background":
        raise ManifestError("pattern.label", "must be a name other than 'background'")
    _check_numbers(pattern, "pattern")
    name = "diameter_px" if isinstance(pattern, ChessPattern) else "length_px"
    largest = support(getattr(pattern, name))[1]
    if largest > min(image_px):
        raise ManifestError(f"pattern.{name}", f"reaches {largest:g}; the image's shorter side has {min(image_px)} px")


def _check_lights(manifest: Manifest) -> None:
    names = [light.name for light in manifest.lights]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ManifestError(f"lights[{i}].name", f"'{name}' is taken; give each light a name of its own")
    if sum(isinstance(light, FROM_OUTSIDE) for light in manifest.lights) > 1:
        raise ManifestError("lights", "must have at most one world, dome or environment: all are light from outside")
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


def _check_surfaces(manifest: Manifest) -> None:
    displaced = any(
        isinstance(s, Painted) and s.relief == "displacement"
        for s in (manifest.surface, *(local.surface for local in manifest.surfaces))
    )
    # The emissive pass gives the whole part one material, which can move the surface in one way only.
    if manifest.surfaces and displaced and manifest.render.masks == "emissive":
        raise ManifestError(
            "render.masks", "'emissive' cannot follow relief 'displacement' on a part with several surfaces; use aov"
        )
    if displaced and manifest.render.masks == "emissive" and any(isinstance(i, Sticker) for i in manifest.impurities):
        raise ManifestError("render.masks", "'emissive' would displace the stickers with the surface; use aov")


def _check_twin(manifest: Manifest) -> None:
    if manifest.twin is None:
        return
    entries = [*manifest.defects, *manifest.impurities]
    labels = {entry.label for entry in entries}
    for i, name in enumerate(manifest.twin.without):
        where = f"twin.without[{i}]"
        if name not in FACTORS and name not in labels:
            known = ", ".join([*FACTORS, *sorted(labels)])
            raise ManifestError(where, f"there is nothing called '{name}'; known are {known}")
        if name in FACTORS[:2] and not getattr(manifest, name):
            raise ManifestError(where, f"the manifest has no {name}")


def _check_parameter(manifest: Manifest, parameter: Parameter, path: str, taken: list[str]) -> None:
    if not re.fullmatch(r"[A-Za-z][\w.-]{0,99}", parameter.id, re.ASCII):
        raise ManifestError(
            f"{path}.id", f"'{parameter.id}' is no identifier: a letter, then letters, digits, '_', '.', '-'"
        )
    if parameter.id in taken:
        raise ManifestError(f"{path}.id", f"'{parameter.id}' is taken")
    where = f"{path}.target"
    if parameter.target.startswith(FOREIGN):
        return
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
    """Check what the distributions inside an entry can give against the limits of their fields."""
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
