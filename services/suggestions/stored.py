"""A model as bytes: arrays of numbers and one text, read with checks. Nothing that is read can run."""

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.suggestions import Target
from services.suggestions.model import Head, Model

FORMAT = 1
#: The most bytes of all arrays together, the most features, and the most values of a target that are read.
MOST_BYTES, MOST_FEATURES, MOST_VALUES = 256 * 1024 * 1024, 100_000, 2_000
_HEADER = "header"


class BrokenModel(ValueError):
    """The bytes are no model that this version reads."""


def model_bytes(model: Model) -> bytes:
    """Return the model as bytes: the same model gives the same bytes."""
    header = {
        "format": FORMAT,
        "features": model.features,
        "heads": [
            {"target": head.target, "values": head.values, "temperature": head.temperature} for head in model.heads
        ],
    }
    text = np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), dtype=np.uint8)
    arrays: dict[str, NDArray[Any]] = {_HEADER: text, "rarity": model.rarity}
    for head in model.heads:
        arrays[f"weights_{head.target}"] = head.weights
        arrays[f"alone_{head.target}"] = head.alone
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def read_model(content: bytes) -> Model:
    """Return the model. Raises BrokenModel: for what is no such file, for a size beyond the limits, for shapes that do
    not fit each other, for numbers that are none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise BrokenModel("it is too large")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _read(arrays)
    except BrokenModel:
        raise
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, RecursionError) as error:
        raise BrokenModel(f"{type(error).__name__}: {error}") from error


def _read(arrays: Any) -> Model:
    header = json.loads(_array(arrays, _HEADER, np.uint8, 1).tobytes())
    if header["format"] != FORMAT:
        raise BrokenModel(f"format {header['format']!r} is not known")
    features = _texts(header["features"], MOST_FEATURES)
    rarity = _array(arrays, "rarity", np.float32, 1)
    if rarity.shape != (len(features),) or not np.isfinite(rarity).all():
        raise BrokenModel("the weights of the features do not fit")
    heads = tuple(_head(arrays, one, len(features)) for one in header["heads"])
    if len({head.target for head in heads}) != len(heads):
        raise BrokenModel("a target stands in it twice")
    return Model(features, rarity, heads)


def _head(arrays: Any, header: Any, features: int) -> Head:
    target, values, temperature = Target(header["target"]), _texts(header["values"], MOST_VALUES), header["temperature"]
    weights = _array(arrays, f"weights_{target}", np.float32, 2)
    alone = _array(arrays, f"alone_{target}", np.float32, 1)
    fits = weights.shape == (features, len(values)) and alone.shape == (len(values),)
    if not fits or not np.isfinite(weights).all() or not np.isfinite(alone).all():
        raise BrokenModel(f"the weights of {target} do not fit")
    if not isinstance(temperature, float) or not 0 < temperature < 1000:
        raise BrokenModel(f"the temperature of {target} is none")
    return Head(target, values, weights, alone, temperature)


def _array(arrays: Any, name: str, kind: type[np.generic], dimensions: int) -> NDArray[Any]:
    found: NDArray[Any] = arrays[name]
    if found.dtype != kind or found.ndim != dimensions:
        raise BrokenModel(f"{name} has another kind")
    return found


def _texts(given: Any, most: int) -> tuple[str, ...]:
    if not isinstance(given, list) or not 0 < len(given) <= most or not all(isinstance(one, str) for one in given):
        raise BrokenModel("a list of texts is expected")
    if len(set(given)) != len(given):
        raise BrokenModel("a text stands in a list twice")
    return tuple(given)
