"""Any of the surfaces."""

from __future__ import annotations

from typing import TypeAlias

from .machined import Brushed, Milled, Turned
from .painted import Painted
from .polymer import Polymer
from .rough import Blasted, Cast, Granular
from .sheet import Riblet

Surface: TypeAlias = Painted | Polymer | Turned | Milled | Brushed | Blasted | Cast | Riblet | Granular
