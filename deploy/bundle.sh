#!/bin/bash
# Makes the archive that is carried to a machine without internet access: bundle.sh [--debian] [FOLDER]. Runs where `make setup`
# ran, on the same system and Python as the target (Debian 12, Python 3.11). In it: the code, the built front end, the fonts of
# papers, every locked Python package, the names of the Debian packages (with --debian: the packages), and checksums of all of it.
# bundle.sh --only-debian FOLDER makes FOLDER/debian and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
debian=no; case "${1:-}" in --debian | --only-debian) debian="${1#--}"; shift ;; esac
[ "$debian" != debian ] || debian=yes
out="${1:-dist}"; mkdir -p "$out"

# Fills a folder with the named packages and all that they need, and makes it a repository from which apt installs by name.
# apt itself works out what is needed, as if nothing at all were installed: so it is there for a machine that has less than this
# one, and no two of them conflict. Where the lists of packages are old: apt-get update first.
carry_debian() {
  local folder="$1" none fresh wanted deb
  shift
  mkdir -p "$folder"; rm -f "$folder"/*.deb; none="$(mktemp -d)"
  touch "$none/status" "$none/states"
  fresh=(-o "Dir::State::status=$none/status" -o "Dir::State::extended_states=$none/states" -o APT::Sandbox::User=root)
  # a line "Inst NAME (VERSION …)" each
  wanted="$(LC_ALL=C apt-get "${fresh[@]}" -qq -s --no-install-recommends install "$@" | sed -n 's/^Inst \(\S*\) (\(\S*\) .*/\1=\2/p')"
  rm -rf "$none"
  [ -n "$wanted" ] || { echo "apt found nothing to carry" >&2; return 3; }
  # shellcheck disable=SC2086
  (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq $wanted)
  for deb in "$folder"/*.deb; do
    # an epoch in the name of a file would be taken for an escape of the address
    case "$deb" in *%3a*) mv "$deb" "${deb%_*_*}_${deb##*%3a}"; deb="${deb%_*_*}_${deb##*%3a}" ;; esac
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  done >"$folder/Packages"
  # which files there are, so that apt looks for no others; the date is an old one, for a clock may be wrong
  printf 'Date: Sat, 01 Jan 2000 00:00:00 UTC\nSHA256:\n %s %s Packages\n' "$(sha256sum "$folder/Packages" | cut -d' ' -f1)" \
    "$(stat -c %s "$folder/Packages")" >"$folder/Release"
}
debian_names() { grep -hv '^#' deploy/debian-packages*.txt; }
# shellcheck disable=SC2046
[ "$debian" != only-debian ] || { carry_debian "$out/debian" $(debian_names); exit; }

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

cp deploy/debian-packages*.txt deploy/install.sh "$top/"
# shellcheck disable=SC2046
[ "$debian" = no ] || carry_debian "$top/debian" $(debian_names)
(cd "$top" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
tar c -C "$stage" "weimin-$version" | gzip -n >"$out/weimin-$version.tar.gz"
(cd "$out" && sha256sum "weimin-$version.tar.gz" | tee "weimin-$version.tar.gz.sha256")
