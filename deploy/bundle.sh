#!/bin/bash
# Makes the archive that is carried to a machine without internet access: bundle.sh [FOLDER]. Runs where `make setup` ran, on
# the same system and Python as the target (Debian 12, Python 3.11). In it: the code, the built front end, the fonts of papers,
# every locked Python package, the names of the Debian packages (with --debian: the packages), and checksums of all of it.
set -euo pipefail
cd "$(dirname "$0")/.."
debian=no; [ "${1:-}" != --debian ] || { debian=yes; shift; }
out="${1:-dist}"; mkdir -p "$out"
version="$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-$(git rev-parse --short HEAD)"
[ -f src/weimin/ui/static/ui/portal.css ] || { echo "run make setup first: the front end is not built" >&2; exit 3; }
stage="$(mktemp -d)"; trap 'rm -rf "$stage"' EXIT
top="$stage/weimin-$version"; mkdir -p "$top/release" "$top/wheels"

git archive HEAD | tar x -C "$top/release"
cp -r src/weimin/ui/static "$top/release/src/weimin/ui/"
mkdir -p "$top/release/node_modules/@expo-google-fonts"
cp -rL node_modules/@expo-google-fonts/. "$top/release/node_modules/@expo-google-fonts/"
echo "$version" >"$top/release/VERSION"

pip=(.venv/bin/python -m pip); [ -x .venv/bin/python ] || pip=(python3 -m pip)
"${pip[@]}" download -q --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/run.lock -d "$top/wheels"
# what puts our own package into the environment
"${pip[@]}" download -q --disable-pip-version-check --only-binary :all: -d "$top/wheels" pip 'hatchling>=1.27,<2' editables

cp deploy/debian-packages.txt deploy/install.sh "$top/"
if [ "$debian" = yes ]; then
  mkdir "$top/debian"
  wanted="$(grep -v '^#' deploy/debian-packages.txt)"
  # with everything that they need, whether or not it is on this machine
  # shellcheck disable=SC2086
  all="$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $wanted | grep '^\w' | sort -u)"
  # shellcheck disable=SC2086
  (cd "$top/debian" && apt-get download -qq $all)
fi
(cd "$top" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
tar c -C "$stage" "weimin-$version" | gzip -n >"$out/weimin-$version.tar.gz"
(cd "$out" && sha256sum "weimin-$version.tar.gz" | tee "weimin-$version.tar.gz.sha256")
