"""Copy all attachments to another store, each checked against its hash; what is there already is not sent again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from models.errors import AttachmentAltered, AttachmentLost
from services.attachments.listing import PREFIXES, Found, list_prefix
from services.attachments.store import Attachments, hash_of, name_of, told

#: How many damaged or vanished files are named.
NAMED = 1_000

#: Is told how many files were looked at, and of how many.
Progress = Callable[[int, int], None]


@dataclass
class Copied:
    """What a run did. `damaged`: hashes of files whose content is not what it was, here or there; they stay as they
    are. Small copies of pictures are not sent: they are made anew.
    """

    copied: int = 0
    bytes: int = 0
    present: int = 0
    removed: int = 0
    damaged: list[str] = field(default_factory=list)


async def copy_attachments(
    source: Attachments,
    target: Attachments,
    *,
    at_once: int,
    progress: Progress,
    verify_all: bool = False,
    remove: bool = False,
) -> Copied:
    """Copy every file that `target` lacks, `at_once` at a time, and read each back.

    `verify_all`: read also those that are there already. `remove`: remove each file from `source` once it was read
    back from `target`. Safe to stop and to repeat. Raises what a store raises that is away.
    """
    done, seen, total = Copied(), 0, 0
    for number, prefix in enumerate(PREFIXES, 1):
        files = {sha: one for sha, one in (await list_prefix(source, prefix)).items() if one.size is not None}
        present = await list_prefix(target, prefix)
        total += len(files)
        # The parts are of about one size: hashes are spread evenly.
        estimate = max(total, total * len(PREFIXES) // number)
        waiting = sorted(files)
        for start in range(0, len(waiting), at_once):
            turn = waiting[start : start + at_once]
            await asyncio.gather(
                *(
                    _copy(
                        source, target, sha256, done, is_there=_same(present.get(sha256), files[sha256]),
                        again=verify_all or remove, remove=remove,
                    )
                    for sha256 in turn
                )
            )  # fmt: skip
            seen += len(turn)
            progress(seen, estimate)
    progress(seen, seen)
    return done


def _same(there: Found | None, here: Found) -> bool:
    return there is not None and there.size == here.size


async def _copy(
    source: Attachments, target: Attachments, sha256: str, done: Copied, *, is_there: bool, again: bool, remove: bool
) -> None:
    size = 0
    try:
        if not is_there:
            async with source.as_file(sha256) as path:
                if await asyncio.to_thread(hash_of, path) != sha256:
                    raise AttachmentAltered(sha256=sha256)
                size = path.stat().st_size
                with told():
                    await target.objects.put_file(name_of(sha256), path)
        if again or not is_there:
            async with target.as_file(sha256) as path:
                if await asyncio.to_thread(hash_of, path) != sha256:
                    raise AttachmentAltered(sha256=sha256)
    except AttachmentAltered:
        if len(done.damaged) < NAMED:
            done.damaged.append(sha256)
        return
    except AttachmentLost:  # removed at the source while we copied: the sweep does that
        return
    if is_there:
        done.present += 1
    else:
        done.copied += 1
        done.bytes += size
    if remove:
        await source.delete([sha256])
        done.removed += 1
