"""Writes the reference pages that can be generated; `make docs` runs it."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from weimin.config import checks
from weimin.config.cli.answering import setup

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/reference/registers.md"
LAW_PAGE = ROOT / "docs/reference/law.md"


def registers() -> str:
    """Audit verbs, error codes, settings and jobs, as a page."""
    for module in ("urls", "city", "jobs", "cli", "backups"):  # together they load every package
        import_module(f"weimin.config.{module}")
    from weimin.base.errors import WeiminError
    from weimin.kernel.record.registry import all_verbs

    def below(kind: type[WeiminError]) -> list[type[WeiminError]]:
        return [one for child in kind.__subclasses__() for one in (child, *below(child))]

    lines = ["# Registers", "", "Written by `make docs` from the code.", "", "## Audit verbs", ""]
    lines += ["| verb | 中文 |", "| --- | --- |"]
    lines += [f"| {verb} | {text} |" for verb, text in sorted(all_verbs().items())]
    lines += ["", "## Error codes", "", "| code | kind | when |", "| --- | --- | --- |"]
    errors = {one.code: one for one in below(WeiminError) if ".tests." not in one.__module__}
    lines += [
        f"| {code} | {one.kind} | {(one.__doc__ or '').strip().splitlines()[0]} |"
        for code, one in sorted(errors.items())
    ]
    lines += ["", "## Settings", "", "| variable | what |", "| --- | --- |"]
    text = (ROOT / "src/weimin/config/settings.py").read_text(encoding="utf-8")
    told = _told(text)
    for name in sorted(set(re.findall(r"\"(WEIMIN_[A-Z_]+|DATABASE_URL)\"", text))):
        lines.append(f"| {name} | {told.get(name, _PLAIN.get(name, ''))} |")
    lines += ["", "## System checks", "", "Run by `manage.py check --deploy`.", ""]
    lines += ["| id | what must hold |", "| --- | --- |"]
    lines += [f"| {one.code} | {one.what} |" for one in checks.CHECKS]
    lines += ["", "## Jobs", "", "| job | when | what |", "| --- | --- | --- |"]
    jobs = (ROOT / "src/weimin/config/jobs.py").read_text(encoding="utf-8")
    for cron, name, what in re.findall(r'cron="([^"]+)".*?def (\w+)\(.*?"""(.+?)"""', jobs, re.S):
        lines.append(f"| {name} | `{cron}` | {what} |")
    return "\n".join(lines) + "\n"


def law_page() -> str:
    """The law register and the legal parameters, as a page."""
    from weimin.kernel.deadlines import queries

    lines = [
        "# Law register",
        "",
        "Written by `make docs` from `kernel/deadlines/data`. Ids used in `Law:` lines of docstrings, in legal",
        "parameters, pause grounds and item records. `until` empty: in force. A test reads this table.",
        "",
        "| id | title | issuer | version | in force from | until |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one['id']} | {one['title']} | {one['issuer']} | {one['version']} | {one['from']} |"
        f" {one.get('until') or ''} |"
        for one in queries.list_laws()
    ]
    lines += [
        "",
        "Dates of standards and of articles that are marked `memory-*` in the data must be checked against the",
        "official text.",
        "",
        "# Legal parameters",
        "",
        "Dated rows that the procedure keeper edits; `certainty` other than `verified` shows to keepers as “check",
        "locally”. A value of — is left to the place: code that asks for it is refused until it is filled in.",
        "",
        "| code | 名称 | value | unit | starts | article | from | until | certainty |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one['code']} | {one['name']} | {'—' if one['value'] is None else one['value']} | {one['unit']} |"
        f" {one.get('starts') or ''} | {one['article']} | {one['valid_from']} | {one.get('valid_until') or ''} |"
        f" {one['certainty']} |"
        for one in queries.read_shipped_parameters()
    ]
    return "\n".join(lines) + "\n"


def _told(text: str) -> dict[str, str]:
    """What the `#:` comments of the settings say of the variable that is read right below them."""
    told: dict[str, str] = {}
    note: list[str] = []
    for line in text.splitlines():
        if line.startswith("#:"):
            note = [*note, line.strip("#: ")]
        elif note and (found := re.search(r'"(WEIMIN_\w+)"', line)):
            told[found.group(1)] = " ".join(note)
            note = []
        elif line.strip() and not line.startswith((" ", "WEIMIN_", ")")):
            note = []
    return told


_PLAIN = {
    "DATABASE_URL": "Which PostgreSQL to use; the embedded one when not set.",
    "WEIMIN_MASTER_KEY": "Master keys as `id:hex` entries between commas, or 64 hex digits; a file is better.",
    "WEIMIN_MASTER_KEY_FILE": "The file of master keys, one `id:hex` a line; `weimin keys` changes it.",
    "WEIMIN_KMS_COMMAND": "A command that wraps and unwraps data keys for a key management system.",
    "WEIMIN_INDEX_KEY": "The key of look-ups and receipts when it is not in the key file; 64 hex digits.",
    "WEIMIN_INDEX_KEY_FILE": "The same, in a file.",
    "WEIMIN_SECRET_KEY": "Django's secret (or WEIMIN_SECRET_KEY_FILE).",
    "WEIMIN_OIDC_CLIENT_SECRET": "Our secret there (or WEIMIN_OIDC_CLIENT_SECRET_FILE).",
    "WEIMIN_BUCKET_KEY": "The id of our access key at the S3 store (or WEIMIN_BUCKET_KEY_FILE).",
    "WEIMIN_BUCKET_SECRET": "The secret of that key (or WEIMIN_BUCKET_SECRET_FILE); a file is better.",
    "WEIMIN_RATES": "Limits that differ from the settings: search=600/m;verify=60/m.",
    "WEIMIN_DEBUG": "1 for developers only.",
    "WEIMIN_HOSTS": "Host names, separated by commas.",
    "WEIMIN_ORIGINS": "Origins that may post, separated by commas.",
    "WEIMIN_HTTPS": "1 when served over HTTPS: cookies are then marked secure.",
    "WEIMIN_LOG_LEVEL": "WARNING unless set.",
    "WEIMIN_TEST_DB": "The name of the test database.",
}


def main() -> None:
    """Write every generated page."""
    setup()
    from weimin.config import api

    api.write_openapi()
    PAGE.write_text(registers(), encoding="utf-8")
    LAW_PAGE.write_text(law_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
