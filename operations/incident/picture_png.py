"""The curve as PNG: the same SVG, drawn by resvg in its light colours, with a font that comes with us.

resvg and the font are wheels without system libraries; both load only when a PNG is asked for.
"""

from __future__ import annotations

from importlib.resources import as_file, files

from operations.errors import VigieError

ZOOM = 2.0
_FONT = "Lato"


def curve_png(svg: str) -> bytes:
    """The picture at twice its size. Raises VigieError where it cannot be drawn."""
    import resvg_py

    with as_file(files("font_lato") / "files" / "Lato-Regular.ttf") as font:
        try:
            # The system's fonts stand in for letters that ours does not have.
            drawn = resvg_py.svg_to_bytes(
                svg_string=svg, background="#ffffff", zoom=ZOOM, font_files=[str(font)], font_family=_FONT,
                sans_serif_family=_FONT, text_rendering="geometric_precision",
            )  # fmt: skip
        except ValueError as error:
            raise VigieError(f"The picture cannot be drawn: {error}.", next_step="Ask for it as SVG.") from None
    return bytes(drawn)
