"""Impurities without Blender: what its node groups compute, and geometry that lies on the part."""
