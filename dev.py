#!/usr/bin/env python3
"""One door for developers: `python3 dev.py demo | test | check | bench | build | lock`.

Needs Python 3.11 and nothing else. Everything Python goes into `.venv` from the hashed lock; on Debian
and Ubuntu the missing system libraries come from apt when that is allowed, otherwise the one line to run
is printed and the exit code is 2.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
REPORTS = ROOT / "build" / "reports"
MINIMUM = (3, 11)

# soname -> Debian package; a soname is what the dynamic linker is asked for, on every distribution
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}
X_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# what a test may need besides Python -> program -> Debian package; the names are pytest markers too
# Names a Citus to test against; without it the last line says that this part did not run.
CITUS = "GUIDEDESK_TEST_CITUS_DSN"
NEEDS: dict[str, dict[str, str]] = {
    "xvfb": {"Xvfb": "xvfb", "xdotool": "xdotool", "setxkbmap": "x11-xkb-utils"},
    "chromium": {"chromium": "chromium"},
}
BUILD_PROGRAMS = {"objdump": "binutils"}
# They promise something within seconds, or type as quickly as a real scanner: nothing may run beside them.
ALONE = frozenset({"features", "managers", "scanner"})
JOBS = min(2, os.cpu_count() or 1)
# Those of many minutes, the longest first: nothing long is left for the end. The others by their number of files.
HEAVY = ("screens", "sync", "server", "ui", "faults", "bench", "data")
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "mypy": ["mypy"],
    "layers": ["lint-imports"],
}


class CannotGoOn(Exception):
    """Set-up cannot finish here; the text says what to run instead. Exit code 2."""


def say(text: str) -> None:
    print(text, flush=True)


def run(command: Sequence[str], env: dict[str, str] | None = None) -> int:
    """Run in the clone and return the exit code. Ctrl-C reaches the child too: it is waited for, then we stop."""
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            interrupted = True
            continue
        if interrupted and code:
            raise KeyboardInterrupt
        return code


# --- set-up ---------------------------------------------------------------------------------------


def is_library_there(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def missing_packages(libraries: dict[str, str], programs: dict[str, str]) -> list[str]:
    """Debian names of what this PC lacks; outside Linux Qt brings everything with it."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for soname, package in libraries.items() if not is_library_there(soname)]
    missing += [package for program, package in programs.items() if shutil.which(program) is None]
    if not VENV.exists() and importlib.util.find_spec("ensurepip") is None:
        missing.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    return missing


