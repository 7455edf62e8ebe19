#!/bin/bash
# The roles and the database of compose.yaml: mounted into /docker-entrypoint-initdb.d, run once, when the volume is empty.
set -eu
psql -qX -U postgres -d postgres -v owner="$OWNER_PASSWORD" -v web="$WEB_PASSWORD" -v watch="$WATCH_PASSWORD" -f /roles.sql
