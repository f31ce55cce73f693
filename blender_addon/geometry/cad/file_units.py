"""The unit of length that a STEP or IGES file declares."""

from __future__ import annotations

import re
from pathlib import Path

from ...contract import errors

_SI_PREFIX_MM = {"": 1000.0, "MILLI": 1.0, "CENTI": 10.0, "DECI": 100.0, "MICRO": 1e-3, "KILO": 1e6}
_NAMED_MM = {"INCH": 25.4, "INCHES": 25.4, "IN": 25.4, "FOOT": 304.8, "FEET": 304.8, "MIL": 0.0254, "YARD": 914.4}
_ENTITY = re.compile(rb"#(\d+)\s*=\s*\(([^;]*LENGTH_UNIT[^;]*)\)\s*;")
_CONTEXT = re.compile(rb"GLOBAL_UNIT_ASSIGNED_CONTEXT\s*\(\s*\(([^)]*)\)")
_IGES_UNITS_MM = {1: 25.4, 2: 1.0, 4: 304.8, 6: 1000.0, 7: 1e6, 8: 0.0254, 9: 1e-3, 10: 10.0, 11: 25.4e-6}


def declared_unit_mm(path: Path, file_format: str) -> float:
    """Length in millimetres of one unit of the file.

    Raises:
        PartError: the file declares none or several different ones, so that no other can stand in for it.
    """
    units = _step_units_mm(path.read_bytes()) if file_format == "STEP" else _iges_unit_mm(path)
    if len(units) != 1:
        found = "several units" if units else "no unit that is understood"
        raise errors.PartError(f"{path.name}: declares {found}, so another cannot replace it; leave `unit` at auto")
    return units.pop()


def _step_units_mm(text: bytes) -> set[float]:
    in_use = set(re.findall(rb"#(\d+)", b" ".join(_CONTEXT.findall(text))))
    units = set()
    for number, body in _ENTITY.findall(text):
        if number not in in_use:
            continue
        named = re.search(rb"CONVERSION_BASED_UNIT\s*\(\s*'([^']*)'", body)
        metric = re.search(rb"SI_UNIT\s*\(\s*(?:\.(\w+)\.|\$)\s*,\s*\.METRE\.", body)
        if named:
            units.add(_NAMED_MM.get(named[1].decode("latin-1").strip().upper(), float("nan")))
        elif metric:
            units.add(_SI_PREFIX_MM.get((metric[1] or b"").decode("ascii"), float("nan")))
    return {unit for unit in units if unit == unit}


def _iges_unit_mm(path: Path) -> set[float]:
    lines = path.read_bytes().splitlines()
    text = b"".join(line[:72].ljust(72) for line in lines if line[72:73] == b"G").decode("latin-1")
    fields = _iges_fields(text)
    flag = fields[13].strip() if len(fields) > 13 else ""
    unit = _IGES_UNITS_MM.get(int(flag)) if flag.isdigit() else None
    return set() if unit is None else {unit}


def _iges_fields(text: str) -> list[str]:
    """Fields of the global section; a text is written as 7Hexample and may hold the separator itself."""
    separator, position = ",", 0
    fields: list[str] = []
    while position < len(text):
        hollerith = re.match(r"\s*(\d+)H", text[position:])
        if hollerith:
            start = position + hollerith.end()
            value = text[start : start + int(hollerith[1])]
            position = start + len(value)
            if not fields:
                separator = value[:1] or ","
        else:
            ends = [e for e in (text.find(separator, position), text.find(";", position)) if e >= 0]
            end = min(ends, default=len(text))
            value, position = text[position:end], end
        fields.append(value)
        if text[position : position + 1] != separator:
            break
        position += 1
    return fields