def install_packages(packages: list[str]) -> None:
    """By apt as root or with a password-less sudo; otherwise the one line a person can run."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise CannotGoOn(f"Please install what Debian calls: {' '.join(packages)}")
    by_hand = f"sudo apt-get update && sudo {shlex.join(install)}"
    if os.geteuid() == 0:
        prefix: list[str] = []
    elif shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        prefix = ["sudo", "-n"]
    else:
        raise CannotGoOn(f"Some system packages are missing. Please run:\n  {by_hand}")
    say(f"Installing by apt: {' '.join(packages)}")
    env = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    if run([*env, "apt-get", "update", "-q"]) or run([*env, *install]):
        raise CannotGoOn(f"apt could not install {' '.join(packages)}. Please run:\n  {by_hand}")


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_version() -> str | None:
    """The version of the Python in `.venv`, or None when there is none that works and is new enough."""
    try:
        answer = subprocess.run(
            [str(venv_python()), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
        )
    except OSError:
        return None
    version = answer.stdout.strip()
    if answer.returncode or tuple(map(int, version.split("."))) < MINIMUM:
        return None
    return version


def wanted_stamp(version: str) -> str:
    """Changes when the virtual environment has to be brought up to date."""
    digest = hashlib.sha256(version.encode())
    for name in ("requirements.lock", "pyproject.toml", "setup.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    version = venv_version()
    stamp = VENV / "guidedesk.stamp"
    if version and stamp.exists() and stamp.read_text() == wanted_stamp(version):
        return
    if version is None:
        say("Making the virtual environment .venv")
        if run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            raise CannotGoOn("Python could not make a virtual environment in .venv (is the disk full?)")
        version = venv_version() or ""
    stamp.unlink(missing_ok=True)
    python = str(venv_python())
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        run([python, "-m", "ensurepip", "--upgrade"])
    say("Fetching the Python packages of requirements.lock: a few minutes the first time")
    # compiled now: a counter that compiles SQLAlchemy at start takes half a second longer
    if run([*pip, "install", "--compile", "--require-hashes", "-r", str(LOCK)]):
        raise CannotGoOn("pip could not install requirements.lock; its last lines above say why.")
    if run([*pip, "install", "-q", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]):
        raise CannotGoOn("pip could not put GuideDesk itself into .venv; its last lines above say why.")
    stamp.write_text(wanted_stamp(version))


def set_up(*, programs: dict[str, str] | None = None, with_x: bool = False) -> None:
    """Everything GuideDesk needs on this PC; quick when it is already there."""
    has_screen = bool(os.environ.get("DISPLAY"))
    libraries = QT_LIBRARIES | (X_LIBRARIES if with_x or has_screen else {})
    missing = missing_packages(libraries, programs or {})
    if missing:
        install_packages(missing)
        still = missing_packages(libraries, programs or {})
        if still:
            raise CannotGoOn(f"Installed, but still not found on this PC: {' '.join(still)}")
    make_venv()
    # Where PYTHONDONTWRITEBYTECODE is set every start would compile the whole program again.
    run([str(venv_python()), "-m", "compileall", "-q", "guidedesk"])


def child_env(*, offscreen: bool = False) -> dict[str, str]:
    env = dict(os.environ)
    env.pop("PYTHONHOME", None)
    if sys.platform.startswith("linux"):
        env["LC_ALL"] = "C.UTF-8"  # Qt warns about every other encoding
        if offscreen or not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
            env["QT_QPA_PLATFORM"] = "offscreen"
    return env


def run_module(name: str, *args: str) -> int:
    return run([str(venv_python()), "-m", name, *args], child_env())


# --- test -----------------------------------------------------------------------------------------


@dataclass
class Outcome:
    name: str
    minutes: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


def find_suites() -> list[str]:
    """Every folder of tests/ that holds tests; a new folder is run without being named anywhere."""
    folders = sorted(path for path in (ROOT / "tests").iterdir() if path.is_dir())
    return [folder.name for folder in folders if any(folder.rglob("test_*.py"))]


def check_command(name: str) -> list[str]:
    program, *args = CHECKS[name]
    return [str(venv_python().with_name(program)), *args]


def check_outcome(name: str, start: float, code: int) -> Outcome:
    return Outcome(name, (time.monotonic() - start) / 60, failed=int(code != 0))


def run_check(name: str) -> Outcome:
    say(f"\n== {name}")
    start = time.monotonic()
    return check_outcome(name, start, run(check_command(name), child_env()))


def read_report(report: Path, code: int) -> tuple[int, int, int]:
    """(passed, failed, skipped); a suite that broke off or died at its end counts as a failure."""
    tests = failed = skipped = 0
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            tests += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = max(0, tests - failed - skipped)
    if code not in (0, 5) and failed == 0:
        failed = 1
    return passed, failed, skipped


def suite_command(name: str, markers: str) -> list[str]:
    """Also forgets the report of an earlier run: a suite that dies must not be read as that one."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    return [str(venv_python()), "-m", "pytest", "-q", f"tests/{name}", "-m", markers, f"--junitxml={report}"]


def suite_outcome(name: str, start: float, code: int) -> Outcome:
    passed, failed, skipped = read_report(REPORTS / f"{name}.xml", code)
    note = "nothing to run here" if code == 5 else ""
    return Outcome(name, (time.monotonic() - start) / 60, passed, failed, skipped, note)


def run_suite(name: str, markers: str) -> Outcome:
    say(f"\n== tests/{name}")
    start = time.monotonic()
    return suite_outcome(name, start, run(suite_command(name, markers), child_env(offscreen=True)))


def begun_later(name: str) -> tuple[int, int]:
    """Sorts what is begun last to the front: checks are begun first, for they are told soonest, then `HEAVY`."""
    if name in CHECKS:
        return 2, 0
    if name in HEAVY:
        return 1, -HEAVY.index(name)
    return 0, len(list((ROOT / "tests" / name).rglob("test_*.py")))


