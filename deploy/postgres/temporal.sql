-- Temporal's own role and databases, apart from Gridloop's: restoring one must not drag the other along.
--   psql --dbname postgres --set ON_ERROR_STOP=1 --set temporal_password=… --file temporal.sql
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
