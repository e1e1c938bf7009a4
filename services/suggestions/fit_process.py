"""The training in a process of its own: the worker stays small and answers meanwhile, and what is learnt from leaves
the memory with the process.

Examples go in as JSON, figures and model come out: one line of JSON, then the bytes of the model. Nothing touches a
disk.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence

from models.suggestions import ModelFigures
from services.suggestions.fit import Example, fit
from services.suggestions.stored import model_bytes

#: How often a training that runs gives a sign of life, in seconds.
BEAT_SECONDS = 10.0
#: What the process inherits: never a secret.
_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
#: One thread: the training takes what others leave.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class TrainingFailed(RuntimeError):
    """The process ended without a result."""


async def fit_apart(
    examples: Sequence[Example], certainty: float, *, beat: Callable[[], None] = lambda: None
) -> tuple[ModelFigures, bytes] | None:
    """Return what `fit` does, the model as bytes; None when there is nothing to learn.

    `beat` is called every ten seconds. Raises TrainingFailed. Cancelled, it ends the process.
    """
    told = {"certainty": certainty, "examples": [one.model_dump(exclude_none=True) for one in examples]}
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | _THREADS
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.suggestions.fit_process",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    ending = asyncio.create_task(process.communicate(json.dumps(told).encode()))
    try:
        while not (await asyncio.wait({ending}, timeout=BEAT_SECONDS))[0]:
            beat()
        out, err = await ending
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = err.decode("utf-8", "replace").strip().splitlines()
        # The name of the error alone: its text may hold words of a case.
        raise TrainingFailed(lines[-1].partition(":")[0] if lines else f"exit code {process.returncode}")
    head, _, content = out.partition(b"\n")
    return (ModelFigures.model_validate_json(head), content) if head != b"null" else None


def main() -> None:
    """Read examples from the standard input, and write figures and model to the standard output."""
    os.nice(10)
    told = json.loads(sys.stdin.buffer.read())
    fitted = fit([Example.model_validate(one) for one in told["examples"]], told["certainty"])
    if fitted is None:
        sys.stdout.buffer.write(b"null\n")
        return
    sys.stdout.buffer.write(fitted.figures.model_dump_json().encode() + b"\n" + model_bytes(fitted.model))


if __name__ == "__main__":
    main()
