"""The command ``defectory-sidecar``: each subcommand parses, calls one function and prints what came of it.

Functions import what they call themselves: torch takes seconds, and ``--help`` should not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from manifests.errors import UserError

_WRONG = 2
_STOPPED = 130


@click.group()
def commands() -> None:
    """Train and evaluate models on rendered data sets and real photographs."""


_DEVICES = click.Choice(["auto", "cpu", "cuda", "mps"])
_out = click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder; runs/NAME where not given.")


@commands.command()
@click.argument("config", type=click.Path(path_type=Path))
@_out
@click.option(
    "--scale",
    type=click.Choice(["full", "small"]),
    default="full",
    show_default=True,
    help="full: as the source document has it; small: minutes on two cores.",
)
@click.option(
    "--variant", metavar="NAME", help="Only this variant of the config; all, each in a folder, where not given."
)
@click.option("--data", "folders", metavar="NAME=DIR", multiple=True, help="Folder of the source of that name.")
@click.option("--set", "changes", metavar="FIELD=VALUE", multiple=True, help="Change a field, as in training.epochs=3.")
@click.option("--device", type=_DEVICES, help="What to train on, instead of what the config says.")
def train(
    config: Path,
    out: Path | None,
    scale: str,
    variant: str | None,
    folders: tuple[str, ...],
    changes: tuple[str, ...],
    device: str | None,
) -> None:
    """Train what CONFIG says, a file or the name of a recipe; the same command goes on with what was stopped."""
    from .config_files import read_config, variants_of
    from .training.train import train as train_run

    every = variants_of(config)
    for name in [variant] if variant or not every else every:
        more = [*changes, *([f"training.device={device}"] if device else [])]
        chosen = read_config(config, scale=scale, variant=name, folders=folders, changes=more)
        folder = out or Path("runs") / (config.stem if name else chosen.name)
        folder = folder / name if name and (out is None or not variant) else folder
        click.echo(train_run(chosen, folder).text())


@commands.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("images", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder; RUN/predicted where not given.")
@click.option("--threshold", type=float, help="From which on a pixel is a defect; by default as validation chose it.")
@click.option("--device", type=_DEVICES, default="auto", show_default=True, help="What to compute on.")
def predict(run: Path, images: Path, out: Path | None, threshold: float | None, device: str) -> None:
    """Write the anomaly map and the mask of each of IMAGES, and a table of what was found."""
    from .prediction.predict import predict as predict_images

    out = out or run / "predicted"
    found = predict_images(run, images, out, threshold, device)
    click.echo(
        f"{out}: {len(found)} images, {sum(one.pixels > 0 for one in found)} with a defect; table: {out / 'found.csv'}"
    )


@commands.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="File; RUN/model.onnx where not given.")
def export(run: Path, out: Path | None) -> None:
    """Write the network of RUN as ONNX, and check that it gives what the live one gives."""
    from .prediction.export import export as export_run

    out = out or run / "model.onnx"
    difference = export_run(run, out)
    click.echo(f"{out}: differs from the live model by {difference:.2g} at most")


@commands.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder; RUN/evaluated where not given.")
@click.option("--device", type=_DEVICES, default="auto", show_default=True, help="What to compute on.")
def evaluate(run: Path, out: Path | None, device: str) -> None:
    """Score RUN on the test side of its split: a report, metrics.json and a table of the images."""
    from .evaluation.evaluate import evaluate_run, text

    out = out or run / "evaluated"
    click.echo(text(evaluate_run(run, out, device)))
    click.echo(f"report: {out / 'report.html'}")


@commands.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="DIR", default="compared", show_default=True, type=click.Path(path_type=Path), help="Folder."
)
def compare(runs: tuple[Path, ...], out: Path) -> None:
    """Put evaluated runs side by side: a report, metrics.json and a table."""
    from .evaluation.compare import compare as compare_runs

    compare_runs(runs, out)
    click.echo(f"report: {out / 'report.html'}")


@commands.command()
@click.argument("folders", metavar="A B...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--run", metavar="RUN", required=True, type=click.Path(path_type=Path), help="Whose features to compare by."
)
@click.option(
    "--out", metavar="DIR", default="shifted", show_default=True, type=click.Path(path_type=Path), help="Folder."
)
@click.option("--device", type=_DEVICES, default="auto", show_default=True, help="What to compute on.")
def domain_shift(folders: tuple[Path, ...], run: Path, out: Path, device: str) -> None:
    """How far the images of B and others lie from those of A, usually photographs, as the features of RUN see them."""
    from .evaluation.domain_shift import domain_shift as shifts_of

    for folder, shift in shifts_of(folders, run, out, device).items():
        click.echo(f"{folder} lies {shift.distance:.2f} standard deviations of {folders[0]} away")
    click.echo(f"report: {out / 'report.html'}")


@commands.group()
def coreset() -> None:
    """Work on the coresets of PatchCore runs."""


@coreset.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", required=True, type=click.Path(path_type=Path), help="Folder of the new run.")
@click.option("--device", type=_DEVICES, default="auto", show_default=True, help="What to compute on.")
def meld(runs: tuple[Path, ...], out: Path, device: str) -> None:
    """Make one PatchCore of several: what widens the coreset of the first is taken from the others."""
    from .training.meld_runs import meld_runs

    click.echo(meld_runs(runs, out, device).text())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0, 2 after a mistake of the user's, 130 when stopped."""
    try:
        commands.main(args=arguments, prog_name="defectory-sidecar", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        _fail(" ".join(str(error).split()), _WRONG)
    except click.UsageError as error:
        see = f"; see '{error.ctx.command_path} --help'" if error.ctx else ""
        _fail(error.format_message().rstrip(".") + see, _WRONG)
    except (click.Abort, KeyboardInterrupt):
        click.echo("defectory-sidecar: stopped; the same command goes on", err=True)
        sys.exit(_STOPPED)
    sys.exit(0)


def _fail(line: str, code: int) -> None:
    click.echo(f"defectory-sidecar: error: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
