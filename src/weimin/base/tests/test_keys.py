"""The keepers of master keys: a file, the environment, a command; and the three as one ring."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from weimin.base import crypto, keys, kms

A, B = "aa" * 32, "bb" * 32
#: A key management system in a few lines: keys in its own memory, wrapped keys as a table in a file.
SYSTEM = """
import json, os, secrets, sys
store = sys.argv[1]
known = json.load(open(store)) if os.path.exists(store) else {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "current": said = {"id": "hsm-2"}
    elif asked["do"] == "ids": said = {"ids": ["hsm-1", "hsm-2"]}
    elif asked["do"] == "wrap":
        token = secrets.token_hex(20); known[token] = asked["key"]; json.dump(known, open(store, "w"))
        said = {"id": "hsm-2", "wrapped": token}
    elif asked["do"] == "unwrap" and asked["wrapped"] in known: said = {"key": known[asked["wrapped"]]}
    else: said = {"error": "no"}
    print(json.dumps(said), flush=True)
"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No key is set."""
    for name in list(os.environ):
        if name.startswith(("WEIMIN_MASTER_KEY", "WEIMIN_KMS", "WEIMIN_INDEX_KEY")):
            monkeypatch.delenv(name)
    return monkeypatch


def program(folder: Path, text: str = SYSTEM) -> str:
    """A command line of a small key system."""
    path = folder / "system.py"
    path.write_text(text)
    return shlex.join([sys.executable, str(path), str(folder / "store.json")])


@pytest.fixture
def system(tmp_path: Path) -> Iterator[kms.CommandKeys]:
    """The small key system, running."""
    keeper = kms.CommandKeys(program(tmp_path))
    yield keeper
    keeper.close()


@pytest.mark.parametrize(
    ("text", "ids", "current"),
    [
        (A, ("1",), "1"),
        (f"{A}\n", ("1",), "1"),
        (f"1:{A}\n2:{B}\n", ("1", "2"), "2"),
        (f"1:{A},2:{B},current:1", ("1", "2"), "1"),
        (f"# kept by the city\nindex:{B}\n\n2026-a:{A}\n", ("2026-a",), "2026-a"),
    ],
)
def test_key_texts(text: str, ids: tuple[str, ...], current: str) -> None:
    held = keys.read_keys(text)
    assert (tuple(held.keys), held.current) == (ids, current)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        A[:-1],
        f"1:{A[:-2]}",
        f"1:{A}\n1:{B}",
        f"1:{A}\ncurrent:2",
        f"Ä:{A}",
        f"index:{A}",
        f"{A}\n{B}",
        "1:" + "g" * 64,
    ],
)
def test_a_bad_text_is_refused_without_showing_a_key(text: str) -> None:
    with pytest.raises(keys.KeyMissing) as fault:
        keys.read_keys(text)
    assert A[:8] not in str(fault.value) and B[:8] not in str(fault.value)


def test_no_representation_shows_a_key() -> None:
    held = keys.read_keys(f"1:{A}")
    shown = repr(held) + repr(keys.EnvironmentKeys(f"1:{A}")) + repr(vars(keys.FileKeys("/nowhere")))
    assert "aaaa" not in shown and "\\xaa" not in shown


def test_without_a_key_nothing_can_be_sealed_or_looked_up(bare: pytest.MonkeyPatch) -> None:
    for call in (
        lambda: crypto.seal("a", purpose="t"),
        lambda: crypto.blind_index("a", purpose="t"),
        lambda: crypto.short_mac("a", purpose="t"),
    ):
        with pytest.raises(keys.KeyMissing):
            call()


