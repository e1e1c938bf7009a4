"""The machinery around the domain: settings, database, Temporal, logging, the embedded servers."""
