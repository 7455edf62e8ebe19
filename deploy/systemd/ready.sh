#!/bin/bash
# Waits until the web process on a port of this machine answers: ready.sh PORT [ADDRESS]. ExecStartPost of weimin-web@.service.
set -u
address="${2:-127.0.0.1}"
host="${WEIMIN_HOSTS:-localhost}"
deadline=$((SECONDS + 50))
until curl -fsS -o /dev/null --max-time 3 -H "Host: ${host%%,*}" "http://$address:$1/health/ready" 2>/dev/null; do
  [ "$SECONDS" -lt "$deadline" ] || { echo "$address:$1 does not answer" >&2; exit 1; }
  sleep 0.2
done
