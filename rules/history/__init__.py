"""What makes recorded facts provable: the chain of hashes of a case, and the tree of hashes over all of them."""
