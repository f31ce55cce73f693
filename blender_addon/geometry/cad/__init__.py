"""CAD files of every format to triangles."""
