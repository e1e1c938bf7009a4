"""Paths of the files that ship with the product."""

from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DIVISIONS = DEPLOY / "demo" / "divisions.csv"
DEPARTMENTS = DEPLOY / "demo" / "departments.yaml"
PEOPLE = DEPLOY / "demo" / "people.yaml"
POLICY = DEPLOY / "policies" / "demo.yaml"
#: The files of an own park, to be copied and filled in, in the order in which they are loaded.
PARK_TEMPLATE = tuple(
    DEPLOY / "park-template" / name for name in ("grids.csv", "departments.yaml", "people.yaml", "policy.yaml")
)
