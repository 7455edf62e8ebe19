#!/bin/bash
# Restores the newest backup, or a moment ("2026-11-25 09:30:00+08"), into a scratch cluster beside the running service, lays
# the files beside it, verifies the audit chain and every file, compares with what the backup noted, and removes it all.
# drill.sh [MOMENT]; with --keep before it the restored copy stays and its address is printed. Exit code 0: good.
. "$(dirname "$0")/lib.sh"
keep=no; [ "${1:-}" != --keep ] || { keep=yes; shift; }
moment="${1:-}"
here="$(cd "$(dirname "$0")" && pwd)"
began=$SECONDS
mkdir -p "$DRILL_ROOT"; chmod 711 "$DRILL_ROOT"
scratch="$(mktemp -d "$DRILL_ROOT/XXXXXX")"
chmod 711 "$scratch"; install -d -o postgres -m 700 "$scratch/pg" "$scratch/ts" "$scratch/socket"

good=--bad
end() {
  local code=$?
  trap - EXIT
  # the note is the running service's, and the settings of the copy go with it
  unset WEIMIN_MORE_ENV
  # one that was told to end has code 0 here
  [ "$good" = --good ] || [ "$code" != 0 ] || code=1
  [ "$code" = 0 ] || tail -n 5 "$scratch/socket/server.log" >&2 2>/dev/null || true
  if [ "$keep" = no ] || [ "$code" != 0 ]; then
    [ ! -f "$scratch/pg/postmaster.pid" ] || as postgres "$PG_BIN/pg_ctl" -D "$scratch/pg" -m immediate -w stop >/dev/null || true
    rm -rf "$scratch"
  fi
  "$WEIMIN" backup drilled "$good" --seconds $((SECONDS - began)) --moment "$moment" >/dev/null || code=1
  say "drill: ${good#--}, $((SECONDS - began)) s"
  exit "$code"
}
trap end EXIT

from="$("$WEIMIN" backup where)"
[[ "$from" = s3://* ]] || find_copy
# its own spool, for a restore empties it, and the running database's log waits in the other
export PGBACKREST_SPOOL_PATH="$scratch/spool" PGBACKREST_ARCHIVE_ASYNC=n
say "restoring ${moment:-the newest backup}"
# by itself a tablespace is restored to where it lies, into the running database's own
to=(--archive-mode=off "--tablespace-map-all=$scratch/ts")
[ -z "$moment" ] || to+=(--type=time "--target=$moment" --target-action=promote)
as postgres pgbackrest --stanza="$STANZA" --pg1-path="$scratch/pg" "${to[@]}" restore

# replaying the making of a tablespace would lay it where the running database has it, and write there: only one that the
# backup knows was laid elsewhere, or one that is younger than the moment
live="$(sed -n 's/^pg1-path=//p' "${PGBACKREST_CONFIG:-/etc/pgbackrest/pgbackrest.conf}" 2>/dev/null | head -n 1 || true)"
for link in "$live"/pg_tblspc/*; do
  [ -L "$link" ] && [ ! -e "$scratch/pg/pg_tblspc/${link##*/}" ] || continue
  [ -n "$moment" ] && [ "$(date -d "$moment" +%s)" -lt "$(stat -c %Y "$link")" ] \
    || die "the tablespace in $(readlink "$link") is younger than the backup: make a backup, then drill"
done

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
password="$(head -c 24 /dev/urandom | base64 | tr -d '+/=')"
cat >"$scratch/socket/postgresql.conf" <<CONF
data_directory = '$scratch/pg'
hba_file = '$scratch/socket/pg_hba.conf'
ident_file = '$scratch/socket/pg_ident.conf'
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$scratch/socket'
shared_buffers = 256MB
hot_standby = off
archive_mode = off
ssl = off
fsync = off
CONF
printf 'local all postgres peer\nhost all weimin_drill 127.0.0.1/32 scram-sha-256\n' >"$scratch/socket/pg_hba.conf"
: >"$scratch/socket/pg_ident.conf"
chown postgres "$scratch"/socket/*.conf
say "replaying the log"
as postgres "$PG_BIN/pg_ctl" -D "$scratch/pg" -l "$scratch/socket/server.log" -w -t 36000 \
  -o "-c config_file=$scratch/socket/postgresql.conf" start >/dev/null
# started is not yet recovered: it takes connections when it has come to the moment
until as postgres "$PG_BIN/pg_isready" -q -h "$scratch/socket" -p "$port"; do
  [ -f "$scratch/pg/postmaster.pid" ] || { echo "the restored database ended by itself" >&2; exit 1; }
  sleep 0.5
done
as postgres "$PG_BIN/psql" -qX -h "$scratch/socket" -p "$port" -d postgres \
  -c "CREATE ROLE weimin_drill SUPERUSER LOGIN PASSWORD '$password'"

if [[ "$from" != s3://* ]]; then
  say "laying out the files"
  # copied where they cannot be linked, as between two mounts of a unit; 8 GiB stay free for the running service
  if ! ln "$FILES_TO/.weimin-copy" "$scratch/linked" 2>/dev/null; then
    need="$(du -sk "$FILES_TO/now" | cut -f1)"; free="$(df -k --output=avail "$scratch" | tail -n 1)"
    [ "$((need + 8 * 1024 * 1024))" -lt "$free" ] || die "$DRILL_ROOT has $free KiB, the files take $need"
  fi
  "$here/restore-files.sh" "$scratch/files" "$moment"
  chown -R "$FILES_USER" "$scratch/files"
fi
# the direct address is what the command line prefers: emptied, lest the running database be verified in the copy's place
cat >"$scratch/env" <<ENV
DATABASE_URL=postgres://weimin_drill:$password@127.0.0.1:$port/$DATABASE
WEIMIN_DIRECT_DATABASE_URL=
ENV
# with files in a bucket there is no copy of them here: the restored rows are held against the bucket itself
[[ "$from" = s3://* ]] || printf 'WEIMIN_FILES=%s\nWEIMIN_FILES_ALSO=\n' "$scratch/files" >>"$scratch/env"
export WEIMIN_MORE_ENV="$scratch/env"
say "verifying the audit chain"; "$WEIMIN" verify --json
say "verifying the files"; "$WEIMIN" verify --files --json
if [ -z "$moment" ]; then say "comparing"; "$WEIMIN" backup compare --json; fi
good=--good
[ "$keep" = no ] || say "kept: $scratch/env"
