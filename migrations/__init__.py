"""The database's versions, run by `infra.migrate`."""
