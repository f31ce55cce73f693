"""What every test may rely on.

Run the tests with ``make test``. Environment:

DEFECTORY_TEST_BLENDERS   Blenders to test beside the bpy of this Python, separated by ``:`` (``;`` on Windows): each a
                          Python that has bpy or a ``blender`` program, as DEFECTORY_BLENDER takes them. ``make test``
                          sets it to a Python with bpy 5.0. A test that asks for ``blender`` runs once for each.
"""

from __future__ import annotations

import os
import sys

import hypothesis
import pytest

# The machines of CI are slow and shared: a deadline there tests the neighbours.
hypothesis.settings.register_profile(
    "defectory",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("defectory")


def _blenders() -> list[str]:
    others = os.environ.get("DEFECTORY_TEST_BLENDERS", "")
    return [sys.executable, *filter(None, others.split(os.pathsep))]


@pytest.fixture(scope="session", params=_blenders(), ids=lambda path: os.path.relpath(path))
def blender(request: pytest.FixtureRequest) -> str:
    """A Blender to test, as DEFECTORY_BLENDER takes it."""
    return str(request.param)
