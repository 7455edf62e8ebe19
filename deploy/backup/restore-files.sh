#!/bin/bash
# Lays the files of a moment into a folder: restore-files.sh FOLDER [MOMENT]. Without a moment, the newest copy.
# Contents are named by their digest and hardly ever change; what went since the moment is laid over, the oldest last.
. "$(dirname "$0")/lib.sh"
target="${1:?folder}"; moment="${2:-}"
mkdir -p "$target"
rsync -a --link-dest="$FILES_TO/now" "$FILES_TO/now/" "$target/"
if [ -n "$moment" ]; then
  since="$(date -u -d "$moment" +%Y%m%dT%H%M%SZ)"
  for folder in $(find "$FILES_TO/gone" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort -r); do
    [[ "$folder" < "$since" ]] || rsync -a "$FILES_TO/gone/$folder/" "$target/"
  done
fi
