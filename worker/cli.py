"""The command ``defectory``: each subcommand parses, calls one function and prints what came of it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from manifests.errors import UserError

from . import runs
from .commands import doctoring, farming
from .commands import farm as farm_commands
from .commands.options import (
    Folder,
    PlaceType,
    device_option,
    folder_argument,
    out_option,
    place_argument,
    redis_option,
    run_options,
    seed_option,
)
from .export import LAYOUTS, Split, export_data_set, parse_split
from .progress import counted
from .storage.urls import Place, StoreUrl

_WRONG = 2
_STOPPED = 130


def _version() -> str:
    try:
        return importlib.metadata.version("defectory")
    except importlib.metadata.PackageNotFoundError:
        return "(a working copy that is not installed)"


class Sides(click.ParamType[Split]):
    """Sides of a split by instances: ``train=0.7,val=0.15,test=0.15`` or ``train=28,val=4,test=8``."""

    name = "SIDE=N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, Split):
            return value
        try:
            return parse_split(str(value))
        except ValueError as error:
            self.fail(str(error))


@click.group()
@click.version_option(_version())
def commands() -> None:
    """Labelled images of defects that never happened: from a CAD file to a verified data set."""


@commands.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@out_option
@seed_option
@run_options
def render(manifest: Path, place: Place | None, **options: Any) -> None:
    """Render the pairs that a data set still lacks, then write its index and report."""
    _conclude(runs.render(manifest, place, runs.Options(**options)))


@commands.command()
@place_argument
@run_options
def resume(place: Place, **options: Any) -> None:
    """Go on with a data set that was begun before: render what it lacks; on a farm, lift its pause and hand it over."""
    _go_on(place, runs.Options(**options))


@commands.command()
@place_argument
@click.option("--failed", is_flag=True, help="All frames that were quarantined after too many failures.")
@run_options
def retry(place: Place, failed: bool, **options: Any) -> None:
    """Give quarantined frames their tries again, all (--failed) or those of a range (--frames); then as 'resume'."""
    if not failed and options["frames"] is None:
        raise click.UsageError("say which frames: --failed for all that were quarantined, or --frames A:B")
    count = runs.forgive(place, options["frames"])
    click.echo(f"{place}: {count} quarantined frames are tried again")
    _go_on(place, runs.Options(**options))


@commands.command()
@place_argument
@click.option("--repair", is_flag=True, help="Take damaged pairs out, so that 'resume' renders them again.")
@click.option("--quick", is_flag=True, help="Look at names, sizes and records alone; takes seconds.")
def verify(place: Place, repair: bool, quick: bool) -> None:
    """Read and hash every pair again and compare it with its record."""
    checked, damaged = 0, 0
    # Closed here and now, whatever happens: that writes the index.
    with contextlib.closing(runs.verify(place, repair=repair, quick=quick)) as found:
        for _, problem in found:
            checked += 1
            if problem is not None:
                damaged += 1
                click.echo(problem)
    click.echo(f"{checked} pairs verified, {damaged} damaged" + (" and taken out" if damaged and repair else ""))
    if damaged:
        again = f"'defectory resume {place}' renders them again"
        raise UserError(f"{place}: {damaged} damaged pairs; " + (again if repair else f"with --repair, {again}"))


@commands.command()
@click.argument("url", metavar="URL", type=PlaceType())
@click.argument("folder", metavar="DIR", type=Folder())
def fetch(url: Place, folder: Path) -> None:
    """Bring what DIR lacks of a data set in an object store, each pair verified, then write its index and report."""
    # Only here: what reports are made with takes its time to load.
    from .storage import fetching

    if not isinstance(url, StoreUrl):
        raise click.UsageError(f"{url} is no address; write s3://BUCKET/PREFIX")
    fetched = fetching.fetch(url, folder)
    click.echo(fetched.text())
    if fetched.damaged:
        again = f"'defectory verify {url} --repair', then 'defectory resume {url}' renders them again"
        raise UserError(f"{url}: {len(fetched.damaged)} damaged pairs: {fetched.damaged[0]}; {again}")


@commands.command()
@folder_argument
def report(folder: Path) -> None:
    """Write the report of a data set anew."""
    click.echo(runs.write_report(folder))


@commands.command()
@folder_argument
@click.argument("layout", metavar="FORMAT", type=click.Choice(list(LAYOUTS)))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--split", type=Sides(), help="Shares, such as train=0.7,test=0.3, or whole numbers of instances.")
def export(folder: Path, layout: str, out: Path, split: Split | None) -> None:
    """Export a data set to OUT, images hard-linked. FORMAT is mvtec, folder, coco, yolo or per-image."""
    click.echo(export_data_set(folder, layout, out, split).text())


@commands.command()
@folder_argument
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
def relief(folder: Path, out: Path) -> None:
    """Make normals, slopes and curvature of every view of DIR, from its light states and its passes, into OUT."""
    from .relief import make_reliefs, open_task

    task = open_task(folder, out)
    with click.progressbar(make_reliefs(task), len(task.missing), "views") as done:
        for _ in done:
            pass
    click.echo(f"{out}: {len(task.sets)} reliefs, {len(task.missing)} of them made now")


@commands.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--write", metavar="FILE", type=click.Path(path_type=Path), help="Plan views, and write the manifest with them."
)
@click.option(
    "--picture", metavar="FILE", type=click.Path(path_type=Path), help="PNG to write; else NAME.coverage.png."
)
@click.option(
    "--px-per-mm",
    type=click.FloatRange(min=0, min_open=True),
    help="Least resolution that counts as seen; by default half of what a view of the whole part has.",
)
@click.option(
    "--incidence",
    "incidence_deg",
    type=click.FloatRange(min=0, max=85, min_open=True),
    default=60.0,
    show_default=True,
    help="Largest angle in degrees between the line of sight and the normal that counts as seen.",
)
@click.option(
    "--blur",
    "blur_px",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Largest blur out of focus in pixels that counts as seen.",
)
@click.option(
    "--lowest",
    "lowest_deg",
    type=click.FloatRange(min=-90, max=90),
    default=-90.0,
    show_default=True,
    help="Least elevation in degrees from which the part can be reached.",
)
def plan(manifest: Path, write: Path | None, picture: Path | None, **limits: float) -> None:
    """Say how much of the part the views see, with a picture; with --write, plan few views that see nearly all."""
    # Only here: the other commands need no picture of a plan.
    from .commands import planning

    judged = planning.judge(manifest, plan=write is not None, **limits)
    picture = picture or Path(f"{(write or manifest).stem}.coverage.png")
    planning.save(judged, picture, write, manifest)
    click.echo(judged.text())
    click.echo(f"picture: {picture}")


@commands.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--write", metavar="FILE", type=click.Path(path_type=Path), help="Write the manifest with what was found."
)
@click.option(
    "--error",
    type=click.FloatRange(min=0, min_open=True),
    help="Relative mean squared error to reach; by default that of the manifest's own settings.",
)
@click.option("--denoise", is_flag=True, help="Images may be denoised: not where fine texture matters.")
@click.option(
    "--frames",
    "frame_count",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Frames to measure, spread over the data set.",
)
@click.option(
    "--crop",
    "crop_px",
    type=click.IntRange(min=0),
    default=128,
    show_default=True,
    help="Side of the square of each, around the part's middle, at full resolution; 0: all of the image.",
)
@click.option(
    "--reference-samples", type=click.IntRange(min=16), default=2048, show_default=True, help="Of the reference."
)
@device_option
@click.option(
    "--folder", metavar="DIR", type=click.Path(path_type=Path), help="Keeps what was measured; else NAME.tune."
)
def tune(manifest: Path, write: Path | None, folder: Path | None, **options: Any) -> None:
    """Find the cheapest render settings that reach an error, by measuring; stopped, the same command goes on."""
    # Only here: the other commands measure nothing.
    from .commands import tuning

    if write is not None:
        tuning.check_target(write, manifest)
    folder = folder or Path(f"{manifest.stem}.tune")
    with counted("measured") as on_done:
        found = tuning.run(manifest, folder=folder, on_done=on_done, **options)
    click.echo(found.text())
    click.echo(found.section(), nl=False)
    if write is not None:
        found.write(write)


@commands.command()
@redis_option("Redis to look at.")
def doctor(redis_url: str | None) -> None:
    """Look at what rendering needs: Blender, devices, Redis, disk."""
    well = True
    for finding in doctoring.examine(redis_url):
        click.echo(finding.text())
        well = well and (finding.well or not finding.essential)
    if not well:
        raise UserError("something that rendering needs is missing; see the lines marked 'wrong'")


farm_commands.add_to(commands)


def _go_on(place: Place, options: runs.Options) -> None:
    if options.redis_url is None:
        _conclude(runs.resume(place, options))
    else:
        click.echo(farming.resume(place, options).text())


def _conclude(outcome: runs.Outcome) -> None:
    root = outcome.data_set.place
    if outcome.stopped:
        there = f"{outcome.done} of {outcome.wanted} pairs are there"
        click.echo(f"defectory: stopped; {there}, the same command goes on", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        # A CAD import may still be at work in compiled code, which hears of nothing.
        os._exit(_STOPPED)
    took = f" in {outcome.seconds:.1f} s" if outcome.seconds else ", nothing was missing"
    click.echo(f"{root}: {outcome.done} of {outcome.wanted} pairs{took}")
    if outcome.report is not None:
        click.echo(f"report: {outcome.report}")
    elif isinstance(root, StoreUrl):
        click.echo(f"'defectory fetch {root} DIR' brings them here, with a report")
    if outcome.failures:
        first, *others = outcome.failures
        for failure in others:
            click.echo(f"failed: {_ranges(failure.frames)}: {failure.reason}", err=True)
        more = f"; {outcome.wanted - outcome.done} failed in all" if others else ""
        again = f"logs in {outcome.data_set.attempts_folder}; 'defectory retry {root} --failed' tries again"
        raise UserError(f"{root}: {_ranges(first.frames)} failed: {first.reason}{more}; {again}")


def _ranges(frames: Sequence[int]) -> str:
    if len(frames) == 1:
        return f"frame {frames[0]}"
    return f"{len(frames)} frames from {frames[0]} to {frames[-1]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0, 2 after a mistake of the user's, 130 when stopped."""
    try:
        commands.main(args=arguments, prog_name="defectory", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        _fail(" ".join(str(error).split()), _WRONG)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(_WRONG)
    except click.UsageError as error:
        help_line = f"; see '{error.ctx.command_path} --help'" if error.ctx else ""
        _fail(error.format_message().rstrip(".") + help_line, _WRONG)
    except click.ClickException as error:
        _fail(error.format_message(), _WRONG)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped", _STOPPED)
    except BrokenPipeError:
        # Whoever read has gone; the interpreter would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(0)


def _fail(line: str, code: int) -> None:
    click.echo(f"defectory: {'stopped' if code == _STOPPED else f'error: {line}'}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