def run_side_by_side(names: Iterable[str], markers: str, jobs: int) -> Iterator[Outcome]:
    """So many checks and suites at once; what one prints is shown as a whole when it ends."""
    waiting = sorted(names, key=begun_later)
    running: dict[str, tuple[float, subprocess.Popen[bytes]]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop()
                command = check_command(name) if name in CHECKS else suite_command(name, markers)
                with (REPORTS / f"{name}.txt").open("wb") as output:
                    env = child_env(offscreen=True)
                    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
                running[name] = (time.monotonic(), process)
            time.sleep(0.1)
            for name in [name for name, (_, process) in running.items() if process.poll() is not None]:
                start, process = running.pop(name)
                said = (REPORTS / f"{name}.txt").read_text(encoding="utf-8", errors="replace")
                say(f"\n== {name if name in CHECKS else f'tests/{name}'}\n{said.rstrip()}")
                yield (check_outcome if name in CHECKS else suite_outcome)(name, start, process.returncode)
    except KeyboardInterrupt:
        for _, process in running.values():
            process.wait()  # the key press reached it too
        raise


def run_all(names: Sequence[str], markers: str, jobs: int) -> list[Outcome]:
    """Checks and suites, told in this order, whatever ended first."""
    beside = [name for name in names if jobs > 1 and name not in ALONE]
    outcomes = [*run_side_by_side(beside, markers, jobs)]
    alone = [name for name in names if name not in beside]
    outcomes += [run_check(name) if name in CHECKS else run_suite(name, markers) for name in alone]
    return sorted(outcomes, key=lambda outcome: names.index(outcome.name))


def run_tests(*, long: bool, without: frozenset[str], jobs: int) -> int:
    suites = find_suites()
    unknown = without - {*suites, *NEEDS, *CHECKS}
    if unknown:
        known = ", ".join([*CHECKS, *suites, *NEEDS])
        raise CannotGoOn(f"--without does not know {', '.join(sorted(unknown))}; it knows {known}")
    needed = {p: d for need, programs in NEEDS.items() if need not in without for p, d in programs.items()}
    set_up(programs=needed, with_x="xvfb" not in without)
    REPORTS.mkdir(parents=True, exist_ok=True)
    left_out = [f"not {need}" for need in NEEDS if need in without]
    markers = " and ".join(["long" if long else "not long", *left_out])
    wanted = [name for name in [*([] if long else CHECKS), *suites] if name not in without]
    return report_outcomes(run_all(wanted, markers, jobs), without)


def report_outcomes(outcomes: Iterable[Outcome], without: frozenset[str]) -> int:
    """Minutes per suite, then one last line; 1 when anything failed."""
    passed = failed = skipped = 0
    say("\nminutes  suite")
    for outcome in outcomes:
        state = "FAILED" if outcome.failed else outcome.note
        say(f"{outcome.minutes:7.1f}  {outcome.name:<12} {state}".rstrip())
        passed, failed, skipped = passed + outcome.passed, failed + outcome.failed, skipped + outcome.skipped
    missing = [] if os.environ.get(CITUS) else [f"no Citus: {CITUS} is not set"]
    parts = [*([f"left out: {', '.join(sorted(without))}"] if without else []), *missing]
    left_out = f" ({'; '.join(parts)})" if parts else ""
    say(f"{passed} passed, {failed} failed, {skipped} skipped{left_out}")
    return int(failed > 0)


def run_checks() -> int:
    set_up()
    return report_outcomes([run_check(name) for name in CHECKS], frozenset())


# --- build and lock -------------------------------------------------------------------------------


def build() -> int:
    set_up(programs=BUILD_PROGRAMS if sys.platform.startswith("linux") else {})
    return run_module("PyInstaller", "--noconfirm", "--clean", "build.spec")


def configured_index() -> str | None:
    """The package index of the user's own pip configuration: uv does not read that by itself."""
    command = [str(venv_python()), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(r"(?:global|user|site|install|:env:)\.index-url='([^']+)'", listed)
    return found.group(1) if found else None


def lock() -> int:
    set_up()
    env = child_env()
    index = configured_index()
    if index:
        env.setdefault("UV_DEFAULT_INDEX", index)
    command = [
        str(venv_python()), "-m", "uv", "pip", "compile", "pyproject.toml", "--upgrade", "--universal",
        "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url",
        "--extra", "server", "--extra", "demo", "--group", "dev", "-q", "-o", LOCK.name,
    ]  # fmt: skip
    code = run(command, env)
    if code == 0 and re.search(r"\w+://", LOCK.read_text()):
        raise CannotGoOn("the new requirements.lock names an address; it must not be committed")
    return code


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, show, test and build GuideDesk.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="a server, a sample chain and a counter window", add_help=False)
    commands.add_parser("bench", help="guidedesk bench NAME", add_help=False)
    test = commands.add_parser("test", help="the gate: lint, types, layers and every suite")
    test.add_argument("--long", action="store_true", help="the tests that do not fit the gate")
    test.add_argument("--jobs", type=int, default=JOBS, metavar="N", help=f"so many suites side by side ({JOBS})")
    test.add_argument("--without", default="", metavar="A,B", help="leave out suites, checks or xvfb")
    commands.add_parser("check", help="lint, types and layers")
    commands.add_parser("build", help="a PyInstaller bundle in dist/")
    commands.add_parser("lock", help="renew requirements.lock")
    options, rest = parser.parse_known_args(argv)
    if rest and options.command not in ("demo", "bench"):
        parser.error(f"does not know {' '.join(rest)}")
    options.rest = rest
    return options


def main(argv: list[str]) -> int:
    options = parse(argv)
    if options.command in ("demo", "bench"):
        set_up()
        return run_module("guidedesk", options.command, *options.rest)
    if options.command == "test":
        without = frozenset(filter(None, (name.strip() for name in options.without.split(","))))
        return run_tests(long=options.long, without=without, jobs=options.jobs)
    return {"check": run_checks, "build": build, "lock": lock}[options.command]()


if __name__ == "__main__":
    if sys.version_info < MINIMUM:
        sys.exit("GuideDesk needs Python 3.11 or later; this is " + sys.version.split()[0])
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotGoOn as reason:
        print(reason, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command again to go on; nothing has to be cleaned up.")
