"""Real processes that are ready in milliseconds: one that has read the program forks a copy for each job.

`ForkServer` is the test's side. Over there a job is a function of `JOBS`, told what to do by a document; it tells
what it did by documents, a line each, and may be killed at any moment.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

ROOT: Final = Path(__file__).parents[2]
# name -> (module, function); modules are read before the first fork.
JOBS: Final = {
    "counter": ("tests.faults.counter_job", "work"),
    "fleet": ("tests.faults.fleet_job", "work"),
    "server": ("tests.faults.server_job", "serve"),
}
Tell = Callable[[Mapping[str, Any]], None]
KILLED: Final = -signal.SIGKILL


@dataclass
class Child:
    """One job under way."""

    pid: int
    _lines: IO[str]
    told: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    cpu_s: float = 0.0  # what its life took of a core; told when it has ended

    def listen(self) -> Iterator[dict[str, Any]]:
        """What it tells, as it tells it, until it has ended."""
        while self.code is None:
            text = self._lines.readline() or '{"ended": 1}'
            line: dict[str, Any] = json.loads(text) if text.startswith("{") else {"says": text.strip()}
            if "ended" in line:
                self.code, self.cpu_s = line["ended"], line.get("cpu_s", 0.0)
            else:
                self.told.append(line)
                yield line

    def wait_for(self, key: str) -> Any:
        """Its first document with this key; fails where it ends without."""
        for line in self.listen():
            if key in line:
                return line[key]
        raise AssertionError(f"ended with {self.code} without telling {key}: {self.told}")

    def end(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        for _ in self.listen():
            pass
        assert self.code is not None
        return self.code

    def strike(self) -> None:
        """SIGKILL, without waiting for what comes of it; for another thread."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def kill(self) -> int:
        """SIGKILL, unless it has ended by itself."""
        if self.code is None:
            self.strike()
        return self.end()

    def stop(self) -> int:
        """Ask it to end, and wait until it has."""
        os.kill(self.pid, signal.SIGTERM)
        return self.end()

    def is_dead(self) -> bool:
        """Whether it has ended, by whatever."""
        state = Path(f"/proc/{self.pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"

    def all(self, key: str) -> list[Any]:
        """Everything it told under this key."""
        return [line[key] for line in self.told if key in line]


class ForkServer:
    """A process that has read everything; one job at a time."""

    def __init__(self, job: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forked", job],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, **told: Any) -> Child:
        """A copy that does the job."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        pid = json.loads(self._process.stdout.readline())["pid"]
        return Child(pid, self._process.stdout)

    def run(self, **told: Any) -> Child:
        """`start`, and wait for its end."""
        child = self.start(**told)
        child.end()
        return child

    def close(self) -> None:
        """End it; its job must have ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def _tell(document: Mapping[str, Any]) -> None:
    # One write, so that a kill leaves whole lines only.
    os.write(1, json.dumps(document).encode() + b"\n")


def _job(name: str) -> Callable[[Mapping[str, Any], Tell], None]:
    module, function = JOBS[name]
    found: Callable[[Mapping[str, Any], Tell], None] = getattr(importlib.import_module(module), function)
    return found


def main(name: str) -> None:
    """Fork a copy for each line of the standard input, one after the other."""
    # Not at the top: what is warmed up there are the jobs that tell by this module.
    job = _job(name)
    importlib.import_module("tests.faults.warm").warm_up()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(0)
                _tell({"pid": os.getpid()})
                job(json.loads(line), _tell)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status, used = os.wait4(pid, 0)
        _tell({"ended": os.waitstatus_to_exitcode(status), "cpu_s": used.ru_utime + used.ru_stime})


if __name__ == "__main__":
    main(sys.argv[1])
