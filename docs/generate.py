"""Write the pages that are made from code: ``make docs``. A test asserts that the committed ones are current."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from manifests import reference
from manifests.layout import write_atomic

ROOT = Path(__file__).resolve().parent.parent


_CONFIG = """\
# Config reference

Made from `sidecar/config.py` and what it imports by `make docs`; change the fields there.

A config says what a run is made of: data, model, training and prediction. A field whose default is *nothing* may be
left out or be `null`. Where a section has a *kind*, the file names it: `kind: cae`. Beside these fields a file may hold
`variants`, `small` and `stand_in`: see [train a model](../how-to/train-a-model.md).
"""


def command_reference() -> str:
    """The help of every command, as a person sees it."""
    # Here, because importing the commands takes the whole worker with it.
    import sidecar.cli
    import worker.cli

    parts = ["# Command reference\n\nMade from `worker/cli.py` and `sidecar/cli.py` by `make docs`.\n"]
    for program, commands in (("defectory", worker.cli.commands), ("defectory-sidecar", sidecar.cli.commands)):
        parts.append(_help(commands, program, None))
        with click.Context(commands, info_name=program, **commands.context_settings) as parent:
            parts += [_help(commands.commands[name], name, parent) for name in commands.list_commands(parent)]
    return "\n".join(parts)


def config_reference() -> str:
    """Every field of a config of the sidecar."""
    # Here, because importing the models takes torch with it.
    from sidecar.config import Config

    return reference.markdown(Config, _CONFIG)


def _help(command: click.Command, name: str, parent: click.Context | None) -> str:
    # A fixed width: the page must not depend on the terminal in which it is made.
    settings = command.context_settings | {"terminal_width": 100, "max_content_width": 100}
    with click.Context(command, info_name=name, parent=parent, **settings) as context:
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {context.command_path}\n\n```text\n{text}\n```\n"


def _schema() -> str:
    return json.dumps(reference.json_schema(), indent=2) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "manifests/manifest.schema.json": _schema,
    "docs/reference/manifest.md": reference.markdown,
    "docs/reference/cli.md": command_reference,
    "docs/reference/config.md": config_reference,
}
"""Path of each generated file, relative to the checkout, and what makes its text."""


if __name__ == "__main__":
    for path, text in PAGES.items():
        write_atomic(ROOT / path, text().encode())
        print(path)
