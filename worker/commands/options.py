"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from manifests.errors import DataSetError

from ..storage.urls import Place, StoreUrl, place_of

_Decorator = Callable[[Any], Any]


class FrameRange(click.ParamType[tuple[int | None, int | None]]):
    """A half-open range of frames: ``A:B``, ``A:`` or ``:B``."""

    name = "A:B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        start, colon, stop = str(value).partition(":")
        try:
            ends = (int(start) if start else None, int(stop) if stop else None)
        except ValueError:
            colon = ""
        if not colon:
            self.fail(f"'{value}' is no range of frames; write A:B for the frames from A up to, not including, B")
        return ends


class PlaceType(click.ParamType[Place]):
    """Where a data set lies: a folder, or ``s3://BUCKET/PREFIX``."""

    name = "PLACE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return place_of(str(value))
        except DataSetError as error:
            self.fail(str(error))


class Folder(PlaceType):
    """A folder, and no address: what reads picture after picture."""

    name = "DIR"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        place = super().convert(value, param, ctx)
        if isinstance(place, StoreUrl):
            self.fail(f"{place}: is no folder; bring it to one first: 'defectory fetch {place} DIR'")
        return place


folder_argument = click.argument("folder", metavar="DIR", type=Folder())
place_argument = click.argument("place", metavar="DIR", type=PlaceType())
out_option = click.option(
    "--out", "place", metavar="DIR", type=PlaceType(), help="Folder, or s3://BUCKET/PREFIX; data/NAME where not given."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


def redis_option(text: str, required: bool = False) -> _Decorator:
    """``--redis URL``, or DEFECTORY_REDIS_URL."""
    return click.option(
        "--redis", "redis_url", metavar="URL", envvar="DEFECTORY_REDIS_URL", required=required, help=text
    )


seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="In place of the manifest's: the same kind of parts, drawn anew. The data set's own manifest has it.",
)


def run_options(command: Any) -> Any:
    """What 'render', 'resume' and 'retry' take."""
    local = "Redis of a farm whose workers see DIR; without it, Redis and workers are brought along."
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Blenders at a time, without --redis.",
    )
    return _apply(command, _frames, workers, device_option, redis_option(local), _shard_frames, _priority, _tags)


def submit_options(command: Any) -> Any:
    """What 'submit' takes."""
    redis = redis_option("Redis of the farm, whose workers see DIR.", required=True)
    return _apply(command, _frames, device_option, redis, _shard_frames, _priority, _tags)


def _apply(command: Any, *options: _Decorator) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


_frames = click.option("--frames", type=FrameRange(), help="Only the frames from A up to, not including, B.")
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi"]),
    default="auto",
    show_default=True,
    help="What Cycles renders on.",
)
_shard_frames = click.option(
    "--shard-frames",
    type=click.IntRange(min=1),
    help="Frames of one Blender process; by default few enough for every worker to have some.",
)
_priority = click.option(
    "--priority", type=int, default=0, show_default=True, help="On a farm, data sets of a higher one come first."
)
_tags = click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="On a farm, only workers that have it in DEFECTORY_TAGS; several times: that have them all.",
)
