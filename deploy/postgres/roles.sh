#!/bin/bash
# The roles and the database, as deploy/README.md has them. PostgreSQL's image runs this when its volume is empty.
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE rollcall_owner LOGIN PASSWORD :'owner_password' CREATEROLE;
CREATE ROLE rollcall_app LOGIN NOINHERIT PASSWORD :'app_password';
CREATE DATABASE rollcall OWNER rollcall_owner;
SQL
