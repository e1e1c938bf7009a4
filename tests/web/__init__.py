"""Tests of the pages' modules, without a browser."""
