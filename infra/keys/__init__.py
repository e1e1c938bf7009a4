"""The keys of reporters' data: the ring of master keys, the vault of wrapped keys, sealing and opening a record.

Each record has a key of its own (AES-256-GCM). That key is wrapped by a master key and kept twice: in the row of the
reporter and as a file of the vault. Whoever destroys both has destroyed the person, in every copy of the record.
"""
