"""A task of the panel in a Python process of its own: ``python child.py MODULE FILE``.

MODULE is one beside this file with a function ``main``, FILE holds its argument as JSON. A mistake of the user's is the
last line of the output, with exit code 2. The process ends when its standard input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _main(module: str, file: Path) -> int:
    addon = Path(__file__).resolve().parents[1]
    # By its folder's name: inside Blender the extension has another, which nobody knows out here.
    sys.path.insert(0, str(addon.parent))
    errors = importlib.import_module(f"{addon.name}.contract").errors
    try:
        importlib.import_module(f"{addon.name}.ui.{module}").main(json.loads(file.read_text("utf-8")))
    except errors.UserError as mistake:
        print(mistake)
        return 2
    return 0


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    code = _main(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.flush()
    os._exit(code)
