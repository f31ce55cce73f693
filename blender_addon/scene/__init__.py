"""From a manifest to a Blender scene: thin functions over bpy, one module for each thing in the scene.

A scene is built in metres, because Cycles takes one unit for a metre where it computes the depth of field.
"""

MM = 0.001
"""Metres in a millimetre."""
