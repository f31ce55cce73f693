"""Any of the surfaces; ``TEXTURE`` of each names the fields that are 0 where it is to have no relief and no pattern."""

from __future__ import annotations

from typing import TypeAlias

from .machined import Brushed, Milled, Turned
from .painted import Painted
from .polymer import Polymer
from .rough import Blasted, Cast, Granular
from .sheet import Riblet

Surface: TypeAlias = Painted | Polymer | Turned | Milled | Brushed | Blasted | Cast | Riblet | Granular
