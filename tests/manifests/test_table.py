"""The table of a manifest: what drivers, records and reports read; and the shards into which its frames are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests import shards, viewpoints
from manifests.sampling import Table, draw, locate_frame
from manifests.schema import Manifest, from_dict
from manifests.viewpoints import Bounds
from tests.manifests.strategies import MANIFESTS

BOUNDS = Bounds((1.0, 2.0, 3.0), 30.0)
OWN = ["@seed", "@texture", "@view.x_mm", "@view.qw", "@view.distance_mm"]


def table_of(manifest: Manifest) -> Table:
    return Table(manifest, viewpoints.plan(manifest.views, manifest.camera, BOUNDS))


def small(**change: Any) -> Manifest:
    data = {
        "name": "small", "part": {"file": "a.stl"}, "seed": 5, "instances": 3, "repeats": 2,
        "views": {"kind": "ring", "count": 4},
        "light_states": [
            {"name": "all", "lights": ["diffuser", "world"]}, {"name": "box", "lights": ["world"]},
            {"name": "dark", "lights": []},
        ],
        "parameters": [
            {"id": "roughness", "target": "surface.roughness",
             "distribution": {"kind": "uniform", "low": 0, "high": 1}},
            {"id": "height", "target": "surface.relief_height_mm", "scope": "instance",
             "distribution": {"kind": "normal", "mean": 1, "deviation": 0.2, "low": 0}},
            {"id": "x", "target": "part.location_mm[0]",
             "distribution": {"kind": "grid", "low": 0, "high": 9, "steps": 10}},
        ],
    }  # fmt: skip
    return from_dict(data | change)


def test_frames_count_repeats_fastest_then_lights_then_views_then_instances() -> None:
    manifest = small()
    places = [locate_frame(manifest, frame) for frame in range(manifest.frame_count)]
    expected = [(i, v, s, r) for i in range(3) for v in range(4) for s in range(3) for r in range(2)]
    assert [(p.instance, p.view, p.light, p.repeat) for p in places] == expected
    assert [p.frame for p in places] == list(range(manifest.frame_count))


@settings(max_examples=40)
@given(manifest=MANIFESTS, frame=st.integers(0, 10**9))
def test_value_is_the_entry_of_the_column_and_of_the_row(manifest: Manifest, frame: int) -> None:
    frame %= manifest.frame_count
    table = table_of(manifest)
    lit = [f"@lit.{light.name}" for light in manifest.lights]
    for identifier in [*(p.id for p in manifest.parameters), *OWN, *lit]:
        value = table.value(identifier, frame)
        assert value == table.column(identifier, frame, frame + 1)[0]
        assert value == table.column(identifier, 0, manifest.frame_count)[frame]
        assert type(value) is float
    assert table.row(frame) == {p.id: table.value(p.id, frame) for p in manifest.parameters}


@settings(max_examples=40)
@given(manifest=MANIFESTS)
def test_instance_scope_holds_over_the_frames_of_an_instance(manifest: Manifest) -> None:
    table = table_of(manifest)
    for parameter in manifest.parameters:
        column = table.column(parameter.id, 0, manifest.frame_count)
        if parameter.scope == "instance":
            column = column.reshape(manifest.instances, -1)
            assert (column == column[:, :1]).all()
            drawn = draw(parameter.distribution, manifest.seed, parameter.id, 0, manifest.instances)
            np.testing.assert_array_equal(column[:, 0], drawn)
        else:
            drawn = draw(parameter.distribution, manifest.seed, parameter.id, 0, manifest.frame_count)
            np.testing.assert_array_equal(column, drawn)
    texture = table.column("@texture", 0, manifest.frame_count).reshape(manifest.instances, -1)
    assert (texture == texture[:, :1]).all()


def test_values_do_not_depend_on_other_parameters_nor_on_their_order() -> None:
    manifest = small()
    for change in ({"parameters": manifest.parameters[::-1]}, {"parameters": manifest.parameters[:1]}):
        other = Manifest(**{name: getattr(manifest, name) for name in manifest.__dataclass_fields__} | change)
        column = table_of(other).column("roughness", 0, manifest.frame_count)
        np.testing.assert_array_equal(column, table_of(manifest).column("roughness", 0, manifest.frame_count))


def test_more_instances_leave_the_first_ones_as_they_are() -> None:
    few, many = table_of(small()), table_of(small(instances=30))
    for identifier in ("roughness", "height", "x", "@seed", "@texture", "@view.x_mm", "@lit.diffuser"):
        np.testing.assert_array_equal(few.column(identifier, 0, 72), many.column(identifier, 0, 72))


def test_field_is_drawn_where_a_parameter_drives_it_and_constant_elsewhere() -> None:
    table = table_of(small())
    assert table.driver_of("surface.roughness") == "roughness"
    assert table.driver_of("surface.specular") is None
    assert table.field("surface.roughness", 7) == table.value("roughness", 7)
    assert table.field("part.location_mm[0]", 7) == 7.0
    assert table.field("part.location_mm[1]", 7) == 0.0
    assert table.field("camera.f_number", 7) == 4.0


def test_light_states_take_turns() -> None:
    table = table_of(small())
    assert table.column("@lit.diffuser", 0, 8).tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    assert table.column("@lit.world", 0, 8).tolist() == [1, 1, 1, 1, 0, 0, 1, 1]
    assert table_of(small(light_states=[])).column("@lit.world", 0, 8).tolist() == [1.0] * 8


def test_view_columns_are_the_poses() -> None:
    table = table_of(small())
    x = table.column("@view.x_mm", 0, 24)
    np.testing.assert_array_equal(x[::6], table.viewpoints.locations_mm[:, 0])
    np.testing.assert_allclose(table.column("@view.distance_mm", 0, 24), table.column("@view.distance_mm", 0, 1)[0])


def test_cycles_seeds_are_whole_and_all_different() -> None:
    seeds = table_of(small(instances=1000)).column("@seed", 0, 24_000)
    assert (seeds == np.floor(seeds)).all()
    assert seeds.min() >= 0
    assert seeds.max() < 2**31
    # A pair among 24,000 of 2^31 is expected 0.13 times.
    assert len(set(seeds)) >= 24_000 - 3


@pytest.mark.parametrize("frame", [-1, 72, 5000, 10**9])
def test_frame_outside_the_data_set_is_refused(frame: int) -> None:
    table = table_of(small())
    table.value("roughness", 3)
    with pytest.raises(IndexError):
        table.value("roughness", frame)


def test_unknown_identifier_is_refused() -> None:
    with pytest.raises(KeyError):
        table_of(small()).value("rougness", 0)


@given(
    instances=st.integers(1, 30), views=st.integers(1, 6), repeats=st.integers(1, 3), size=st.integers(1, 40),
    keep=st.floats(0, 1), choice=st.randoms(use_true_random=False),
)  # fmt: skip
def test_shards_part_the_frames_and_keep_instances_whole(
    instances: int, views: int, repeats: int, size: int, keep: float, choice: Any
) -> None:
    manifest = small(instances=instances, repeats=repeats, views={"kind": "ring", "count": views})
    frames = [frame for frame in range(manifest.frame_count) if choice.random() <= keep]
    cut = list(shards.plan(manifest, frames, size))
    assert [frame for shard in cut for frame in shard] == frames
    assert all(cut)
    owners = [{locate_frame(manifest, frame).instance for frame in shard} for shard in cut]
    assert sum(map(len, owners)) == len(set().union(*owners))
    # As small as can be: without its last instance no shard but the last would be full.
    for shard in cut[:-1]:
        last = locate_frame(manifest, shard[-1]).instance
        assert len(shard) >= size > sum(locate_frame(manifest, frame).instance != last for frame in shard)
