"""Manifests out of nothing, for property tests: made from the schema itself, so that a new field is tested at once.

Only what ties fields to one another is written by hand, in ``_TIED``.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from hypothesis import strategies as st

from manifests import fields, schema
from manifests.distributions import Distribution
from manifests.fields import FieldInfo, hints, info, kind, options
from manifests.schema import Camera, Manifest

_FAR = 1e290  # two numbers of this size still have a finite difference


def numbers(about: FieldInfo, low: float = -_FAR, high: float = _FAR) -> st.SearchStrategy[float]:
    """Finite numbers within a field's limits; small ones of few digits more often than all the rest."""
    low = max(low, *(limit for limit in (about.low, about.above, -_FAR) if limit is not None))
    high = high if about.high is None else min(high, about.high)
    exclude = about.above is not None and low == about.above
    wide = st.floats(low, high, exclude_min=exclude, allow_nan=False, allow_infinity=False)
    tame = st.floats(max(low, -1000.0), min(high, 1000.0), exclude_min=exclude and low >= -1000.0)
    return st.one_of(tame, tame.map(lambda x: x if about.above is not None else round(x, 2) + 0.0).filter(
        lambda x: low <= x <= high), wide)  # fmt: skip


@st.composite
def distributions(draw: st.DrawFn, about: FieldInfo) -> dict[str, Any]:
    """Plain data of a distribution whose values stay within a field's limits."""
    tag = draw(st.sampled_from(["uniform", "normal", "log_uniform", "choice", "grid", "low_discrepancy"]))
    if about.high is not None and about.high <= 0 and tag == "log_uniform":
        tag = "uniform"
    if tag == "choice":
        values = draw(st.lists(numbers(about), min_size=1, max_size=6))
        weight = st.floats(0, 1e6)
        weights = st.lists(weight, min_size=len(values), max_size=len(values)).filter(lambda w: sum(w) > 1e-200)
        return {"kind": tag, "options": values, "weights": draw(st.none() | weights)}
    limits = numbers(about, low=1e-290) if tag == "log_uniform" else numbers(about)
    low, high = sorted(draw(st.tuples(limits, limits)))
    data = {"kind": tag, "low": low, "high": high}
    if tag == "normal":
        # A mean between the limits, else there might be nothing left between them.
        data |= {"mean": low + draw(st.floats(0, 1)) * (high - low), "deviation": draw(st.floats(1e-3, 1e3))}
        if high - low < 1e-3 or not low <= data["mean"] <= high:
            data |= {"mean": low, "deviation": 0.0}
        if about.low is None and about.above is None and about.high is None:
            data |= {"low": draw(st.sampled_from([None, low])), "high": draw(st.sampled_from([None, high]))}
    if tag == "grid":
        data |= {"steps": draw(st.integers(1, 1000)), "hold": draw(st.integers(1, 1000))}
    if tag == "low_discrepancy":
        data |= {"dimension": draw(st.integers(0, 11))}
    return data


@st.composite
def data_of(draw: st.DrawFn, owner: type) -> dict[str, Any]:
    """Plain data of a schema class; fields with a default are left out at times."""
    tag = kind(owner)
    data: dict[str, Any] = {} if tag is None else {"kind": tag}
    for f in dataclasses.fields(owner):
        if f.default is dataclasses.MISSING or draw(st.booleans()):
            data[f.name] = draw(_value(hints(owner)[f.name], info(owner, f.name)))
    tie = _TIED.get(owner)
    return data if tie is None else tie(draw, data)


def _value(hint: Any, about: FieldInfo) -> st.SearchStrategy[Any]:
    members = [m for m in options(hint) if m not in options(Distribution)]
    strategies = [_member(member, about) for member in members]
    if len(members) < len(options(hint)):
        strategies.append(distributions(about))
    return st.one_of(strategies)


def _member(hint: Any, about: FieldInfo) -> st.SearchStrategy[Any]:
    if dataclasses.is_dataclass(hint):
        return data_of(typing.cast(type, hint))
    if typing.get_origin(hint) is Literal:
        return st.sampled_from(typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        item, *others = typing.get_args(hint)
        if others == [Ellipsis]:
            return st.lists(_value(item, about), max_size=3)
        return st.lists(_value(item, about), min_size=1 + len(others), max_size=1 + len(others))
    if hint is float:
        return numbers(about)
    if hint is int:
        low = 0 if about.low is None else int(about.low)
        return st.integers(low, int(min(about.high or math.inf, low + 30)))
    text = st.text(max_size=40) if about.asset is None else st.lists(_STEP, min_size=1, max_size=3).map("/".join)
    return {bool: st.booleans(), str: text, types.NoneType: st.none()}[hint]


_STEP = st.text("abz .-_äß0", min_size=1, max_size=9).filter(lambda step: step.strip() not in ("", ".", ".."))
_LABELLED = ("defects", "impurities")
_NAME = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text != "background")


