"""`make run` sets up only what changed, and says in one sentence what is wrong."""

import ast
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tooling import address, check_python, install
from tooling.address import Address, check_is_free, parse_address, read_dot_env
from tooling.commands import is_network_failure, run_quietly
from tooling.failure import Failure
from tooling.frontend import is_usable_node
from tooling.services.ports import free_port
from tooling.stamps import Stamp, fingerprint


def test_an_old_python_is_refused_in_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(SystemExit) as refusal:
        check_python((3, 9, 2))

    assert str(refusal.value) == (
        "Carillon needs Python 3.11 or newer and this is 3.9.2; install a newer one "
        "and name it: make run PYTHON=python3.11"
    )


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (4, 0, 0)])
def test_a_python_that_is_new_enough_is_taken(version: tuple[int, ...]) -> None:
    check_python(version)


def test_the_check_itself_is_read_by_old_pythons() -> None:
    source = Path(check_python.__code__.co_filename).read_text()

    ast.parse(source, feature_version=(3, 6))


def test_a_missing_venv_module_is_one_sentence_with_the_apt_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "ensurepip" else find_spec(name),
    )

    with pytest.raises(Failure, match=r"sudo apt-get install python3-venv$"):
        install.check_venv_module()


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, tooling.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = ['.']; {code}"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    outside = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert outside <= {"tooling", "__main__"}


def test_a_stamp_holds_until_a_file_changes(tmp_path: Path) -> None:
    source = tmp_path / "lock.txt"
    source.write_text("one")
    stamp = Stamp(tmp_path / "folder" / "stamp")
    before = fingerprint([source])

    assert not stamp.says(before)
    stamp.write(before)
    assert stamp.says(fingerprint([source]))
    source.write_text("two")
    assert not stamp.says(fingerprint([source]))


def test_a_fingerprint_sees_new_names_and_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("same")
    first = fingerprint([tmp_path])

    (tmp_path / "a").rename(tmp_path / "b")

    assert fingerprint([tmp_path]) != first
    assert fingerprint([tmp_path], extra="3.12") != fingerprint([tmp_path])


def test_requirements_are_installed_once_per_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.txt").write_text("django==5.2 --hash=…")
    installed: list[str] = []
    monkeypatch.setattr(install, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / "venv")
    monkeypatch.setattr(install, "ensure_venv", lambda: "3.11")
    monkeypatch.setattr(
        install, "run_quietly", lambda command, **_: installed.append(command[-1])
    )

    install.ensure_requirements("base")
    install.ensure_requirements("base")

    assert installed == [str(tmp_path / "base.txt")]


def test_a_port_in_use_is_one_sentence_that_names_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Failure) as refusal:
            check_is_free(Address("127.0.0.1", port))

    assert str(refusal.value).endswith(f"make run PORT={port + 1}")
    assert "\n" not in str(refusal.value)


def test_a_port_is_free_again_when_its_server_has_ended() -> None:
    # None that an outgoing connection could be given as soon as the server has ended.
    port = free_port()
    place = ("127.0.0.1", port)
    with socket.create_server(place) as past, socket.create_connection(place):
        past.accept()[0].close()

    check_is_free(Address("127.0.0.1", port))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Failure, match=r"^HOST=192\.0\.2\.1 is not an address of this"):
        check_is_free(Address("192.0.2.1", 8000))


@pytest.mark.parametrize("text", ["", "http", "-1", "0", "65536", "٨٠٠٠", "80 "])
def test_a_port_that_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="PORT must be a number from 1 to 65535"):
        parse_address("127.0.0.1", text)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  (nothing is bound)
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_address_shown_opens_on_this_machine(host: str, url: str) -> None:
    assert Address(host, 8000).url == url


@pytest.fixture
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "DEMO"):
        # Set first, so that what the code under test writes is undone as well.
        monkeypatch.setenv(name, "")


@pytest.mark.usefixtures("_plain_environment")
def test_the_environment_wins_over_dot_env_and_that_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "9000")

    found = address.settle_environment({"PORT": "7000", "HOST": "localhost"})

    assert found == Address("localhost", 9000)
    assert os.environ["DEMO"] == "1"


@pytest.mark.usefixtures("_plain_environment")
def test_public_passwords_stay_on_loopback() -> None:
    with pytest.raises(Failure, match=r"make run DEMO=0 HOST=10\.0\.0\.1$"):
        address.settle_environment({"HOST": "10.0.0.1"})


@pytest.mark.usefixtures("_plain_environment")
def test_without_the_demo_any_address_may_be_named() -> None:
    found = address.settle_environment({"HOST": "10.0.0.1", "DEMO": "0"})

    assert found == Address("10.0.0.1", 8000)


def test_dot_env_is_read_without_comments_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# PORT=1\n\nPORT = 9000\nHOST="::1"\nnonsense\nA=b=c\n')

    assert read_dot_env(file) == {"PORT": "9000", "HOST": "::1", "A": "b=c"}


def test_a_missing_dot_env_says_nothing(tmp_path: Path) -> None:
    assert read_dot_env(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("version", "usable"),
    [
        ("v18.20.0\n", False),
        ("v20.18.3\n", False),
        ("v20.19.0\n", True),
        ("v21.7.0\n", False),
        ("v22.11.0\n", False),
        ("v22.12.0\n", True),
        ("v24.0.0-rc.1\n", True),
        ("", False),
    ],
)
def test_a_node_is_used_only_if_the_build_runs_on_it(
    version: str, usable: bool
) -> None:
    assert is_usable_node(version) is usable


@pytest.mark.parametrize(
    "output",
    [
        "[Errno -3] Temporary failure in name resolution",
        "npm error code ENOTFOUND",
        "NewConnectionError(': Failed to establish a new connection')",
    ],
)
def test_a_missing_network_is_known_by_what_the_installers_say(output: str) -> None:
    assert is_network_failure(output)


def test_a_hash_that_does_not_match_is_no_missing_network() -> None:
    assert not is_network_failure("THESE PACKAGES DO NOT MATCH THE HASHES")


def test_a_failing_installer_without_network_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failure, match=r"^Could not install x: the package registry"):
        run_quietly(
            ["sh", "-c", "echo EAI_AGAIN; exit 1"], folder=tmp_path, purpose="install x"
        )

    assert capfd.readouterr() == ("", "")


def test_another_failure_of_an_installer_shows_what_it_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failure, match=r"^Could not build x: sh failed as shown above"):
        run_quietly(
            ["sh", "-c", "echo no disk; exit 1"], folder=tmp_path, purpose="build x"
        )

    assert capfd.readouterr().err == "no disk\n"
