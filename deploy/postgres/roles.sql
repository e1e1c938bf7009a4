-- The two roles and the database, run once by a superuser:
--   psql --dbname postgres --set ON_ERROR_STOP=1 --set owner_password=… --set app_password=… --file roles.sql
-- What the running role may do is given by each migration (infra/database_roles.py).
CREATE ROLE gridloop_owner LOGIN CREATEDB PASSWORD :'owner_password';
CREATE ROLE gridloop_app LOGIN PASSWORD :'app_password';
-- UTF-8 with a locale that knows Chinese characters as letters: searching by parts of words needs it.
CREATE DATABASE gridloop OWNER gridloop_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
\connect gridloop
ALTER SCHEMA public OWNER TO gridloop_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
