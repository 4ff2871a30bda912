"""dev.py is the gate: it must not call green what is not, nor leave a person without the next step."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev_under_test", ROOT / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


# A run in the background of a script ignores the interrupt from its first line; here it is heard again.
STOPPED_SUITE = """
import importlib.util, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
spec = importlib.util.spec_from_file_location("dev_under_test", sys.argv[1])
dev = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = dev
spec.loader.exec_module(dev)
child = "import os, sys, time; os.kill(os.getppid(), 2); time.sleep(0.05); sys.exit(int(sys.argv[1]))"
print(dev.run([sys.executable, "-c", child, sys.argv[2]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize(("child_code", "goes_on"), [("2", False), ("0", True)])
def test_ctrl_c_in_one_suite_stops_the_run(child_code: str, goes_on: bool) -> None:
    """The child gets the key press as well; one that ends well (the demo) has stopped as it should."""
    command = [sys.executable, "-c", STOPPED_SUITE, str(ROOT / "dev.py"), child_code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (answer.stdout.strip() == "0") is goes_on
    assert ("KeyboardInterrupt" in answer.stderr) is not goes_on


def test_every_folder_with_tests_is_a_suite(dev: ModuleType) -> None:
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    assert folders == set(dev.find_suites())


@pytest.mark.parametrize(
    ("numbers", "code", "expected"),
    [
        ((10, 0, 0, 0), 0, (10, 0, 0)),
        ((10, 2, 1, 3), 1, (4, 3, 3)),
        ((10, 0, 0, 0), 134, (10, 1, 0)),  # all green, then the process died
        ((0, 0, 0, 0), 5, (0, 0, 0)),  # every test of the folder is a long one
    ],
)
def test_reports_are_added_up(
    dev: ModuleType, tmp_path: Path, numbers: tuple[int, ...], code: int, expected: tuple[int, ...]
) -> None:
    report = tmp_path / "suite.xml"
    report.write_text(REPORT.format(*numbers))
    assert dev.read_report(report, code) == expected


def test_a_suite_without_a_report_failed(dev: ModuleType, tmp_path: Path) -> None:
    assert dev.read_report(tmp_path / "none.xml", 4) == (0, 1, 0)


def test_the_last_line_is_the_sum_and_names_what_was_left_out(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [dev.Outcome("domain", 0.1, passed=5), dev.Outcome("ui", 0.2, passed=2, failed=1, skipped=1)]
    monkeypatch.delenv(dev.CITUS, raising=False)
    assert dev.report_outcomes(outcomes[:1], frozenset()) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "5 passed, 0 failed, 0 skipped (no Citus: GUIDEDESK_TEST_CITUS_DSN is not set)"
    monkeypatch.setenv(dev.CITUS, "postgresql://coordinator/test")
    assert dev.report_outcomes(outcomes, frozenset({"xvfb"})) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "7 passed, 1 failed, 1 skipped (left out: xvfb)"


# Two that wait for each other, then one that must find nobody at work; each says two lines and leaves its report.
SUITE = """
import pathlib, sys, time
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
at_work = folder / f"{name}.at-work"
print(name, "begins", flush=True)
at_work.touch()
other = {"server": "sync", "sync": "server"}.get(name)
deadline = time.monotonic() + 20
while other and not (folder / f"{other}.at-work").exists() and time.monotonic() < deadline:
    time.sleep(0.01)
met = sorted(path.stem for path in folder.glob("*.at-work"))
(folder / f"{name}.met").write_text(" ".join(met))
while other and not (folder / f"{other}.met").exists() and time.monotonic() < deadline:
    time.sleep(0.01)
failures = int(name == "sync")
(folder / f"{name}.xml").write_text(
    f'<testsuites><testsuite tests="3" failures="{failures}" errors="0" skipped="0"/></testsuites>'
)
print(name, "ends", flush=True)
at_work.unlink()
sys.exit(failures)
"""


def test_suites_run_side_by_side_but_for_those_that_measure(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "REPORTS", tmp_path)
    command = [sys.executable, "-c", SUITE]
    monkeypatch.setattr(dev, "suite_command", lambda name, _markers: [*command, name, str(tmp_path)])
    outcomes = dev.run_all(["features", "server", "sync"], "not long", jobs=2)
    assert [(o.name, o.passed, o.failed) for o in outcomes] == [("features", 3, 0), ("server", 3, 0), ("sync", 2, 1)]
    assert {(tmp_path / f"{name}.met").read_text() for name in ("server", "sync")} == {"server sync"}
    assert (tmp_path / "features.met").read_text() == "features"
    said = capfd.readouterr().out
    for name in ("server", "sync", "features"):
        assert f"== tests/{name}\n{name} begins\n{name} ends\n" in said, "what a suite prints stays together"


def test_checks_run_beside_the_suites_and_one_that_fails_is_told(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "REPORTS", tmp_path)
    monkeypatch.setattr(dev, "check_command", lambda _name: [sys.executable, "-c", "print('untyped'); exit(1)"])
    monkeypatch.setattr(dev, "suite_command", lambda name, _markers: [sys.executable, "-c", SUITE, name, str(tmp_path)])
    outcomes = dev.run_all(["mypy", "domain"], "not long", jobs=2)
    assert [(o.name, o.passed, o.failed) for o in outcomes] == [("mypy", 0, 1), ("domain", 3, 0)]
    assert "== mypy\nuntyped\n" in capfd.readouterr().out
    assert dev.report_outcomes(outcomes, frozenset()) == 1


def test_an_unknown_name_to_leave_out_is_refused(dev: ModuleType) -> None:
    with pytest.raises(dev.CannotGoOn, match="does not know moon"):
        dev.run_tests(long=False, without=frozenset({"moon"}), jobs=1)


def test_without_the_right_to_install_the_line_to_run_is_given(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(dev.CannotGoOn, match=r"sudo apt-get install -y --no-install-recommends libegl1"):
        dev.install_packages(["libegl1"])


def test_a_library_that_is_nowhere_is_named_by_its_package(dev: ModuleType) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux takes Qt's libraries from the system")
    assert dev.missing_packages({"libnowhere.so.9": "libnowhere9", "libc.so.6": "libc6"}, {}) == ["libnowhere9"]


@pytest.mark.parametrize(
    ("argv", "rest"),
    [
        (["demo"], []),
        (["demo", "--data", "real", "--tour", "out"], ["--data", "real", "--tour", "out"]),
        (["bench", "scan", "--members", "20000", "--json"], ["scan", "--members", "20000", "--json"]),
        (["demo", "--help"], ["--help"]),
    ],
)
def test_demo_and_bench_hand_their_options_on(dev: ModuleType, argv: list[str], rest: list[str]) -> None:
    assert dev.parse(argv).rest == rest
