"""What the process does that prepares a part; see ``child``."""

from __future__ import annotations

from pathlib import Path

from ..contract import fields, schema
from .prepared import get_part


def main(task: dict[str, object]) -> None:
    """Prepare a part and leave it where it will be looked for.

    Args:
        task: ``part`` as the manifest has it, ``home`` and ``own`` as ``get_part`` takes them.

    Raises:
        UserError: the CAD file cannot be used.
    """
    part = fields.from_dict(schema.Part, task["part"], "part")
    get_part(part, Path(str(task["home"])), Path(str(task["own"])))
