"""From a CAD file to the prepared part: repaired, decimated, measured, stored."""
