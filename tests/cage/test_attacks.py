"""Code that wants out, or wants everything, in both cages. None of it is read before it runs: the cage is the wall."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from flov7.cage.cage import Cage
from flov7.cage.settings import CageSettings
from flov7.kit.errors import FlowError, Misconfigured, StepFailed


async def said(cage: Cage, body: str) -> object:
    """What the code gives, where `body` is the inside of `run`; None where it is stopped."""
    code = "import os, sys, socket, subprocess, ctypes\n\n\ndef run(inputs):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    try:
        return await cage.run(code, {})
    except StepFailed as error:
        assert error.message
        return None


class TestWork:
    async def test_a_node_gets_its_inputs_and_gives_its_output(self, cage: Cage) -> None:
        code = "import statistics\n\n\ndef run(inputs):\n    print('hello')\n    return {'mean': statistics.mean(inputs['n'])}\n"
        assert await cage.run(code, {"n": [1, 2, 6]}) == {"mean": 3}

    async def test_its_own_folder_can_be_written(self, cage: Cage) -> None:
        assert await said(cage, "open('note', 'w').write('x' * 1000)\nreturn len(open('/work/note').read())") == 1000

    async def test_an_error_says_its_line(self, cage: Cage) -> None:
        with pytest.raises(StepFailed, match=r"line 2.*ZeroDivisionError"):
            await cage.run("def run(inputs):\n    return 1 / 0\n", {})

    async def test_many_at_once_end_all(self, bubblewrap: Cage) -> None:
        code = "def run(inputs):\n    return inputs['n'] * 2\n"
        assert await asyncio.gather(*(bubblewrap.run(code, {"n": n}) for n in range(20))) == [n * 2 for n in range(20)]


class TestTakingEverything:
    @pytest.mark.parametrize(
        "body",
        [
            "while True: pass",
            "import time\ntime.sleep(60)",
            "x = 'a' * 10**10\nreturn 1",
            "x = []\nwhile True: x.append(bytearray(10**7))",
            "while True: os.write(1, b'x' * 65536)",
            "while True: sys.stderr.write('x' * 65536)",
            "f = open('/work/big', 'wb')\nwhile True: f.write(b'x' * 10**6)",
            "return 'x' * 10**8",
        ],
        ids=["loop", "sleep", "one big value", "many values", "output", "errors", "disk", "big answer"],
    )
    async def test_it_is_stopped_in_its_time_with_words(self, cage: Cage, body: str) -> None:
        began = time.monotonic()
        assert await said(cage, body) is None
        assert time.monotonic() - began < 20

    async def test_a_fork_bomb_makes_no_process_that_outlives_it(self, cage: Cage) -> None:
        mark = f"{os.getpid()}{time.time_ns()}"
        body = f"n = 0\ntry:\n    while True:\n        os.fork()\n        n += 1\nexcept OSError:\n    pass\nwhile True: '{mark}'"
        assert await said(cage, body) is None
        await asyncio.sleep(0.3)
        assert not _alive("/node/runner.py")

    async def test_threads_cannot_grow_without_end(self, cage: Cage) -> None:
        body = (
            "import threading, time\nn = 0\ntry:\n    while n < 5000:\n"
            "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n        n += 1\n"
            "except RuntimeError:\n    pass\nos._exit(n > 4000)"
        )
        assert await said(cage, body) is None
        assert not _alive("/node/runner.py")


class TestLookingAround:
    async def test_no_file_of_people_is_there(self, cage: Cage, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hidden-words")
        for path in (
            "/etc/shadow",
            "/root",
            "/home",
            str(secret),
            str(Path(__file__)),
            "/var/lib",
            "/proc/1/cwd/../etc/shadow",
        ):
            seen = await said(cage, f"p = {path!r}\nreturn os.listdir(p) if os.path.isdir(p) else open(p).read()")
            assert seen is None or seen == [], path

    async def test_nothing_of_the_environment_is_there(self, cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-indeed")
        body = "seen = str(dict(os.environ))\nfor p in os.listdir('/proc'):\n    try:\n        seen += open(f'/proc/{p}/environ').read()\n    except OSError:\n        pass\nreturn seen"
        seen = await said(cage, body)
        assert isinstance(seen, str) and "very-secret" not in seen and "FLOV7" not in seen

    async def test_no_other_process_is_seen_or_signalled(self, cage: Cage) -> None:
        victim = await asyncio.create_subprocess_exec("sleep", "30")
        try:
            seen = await said(cage, "return [int(p) for p in os.listdir('/proc') if p.isdigit()]")
            assert isinstance(seen, list) and victim.pid not in seen and len(seen) <= 4
            body = f"for p in [{victim.pid}, {os.getpid()}, {os.getppid()}]:\n    try:\n        os.kill(p, 9)\n    except OSError:\n        pass\nreturn 1"
            await said(cage, body)
            await said(cage, "os.kill(-1, 9)\nreturn 1")
            assert victim.returncode is None
        finally:
            victim.kill()
            await victim.wait()

    async def test_links_lead_nowhere(self, cage: Cage) -> None:
        body = "os.symlink('/etc/shadow', 'a')\nos.symlink('/proc/1/root', 'b')\ntry:\n    return open('a').read()\nexcept OSError:\n    return os.listdir('b/root')"
        assert await said(cage, body) in (None, [])

    async def test_what_it_is_shown_it_cannot_change(self, cage: Cage) -> None:
        for path in ("/node/node.py", "/usr/lib/x", "/x", "/etc/x", "/proc/sys/kernel/core_pattern"):
            assert await said(cage, f"open({path!r}, 'w').write('x')\nreturn 1") is None, path


class TestGettingOut:
    async def test_nobody_is_reached_over_any_socket(self, cage: Cage) -> None:
        heard: list[bytes] = []

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read(10))
            writer.close()

        server = await asyncio.start_server(hear, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            for address in ("127.0.0.1", "172.17.0.1", "8.8.8.8"):
                body = f"s = socket.create_connection(({address!r}, {port}), timeout=1)\ns.send(b'hello')\nreturn 1"
                assert await said(cage, body) is None
            assert await said(cage, "return socket.gethostbyname('example.com')") is None
            assert (
                await said(cage, "s = socket.socket(socket.AF_UNIX)\ns.connect('/var/run/docker.sock')\nreturn 1")
                is None
            )
        assert heard == []

    @pytest.mark.parametrize(
        "body",
        [
            "return os.setuid(0)",
            "return ctypes.CDLL(None).unshare(0x10000000) or 1",
            "r = ctypes.CDLL(None).mount(b'none', b'/work', b'tmpfs', 0, None)\nassert r == 0\nreturn 1",
            "r = ctypes.CDLL(None).ptrace(16, 1, 0, 0)\nassert r == 0\nreturn 1",
            "os.chroot('/work')\nreturn 1",
            "os.mknod('/work/disk', 0o60600, os.makedev(8, 0))\nreturn 1",
            "return open('/dev/mem', 'rb').read(1).hex() or open('/dev/kmsg').read(10)",
            "return open('/sys/kernel/notes', 'rb').read(1).hex() and open('/proc/kcore', 'rb').read(4).hex() or os.listdir('/sys/fs/cgroup')[99999]",
        ],
        ids=["root", "namespace", "mount", "trace", "chroot", "device", "memory", "kernel"],
    )
    async def test_rights_are_not_to_be_had(self, cage: Cage, body: str) -> None:
        assert await said(cage, body) in (None, -1)

    async def test_a_program_gains_nothing_by_being_started(self, cage: Cage) -> None:
        seen = await said(
            cage, "return subprocess.run(['/usr/bin/su', '-c', 'id'], capture_output=True).stdout.decode()"
        )
        assert seen in (None, "")


class TestWithoutACage:
    async def test_nothing_runs_and_the_words_say_how_to_get_one(self) -> None:
        for cage in (Cage(CageSettings.load(cage="off")), Cage(CageSettings.load(), backends=[_Broken()])):
            with pytest.raises(Misconfigured) as caught:
                await cage.run("def run(inputs):\n    return 1\n", {})
            assert (caught.value.error_code, "bubblewrap" in caught.value.hint) == ("cage.none", True)


class _Broken:
    name = "broken"

    async def run(self, order: object) -> object:
        raise FlowError("It does not start.")


def _alive(words: str) -> list[str]:
    """Processes of this machine whose command has these words."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in command:
            found.append(command)
    return found
