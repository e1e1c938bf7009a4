"""Stored objects: files by name, in a folder or in an S3-compatible bucket, behind one interface."""

from infra.objects.failures import ObjectsAway, ObjectsFull, ObjectsMissing, ObjectsRefused
from infra.objects.interface import Listed, Objects, Reader
from infra.objects.opening import is_bucket, open_objects

__all__ = [
    "Listed",
    "Objects",
    "ObjectsAway",
    "ObjectsFull",
    "ObjectsMissing",
    "ObjectsRefused",
    "Reader",
    "is_bucket",
    "open_objects",
]
