"""Prepares a part outside Blender: ``python prepare_process.py TASK``, a process of its own that can be killed.

TASK is JSON: ``part`` as the manifest has it, ``home`` and ``own`` as ``prepared.get_part`` takes them. A mistake of
the user's is the last line of standard output, with exit code 2. The process ends when its standard input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path


def main(task: dict[str, object]) -> int:
    """Prepare the part and leave it where it will be looked for."""
    addon = Path(__file__).resolve().parents[1]
    # By its folder's name: inside Blender the extension has another, which nobody knows out here.
    sys.path.insert(0, str(addon.parent))
    contract = importlib.import_module(f"{addon.name}.contract")
    prepared = importlib.import_module(f"{addon.name}.ui.prepared")
    try:
        part = contract.fields.from_dict(contract.schema.Part, task["part"], "part")
        prepared.get_part(part, Path(str(task["home"])), Path(str(task["own"])))
    except contract.errors.UserError as mistake:
        print(mistake)
        return 2
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    code = main(json.loads(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)
