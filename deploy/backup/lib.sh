# Sourced by backup.sh, restore-files.sh and drill.sh: where things are, and as whom they are done. /etc/weimin/backup.env
# (see backup.env.example) changes it.
set -euo pipefail
umask 077
[ ! -r "${BACKUP_ENV:-/etc/weimin/backup.env}" ] || . "${BACKUP_ENV:-/etc/weimin/backup.env}"
STANZA="${STANZA:-weimin}"
FILES_TO="${FILES_TO:-/var/backups/weimin/files}"
KEEP_DAYS="${KEEP_DAYS:-35}"
DATABASE="${DATABASE:-weimin}"
WEIMIN="${WEIMIN:-/usr/local/bin/weimin}"
PG_BIN="${PG_BIN:-/usr/lib/postgresql/15/bin}"
DRILL_ROOT="${DRILL_ROOT:-/var/lib/weimin-drill}"
FILES_USER="${FILES_USER:-weimin}"
say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
die() { echo "$*" >&2; exit 1; }
# A share that is not mounted is an empty folder of the system's disk: FILES_TO is where the operator once put this mark.
find_copy() { [ -e "$FILES_TO/.weimin-copy" ] || die "$FILES_TO has no .weimin-copy: is it mounted? docs/howto/backup.md"; }
as() { # as USER COMMAND…: plainly when we are that user already
  local user="$1"; shift
  if [ "$(id -un)" = "$user" ]; then "$@"; else setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@"; fi
}
