"""Fields of the manifest on a panel, whatever they are: what the schema says is what is drawn."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable
from typing import Any

import bpy

from ..contract import fields
from .model import parameters, values
from .model.shapes import FIXED, Shape, classes_of, label, shape, title
from .operators.lists import AddItem, CopyItem, MoveItem, RemoveItem
from .operators.randomise import Randomise, StopRandomising

_CHARACTER_PX = 7.0
"""Width of a character of Blender's interface font at a scale of 1, near enough to wrap lines."""
_AXES = "XYZ"
_NAMES = 0.46
"""Share of a row that its name has: nearly all fit where the sidebar is as wide as Blender makes it."""


class Fields:
    """Draws fields of the manifest's properties.

    Args:
        root: properties of the manifest.
    """

    def __init__(self, root: Any) -> None:
        self.root = root

    def group(self, layout: Any, group: Any, owner: type, path: str, place: str, *, skip: Iterable[str] = ()) -> None:
        """All fields of a class.

        Args:
            layout: Blender's.
            group: properties of ``owner``.
            owner: a schema class.
            path: of the group in the manifest, such as ``lights[0]``.
            place: of the group in the properties, such as ``views.ring``; only lists need it.
            skip: fields that are left out.
        """
        for one in dataclasses.fields(owner):  # type: ignore[arg-type]
            if one.name not in skip:
                self.field(layout, group, owner, one.name, path, place)

    def field(self, layout: Any, group: Any, owner: type, name: str, path: str, place: str) -> None:
        """One field; see :meth:`group`."""
        about = fields.info(owner, name)
        what = shape(fields.hints(owner)[name], about)
        where, spot, text = fields.join(path, name), fields.join(place, name), title(name, what)
        if what.optional:
            _beside(layout, "").prop(group, f"use_{name}", text=text)
            if not getattr(group, f"use_{name}"):
                return
            text = ""
        if what.form == "collection":
            self._list(layout, group, name, what, where, spot)
        elif what.form in ("group", "union"):
            self._item(layout, getattr(group, name), what.hint, where, spot, text)
        elif about.driven:
            self._driven(layout, group, name, what, where, text)
        elif what.form == "bool":
            _beside(layout, "").prop(group, name, text=text)
        else:
            # Without a text of its own, the names that can be chosen together have none either.
            shown = text if what.form == "flags" else ""
            _beside(layout, text).column(align=True).prop(group, name, text=shown)

    def items(self, layout: Any, name: str, kinds: tuple[type, ...] | None, owner: type | None = None) -> None:
        """A list of the manifest with its buttons, and the fields of the chosen item under it.

        Args:
            layout: Blender's.
            name: of the list, a field of the manifest.
            kinds: classes of its items, where there are several.
            owner: class of its items, where there is one.
        """
        items, index = getattr(self.root, name), getattr(self.root, f"{name}_index")
        row = layout.row()
        row.template_list("DEFECTORY_UL_items", name, self.root, name, self.root, f"{name}_index", rows=3)
        buttons = row.column(align=True)
        if kinds is not None:
            buttons.menu(f"DEFECTORY_MT_add_{name}", text="", icon="ADD")
        else:
            buttons.operator(AddItem.bl_idname, text="", icon="ADD").path = name
        buttons.operator(RemoveItem.bl_idname, text="", icon="REMOVE").path = name
        buttons.operator(CopyItem.bl_idname, text="", icon="DUPLICATE").path = name
        for step, icon in ((-1, "TRIA_UP"), (1, "TRIA_DOWN")):
            button = buttons.operator(MoveItem.bl_idname, text="", icon=icon)
            button.path, button.step = name, step
        if 0 <= index < len(items):
            hint: Any = kinds if kinds is not None else owner
            self._item(layout.column(), items[index], hint, f"{name}[{index}]", f"{name}[{index}]", None)

    def _item(self, layout: Any, item: Any, hint: Any, path: str, place: str, name: str | None) -> None:
        """A group, or the kinds of one with the group of that which is chosen; in a box where it has a name."""
        if not isinstance(hint, tuple):
            within = layout if name is None else layout.box()
            if name:
                within.label(text=name)
            self.group(within, item, hint, path, place)
            return
        kinds = classes_of(hint)
        cell = _beside(layout, name or ("" if FIXED in kinds else "Kind"))
        if FIXED in kinds:
            fixed = item.kind == FIXED
            if fixed:
                cell.prop(item, FIXED, text="")
            cell.prop(item, "kind", text="", icon="NONE" if fixed else "DRIVER", icon_only=fixed)
        else:
            cell.prop(item, "kind", text="")
        owner = kinds[item.kind]
        if owner is not None and dataclasses.fields(owner):
            within = layout if name is None else layout.box()
            self.group(within, values.chosen(item), owner, path, fields.join(place, item.kind))

    def _driven(self, layout: Any, group: Any, name: str, what: Shape, path: str, text: str) -> None:
        if what.form != "vector":
            self._number(_beside(layout, text), group, name, path)
            return
        if name.endswith("color"):
            _beside(layout, text).prop(group, name, text="")
            return
        column = layout.column(align=True)
        for index in range(what.size):
            axis = _AXES[index] if what.size <= len(_AXES) else str(index + 1)
            place = f"{text} {axis}" if index == 0 else axis
            self._number(_beside(column, place), group, name, f"{path}[{index}]", index)

    def _number(self, row: Any, group: Any, name: str, path: str, index: int = -1) -> None:
        drawn = parameters.find(self.root, path)
        field = row.row(align=True)
        field.enabled = drawn is None or drawn.muted
        more = {"index": index} if index >= 0 else {}
        field.prop(group, name, text="", **more)
        operator = StopRandomising if drawn is not None else Randomise
        button = row.operator(operator.bl_idname, text="", icon="DRIVER", depress=drawn is not None)
        button.target = path

    def _list(self, layout: Any, group: Any, name: str, what: Shape, path: str, place: str) -> None:
        box = layout.box()
        head = box.row()
        head.label(text=label(name))
        add = head.operator(AddItem.bl_idname, text="", icon="ADD")
        add.path = place
        for index, item in enumerate(getattr(group, name)):
            inner = box.box()
            row = inner.row()
            row.label(text=f"{index + 1}")
            remove = row.operator(RemoveItem.bl_idname, text="", icon="X")
            remove.path, remove.index = place, index
            self._item(inner, item, what.hint, f"{path}[{index}]", f"{place}[{index}]", None)


def _beside(layout: Any, name: str) -> Any:
    """Where the value of a name stands, in a row of its own."""
    split = layout.split(factor=_NAMES)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=name)
    return split.row(align=True)


def lines(layout: Any, pairs: Iterable[tuple[str, str]]) -> None:
    """Labels with their texts, in two columns."""
    column = layout.column(align=True)
    for name, text in pairs:
        row = column.split(factor=0.45)
        row.label(text=name)
        row.label(text=text, translate=False)


def hint(layout: Any, context: bpy.types.Context, text: str) -> None:
    """A text of any length, broken into lines that fit the sidebar."""
    _wrapped(layout.column(align=True), context, text, "INFO")


def message(layout: Any, context: bpy.types.Context, text: str) -> None:
    """A :func:`hint` that something is wrong."""
    column = layout.box().column(align=True)
    column.alert = True
    _wrapped(column, context, text, "ERROR")


def _wrapped(column: Any, context: bpy.types.Context, text: str, icon: str) -> None:
    scale = context.preferences.system.ui_scale or 1.0  # 0 without a window
    width = max(20, int((context.region.width / scale - 60) / _CHARACTER_PX))
    for number, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)
