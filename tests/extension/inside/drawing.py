"""What the panels put on screen."""

from __future__ import annotations

from typing import Any

import bpy

from .addon import enable, module


class Layout:
    """Writes down what is drawn on it, in order; whatever else a layout can do leads to more of the same."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def label(self, text: str = "", **_: Any) -> None:
        if text:
            self.said.append(text)

    def operator(self, name: str, **_: Any) -> Any:
        self.said.append(name)
        return type("Button", (), {})()

    def prop(self, owner: Any, name: str, **_: Any) -> None:
        self.said.append(name)

    def operator_menu_enum(self, name: str, property_name: str, **_: Any) -> None:
        self.said.append(name)

    def template_list(self, kind: str, identifier: str, owner: Any, name: str, *_: Any, **__: Any) -> None:
        self.said.append(f"list {name}: {len(getattr(owner, name))}")

    def menu(self, name: str, **_: Any) -> None:
        self.said.append(name)

    def progress(self, text: str = "", **_: Any) -> None:
        self.said.append(text)

    def row(self, **_: Any) -> Layout:
        return self

    box = split = column = row


class Context:
    region = type("Region", (), {"width": 300})
    preferences = bpy.context.preferences

    @property
    def scene(self) -> bpy.types.Scene:
        return bpy.context.scene


def pages() -> dict[str, list[str] | None]:
    """What each panel draws, in order; None: it is not shown."""
    found: dict[str, list[str] | None] = {}
    for panel in module("ui.panels").CLASSES:
        if not issubclass(panel, bpy.types.Panel):
            continue
        said: list[str] = []
        stand_in = type("Panel", (), {"layout": Layout(said)})()
        shown = not hasattr(panel, "poll") or panel.poll(Context())
        if shown:
            panel.draw(stand_in, Context())
        found[panel.__name__] = said if shown else None
    return found


def drawing(manifest: str) -> dict[str, Any]:
    """What the panels say of a file without an inspection, of one that is open, and of what cannot be opened."""
    enable()
    facts: dict[str, Any] = {"empty": pages()}
    bpy.ops.defectory.open_manifest(filepath=manifest + ".missing")
    facts["refused"] = pages()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    facts["open"] = pages()
    bpy.context.scene.frame_set(1000)
    facts["beyond"] = pages()
    return facts
