"""How items stand in a list, and the menus of what can be added to one."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import fields, schema
from .. import foreign
from ..model import values
from ..model.shapes import label
from ..operators.lists import AddItem


class DEFECTORY_UL_items(bpy.types.UIList):
    """Lights, surfaces, defects, impurities, parameters: kind and name of each"""

    def draw_item(self, _c: Any, layout: Any, _d: Any, item: Any, _i: Any, _a: Any, _p: Any, _n: Any) -> None:
        holder = values.chosen(item)
        row = layout.row()
        if "target" in type(holder).__annotations__:
            lost = holder.target.startswith(schema.FOREIGN) and not foreign.exists(holder.target)
            row.label(text=holder.id, icon="ERROR" if lost else "DRIVER", translate=False)
            row.label(text=holder.target.removeprefix(schema.FOREIGN), translate=False)
            row.prop(holder, "muted", text="", icon="HIDE_ON" if holder.muted else "HIDE_OFF", emboss=False)
            return
        known = type(holder).__annotations__
        name = next((getattr(holder, one) for one in ("name", "label", "object") if one in known), "")
        kind = label(item.kind) if holder is not item else ""
        row.label(text=kind or name, translate=False)
        if kind:
            row.label(text=name, translate=False)


def _menu(name: str) -> type:
    """Menu of the kinds that a list of the manifest takes."""
    kinds = kinds_of(name)

    def draw(self: Any, context: bpy.types.Context) -> None:
        for kind in kinds:
            entry = self.layout.operator(AddItem.bl_idname, text=label(fields.kind(kind) or kind.__name__))
            entry.path, entry.kind = name, fields.kind(kind) or ""

    body = {"__doc__": f"Add to {name}", "bl_label": "Add", "bl_idname": f"DEFECTORY_MT_add_{name}", "draw": draw}
    return type(f"DEFECTORY_MT_add_{name}", (bpy.types.Menu,), body)


def kinds_of(name: str) -> tuple[Any, ...]:
    """Classes of the items of a list of the manifest."""
    (item, _) = fields.hints(schema.Manifest)[name].__args__
    return fields.options(item)


CLASSES: tuple[Any, ...] = (DEFECTORY_UL_items, *(_menu(name) for name in ("lights", "defects", "impurities")))
