"""Master keys behind a command: a key management system, a hardware module, or a program that asks one over HTTP.

The command is started once a process and answers one line of JSON for each line it gets:

    {"do": "current"}                              → {"id": "k7"}
    {"do": "ids"}                                  → {"ids": ["k6", "k7"]}
    {"do": "wrap", "key": "hex"}                   → {"id": "k7", "wrapped": "hex"}
    {"do": "unwrap", "id": "k7", "wrapped": "hex"} → {"key": "hex"}
    anything it cannot do                          → {"error": "words for its own log"}

It is run without a shell. One that dies or stays silent is started again once; then the call fails.
"""

from __future__ import annotations

import json
import os
import selectors
import shlex
import subprocess
import threading
import time
from typing import Any

from weimin.base.keys import KeyMissing, KeyUnknown

#: How long an answer may take.
ANSWER_SECONDS = 5.0
#: How long the list of key ids is taken as known.
_KNOWN_SECONDS = 30.0
_LONGEST = 16 * 1024


class CommandKeys:
    """Asks the command; knows no master key itself."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._known: tuple[float, tuple[str, ...]] = (0.0, ())

    def current_id(self) -> str:
        """The id of the key that the system wraps with now."""
        return str(self._ask({"do": "current"}, "id"))

    def ids(self) -> tuple[str, ...]:
        """The ids of the keys that the system can unwrap with; asked anew after half a minute."""
        at, known = self._known
        if not known or time.monotonic() - at > _KNOWN_SECONDS:
            known = tuple(str(one) for one in self._ask({"do": "ids"}, "ids"))
            self._known = (time.monotonic(), known)
        return known

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """Have a data key wrapped."""
        said = self._exchange({"do": "wrap", "key": data_key.hex()})
        try:
            return str(said["id"]), bytes.fromhex(said["wrapped"])
        except (KeyError, TypeError, ValueError) as fault:
            raise KeyMissing("密钥系统没有封装数据密钥，请联系运维人员。") from fault

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Have a data key unwrapped.

        Raises: ValueError — the system refuses these bytes; KeyUnknown — it has no such key
        """
        said = self._exchange({"do": "unwrap", "id": key_id, "wrapped": wrapped.hex()})
        if "key" in said:
            return bytes.fromhex(said["key"])
        if key_id not in self.ids():
            raise KeyUnknown("受保护的内容无法打开，请联系运维人员。")
        raise ValueError("the key system refuses these bytes")

    def close(self) -> None:
        """End the command."""
        with self._lock:
            self._end()

    def _ask(self, question: dict[str, Any], wanted: str) -> Any:
        said = self._exchange(question)
        if wanted not in said:
            raise KeyMissing("密钥系统没有回答，请检查 WEIMIN_KMS_COMMAND。")
        return said[wanted]

    def _exchange(self, question: dict[str, Any]) -> dict[str, Any]:
        line = json.dumps(question).encode() + b"\n"
        with self._lock:
            for attempt in (1, 2):
                try:
                    said = json.loads(self._line(line))
                    if isinstance(said, dict):
                        return said
                except (OSError, ValueError):
                    pass
                self._end()
                if attempt == 2:
                    break
        raise KeyMissing("密钥系统没有回答，请检查 WEIMIN_KMS_COMMAND。")

    def _line(self, question: bytes) -> bytes:
        """Send one line and read one, within the time.

        Raises: OSError, ValueError — the command is gone, silent, or talks without end
        """
        child = self._started()
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(question)
        child.stdin.flush()
        until = time.monotonic() + ANSWER_SECONDS
        said = b""
        with selectors.DefaultSelector() as watch:
            watch.register(child.stdout, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not watch.select(max(0.0, until - time.monotonic())):
                    raise TimeoutError("no answer")
                part = os.read(child.stdout.fileno(), 4096)
                if not part or len(said) > _LONGEST:
                    raise ValueError("the command ended")
                said += part
        return said

    def _started(self) -> subprocess.Popen[bytes]:
        """The running command of this very process: a fork must not share a pipe."""
        if self._child is None or self._owner != os.getpid() or self._child.poll() is not None:
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            self._owner = os.getpid()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        child.kill()
        child.wait()
