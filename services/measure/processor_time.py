"""Measure how much processor time each part of a running system takes: pages, workers, Temporal, PostgreSQL, client."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from infra.embedded.lock import FILE

#: The parts of an embedded system, by a word of the command of each child of `up`. The first one that fits counts.
_PARTS = (("worker.py", "worker"), ("web", "web"), ("temporal", "temporal"), ("postgres", "postgresql"))
#: This process, which sends the requests.
CLIENT = "client"

#: Seconds of processor time, by part.
Times = Mapping[str, float]


def parts_of(data_dir: Path) -> dict[str, list[psutil.Process]]:
    """Return the processes of the system that `up` runs on `data_dir`, by part, and ourselves; each with its children.

    Without such a system only ourselves.
    """
    found: dict[str, list[psutil.Process]] = defaultdict(list)
    found[CLIENT].append(psutil.Process())
    try:
        children = psutil.Process(int((data_dir / FILE).read_text())).children()
    except (OSError, ValueError, psutil.NoSuchProcess):
        return found
    for child in children:
        words = " ".join(Path(word).name for word in child.cmdline())
        for word, part in _PARTS:
            if word in words:
                found[part].append(child)
                break
    return found


def times_of(parts: Mapping[str, Iterable[psutil.Process]]) -> Times:
    """Return the processor time of each part up to now, with that of children which have ended."""
    return {part: sum(map(_tree_seconds, processes)) for part, processes in parts.items()}


def times_between(before: Times, after: Times) -> Times:
    """Return what each part took in between."""
    return {part: seconds - before.get(part, 0.0) for part, seconds in after.items()}


def _tree_seconds(process: psutil.Process) -> float:
    own = process.cpu_times()
    seconds = own.user + own.system
    if process.pid == os.getpid():  # what we start belongs to other parts
        return float(seconds)
    seconds += own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:  # it has ended meanwhile
            continue
        seconds += times.user + times.system
    return float(seconds)
