"""Files made to harm: refused with a reason, or stored without what harms; nothing is left of what is refused."""

import io
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from infra.objects.folder import FolderObjects
from models.errors import DomainError
from services.attachments.files import Limits, rewrite_file
from services.attachments.store import Attachments
from tests.api.harness import PDF, a_picture

LIMITS = Limits(20 * 1024 * 1024, 20 * 1024 * 1024)


def a_pdf(change: Callable[[pikepdf.Pdf], None] = lambda pdf: None, **options: Any) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    change(pdf)
    target = io.BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


def _script(pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _open_action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = _script(pdf)


def _named_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=["x", pdf.make_indirect(_script(pdf))])
    )  # fmt: skip


def _launch(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    pdf.pages[0].obj.Annots = pdf.make_indirect(pikepdf.Array([link]))


def _attached(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["evil.exe"] = b"MZ"


def _sent(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="http://evil.example"))


def _bomb() -> bytes:
    """Some kilobytes that unpack to two gigabytes within an object stream."""
    packer = zlib.compressobj(9)
    first = packer.compress(b" " * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    body = first + again * 2_000 + packer.flush()
    head = b"%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length " + str(len(body)).encode()
    return head + b">>\nstream\n" + body + b"\nendstream\nendobj\ntrailer\n<</Root 2 0 R/Size 3>>\n%%EOF\n"


HARMFUL: dict[str, bytes] = {
    "five bytes": b"%PDF-",
    "html behind a head": b"%PDF-1.4\n<html><script>alert(1)</script></html>",
    "a program behind a head": b"%PDF-1.4\nMZ" + os.urandom(4_000),
    "no page": a_pdf(lambda pdf: pdf.pages.__delitem__(0)),
    "half of one": a_pdf()[: len(a_pdf()) // 2],
    "a script at opening": a_pdf(_open_action),
    "a script by name": a_pdf(_named_script),
    "a program to start": a_pdf(_launch),
    "a script in an object stream": a_pdf(_named_script, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "a file within": a_pdf(_attached),
    "data sent elsewhere": a_pdf(_sent),
    "a locked one": a_pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
    "a bomb": _bomb(),
    "deep nesting": b"%PDF-1.4\n1 0 obj\n"
    + b"[" * 200_000
    + b"]" * 200_000
    + b"\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "half a picture": a_picture()[:40],
    "a picture's head": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "nothing": b"",
}


@pytest.mark.parametrize("name", HARMFUL)
def test_it_is_refused_and_nothing_stays(tmp_path: Path, name: str) -> None:
    place = Attachments(FolderObjects(tmp_path, "test"), tmp_path / "incoming")
    with pytest.raises(DomainError) as raised, place.temporary_path() as path:
        rewrite_file(io.BytesIO(HARMFUL[name]), path, LIMITS)
    assert 400 <= raised.value.status < 500
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]


def _stored(tmp_path: Path, content: bytes) -> bytes:
    path = tmp_path / "written"
    path.write_bytes(b"")
    rewrite_file(io.BytesIO(content), path, LIMITS)
    return path.read_bytes()


def test_metadata_of_a_pdf_goes_and_its_pages_stay(tmp_path: Path) -> None:
    def tell(pdf: pikepdf.Pdf) -> None:
        pdf.docinfo["/Author"] = "Secret author"
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Secret title"
        pdf.Root.Lang = "zh-CN"
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://grid.example")
        annotation = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=link)
        pdf.pages[0].obj.Annots = [annotation]

    kept = _stored(tmp_path, a_pdf(tell, compress_streams=False))
    with pikepdf.open(io.BytesIO(kept)) as pdf:
        assert len(pdf.pages) == 1
        assert "/Metadata" not in pdf.Root
        assert "/Info" not in pdf.trailer or not pdf.docinfo
        assert str(pdf.pages[0].obj.Annots[0].A.URI) == "https://grid.example"
    assert b"Secret" not in kept
    assert b"Secret" not in _stored(tmp_path, PDF)


def test_the_same_pdf_is_stored_once(tmp_path: Path) -> None:
    assert _stored(tmp_path, PDF) == _stored(tmp_path, PDF)


def test_what_follows_a_picture_goes(tmp_path: Path) -> None:
    """A picture that is a page, an archive or a program as well is stored as the picture alone."""
    for tail in (b"<script>alert(1)</script>", b"PK\x05\x06" + b"\0" * 18, PDF, b"MZ" + b"\0" * 64):
        assert tail not in _stored(tmp_path, a_picture() + tail)


def test_broken_bytes_are_refused_or_stored_whole(tmp_path: Path) -> None:
    """Each file with some bytes changed at random, sixty times: no other outcome than these two."""
    chance = random.Random(20261129)
    originals = [a_picture(), PDF, a_pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)]
    statuses: set[int] = set()
    for number in range(60):
        content = bytearray(originals[number % 10 // 4])
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            assert _stored(tmp_path, bytes(content))
        except DomainError as refused:
            statuses.add(refused.status)
    assert statuses <= {413, 415, 422}
