"""The command ``defectory-sidecar``: each subcommand parses, calls one function and prints what came of it.

Functions import what they call themselves: torch takes seconds, and ``--help`` should not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from manifests.errors import UserError

_WRONG = 2
_STOPPED = 130


@click.group()
def commands() -> None:
    """Train and evaluate models on rendered data sets and real photographs."""


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
