#!/bin/bash
# Backs up: backup.sh full|diff|incr|files. First the database, then the files: a row is written before its file and both
# before the commit, so the files copied after a backup hold everything that the rows in it name.
. "$(dirname "$0")/lib.sh"
kind="${1:?full, diff, incr or files}"

facts='{}'
if [ "$kind" != files ]; then
  facts="$("$WEIMIN" backup facts)"
  say "database ($kind)"
  as postgres pgbackrest --stanza="$STANZA" --type="$kind" backup
fi

# What was deleted or replaced since the last copy is moved aside under the moment of this copy, never lost: a restore to a
# moment lays it back. --max-delete: an empty disk that was not mounted must not look as if all files had been deleted.
# A bucket is not copied. Nothing is noted when the files should have been and were not.
from="$("$WEIMIN" backup where)"
copied=()
if [[ "$from" != s3://* ]]; then
  [ -d "$from" ] || die "$from (WEIMIN_FILES) is no folder: is it mounted?"
  find_copy
  # one copy at a time, whatever asked for it
  exec 9>"${TMPDIR:-/tmp}/weimin-backup-files.lock"
  flock 9
  say "files"
  copied=(--files-at "$(date -u +%Y-%m-%dT%H:%M:%S%z)")
  mkdir -p "$FILES_TO/now" "$FILES_TO/gone"
  rsync -a --delete --max-delete=5000 --exclude=/broken/ --exclude='tmp*' \
    --backup --backup-dir="$FILES_TO/gone/$(date -u +%Y%m%dT%H%M%SZ)" "$from/" "$FILES_TO/now/"
  find "$FILES_TO/gone" -mindepth 1 -maxdepth 1 -type d -mtime "+$KEEP_DAYS" -exec rm -rf {} +
fi
"$WEIMIN" backup note "$kind" "${copied[@]}" --facts "$facts" >/dev/null
say "done"
