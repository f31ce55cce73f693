"""The manifest as Blender properties: made from the schema, so that label, tooltip, limits and default have one source.

``shapes`` says in which properties a field is kept, ``groups`` makes the property groups, ``values`` moves plain data
in and out of them.
"""
