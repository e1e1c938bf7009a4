"""JSON Schemas of the answers of GeoReport v2, from the specification: strings for ids, numbers for places."""

from typing import Any

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_ID: dict[str, Any] = {"type": "string", "minLength": 1}
_MOMENT: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}
_LATER: dict[str, Any] = {"anyOf": [_MOMENT, {"type": "null"}]}


def _object(required: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


def _list(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


SERVICES = _list(
    _object(
        "service_code service_name description metadata type keywords group",
        {
            "service_code": _ID, "service_name": _ID, "description": _TEXT, "metadata": {"type": "boolean"},
            "type": {"enum": ["realtime", "batch", "blackbox"]}, "keywords": {"type": "string"}, "group": _TEXT,
        },
    )
)  # fmt: skip
DEFINITION = _object(
    "service_code attributes",
    {
        "service_code": _ID,
        "attributes": _list(
            _object(
                "variable code datatype required datatype_description order description",
                {
                    "variable": {"type": "boolean"}, "code": _ID, "required": {"type": "boolean"},
                    "datatype": {
                        "enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
                    },
                    "datatype_description": _TEXT, "order": {"type": "integer", "minimum": 1}, "description": _TEXT,
                    "values": _list(_object("key name", {"key": _ID, "name": _ID})),
                },
            )
        ),
    },
)  # fmt: skip
_REQUEST: dict[str, Any] = {
    "service_request_id": _ID, "status": {"enum": ["open", "closed"]}, "status_notes": _TEXT, "service_name": _TEXT,
    "service_code": _ID, "description": _TEXT, "agency_responsible": _TEXT, "service_notice": _TEXT,
    "requested_datetime": _MOMENT, "updated_datetime": _LATER, "expected_datetime": _LATER, "address": _TEXT,
    "address_id": _TEXT, "zipcode": _TEXT, "lat": {"type": ["number", "null"]}, "long": {"type": ["number", "null"]},
    "media_url": _TEXT,
}  # fmt: skip
_REQUIRED = "service_request_id status service_code requested_datetime"
REQUESTS = _list(_object(_REQUIRED, _REQUEST))
_NOTE = _object("datetime description type", {"datetime": _MOMENT, "description": _ID, "type": _ID})
_EXTENDED = _object(
    "channel stage photos",
    {
        "channel": _ID, "stage": _ID, "outcome": _TEXT, "merged": {"type": "boolean"}, "round": {"type": "integer"},
        "photos": _list({"type": "string", "format": "uri"}),
    },
)  # fmt: skip
EXTENDED = _list(
    _object(
        f"{_REQUIRED} extended_attributes notes",
        {**_REQUEST, "extended_attributes": _EXTENDED, "notes": _list(_NOTE)},
    )
)
POSTED = _list(
    {
        "type": "object",
        "oneOf": [{"required": ["service_request_id"]}, {"required": ["token"]}],
        "properties": {"service_request_id": _ID, "token": _ID, "service_notice": _TEXT, "account_id": _TEXT},
        "additionalProperties": False,
    },
    minItems=1,
    maxItems=1,
)
TOKEN = _list(_object("token", {"token": _ID, "service_request_id": _ID}), minItems=1, maxItems=1)
ERRORS = _list(_object("code description", {"code": _ID, "description": _ID}), minItems=1)
UPDATES = _list(
    _object(
        "update_id service_request_id status updated_datetime description",
        {
            "update_id": _ID, "service_request_id": _ID, "status": {"type": "string", "pattern": "^[A-Z_]+$"},
            "updated_datetime": _MOMENT, "description": _ID, "media_url": _TEXT, "external_status_code": _ID,
        },
    )
)  # fmt: skip
DISCOVERY = _object(
    "changeset contact key_service endpoints",
    {
        "changeset": _MOMENT, "contact": _ID, "key_service": _ID,
        "endpoints": _list(
            _object(
                "specification url changeset type formats",
                {
                    "specification": {"const": "http://wiki.open311.org/GeoReport_v2"},
                    "url": {"type": "string", "format": "uri"}, "changeset": _MOMENT,
                    "type": {"enum": ["production", "test"]}, "formats": _list(_ID, minItems=1),
                },
            ),
            minItems=1,
        ),
    },
)  # fmt: skip
