#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume: roles and databases of Gridloop and of Temporal.
set -eu
secret() { cat "/run/secrets/$1"; }
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set owner_password="$(secret owner_password)" --set app_password="$(secret app_password)" \
    --file /etc/gridloop/roles.sql
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set temporal_password="$(secret temporal_password)" --file /etc/gridloop/temporal.sql
