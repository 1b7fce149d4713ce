"""What the arrays of ``windows.arrays`` mean; the kinds of names and syntax are those of ``pipeline.encode``."""

from __future__ import annotations

# By the numbers SOURCE, CUE and CONTENT of ``pipeline.attribute.model``.
ROLES = ("Source", "Cue", "Content")
SOURCE, CUE, CONTENT = range(3)
# From the spans of which role to those of which other; named and ordered as in ``pipeline.encode.encoder``.
LINKS = {"content-cue": (CONTENT, CUE), "cue-source": (CUE, SOURCE), "content-source": (CONTENT, SOURCE)}
# What a link leads to where it leads to no span: nothing, something that the window does not hold (no loss), or
# there is no span (what fills an array's rows up to the longest).
NONE, ELSEWHERE, UNUSED = -1, -2, -3
# Of how many pieces (a paragraph's part of a span) a part of a labelled statement is remembered.
PIECES = 8
