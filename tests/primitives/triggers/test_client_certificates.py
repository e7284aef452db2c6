"""Brokers that want a certificate of the client: mosquitto, with an authority of our own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flov7.primitives.declare import ConnectionValue
from flov7.primitives.registry import registry
from tests.listen.programs import Server, free_port, program


def issued(folder: Path, name: str, *, authority: Path | None = None) -> Path:
    """A certificate (`NAME.pem`) with its key (`NAME.key`), by an authority or by itself."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    if authority is None:
        made += ["-addext", "basicConstraints=critical,CA:TRUE"]
    else:
        made += ["-CA", str(authority), "-CAkey", str(authority.with_suffix(".key"))]
        made += ["-addext", "basicConstraints=CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    key.chmod(0o644)
    return chain


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a broker and a device that it vouches for, and a stranger."""
    folder = tmp_path_factory.mktemp("papers")
    authority = issued(folder, "authority")
    issued(folder, "broker", authority=authority)
    issued(folder, "device", authority=authority)
    issued(folder, "stranger")
    return folder


@pytest.fixture(scope="module")
def broker(papers: Path) -> Iterator[Server]:
    """A broker that lets in whom the authority vouches for."""
    port = free_port()
    (papers / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\ncertfile {papers}/broker.pem\nkeyfile {papers}/broker.key\n"
        f"cafile {papers}/authority.pem\nrequire_certificate true\nuse_identity_as_username true\n"
        f"allow_anonymous false\n{'user root' if os.geteuid() == 0 else ''}\n"
    )
    server = Server([program("mosquitto", package="mosquitto"), "-c", str(papers / "mosquitto.conf")], port, papers)
    server.start()
    yield server
    server.kill()


class TestACertificateOfTheClient:
    @pytest.mark.parametrize(
        ("who", "vouching", "key_of", "ok", "words"),
        [
            ("device", "authority", "device", True, "lets us in"),
            ("", "authority", "", False, "broker"),
            ("stranger", "authority", "stranger", False, "broker"),
            ("device", "", "device", False, "no TLS that can be trusted"),
            ("device", "authority", "stranger", False, "do not belong together"),
        ],
    )
    async def test_opens_the_broker_or_says_what_is_wrong(
        self, broker: Server, papers: Path, context: Any, who: str, vouching: str, key_of: str, ok: bool, words: str
    ) -> None:
        def paper(name: str, ending: str = "pem") -> str | None:
            return (papers / f"{name}.{ending}").read_text() if name else None

        peer = ConnectionValue(
            name="plant",
            kind="api",
            service="mqtt",
            config={"host": "127.0.0.1", "port": broker.port, "authority": paper(vouching)},
            credential={"certificate": paper(who), "private_key": paper(key_of, "key")},
        )
        checked = await registry().runner("connection", "api").check(context(connection=peer))
        assert (checked.ok, words in checked.message) == (ok, True), checked
        assert checked.ok or checked.hint
        assert "PRIVATE KEY" not in str(checked)
