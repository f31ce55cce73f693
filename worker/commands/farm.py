"""The commands of the farm: hand data sets over, hold them, take them back, and look on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .. import runs
from ..farm.connections import connected
from ..storage.urls import Place
from . import farm_standing, farming
from .options import PlaceType, json_option, out_option, place_argument, redis_option, seed_option, submit_options

_farm = redis_option("Redis of the farm.", required=True)
_WATCH_SECONDS = 1.0


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@out_option
@seed_option
@submit_options
def submit(manifest: Path, place: Place | None, **options: Any) -> None:
    """Hand a data set to a farm and come back at once; 'status' tells how far it is."""
    click.echo(farming.submit(manifest, place, runs.Options(**options)).text())


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=PlaceType())
@redis_option("Redis of a farm; without DIR, all that it renders.")
@click.option("--watch", is_flag=True, help="Show it live, until nothing is being rendered any more.")
@json_option
def status(folder: Place | None, redis_url: str | None, watch: bool, as_json: bool) -> None:
    """How far a data set is, or all data sets of a farm."""
    if folder is None and redis_url is None:
        raise click.UsageError("name the folder of a data set, or the farm by --redis URL")
    with farm_standing.looking(folder, redis_url) as look:
        if as_json:
            click.echo(json.dumps(look().as_dict()))
        elif watch:
            _watch(look)
        else:
            click.echo(farm_standing.plain(look().renderable()), nl=False)


@click.command()
@place_argument
@_farm
def pause(place: Place, redis_url: str) -> None:
    """Have the farm leave a data set alone once the shards that are being rendered are done; 'resume' goes on."""
    farming.pause(place, redis_url)
    click.echo(f"{place}: paused; 'defectory resume {place}' goes on")


@click.command()
@place_argument
@_farm
def cancel(place: Place, redis_url: str) -> None:
    """Take a data set back from the farm, at once; its pairs stay, and 'resume' hands it over again."""
    farming.cancel(place, redis_url)
    click.echo(f"{place}: cancelled; its pairs stay, 'defectory resume {place}' hands it over again")


@click.command()
@_farm
@json_option
def workers(redis_url: str, as_json: bool) -> None:
    """The workers of a farm: what they do, and why some take no shards."""
    found = farm_standing.workers(redis_url)
    click.echo(json.dumps(found.as_dict()) if as_json else farm_standing.plain(found.renderable()), nl=as_json)


@click.command()
@click.argument("host")
@click.option("--undo", is_flag=True, help="Let it take shards again; its parked workers too.")
@_farm
def drain(host: str, undo: bool, redis_url: str) -> None:
    """Have the workers of a machine finish their shards and take no more."""
    click.echo(farming.drain(host, redis_url, undo=undo))


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Serve them over HTTP until stopped, where not printed.")
@_farm
def metrics(port: int | None, redis_url: str) -> None:
    """What the farm does, in the text format of Prometheus."""
    # Only here: no other command needs them.
    from ..farm import metrics as prometheus

    with connected(redis_url) as connection:
        if port is None:
            click.echo(prometheus.text(connection), nl=False)
        else:
            click.echo(f"http://localhost:{port}/metrics")
            prometheus.serve(connection, port)


def add_to(group: click.Group) -> None:
    """Add these commands to a group."""
    for command in (submit, status, pause, cancel, workers, drain, metrics):
        group.add_command(command)


def _watch(look: Callable[[], farm_standing.Shown]) -> None:
    from rich.console import Console
    from rich.live import Live

    found = look()
    with Live(found.renderable(), console=Console(), auto_refresh=False) as live:
        while found.going_on:
            time.sleep(_WATCH_SECONDS)
            found = look()
            live.update(found.renderable(), refresh=True)
