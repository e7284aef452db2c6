"""Proofs that depend on the request: against the published examples, and against servers that check them."""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import re
from typing import Any

import pytest

from flov7.kit.errors import StepRefused
from flov7.primitives.outside import Answer, Request
from flov7.primitives.schemes.aws import Aws
from flov7.primitives.schemes.digest import Digest, best_challenge
from flov7.primitives.schemes.keyed import Keyed, Signature

Call = Any
Serve = Any
Reply = Any
Connection = Any

_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
_OURS = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def asked(**challenge: str) -> Answer:
    said = ", ".join(f'{name}="{value}"' for name, value in challenge.items())
    headers = {"www-authenticate": f"Digest {said}"}
    return Answer(status=401, headers=headers, body=b"", url="http://www.example.org/dir/index.html", seconds=0)


class TestDigest:
    @pytest.mark.parametrize(
        ("algorithm", "response"),
        [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ],
    )
    def test_gives_the_proof_of_the_standards_example(self, algorithm: str, response: str) -> None:
        """RFC 7616, section 3.9.1."""
        digest = Digest("Mufasa", "Circle of Life", nonce=lambda: _OURS)
        request = Request(method="GET", url="http://www.example.org/dir/index.html")
        challenge = asked(realm="http-auth@example.org", qop="auth, auth-int", algorithm=algorithm, nonce=_NONCE)
        sent = digest.challenged(request, challenge)
        assert sent is not None
        assert f'response="{response}"' in sent.headers["authorization"]
        assert "nc=00000001" in sent.headers["authorization"]
        assert "authorization" in sent.private

    def test_takes_the_strongest_challenge_that_it_knows(self) -> None:
        header = 'Basic realm="x", Digest realm="a", nonce="1", algorithm=MD5, Digest realm="b", nonce="2", algorithm=SHA-256'
        found = best_challenge(header)
        assert found is not None and (found["realm"], found["nonce"]) == ("b", "2")
        assert best_challenge('Digest realm="a", nonce="1", algorithm=ROT13') is None

    def test_a_proof_that_was_not_taken_is_not_repeated(self) -> None:
        digest, request = Digest("u", "p"), Request(method="GET", url="http://a.example/")
        challenge = asked(realm="r", nonce="n", qop="auth")
        first = digest.challenged(request, challenge)
        assert first is not None
        assert digest.challenged(first, challenge) is None
        assert digest.challenged(first, asked(realm="r", nonce="n", qop="auth", stale="true")) is not None

    async def test_opens_a_server_that_checks_it_and_asks_only_once_for_two_pages(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        def answer(seen: Any) -> bytes:
            if not _right(seen, user="ops", password="s3cret"):
                return reply(401, www_authenticate='Digest realm="shop", nonce="n1", qop="auth-int", algorithm=SHA-256')
            return reply(200, {"data": [seen.path], "next": "/list?page=2" if "page" not in seen.path else None})

        server = await serve(answer)
        secret = {"type": "digest", "username": "ops", "password": "s3cret"}
        shop = connection("api", config={"base_url": server.url}, credential=secret)
        paging = {"by": "next", "items": "data", "read": "next"}
        found = await call("action/api_call", {"url": "/list", "paging": paging}, connection=shop)
        assert found["body"]["items"] == ["/list", "/list?page=2"]
        assert len(server.seen) == 3
        wrong = connection("api", config={"base_url": server.url}, credential={**secret, "password": "other"})
        with pytest.raises(StepRefused, match="401"):
            await call("action/api_call", {"method": "POST", "url": "/list", "json": {"a": 1}}, connection=wrong)


def _right(seen: Any, *, user: str, password: str) -> bool:
    """Whether the proof holds, worked out from the request as it came."""
    parts = dict(re.findall(r'(\w+)="?([^",]+)"?', seen.headers.get("authorization", "")))
    if parts.get("username") != user or parts.get("uri") != seen.path:
        return False

    def h(text: str | bytes) -> str:
        return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()

    target = h(f"{seen.method}:{parts['uri']}:{h(seen.body)}")
    middle = f"n1:{parts['nc']}:{parts['cnonce']}:auth-int"
    return parts["response"] == h(f"{h(f'{user}:shop:{password}')}:{middle}:{target}")


_AT = float(calendar.timegm((2015, 8, 30, 12, 36, 0)))


class TestAws:
    @pytest.mark.parametrize(
        ("method", "url", "headers", "body", "token", "signed", "signature"),
        [
            (
                "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", {}, b"", "", "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "POST", "https://dynamodb.eu-central-1.amazonaws.com/",
                {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.ListTables"},
                b'{"Limit":1}', "tok", "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                "bd5d331d844454a7d08c5a612afc3093a6f78d362fa45b572205977ed9a94b84",
            ),
            (
                "PUT", "https://s3.eu-west-1.amazonaws.com/bucket/a%20b/%C3%BC.txt?x-id=PutObject&empty=",
                {"content-type": "text/plain", "user-agent": "flov7"}, b"hello", "",
                "content-type;host;x-amz-content-sha256;x-amz-date",
                "7daebbe3ad4a9d10d103efd05e1a35c1367648125e8ae6d27aa372af472289a1",
            ),
            (
                "GET", "https://abc.execute-api.eu-west-1.amazonaws.com/a%20b/c?q=a%2Bb%20c", {}, b"", "",
                "host;x-amz-date", "f299a7daa575324fc2a9616cc9b6eccba415b90ce5b342377282654e700781f2",
            ),
        ],
        ids=["query", "json-with-session", "s3", "encoded-path"],
    )  # fmt: skip
    def test_signs_as_amazons_own_client_does(
        self, method: str, url: str, headers: dict[str, str], body: bytes, token: str, signed: str, signature: str
    ) -> None:
        """The first is Amazon's published example; the others were made with botocore 1.40."""
        service = "service" if "//example." in url else ""
        scheme = Aws(
            key_id="AKIDEXAMPLE",
            secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token=token,
            service=service,
            clock=lambda: _AT,
        )
        sent = scheme.signed(Request(method=method, url=url, headers=headers, body=body))
        assert f"SignedHeaders={signed}, Signature={signature}" in sent.headers["authorization"]

    async def test_is_sent_by_a_step(self, call: Call, serve: Serve, reply: Reply, connection: Connection) -> None:
        server = await serve(lambda seen: reply(200))
        secret = {"type": "aws", "key_id": "AK", "secret": "s", "token": "session"}
        config = {"base_url": server.url, "region": "eu-west-1", "aws_service": "sqs"}
        await call("action/api_call", {"url": "/q"}, connection=connection("api", config=config, credential=secret))
        headers = server.seen[0].headers
        assert re.match(r"AWS4-HMAC-SHA256 Credential=AK/\d{8}/eu-west-1/sqs/aws4_request, ", headers["authorization"])
        assert headers["x-amz-security-token"] == "session"


class TestAKeyedHash:
    async def test_is_what_a_service_works_out_from_the_request(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200))
        rule = {
            "header": "X-Sign", "over": "{method}\\n{target}\\n{timestamp}\\n{body}", "algorithm": "sha512",
            "encoding": "base64", "template": "v1,{key_id},{signature}", "timestamp_header": "X-Time",
        }  # fmt: skip
        shop = connection(
            "api",
            config={"base_url": server.url, "signature": rule},
            credential={"type": "hmac", "secret": "k", "key_id": "id7"},
        )
        await call("action/api_call", {"method": "POST", "url": "/o?a=1", "json": {"b": "ü"}}, connection=shop)
        seen = server.seen[0]
        over = b"POST\n/o?a=1\n" + seen.headers["x-time"].encode() + b"\n" + seen.body
        wanted = base64.b64encode(hmac.digest(b"k", over, "sha512")).decode()
        assert seen.headers["x-sign"] == f"v1,id7,{wanted}"

    def test_takes_githubs_own_example(self) -> None:
        """docs.github.com, Validating webhook deliveries: testing the validation."""
        rule = Signature(header="X-Hub-Signature-256", over="{body}", template="sha256={signature}")
        request = Request(method="POST", url="https://a.example/", body=b"Hello, World!")
        sent = Keyed(rule, secret="It's a Secret to Everybody").signed(request)
        wanted = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        assert sent.headers["x-hub-signature-256"] == wanted

    def test_that_names_what_is_not_there_says_what_there_is(self) -> None:
        with pytest.raises(StepRefused, match="`nonce`") as refused:
            Keyed(Signature(over="{nonce}"), secret="k").signed(Request(method="GET", url="https://a.example/"))
        assert "timestamp" in refused.value.hint

    def test_with_a_secret_in_another_writing_is_refused(self) -> None:
        with pytest.raises(StepRefused, match="not written in hex"):
            Keyed(Signature(secret_encoding="hex"), secret="zz")
