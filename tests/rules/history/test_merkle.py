"""The tree of hashes against the published vectors of Certificate Transparency, and its proofs."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from rules.history.merkle import hash_leaf, inclusion_proof, is_included, merkle_root

#: The leaves of the reference implementation's tests of RFC 6962, whose tree RFC 9162 keeps.
INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243",
                                           "5051525354555657", "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_root_of_published_leaves(size: int) -> None:
    assert merkle_root([hash_leaf(data) for data in INPUTS[:size]]).hex() == ROOTS[size - 1]


def test_root_of_nothing() -> None:
    assert merkle_root([]) == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_proof_shows_each_leaf_and_nothing_else(data: Sequence[bytes], draw: st.DataObject) -> None:
    leaves = [hash_leaf(one) for one in data]
    root = merkle_root(leaves)
    index = draw.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    assert is_included(leaves[index], index, len(leaves), proof, root)
    assert not is_included(hash_leaf(b"another leaf"), index, len(leaves), proof, root)
    assert not is_included(leaves[index], index, len(leaves), [*proof, root], root)
    if proof:
        assert not is_included(leaves[index], index, len(leaves), proof[:-1], root)


def test_no_proof_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        inclusion_proof([hash_leaf(b"")], 1)
