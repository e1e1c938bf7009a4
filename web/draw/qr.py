"""QR codes of addresses, as SVG without styles."""

from io import BytesIO

import segno
from markupsafe import Markup


def qr_code(address: str) -> Markup:
    """The QR code as inline SVG for a page."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(scale=3, border=2, svgclass="qr", lineclass=None, omitsize=False))  # noqa: S704 every value in it is escaped or a number


def qr_image(address: str) -> bytes:
    """The QR code as an SVG file, on white."""
    target = BytesIO()
    segno.make(address, error="m", micro=False).save(
        target, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return target.getvalue()
