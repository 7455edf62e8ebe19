# Sourced by backup.sh, restore-files.sh and drill.sh: where things are, and as whom they are done. /etc/weimin/backup.env
# (see backup.env.example) changes it.
set -euo pipefail
umask 077
[ ! -r "${BACKUP_ENV:-/etc/weimin/backup.env}" ] || . "${BACKUP_ENV:-/etc/weimin/backup.env}"
STANZA="${STANZA:-weimin}"
FILES_FROM="${FILES_FROM:-/var/lib/weimin/files}"
FILES_TO="${FILES_TO:-/var/backups/weimin/files}"
KEEP_DAYS="${KEEP_DAYS:-35}"
DATABASE="${DATABASE:-weimin}"
WEIMIN="${WEIMIN:-/usr/local/bin/weimin}"
PG_BIN="${PG_BIN:-/usr/lib/postgresql/15/bin}"
DRILL_ROOT="${DRILL_ROOT:-/var/lib/weimin-drill}"
FILES_USER="${FILES_USER:-weimin}"
say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
as() { # as USER COMMAND…: plainly when we are that user already
  local user="$1"; shift
  if [ "$(id -un)" = "$user" ]; then "$@"; else setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@"; fi
}