@pytest.mark.parametrize("where", ["gone", "unreadable"])
def test_a_file_that_cannot_be_read_says_what_to_check(where: str, tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    if where == "unreadable":
        path.write_bytes(b"\xff\xfe")
    bare.setenv("WEIMIN_MASTER_KEY_FILE", str(path))
    with pytest.raises(keys.KeyMissing, match="WEIMIN_MASTER_KEY_FILE"):
        crypto.seal("a", purpose="t")


def test_a_running_process_takes_up_a_changed_file(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_text(A)
    bare.setenv("WEIMIN_MASTER_KEY_FILE", str(path))
    first = crypto.seal("机密", purpose="t")
    assert crypto.key_id_of(first) == "1"
    assert keys.FileKeys(str(path)).add(current=False) == "2"
    assert crypto.key_id_of(crypto.seal("机密", purpose="t")) == "1"
    keys.FileKeys(str(path)).use("2")
    assert crypto.key_id_of(crypto.seal("机密", purpose="t")) == "2"
    assert crypto.unseal(first, purpose="t") == "机密"


def test_the_file_is_changed_in_one_step_and_is_its_owners_only(tmp_path: Path) -> None:
    path = Path(keys.ensure_trial_file(tmp_path / "sub" / "keys"))
    before = path.read_text()
    assert keys.ensure_trial_file(path) == str(path) and path.read_text() == before
    file = keys.FileKeys(str(path))
    assert (file.add(current=True), file.add(current=True)) == ("2", "3")
    file.drop("2")
    assert (file.ids(), file.current_id()) == (("1", "3"), "3")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["keys"]
    assert path.read_text().splitlines()[0] == before.splitlines()[0], "the index key stays"


@pytest.mark.parametrize("key_id", ["1", "9"])
def test_the_current_and_an_unknown_key_cannot_be_dropped(key_id: str, tmp_path: Path) -> None:
    file = keys.FileKeys(keys.ensure_trial_file(tmp_path / "keys"))
    with pytest.raises(keys.KeyRefused):
        file.drop(key_id)
    if key_id == "9":
        with pytest.raises(keys.KeyRefused):
            file.use(key_id)


def test_a_command_wraps_and_unwraps(system: kms.CommandKeys) -> None:
    key_id, wrapped = system.wrap(b"k" * 16)
    assert (key_id, system.current_id(), system.ids()) == ("hsm-2", "hsm-2", ("hsm-1", "hsm-2"))
    assert system.unwrap(key_id, wrapped) == b"k" * 16
    with pytest.raises(ValueError, match="refuses"):
        system.unwrap(key_id, wrapped[:-1] + b"x")
    with pytest.raises(keys.KeyUnknown):
        system.unwrap("hsm-9", b"x")


def test_a_command_that_died_is_started_again(system: kms.CommandKeys) -> None:
    key_id, wrapped = system.wrap(b"k" * 16)
    child = system._child
    assert child is not None
    child.kill()
    child.wait()
    assert system.unwrap(key_id, wrapped) == b"k" * 16


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit(1)",
        "print('nonsense')",
        "print('[]')",
        "import sys\nfor _ in sys.stdin: print('{}', flush=True)",
    ],
)
def test_a_command_that_does_not_do_its_part_is_named(text: str, tmp_path: Path) -> None:
    keeper = kms.CommandKeys(program(tmp_path, text))
    with pytest.raises(keys.KeyMissing):
        keeper.wrap(b"k" * 16)
    with pytest.raises(keys.KeyMissing):
        keeper.current_id()
    keeper.close()
    with pytest.raises(keys.KeyMissing):
        kms.CommandKeys(str(tmp_path / "no-such-program")).wrap(b"k" * 16)


def test_a_silent_command_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kms, "ANSWER_SECONDS", 0.2)
    keeper = kms.CommandKeys(program(tmp_path, "import sys\nfor _ in sys.stdin: pass"))
    with pytest.raises(keys.KeyMissing, match="WEIMIN_KMS_COMMAND"):
        keeper.current_id()
    assert keeper._child is None, "it was ended"


def test_moving_from_a_file_to_a_key_system_is_a_rotation(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_text(A)
    bare.setenv("WEIMIN_MASTER_KEY_FILE", str(path))
    value, looked_up = crypto.seal("机密", purpose="t"), crypto.blind_index("a", purpose="t")
    bare.setenv("WEIMIN_KMS_COMMAND", program(tmp_path))
    assert keys.ring().ids() == ("hsm-1", "hsm-2", "1")
    moved = crypto.rewrap(value)
    assert (crypto.key_id_of(value), crypto.key_id_of(moved)) == ("1", "hsm-2")
    bare.delenv("WEIMIN_MASTER_KEY_FILE")
    bare.setenv("WEIMIN_INDEX_KEY", A)
    assert crypto.unseal(moved, purpose="t") == "机密"
    assert crypto.blind_index("a", purpose="t") == looked_up
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(value, purpose="t")
    for keeper in keys.ring().keepers:
        if isinstance(keeper, kms.CommandKeys):
            keeper.close()


def test_the_index_key_may_have_a_file_of_its_own(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("WEIMIN_MASTER_KEY", f"7:{A}")
    with pytest.raises(keys.KeyMissing, match="WEIMIN_INDEX_KEY_FILE"):
        keys.index_key()
    bare.setenv("WEIMIN_INDEX_KEY_FILE", str(tmp_path / "index"))
    with pytest.raises(keys.KeyMissing, match="WEIMIN_INDEX_KEY_FILE"):
        keys.index_key()
    (tmp_path / "index").write_text(B + "\n")
    assert keys.index_key() == bytes.fromhex(B)
