"""Write the pages that are made from code: ``make docs``. A test asserts that the committed ones are current."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from manifests import reference
from manifests.layout import write_atomic

ROOT = Path(__file__).resolve().parent.parent


def command_reference() -> str:
    """The help of every command, as a person sees it."""
    # Here, because importing the command takes the whole worker with it.
    from worker.cli import commands

    parts = ["# Command reference\n\nMade from `worker/cli.py` by `make docs`.\n", _help(commands, "defectory", None)]
    with click.Context(commands, info_name="defectory", **commands.context_settings) as parent:
        parts += [_help(commands.commands[name], name, parent) for name in commands.list_commands(parent)]
    return "\n".join(parts)


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
}
"""Path of each generated file, relative to the checkout, and what makes its text."""


if __name__ == "__main__":
    for path, text in PAGES.items():
        write_atomic(ROOT / path, text().encode())
        print(path)
