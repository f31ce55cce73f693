"""Defects: where they lie, what shape they press into the part."""
