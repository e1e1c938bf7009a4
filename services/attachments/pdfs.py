"""PDF files: read whole by qpdf, written anew without metadata; what acts by itself is refused.

The work is done in a process of its own with limits of memory and time: a small file can unpack to gigabytes, and a
reader of such a format may have faults. `python -m services.attachments.pdfs IN OUT` is that process.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pikepdf

from models.errors import AttachmentDamaged, AttachmentTypeRefused

#: The most memory and processor time of the process (our choice): a scan of a hundred pages takes a fraction.
MEMORY_BYTES, SECONDS = 1024 * 1024 * 1024, 20
_FIELD = "/file"
#: What an action may not do: run a script, start a program, send or fetch data, open another file, play media.
_ACTIONS = frozenset(
    f"/{name}"
    for name in ("JavaScript", "Launch", "ImportData", "SubmitForm", "GoToE", "GoToR", "Rendition", "RichMediaExecute")
)
#: Keys that hold a script or a file within the document.
_CARRIERS = frozenset({"/JS", "/EF", "/RichMediaContent", "/XFA"})
#: Exit statuses of the process.
_DONE, _DAMAGED, _ACTIVE = 0, 3, 4
_CHUNK = 1024 * 1024
#: What reading and writing a file raises that is no PDF, or a broken one.
_UNREADABLE = (
    pikepdf.PdfError, ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


def rewrite_pdf(source: IO[bytes], target: IO[bytes], folder: Path) -> None:
    """Write the PDF in `source` to `target` without metadata. `folder`: for temporary files.

    Slow: run it off the event loop. Raises AttachmentDamaged for what is no whole PDF, has no page or is encrypted, and
    AttachmentTypeRefused for one with scripts, programs or files in it.
    """
    given, made = folder / "in.pdf", folder / "out.pdf"
    with given.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            copy.write(chunk)
    command = [sys.executable, "-m", "services.attachments.pdfs", str(given), str(made)]
    try:
        # The command is ours; the file's name and content are no part of it.
        status = subprocess.run(  # noqa: S603 our own program and arguments, no shell
            command, timeout=2 * SECONDS, check=False, cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        status = _DAMAGED
    if status == _ACTIVE:
        raise AttachmentTypeRefused(sniffed="active", advice="active", pointer=_FIELD)
    if status != _DONE:
        raise AttachmentDamaged(pointer=_FIELD)
    with made.open("rb") as written:
        while chunk := written.read(_CHUNK):
            target.write(chunk)


def _strip(given: str, made: str) -> int:
    """Do the work of the process; return its exit status."""
    try:
        with pikepdf.open(given, attempt_recovery=False) as pdf:
            if pdf.is_encrypted or len(pdf.pages) == 0:
                return _DAMAGED
            if any(_acts(one) for one in _dictionaries(pdf)):
                return _ACTIVE
            for name in ("/Metadata", "/PieceInfo", "/OpenAction", "/AA"):
                if name in pdf.Root:
                    del pdf.Root[name]
            for page in pdf.pages:
                for name in ("/Metadata", "/PieceInfo", "/LastModified", "/AA"):
                    if name in page.obj:
                        del page.obj[name]
            if "/Info" in pdf.trailer:
                del pdf.trailer["/Info"]
            pdf.remove_unreferenced_resources()
            pdf.save(made, deterministic_id=True)
    except _UNREADABLE:
        return _DAMAGED
    return _DONE


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the document, also those within others."""
    waiting: list[pikepdf.Object] = list(pdf.objects)
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            inner = list(one)
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            yield one
            inner = [value for _, value in one.items()]
        else:
            continue
        # What is indirect stands in `pdf.objects` itself.
        waiting += [value for value in inner if isinstance(value, pikepdf.Object) and not value.is_indirect]


def _acts(one: pikepdf.Object) -> bool:
    keys = set(one.keys())
    return bool(keys & _CARRIERS) or ("/S" in keys and str(one.get("/S")) in _ACTIONS)


def _limit_resources() -> None:
    if sys.platform == "win32":  # there are no such limits there; the time limit of the caller holds
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit_resources()
    sys.exit(_strip(sys.argv[1], sys.argv[2]))
