#!/bin/bash
# In the unpacked bundle, on the machine without internet access: install.sh /opt/weimin/releases/VERSION
# Checks every checksum, copies the release, makes its environment from the carried packages. Asks no network for anything.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
to="${1:?where to, like /opt/weimin/releases/0.2}"
[ ! -e "$to" ] || { echo "$to is there already" >&2; exit 3; }
(cd "$here" && sha256sum --quiet --strict -c SHA256SUMS) && echo "checksums: good"
mkdir -p "$(dirname "$to")"
cp -r "$here/release" "$to.partial"
mv "$to.partial" "$to"
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$here/wheels" PIP_DISABLE_PIP_VERSION_CHECK=1
python3 -m venv "$to/.venv"
# locked versions, each by its digest
"$to/.venv/bin/pip" install -q --require-hashes -r "$to/requirements/run.lock"
"$to/.venv/bin/pip" install -q hatchling editables
"$to/.venv/bin/pip" install -q --no-deps --no-build-isolation -e "$to"
"$to/.venv/bin/python" -m compileall -q "$to/src"
chmod -R go=rX "$to"
"$to/.venv/bin/weimin" --version
