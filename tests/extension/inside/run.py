"""Entry of a Blender: ``run.py RESULT SUBJECT.TASK [ARGUMENT...]``; what the task returns goes to RESULT as JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(arguments: list[str]) -> None:
    result, task, *rest = arguments
    subject, _, name = task.partition(".")
    code = 0
    try:
        answer = getattr(importlib.import_module(f"inside.{subject}"), name)(*rest)
        Path(result).write_text(json.dumps(answer))
    except BaseException:
        traceback.print_exc()
        code = 1
    # With drivers in place, Blender's own way out can hang.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :])