def _tie_part(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    names = draw(st.lists(_NAME, unique=True, max_size=3))
    budgets = [{"object": name, "faces": draw(st.integers(4))} for name in names]
    return data | {"file": draw(_NAME), "budgets": budgets, "faces": None if budgets else data.get("faces")}


def _tie_camera(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    image = draw(st.tuples(st.integers(8, 2000), st.integers(8, 2000)))
    scale, left, top = draw(st.tuples(st.integers(1, 3), st.integers(0, 100), st.integers(0, 100)))
    width, height = scale * image[0], scale * image[1]
    # A lens with which a part of 30 mm fits into the image from somewhere.
    data |= {"focal_length_mm": draw(st.floats(1, 1000)), "sensor_width_mm": draw(st.floats(0.1, 1000))}
    data |= {"image_px": list(image), "sensor_px": [left + width + draw(st.integers(0, 100)), top + height]}
    return data | {"region_px": draw(st.sampled_from([None, [left, top, width, height]]))}


def _tie_pose(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    # Apart by more than rounding.
    location = data["location_mm"]
    return data | {"target_mm": [location[0] / 2 - math.copysign(1.0, location[0]), *location[1:]]}


def _tie_elevations(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    low, high = sorted(draw(st.tuples(st.floats(-90, 90), st.floats(-90, 90))))
    return data | {"low_deg": low, "high_deg": high}


def _tie_scanner(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    # A curve above everything that is looked at.
    points = draw(st.lists(st.tuples(*[st.floats(-1000, 1000)] * 2, st.floats(1, 1000)), min_size=2, max_size=5))
    return data | {"curve_mm": [list(point) for point in points], "target_mm": draw(st.sampled_from([None, [0, 0, 0]]))}


def _tie_aim(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    return data | {"location_mm": [0, 0, draw(st.floats(1, 1000))], "target_mm": [0, 0, draw(st.floats(-1000, 0))]}


def _tie_ring_light(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    sizes = {"diameter_mm": draw(st.floats(10, 1000)), "width_mm": draw(st.floats(0.1, 10))}
    return data | sizes | {"sides": draw(st.sampled_from([0, 3, 6, 12]))}


def _tie_surface(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    x, y, z = draw(st.permutations([(1.0, 0.0, 0.0), (0.0, -2.0, 0.0), (0.5, 1.0, 1e-3)]))
    if data["kind"] == "milled":
        return data | {"axis": list(x), "direction": list(y), "cutter_diameter_mm": 20.0, "step_over_mm": 15.0}
    return data | {"axis" if data["kind"] == "turned" else "direction": list(z)}


def _tie_engraving(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    x, y, _ = draw(st.permutations([(1.0, 0.0, 0.0), (0.0, -2.0, 0.0), (0.5, 1.0, 1e-3)]))
    return data | {"text": draw(_NAME.filter(str.isprintable)), "normal": list(x), "direction": list(y)}


def _tie_region(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    data |= {name: draw(st.lists(_NAME, max_size=2)) for name in ("objects", "materials")}
    data |= {"normal": draw(st.sampled_from([None, [0.0, 0.0, -1.0]]))}
    return data | {"cad_faces": draw(st.lists(st.integers(0, 99), min_size=1, max_size=3))}


def _tie_output(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    data |= {"passes": list(dict.fromkeys(data.get("passes", [])))}
    return data | ({"flatten": True} if data.get("bit_depth") == 16 else {})


def _tie_render(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    decided = schema.PRESETS[data.get("preset", "custom")]
    return {name: value for name, value in data.items() if name not in decided}


def _tie_pattern(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    # The smallest image has 8 pixels.
    largest = "diameter_px" if data["kind"] == "chess" else "length_px"
    return data | {"label": draw(_NAME), largest: draw(st.floats(4, 8))}


def _tie_pattern_manifest(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    kept = ("name", "seed", "pattern", "output")
    data = {name: data[name] for name in kept if name in data}
    image = draw(st.lists(st.integers(8, 2000), min_size=2, max_size=2))
    data |= {"instances": draw(st.integers(1, 40)), "repeats": draw(st.integers(1, 4)), "camera": {"image_px": image}}
    data["output"] = data.get("output", {}) | {"passes": [], "backgrounds": []}
    return _with_parameters(draw, data, ("pattern.", "output."))


def _tie_manifest(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    if data.get("pattern") is not None and draw(st.booleans()):
        return _tie_pattern_manifest(draw, data)
    data |= {"pattern": None}
    data |= {"part": draw(data_of(schema.Part))} if data.get("part") is None else {}
    data |= {"contract": schema.CONTRACT, "instances": draw(st.integers(1, 40)), "repeats": draw(st.integers(1, 4))}
    if data.get("views", {}).get("kind") == "poses" and not data["views"]["poses"]:
        del data["views"]
    views = data.get("views", {"kind": "ring"})
    around = views["kind"] in ("ring", "hemisphere", "fibonacci")
    if around and Camera(**_tuples(data.get("camera", {}))).reach_mm() <= 0:
        data["views"] = views | {"distance_mm": 100.0}
    names = draw(st.lists(_NAME, unique=True, min_size=3, max_size=3))
    worlds = 0
    outside = ("world", "dome", "environment")
    data["lights"] = [
        light for light in data.get("lights", []) if light["kind"] not in outside or (worlds := worlds + 1) < 2
    ]
    for light, name in zip(data["lights"], names):
        light["name"] = name
    states = [{"name": n, "lights": draw(st.lists(st.sampled_from(names), max_size=3))} for n in names]
    data["light_states"] = states[: draw(st.integers(0, 3))] if len(data["lights"]) == 3 else []
    labels = draw(st.lists(_NAME, unique=True, min_size=4, max_size=4))
    for defect in data.get("defects", []):
        defect["label"] = draw(st.sampled_from(labels[:2]))
    for impurity in data.get("impurities", []):
        impurity["label"] = draw(st.sampled_from(labels[2:]))
    if data.get("surfaces") or any(impurity["kind"] == "sticker" for impurity in data.get("impurities", [])):
        data["render"] = data.get("render", {}) | {"masks": "aov"}
    names = ["texture", *(entry["label"] for group in _LABELLED for entry in data.get(group, []))]
    names += [group for group in _LABELLED if data.get(group)]
    if data.get("twin"):
        data["twin"] = {"without": draw(st.lists(st.sampled_from(names), unique=True, min_size=1))}
    return _with_parameters(draw, data)


def _with_parameters(draw: st.DrawFn, data: dict[str, Any], where: tuple[str, ...] = ("",)) -> dict[str, Any]:
    data["parameters"] = []
    targets = [t for t in driven_paths(fields.from_dict(Manifest, data)) if t[0].startswith(where)]
    for i, (path, about) in enumerate(draw(st.lists(st.sampled_from(targets), unique_by=lambda t: t[0], max_size=5))):
        distribution, scope = draw(distributions(about)), draw(st.sampled_from(["instance", "frame"]))
        data["parameters"].append({"id": f"p{i}", "target": path, "distribution": distribution, "scope": scope})
    return data


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def _tie_blend(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    return data | {"sha256": draw(st.text("0123456789abcdef", min_size=64, max_size=64))}


_TIED = {
    schema.BlenderFile: _tie_blend,
    schema.Part: _tie_part,
    schema.Camera: _tie_camera,
    schema.Pose: _tie_pose,
    schema.Hemisphere: _tie_elevations,
    schema.Fibonacci: _tie_elevations,
    schema.Scanner: _tie_scanner,
    schema.Panel: _tie_aim,
    schema.Spot: _tie_aim,
    schema.RingLight: _tie_ring_light,
    schema.Turned: _tie_surface,
    schema.Milled: _tie_surface,
    schema.Brushed: _tie_surface,
    schema.Riblet: _tie_surface,
    schema.Engraving: _tie_engraving,
    schema.Region: _tie_region,
    schema.Output: _tie_output,
    schema.Render: _tie_render,
    schema.ChessPattern: _tie_pattern,
    schema.NoisePattern: _tie_pattern,
    schema.Manifest: _tie_manifest,
}


def driven_paths(value: Any, path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Path and limits of every number of a manifest that a parameter may draw."""
    for f in dataclasses.fields(value):
        where = fields.join(path, f.name)
        about = info(type(value), f.name)
        content = getattr(value, f.name)
        if about.driven and isinstance(content, tuple):
            yield from ((f"{where}[{i}]", about) for i in range(len(content)))
        elif about.driven:
            yield where, about
        elif isinstance(content, tuple):
            for i, item in enumerate(content):
                if dataclasses.is_dataclass(item):
                    yield from driven_paths(item, f"{where}[{i}]")
        elif dataclasses.is_dataclass(content):
            yield from driven_paths(content, where)


MANIFEST_DATA = data_of(Manifest)
MANIFESTS = MANIFEST_DATA.map(schema.from_dict)
