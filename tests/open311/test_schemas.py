"""Every answer fits the schemas, and discovery keeps the rules by which endpoints are validated."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from models.policy.questions import Option, Question, QuestionKind, Stop
from tests.api.harness import a_picture
from tests.open311 import schemas
from tests.open311.conftest import HERE, Interface


def check(schema: dict[str, Any], content: Any) -> None:
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)] == []


def test_answers_fit_their_schemas(open311: Interface) -> None:
    number = open311.accepted(description="污水")
    open311.report()
    check(schemas.SERVICES, open311.get("services.json").json())
    check(schemas.DEFINITION, open311.get("services/0302.json").json())
    check(schemas.REQUESTS, open311.get("requests.json").json())
    check(schemas.REQUESTS, open311.get(f"requests/{number}.json").json())
    check(schemas.EXTENDED, open311.get("requests.json", extensions="true").json())
    check(schemas.POSTED, open311.post(service_code="0302", **HERE).json())
    check(schemas.UPDATES, open311.get("servicerequestupdates.json").json())
    check(schemas.ERRORS, open311.get("requests/nosuch.json").json())
    check(schemas.ERRORS, open311.post(service_code="0302").json())


@pytest.mark.parametrize("place", ["/open311/discovery", "/open311/v2/discovery"])
def test_discovery_keeps_the_rules_of_validators(open311: Interface, place: str) -> None:
    told = open311.http.get(f"{open311.site.url}{place}.json")
    found = told.json()
    check(schemas.DISCOVERY, found)
    root = ElementTree.fromstring(open311.http.get(f"{open311.site.url}{place}.xml").content)
    assert root.tag == "discovery"
    assert [part.tag for part in root] == list(found)
    (endpoint,) = root.findall("endpoints/endpoint")
    assert [one.text for one in endpoint.findall("formats/format")] == ["text/xml", "application/json"]
    for changeset in (found["changeset"], found["endpoints"][0]["changeset"]):
        assert datetime.fromisoformat(changeset) < datetime.now(UTC)
    assert found["contact"].strip()
    assert found["key_service"].strip()
    for one in found["endpoints"]:
        assert one["url"] == open311.url
        assert "text/xml" in one["formats"]
        services = open311.http.get(f"{one['url']}/services.json", params={"jurisdiction_id": "130172100"}).json()
        assert services
        assert all(service["service_code"] for service in services)


QUESTIONS = (
    Question(
        code="colour", kind=QuestionKind.CHOICE, text_zh="水的颜色", text_en="Colour of the water", required=True,
        options=(
            Option(key="red", name_zh="红", name_en="Red"), Option(key="black", name_zh="黑", name_en="Black"),
        ),
    ),
    Question(
        code="smell", kind=QuestionKind.YES_NO, text_zh="有刺鼻气味吗", text_en="Does it smell?",
        stop=Stop(
            answers=("yes",), telephone="119", notice_zh="请立即远离", notice_en="Keep away", may_report=False
        ),
    ),
    Question(code="photo", kind=QuestionKind.PHOTO, text_zh="照片", text_en="Photo"),
)  # fmt: skip


def test_questions_are_attributes(open311: Interface) -> None:
    open311.ask("0399", *QUESTIONS)
    services = open311.get("services.json").json()
    assert {one["service_code"]: one["metadata"] for one in services}["0399"] is True
    definition = open311.get("services/0399.json").json()
    check(schemas.DEFINITION, definition)
    attributes = definition["attributes"]
    assert [(one["code"], one["datatype"], one["variable"], one["required"]) for one in attributes] == [
        ("colour", "singlevaluelist", True, True),
        ("smell", "singlevaluelist", True, False),
        ("smell-notice", "string", False, False),
        ("photo", "string", False, False),
    ]
    assert attributes[0]["values"] == [{"key": "red", "name": "红"}, {"key": "black", "name": "黑"}]
    assert [one["order"] for one in attributes] == [1, 2, 3, 4]
    root = ElementTree.fromstring(open311.get("services/0399.xml").content)
    assert [one.text for one in root.findall("attributes/attribute/values/value/key")][:2] == ["red", "black"]

    def post(**fields: Any) -> Any:
        return open311.post(service_code="0399", **HERE, **fields)

    assert "colour" in post().json()[0]["description"], "a required one is missing"
    assert "colour" in post(**{"attribute[colour]": "green"}).json()[0]["description"], "no such key"
    for bad in ("red\0", "r" * 501, "red\nblack", "\u202e", ["red"] * 200, ["red", "black"]):
        refused = post(**{"attribute[colour]": bad})
        assert refused.status_code == 400, bad
        assert "colour" in refused.json()[0]["description"], bad
    stops = post(**{"attribute[colour]": "red", "attribute[smell]": "yes"})
    assert (stops.status_code, "119" in stops.text) == (400, True)
    files = [("media", ("a.png", a_picture("#0a0b0c"), "image/png"))]
    good = {"attribute[colour]": "red", "attribute[smell][]": "no", "attribute[unasked]": "7"}
    made = post(files=files, **good)
    assert made.status_code == 200, made.text
    case = open311.site.run(open311.site.harness.get("duty", f"/cases/{made.json()[0]['service_request_id']}"))
    assert {one["question"]: one["values"] for one in case["answers"]} == {
        "colour": ["red"], "smell": ["no"], "photo": case["attachments"]
    }  # fmt: skip
