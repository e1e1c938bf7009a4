"""The files for Docker and Compose: their linters take them, and what they name exists."""

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings import Settings
from tests.deploy.sample import BINARIES, DEPLOY, ROOT, command_exists, sample_environment

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
#: The services that run our program; the others run images of others, with settings of their own.
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_dockerfile_is_taken_by_its_linter() -> None:
    said = run(str(BINARIES / "hadolint"), str(DOCKERFILE))
    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize(("change", "fault"), [
    ("    environment:\n", "    environments:\n"), ("condition: service_healthy", "condition: healthy"),
])  # fmt: skip
def test_compose_is_as_its_schema_says(change: str, fault: str, tmp_path: Path) -> None:
    check = (str(BINARIES / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec")
    said = run(*check, str(DEPLOY / "compose.yaml"))
    assert said.returncode == 0, said.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text("utf-8").replace(change, fault))
    assert run(*check, str(wrong)).returncode == 1


def test_what_the_image_copies_is_there() -> None:
    text = DOCKERFILE.read_text("utf-8")
    for source in re.findall(r"^COPY (?!--from)(\S+) \S+$", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    ignored = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    assert [name for name in kept if not (ROOT / name).exists()] == []
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"worker.py", "starter.py", "requirements"} <= set(kept)
    assert set(re.findall(r"\bGRIDLOOP_[A-Z_]+(?==)", text)) <= set(sample_environment())
    (words,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert command_exists(yaml.safe_load(words))


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_runs_and_sets_exists(name: str) -> None:
    service = OURS[name]
    assert command_exists(service["command"])
    known = set(sample_environment())
    assert set(service["environment"]) - known == set()
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    seconds = int(service["stop_grace_period"].removesuffix("s"))
    drain = float(service["environment"]["GRIDLOOP_DRAIN_SECONDS"])
    assert seconds > drain + Settings.model_fields["web_grace"].default.total_seconds() + 15


def test_there_are_two_of_each_and_both_queues_are_served() -> None:
    web = [one for name, one in OURS.items() if name.startswith("web-")]
    workers = [one for name, one in OURS.items() if name.startswith("worker-")]
    assert (len(web), len(workers)) == (2, 2)
    default = Settings.model_fields["worker_queues"].default
    served = [one["environment"].get("GRIDLOOP_WORKER_QUEUES", ",".join(default)) for one in workers]
    assert set(",".join(served).split(",")) == {"cases", "heavy"}


def test_a_setting_is_only_changed_where_its_own_field_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in OURS.values():
        given = {key: value for key, value in service["environment"].items() if key.startswith("GRIDLOOP_")}
        for key, value in {"GRIDLOOP_TOKEN_SECRET": "0" * 64, **given}.items():
            monkeypatch.setenv(key, value)
        Settings()


def test_files_and_secrets_are_named_alike() -> None:
    for name, service in COMPOSE["services"].items():
        for mounted in service.get("volumes", []):
            source = mounted.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).is_file(), f"{name}: {source}"
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        secrets = re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(service))
        assert set(secrets) <= set(service.get("secrets", []))
    script = DEPLOY / "docker" / "initdb.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    used = re.findall(r"secret (\w+)", script.read_text("utf-8"))
    assert set(used) <= set(COMPOSE["services"]["postgres"]["secrets"])
    assert run("sh", "-n", str(script)).returncode == 0


def test_images_are_named_without_a_host() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", image) for image in images]
    assert [image for image in plain if image.count("/") > 1 or "." in image.split("/")[0].split(":")[0]] == []


def variables(value: Any) -> set[str]:
    """The variables that a part of the file is filled in with."""
    return set(re.findall(r"\$\{(\w+)", yaml.safe_dump(value)))


def test_what_must_be_given_is_named_in_the_guide_of_the_file() -> None:
    readme = (DEPLOY / "docker" / "README.md").read_text("utf-8")
    for name in sorted(variables(COMPOSE)):
        assert name in readme, name
