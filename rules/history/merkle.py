"""The Merkle tree hash of RFC 9162 §2.1 (SHA-256), with proofs that a leaf is among the leaves of a root."""

import hashlib
from collections.abc import Sequence

_LEAF, _NODE = b"\x00", b"\x01"


def hash_leaf(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data`."""
    return hashlib.sha256(_LEAF + data).digest()


def _hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root (32 bytes) over the leaf hashes in order; without leaves the hash of nothing (RFC 9162 §2.1.1).

    Level by level, an odd last node moves up unchanged: the same tree as the recursive definition of the RFC.
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [_hash_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from the leaf `index` to the root, from the leaf upwards (RFC 9162 §2.1.3.1).

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    proof: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            proof.append(level[neighbour])
        pairs = [_hash_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
        index //= 2
    return proof


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows that `leaf` has the place `index` among the `size` leaves of `root`."""
    if not 0 <= index < size:
        return False
    rest, last = list(proof), size - 1
    current = leaf
    while last > 0:
        if index % 2 or index < last:
            if not rest:
                return False
            neighbour = rest.pop(0)
            current = _hash_node(neighbour, current) if index % 2 else _hash_node(current, neighbour)
        index, last = index // 2, last // 2
    return not rest and current == root
