"""What Temporal stores is encrypted: payloads and failures, under keys that change and keys that are missing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from infra.keys.ring import FileRing, KeyFileLost, add_key, create_ring, ensure_ring, remove_key
from infra.payload_codec import ENCRYPTED, EncryptionCodec
from infra.payload_usage import key_ids, payloads_in
from infra.temporal import make_converter
from models.errors import KeysAway, PayloadKeysAway

SECRET = "欧阳家的秘密 13987654321"
VALUES: list[Any] = [{"title": SECRET}, SECRET, [SECRET, None, 7], None, b"\x00" + SECRET.encode(), "", {"n": 1.5}]


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "master.json"
    create_ring(path)
    return path


@pytest.fixture
def converter(ring: Path) -> DataConverter:
    return make_converter(ring)


def tells_nothing(message: Message) -> bool:
    """Whether neither the text nor a part of it stands in the message."""
    content = message.SerializeToString()
    return not any(part.encode() in content for part in ("欧阳", "秘密", "13987654321"))


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_what_is_encoded_is_read_again_and_tells_nothing(
    converter: DataConverter, value: Any, ring: Path
) -> None:
    [payload], [again] = await converter.encode([value]), await converter.encode([value])
    assert payload.metadata["encoding"] == ENCRYPTED
    assert list(key_ids(payload)) == [FileRing(ring).current_id()]
    assert tells_nothing(payload)
    assert payload.data != again.data, "a new random value each time"
    assert await converter.decode([payload]) == [value]


async def test_what_was_stored_in_clear_is_read_as_it_is(converter: DataConverter) -> None:
    clear = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps({"title": SECRET}).encode())
    assert await converter.decode([clear]) == [{"title": SECRET}]
    assert await EncryptionCodec(FileRing(Path("/nowhere"))).decode([clear]) == [clear], "without any key"


async def test_a_failure_tells_its_kind_and_nothing_else(converter: DataConverter) -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise ApplicationError(SECRET, {"params": SECRET}, type="Refused") from cause
    except ApplicationError as error:
        failure = Failure()
        await converter.encode_failure(error, failure)
    assert tells_nothing(failure)
    assert not failure.stack_trace
    assert failure.application_failure_info.type == "Refused"
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details, read.cause.args) == (SECRET, ({"params": SECRET},), (f"ValueError: {SECRET}",))  # type: ignore[union-attr]


async def test_a_failure_stored_in_clear_is_read(converter: DataConverter) -> None:
    failure = Failure()
    await DataConverter().encode_failure(ApplicationError(SECRET, 7, type="Refused"), failure)
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details) == (SECRET, (7,))


async def test_a_running_process_takes_part_in_a_rotation(ring: Path, converter: DataConverter) -> None:
    [before] = await converter.encode([SECRET])
    old = FileRing(ring).current_id()
    new = add_key(ring)
    [after] = await converter.encode([SECRET])
    assert (list(key_ids(before)), list(key_ids(after))) == ([old], [new])
    assert await converter.decode([before, after]) == [SECRET, SECRET]


async def spoil(ring: Path, how: str, payload: Payload) -> Payload:
    """Take away what is needed to read the payload, or change it; return what is to be read."""
    content = json.loads(ring.read_text())
    changed = Payload.FromString(payload.SerializeToString())
    match how:
        case "no file":
            ring.unlink()
        case "damaged file":
            ring.write_text("{")
        case "key removed":
            old = FileRing(ring).current_id()
            add_key(ring)
            remove_key(ring, old)
        case "another key under the id":
            content["keys"][content["current"]]["key"] = "A" * 43 + "="
            ring.write_text(json.dumps(content))
        case "changed":
            changed.data = changed.data[:-1] + bytes([changed.data[-1] ^ 1])
        case "cut short":
            changed.data = changed.data[:5]
        case "no key named":
            del changed.metadata["encryption-key-id"]
    return changed


@pytest.mark.parametrize(
    "how",
    ["no file", "damaged file", "key removed", "another key under the id", "changed", "cut short", "no key named"],
)
async def test_what_cannot_be_read_says_so_and_is_read_when_the_key_is_back(ring: Path, how: str) -> None:
    [payload] = await make_converter(ring).encode([SECRET])
    (key,) = key_ids(payload)
    kept = ring.read_text()
    spoiled = await spoil(ring, how, payload)
    later = make_converter(ring)
    with capture_logs() as logs, pytest.raises(PayloadKeysAway) as refused:
        await later.decode([spoiled])
    named = "?" if how == "no key named" else key
    assert named in refused.value.message("zh")
    assert named in refused.value.message("en")
    assert refused.value.status == 503
    [line] = [log for log in logs if log["event"] == "payloads can't be read or written"]
    assert (line["key"], line["log_level"], line["file"]) == (None if named == "?" else key, "error", str(ring))
    ring.write_text(kept)
    assert await later.decode([payload]) == [SECRET], "the same process, without a restart"


async def test_a_running_process_goes_on_while_the_file_is_away(ring: Path, converter: DataConverter) -> None:
    [before] = await converter.encode([SECRET])
    ring.rename(ring.with_name("away"))
    with capture_logs() as logs:
        [after] = await converter.encode([SECRET])
        assert await converter.decode([before, after]) == [SECRET, SECRET]
    assert [log["event"] for log in logs] == ["payloads can't be read or written"]


async def test_without_a_key_file_nothing_is_written(tmp_path: Path) -> None:
    converter = make_converter(tmp_path / "none.json")
    with pytest.raises(PayloadKeysAway):
        await converter.encode([SECRET])
    with pytest.raises(PayloadKeysAway):
        await converter.encode_failure(ApplicationError(SECRET), Failure())


def test_each_purpose_has_a_key_of_its_own(ring: Path) -> None:
    keys = FileRing(ring)
    current = keys.current_id()
    subkeys = {keys.subkey(current, purpose) for purpose in ("temporal", "reporter")}
    assert len(subkeys) == 2
    assert all(len(key) == 32 and key.hex() not in ring.read_text() for key in subkeys)
    with pytest.raises(KeysAway):
        keys.subkey("k9-none", "temporal")


@pytest.mark.parametrize("used", [False, True])
def test_a_lost_key_file_is_not_replaced_silently(tmp_path: Path, used: bool) -> None:
    path = tmp_path / "master.json"
    if used:
        with pytest.raises(KeyFileLost, match=re.escape(str(path))):
            ensure_ring(path, used=True)
        assert not path.exists()
    else:
        ensure_ring(path, used=False)
        before = path.read_text()
        ensure_ring(path, used=True)
        assert path.read_text() == before


async def test_every_payload_of_an_event_is_found(converter: DataConverter) -> None:
    event, payloads = HistoryEvent(), await converter.encode([1, 2, 3])
    started = event.workflow_execution_started_event_attributes
    started.input.payloads.append(payloads[0])
    started.header.fields["h"].CopyFrom(payloads[1])
    started.memo.fields["m"].CopyFrom(payloads[2])
    started.search_attributes.indexed_fields["s"].CopyFrom(Payload(data=b"{}"))
    await converter.encode_failure(ApplicationError("no", 1), started.continued_failure)
    assert len(list(payloads_in(event))) == 6
    assert len(list(key_ids(event))) == 5
