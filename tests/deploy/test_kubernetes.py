"""The manifests for Kubernetes: its own schemas take them, and their ports, paths, settings and names fit together."""

import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import doors.worker
from api.app import create_app
from infra.settings import Settings
from tests.deploy.sample import DEPLOY, command_exists, sample_environment

BASE = DEPLOY / "kubernetes" / "base"
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))
VERSION = "1.34"
#: The paths that the door of a worker names.
WORKER_PATHS = set(re.findall(r'Route\("(/\w+)"', inspect.getsource(doors.worker)))
#: What the Secrets hold, as settings.yaml says.
SECRETS = {"gridloop", "gridloop-owner"}


@cache
def objects() -> list[dict[str, Any]]:
    """Every object of the base."""
    return [one for name in KUSTOMIZATION["resources"] for one in yaml.safe_load_all((BASE / name).read_text("utf-8"))]


def of_kind(*kinds: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] in kinds}


def pods() -> dict[str, dict[str, Any]]:
    """The template of each thing that runs pods."""
    found = {name: one["spec"]["template"] for name, one in of_kind("Deployment", "Job").items()}
    crons = of_kind("CronJob").items()
    return found | {name: one["spec"]["jobTemplate"]["spec"]["template"] for name, one in crons}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def test_every_file_is_in_the_base() -> None:
    assert sorted(KUSTOMIZATION["resources"]) == sorted(
        path.name for path in BASE.iterdir() if path.name != "kustomization.yaml"
    )


@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_kubernetes_takes_it(name: str) -> None:
    for one in yaml.safe_load_all((BASE / name).read_text("utf-8")):
        kubernetes_validate.validate(one, VERSION, strict=True)


def test_a_misspelled_field_would_be_noticed() -> None:
    wrong = yaml.safe_load((BASE / "storage.yaml").read_text("utf-8"))
    wrong["spec"]["accessmodes"] = wrong["spec"].pop("accessModes")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("name", pods())
def test_what_it_runs_exists_and_is_shut_in(name: str) -> None:
    pod = pods()[name]
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert not spec["automountServiceAccountToken"]
    volumes = {one["name"]: one for one in spec["volumes"]}
    claims = {one["persistentVolumeClaim"]["claimName"] for one in volumes.values() if "persistentVolumeClaim" in one}
    assert claims <= set(of_kind("PersistentVolumeClaim"))
    for container in containers(pod):
        assert command_exists(container["command"])
        assert container["image"] in {one["name"] for one in KUSTOMIZATION["images"]}
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert "memory" in container["resources"]["limits"]
        assert {one["name"] for one in container["volumeMounts"]} == set(volumes)
        assert {one["name"] for one in container.get("env", [])} <= set(sample_environment())
        for source in container["envFrom"]:
            if "configMapRef" in source:
                assert source["configMapRef"]["name"] in of_kind("ConfigMap")
            else:
                assert source["secretRef"]["name"] in SECRETS


def test_only_the_migration_owns_tables() -> None:
    owner = {"secretRef": {"name": "gridloop-owner"}}
    given = [name for name, pod in pods().items() if any(owner in one["envFrom"] for one in containers(pod))]
    assert given == ["gridloop-migrate"]


def settings_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the main container of a pod."""
    (container,) = pods()[name]["spec"]["containers"]
    given = dict(of_kind("ConfigMap")["gridloop"]["data"])
    given |= {one["name"]: one["value"] for one in container.get("env", [])}
    assert set(given) <= set(sample_environment())
    for key, value in {"GRIDLOOP_DATABASE_URL": "postgresql://x", "GRIDLOOP_TOKEN_SECRET": "0" * 64, **given}.items():
        monkeypatch.setenv(key, value)
    return Settings()


@pytest.mark.parametrize("name", of_kind("Deployment"))
def test_ports_probes_and_time_to_stop_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pod = pods()[name]
    (container,) = pod["spec"]["containers"]
    settings = settings_of(name, monkeypatch)
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    web = name == "gridloop-web"
    paths = set(create_app().openapi()["paths"]) if web else WORKER_PATHS
    assert ports == ({"http": settings.web_port} if web else {"health": settings.worker_port})
    assert (settings.web_host if web else settings.worker_host) == "0.0.0.0"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] in ports
        assert asked["path"] in paths
    grace = settings.web_grace if web else settings.worker_grace
    before = settings.drain_seconds + float(container["lifecycle"]["preStop"]["exec"]["command"][1]) if web else 0
    assert pod["spec"]["terminationGracePeriodSeconds"] > before + grace.total_seconds() + 10


def test_both_queues_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    served = [settings_of(name, monkeypatch).worker_queues for name in of_kind("Deployment") if "worker" in name]
    assert sorted(queue for queues in served for queue in queues) == ["cases", "heavy"]


def test_what_selects_pods_finds_some() -> None:
    labels = {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods().values()}
    for one in (*of_kind("Deployment").values(), *of_kind("PodDisruptionBudget").values()):
        assert one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] in labels
    for one in of_kind("Service").values():
        assert one["spec"]["selector"]["app.kubernetes.io/component"] in labels
        assert one["spec"]["ports"][0]["targetPort"] == "http"
    for one in of_kind("NetworkPolicy").values():
        chosen = one["spec"]["podSelector"]
        named = [chosen.get("matchLabels", {}).get("app.kubernetes.io/component", "web")]
        named += [value for rule in chosen.get("matchExpressions", []) for value in rule["values"]]
        assert set(named) <= labels
    for one in of_kind("HorizontalPodAutoscaler").values():
        assert one["spec"]["scaleTargetRef"]["name"] in of_kind("Deployment")
    (rule,) = of_kind("Ingress")["gridloop"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] in of_kind("Service")
    host = of_kind("ConfigMap")["gridloop"]["data"]["GRIDLOOP_PUBLIC_URL"].removeprefix("https://")
    assert rule["host"] == host


def test_nothing_secret_is_in_a_file() -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    for path in Path(BASE).iterdir():
        for one in yaml.safe_load_all(path.read_text("utf-8")):
            assert {key.removeprefix("GRIDLOOP_") for key in one.get("data", {})} & secret == set()
            assert one["kind"] != "Secret"
