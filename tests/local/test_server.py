"""The server over real sockets: what it lets in, what it refuses, and how it ends."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow.fs as pafs
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.local.server import Server
from fsql.local.services import Services

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ODD_KEY = "a b/é+~(1)!*'$&,;=@:%/../x"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that believes everybody."""
    with Server(Services(tmp_path_factory.mktemp("open"))) as made:
        s3(made).create_bucket(Bucket="bucket")
        yield made


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that asks for signatures."""
    with Server(Services(tmp_path_factory.mktemp("strict")), keys={KEY: SECRET}) as made:
        s3(made).create_bucket(Bucket="bucket")
        yield made


def client(server: Server, service: str, key: str = KEY, secret: str = SECRET, **more: Any) -> Any:
    session = boto3.Session(key, secret, region_name="us-east-1")
    make: Any = session.client
    return make(service, endpoint_url=server.url, **more)


def s3(server: Server, **more: Any) -> Any:
    return client(server, "s3", **more)


def arrow(server: Server, secret: str = SECRET) -> pafs.S3FileSystem:
    return pafs.S3FileSystem(
        access_key=KEY,
        secret_key=secret,
        region="us-east-1",
        endpoint_override=f"127.0.0.1:{server.port}",
        scheme="http",
        allow_delayed_open=True,
    )


def head(path: str, size: int, more: str = "") -> bytes:
    """The head of a PUT whose body is to follow."""
    lines = (f"PUT {path} HTTP/1.1", "Host: localhost", f"Content-Length: {size}", more)
    return "\r\n".join([*filter(None, lines), "", ""]).encode()


class Answer:
    """What came back of a request made by hand."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def code(self) -> str:
        return self.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """A request as it is, nothing added but Host and Content-Length."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        chunked = "Transfer-Encoding" in named
        connection.request(method, path, body, named, encode_chunked=chunked)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def raw(server: Server, text: bytes, *, leave: bool = False) -> bytes:
    """Everything that comes back until the server closes, or we do with ``leave``."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as made:
        made.sendall(text)
        if leave:
            made.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: made.recv(65536), b""))


# Every service on one port


def test_each_service_answers(server: Server) -> None:
    assert client(server, "sts").get_caller_identity()["Account"] == "000000000000"
    assert client(server, "glue").get_databases()["DatabaseList"] == []
    assert client(server, "athena").list_work_groups()["WorkGroups"][0]["Name"] == "primary"
    assert "bucket" in [each["Name"] for each in s3(server).list_buckets()["Buckets"]]


def test_other_services_are_named(server: Server) -> None:
    with pytest.raises(ClientError, match="not dynamodb"):
        client(server, "dynamodb", config=Config(retries={"max_attempts": 1})).list_tables()


def test_unsigned_requests_find_their_service(server: Server) -> None:
    found = ask(server, "POST", "/", "{}", X_Amz_Target="AWSGlue.GetDatabases")
    assert json.loads(found.body) == {"DatabaseList": []}
    form = "application/x-www-form-urlencoded"
    found = ask(server, "POST", "/", "Action=GetCallerIdentity", Content_Type=form)
    assert b"<Account>000000000000</Account>" in found.body
    assert b"<Name>bucket</Name>" in ask(server, "GET", "/").body


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1", "/bucket/hosted"),
        ("bucket.localhost", "/hosted"),
        ("bucket.s3.localhost", "/hosted"),
        ("bucket.s3.eu-central-1.localhost", "/hosted"),
        ("s3.localhost", "/bucket/hosted"),
        ("s3.us-east-1.amazonaws.com", "/bucket/hosted"),
        ("bucket.s3.us-east-1.amazonaws.com", "/hosted"),
    ],
)
def test_path_and_virtual_host_style(server: Server, host: str, path: str) -> None:
    s3(server).put_object(Bucket="bucket", Key="hosted", Body=b"found")
    assert ask(server, "GET", path, Host=f"{host}:{server.port}").body == b"found"


def test_boto3_in_virtual_host_style(server: Server) -> None:
    config = Config(s3={"addressing_style": "virtual"})
    hosted = boto3.Session(KEY, SECRET, region_name="us-east-1").client(
        "s3", endpoint_url=f"http://localhost:{server.port}", config=config
    )
    url = hosted.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    assert url.startswith(f"http://bucket.localhost:{server.port}/k?")


def test_metadata_keeps_its_names(server: Server) -> None:
    given = {"my_key": "1", "my-key": "2"}
    s3(server).put_object(Bucket="bucket", Key="named", Body=b"", Metadata=given)
    assert s3(server).head_object(Bucket="bucket", Key="named")["Metadata"] == given


def test_ranges_and_heads(server: Server) -> None:
    content = bytes(range(256)) * 20_000  # 5 MB, sent in several blocks
    s3(server).put_object(Bucket="bucket", Key="large", Body=content)
    assert ask(server, "GET", "/bucket/large").body == content
    part = ask(server, "GET", "/bucket/large", Range="bytes=1000000-3999999")
    assert (part.status, part.body) == (206, content[1_000_000:4_000_000])
    head = ask(server, "HEAD", "/bucket/large")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    missing = ask(server, "HEAD", "/bucket/none")
    assert (missing.status, missing.body) == (404, b"")


def test_a_connection_is_used_again(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("PUT", "/bucket/again", b"x" * 3_000_000)
    assert connection.getresponse().read() == b""
    opened = connection.sock
    # An answer that comes before the body was wanted must not leave it in the connection.
    connection.request("PUT", "/none/again", b"x" * 3_000_000)
    assert b"NoSuchBucket" in connection.getresponse().read()
    connection.request("GET", "/bucket/again")
    assert len(connection.getresponse().read()) == 3_000_000
    assert connection.sock is opened
    connection.close()


def test_pyarrow_writes_and_reads(server: Server) -> None:
    files, content = arrow(server), b"0123456789" * 2_500_000
    with files.open_output_stream("bucket/arrow/ü.bin") as stream:
        stream.write(content)
    with files.open_input_file("bucket/arrow/ü.bin") as file:
        assert file.read() == content
        assert file.read_at(10, 12_345_670) == b"0123456789"
    found = files.get_file_info(pafs.FileSelector("bucket/arrow"))
    assert [(each.path, each.size) for each in found] == [("bucket/arrow/ü.bin", len(content))]


def test_many_clients_at_once(server: Server) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mine = s3(server)
            for turn in range(5):
                body = bytes([number]) * (100_000 * (turn + 1))
                mine.put_object(Bucket="bucket", Key=f"many/{number}", Body=body)
                assert mine.get_object(Bucket="bucket", Key=f"many/{number}")["Body"].read() == body
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_slow_uploads_hold_nothing_else_up(tmp_path: Path) -> None:
    with Server(Services(tmp_path), threads=2) as small:
        s3(small).create_bucket(Bucket="bucket")
        s3(small).put_object(Bucket="bucket", Key="k", Body=b"x" * 2_000_000)
        with socket.create_connection(("127.0.0.1", small.port)) as slow:
            slow.sendall(head("/bucket/s", 9_000_000) + b".")
            time.sleep(0.1)
            assert ask(small, "GET", "/health").status == 200
            assert len(ask(small, "GET", "/bucket/k").body) == 2_000_000


# Bodies


def test_leave_to_send_is_given_late(server: Server) -> None:
    size = 1_000_000
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as made:
        made.sendall(head("/bucket/k", size, "Expect: 100-continue"))
        assert made.recv(100).startswith(b"HTTP/1.1 100 ")
        made.sendall(b"x" * size)
        assert made.recv(1000).startswith(b"HTTP/1.1 200 ")
    # Who is refused need not send, and the connection ends, since nobody knows whether they will.
    answer = raw(server, head("/none/k", size, "Expect: 100-continue"))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"connection: close" in answer


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return body + b"0\r\n" + trailer + b"\r\n"


def test_bodies_of_unknown_length(server: Server) -> None:
    content = [b"a" * 70_000, b"b", b"c" * 300_000]
    plain = ask(server, "PUT", "/bucket/unknown", iter(content), Transfer_Encoding="chunked")
    assert plain.status == 200
    assert ask(server, "GET", "/bucket/unknown").body == b"".join(content)
    # As AWS's SDKs send a stream: S3's own chunks, with a checksum behind them, inside HTTP's.
    checksum = b"x-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n"
    framed = chunked(b"1234", b"56789", trailer=checksum)
    headers = {
        "Transfer_Encoding": "chunked",
        "Content_Encoding": "aws-chunked",
        "x_amz_decoded_content_length": "9",
        "x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x_amz_trailer": "x-amz-checksum-crc64nvme",
    }
    assert ask(server, "PUT", "/bucket/framed", iter([framed]), **headers).status == 200
    assert ask(server, "GET", "/bucket/framed").body == b"123456789"
    wrong = chunked(b"1234", b"56780", trailer=checksum)
    assert ask(server, "PUT", "/bucket/framed", iter([wrong]), **headers).code == "BadDigest"
    assert ask(server, "GET", "/bucket/framed").body == b"123456789"


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    services = Services(tmp_path)
    with Server(services) as made:
        s3(made).create_bucket(Bucket="bucket")
        with socket.create_connection(("127.0.0.1", made.port)) as gone:
            gone.sendall(head("/bucket/k", 9_000_000))
            gone.sendall(b"x" * 2_000_000)
            until(lambda: any(services.store.staging.iterdir()))
        until(lambda: not any(services.store.staging.iterdir()))
        assert "Contents" not in s3(made).list_objects_v2(Bucket="bucket")


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /bucket/k",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /bucket HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
        b"GET /bucket HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
        b"PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 50_000,
    ],
)
def test_what_is_no_http_does_no_harm(server: Server, request_: bytes) -> None:
    try:
        answer = raw(server, request_, leave=True)
    except ConnectionError:  # it closed while we were still sending
        answer = b""
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
    assert ask(server, "GET", "/health").status == 200


@settings(max_examples=60)
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(
            (
                *("x-amz-target", "authorization", "x-amz-date", "range", "x-amz-copy-source"),
                *("x-amz-decoded-content-length", "x-amz-content-sha256", "content-encoding"),
            )
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
        max_size=4,
    ),
)
def test_any_request_is_answered(
    server: Server, method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    given_headers = {k: v.strip() for k, v in headers.items() if v.isprintable()}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, "/" + path, body, given_headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status < 500 or answer.status == 501


# Who may ask


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_names_that_are_not_ours_are_refused(server: Server, host: str) -> None:
    assert ask(server, "GET", "/", Host=host).code == "AccessDenied"


def test_web_pages_are_refused(server: Server) -> None:
    answer = ask(server, "POST", "/bucket?delete", "<Delete/>", Origin="http://evil.example")
    assert answer.code == "AccessDenied"
    assert ask(server, "GET", "/", Origin="null").code == "AccessDenied"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_headers_cannot_be_split(server: Server) -> None:
    s3(server).put_object(Bucket="bucket", Key="k", Body=b"x")
    answer = ask(server, "GET", "/bucket/k?response-content-type=a%0d%0aX-Evil:1")
    assert answer.code == "InvalidArgument"
    assert "X-Evil" not in answer.headers


def test_health(server: Server, strict: Server, tmp_path: Path) -> None:
    for each in (server, strict):
        answer = ask(each, "GET", "/health")
        assert (answer.status, json.loads(answer.body)["status"]) == (200, "ok")
        assert ask(each, "HEAD", "/health").body == b""
    assert ask(server, "GET", "/health?list-type=2").code == "NoSuchBucket"
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3(server).list_objects(Bucket="health")


# Signatures


@pytest.mark.parametrize(
    ("service", "operation", "unknown", "wrong"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        ("glue", "get_databases", "UnrecognizedClientException", "InvalidSignatureException"),
        ("athena", "list_work_groups", "UnrecognizedClientException", "InvalidSignatureException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    ],
)
def test_signed_requests_only(
    strict: Server, service: str, operation: str, unknown: str, wrong: str
) -> None:
    assert getattr(client(strict, service), operation)()
    for key, secret, code in (("OTHER", SECRET, unknown), (KEY, "other", wrong)):
        with pytest.raises(ClientError) as caught:
            getattr(client(strict, service, key, secret), operation)()
        assert caught.value.response["Error"]["Code"] == code


def test_unsigned_requests_are_refused(strict: Server) -> None:
    assert ask(strict, "GET", "/bucket").code == "AccessDenied"
    glue = ask(strict, "POST", "/", "{}", X_Amz_Target="AWSGlue.GetDatabases")
    assert json.loads(glue.body)["__type"] == "MissingAuthenticationTokenException"
    malformed = ask(strict, "GET", "/bucket", Authorization="Basic YTpi")
    assert malformed.code == "AuthorizationHeaderMalformed"


def test_every_kind_of_key_and_body_is_signed_alike(strict: Server) -> None:
    body = b"x" * 700_000
    s3(strict).put_object(Bucket="bucket", Key=ODD_KEY, Body=body, Metadata={"a": "  b   c "})
    found = s3(strict).get_object(Bucket="bucket", Key=ODD_KEY)
    assert found["Body"].read() == body
    listed = s3(strict).list_objects_v2(Bucket="bucket", Prefix=ODD_KEY[:4], Delimiter="+")
    assert listed["CommonPrefixes"] == [{"Prefix": ODD_KEY[: ODD_KEY.index("+") + 1]}]
    with arrow(strict).open_output_stream(f"bucket/{ODD_KEY[:20]}") as stream:
        stream.write(body)
    assert s3(strict).head_object(Bucket="bucket", Key=ODD_KEY[:20])["ContentLength"] == len(body)
    with pytest.raises(OSError, match="ACCESS_DENIED"):
        arrow(strict, "other").get_file_info(f"bucket/{ODD_KEY[:20]}")


def signed(strict: Server, method: str, path: str, body: bytes = b"", **headers: Any) -> AWSRequest:
    """A request that botocore signed for Glue, or for S3 where a path is given."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"{strict.url}{path}", data=body, headers=named)
    SigV4Auth(Credentials(KEY, SECRET), "s3" if path != "/" else "glue", "us-east-1").add_auth(
        request
    )
    return request


def send(strict: Server, request: AWSRequest, body: bytes | None = None, **more: str) -> Answer:
    headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
    path = str(request.url).removeprefix(strict.url)
    return ask(strict, str(request.method), path, body or request.data, **{**headers, **more})


def test_a_signed_body_cannot_be_changed(strict: Server) -> None:
    target = "AWSGlue.GetDatabases"
    request = signed(strict, "POST", "/", b"{}", X_Amz_Target=target)
    assert send(strict, request).status == 200
    other = send(strict, request, b'{"MaxResults": 1}')
    assert json.loads(other.body)["__type"] == "InvalidSignatureException"
    other = send(strict, request, X_Amz_Target="AWSGlue.DeleteDatabase")
    assert json.loads(other.body)["__type"] == "InvalidSignatureException"


def test_headers_that_nobody_signed_are_refused(strict: Server) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    request = signed(strict, "GET", "/bucket", x_amz_content_sha256=digest)
    assert send(strict, request).status == 200
    assert send(strict, request, x_amz_copy_source="/bucket/k").code == "AccessDenied"


def test_old_and_future_requests_are_refused(
    strict: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.auth

    digest = hashlib.sha256(b"").hexdigest()
    for minutes, code in (
        (-14, ""),
        (14, ""),
        (-16, "RequestTimeTooSkewed"),
        (16, "RequestTimeTooSkewed"),
    ):
        then = datetime.now(UTC) + timedelta(minutes=minutes)
        monkeypatch.setattr(
            botocore.auth, "get_current_datetime", lambda remove_tzinfo=True, then=then: then
        )
        request = signed(strict, "GET", "/bucket", x_amz_content_sha256=digest)
        assert send(strict, request).code == code


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(strict: Server, version: str) -> None:
    made = s3(strict, config=Config(signature_version=version))

    def url(operation: str, **more: Any) -> str:
        found: str = made.generate_presigned_url(
            operation, Params={"Bucket": "bucket", "Key": ODD_KEY, **more}, ExpiresIn=60
        )
        return found.removeprefix(strict.url)

    put = url("put_object")
    assert ask(strict, "PUT", put, b"presigned").status == 200
    assert ask(strict, "GET", put).code == "SignatureDoesNotMatch"
    get = url("get_object", ResponseContentType="text/x y")
    answer = ask(strict, "GET", get)
    assert (answer.body, answer.headers["Content-Type"]) == (b"presigned", "text/x y")
    assert ask(strict, "GET", get.replace("x%20y", "z")).code == "SignatureDoesNotMatch"
    assert ask(strict, "GET", get, x_amz_copy_source="/bucket/k").code in (
        "AccessDenied",
        "SignatureDoesNotMatch",
    )


def test_presigned_urls_expire(strict: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    then = datetime.now(UTC) - timedelta(seconds=100)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: then)
    for seconds, status in ((200, 200), (50, 403)):
        request = AWSRequest("GET", f"{strict.url}/bucket")
        request.context["payload_signing_enabled"] = False
        auth = SigV4QueryAuth(Credentials(KEY, SECRET), "s3", "us-east-1", expires=seconds)
        auth.payload = lambda request: "UNSIGNED-PAYLOAD"  # type: ignore[method-assign]
        auth.add_auth(request)
        answer = ask(strict, "GET", str(request.url).removeprefix(strict.url))
        assert answer.status == status
    assert answer.code == "AccessDenied"


def streaming(
    strict: Server, *chunks: bytes, trailer: str = "", spoil: int | None = None
) -> Answer:
    """A PUT of signed chunks, made from AWS's description; the chunk ``spoil`` signed wrongly."""
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    size = str(sum(map(len, chunks)))
    headers: dict[str, Any] = {
        "x_amz_content_sha256": kind,
        "x_amz_decoded_content_length": size,
    }
    if trailer:
        headers["x_amz_trailer"] = trailer.partition(":")[0]
    request = signed(strict, "PUT", "/bucket/streamed", **headers)
    stamp = str(request.headers["X-Amz-Date"])
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    last = str(request.headers["Authorization"]).rpartition("Signature=")[2]

    def sign(what: str, *more: str) -> str:
        text = "\n".join((f"AWS4-HMAC-SHA256-{what}", stamp, scope, last, *more))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    body = b""
    for number, chunk in enumerate((*chunks, b"")):
        hashes = (hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest())
        last = sign("PAYLOAD", *hashes)
        shown = "0" * 64 if number == spoil else last
        body += b"%x;chunk-signature=%b\r\n" % (len(chunk), shown.encode())
        body += chunk + b"\r\n" if chunk else b""
    if trailer:
        last = sign("TRAILER", hashlib.sha256(f"{trailer}\n".encode()).hexdigest())
        shown = "0" * 64 if spoil == -1 else last
        body += f"{trailer}\r\nx-amz-trailer-signature:{shown}\r\n".encode()
    return send(strict, request, body + b"\r\n")


def test_signed_chunks(strict: Server) -> None:
    chunks = (b"a" * 70_000, b"b" * 2_000_000, b"c")
    assert streaming(strict, *chunks).status == 200
    assert s3(strict).get_object(Bucket="bucket", Key="streamed")["Body"].read() == b"".join(chunks)
    checksum = "x-amz-checksum-crc32c:4waSgw=="
    assert streaming(strict, b"1234", b"56789", trailer=checksum).status == 200
    assert s3(strict).get_object(Bucket="bucket", Key="streamed")["Body"].read() == b"123456789"


@pytest.mark.parametrize("spoil", [0, 1, 2, -1])
def test_chunks_signed_wrongly(strict: Server, spoil: int) -> None:
    before = s3(strict).put_object(Bucket="bucket", Key="streamed", Body=b"before")["ETag"]
    checksum = "x-amz-checksum-crc32c:4waSgw=="
    answer = streaming(strict, b"1234", b"56789", trailer=checksum, spoil=spoil)
    assert answer.code == "SignatureDoesNotMatch"
    assert s3(strict).head_object(Bucket="bucket", Key="streamed")["ETag"] == before


# The log


def test_the_log_holds_no_secrets(strict: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fsql.serve")
    url = s3(strict, config=Config(signature_version="s3v4")).generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "none"}
    )
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url)
    client(strict, "athena").start_query_execution(
        QueryString="SELECT 'a secret'", ResultConfiguration={"OutputLocation": "s3://bucket/"}
    )
    ask(strict, "GET", "/bucket/a%0ab?AWSAccessKeyId=AKIDEXAMPLE&Signature=abc")
    until(lambda: len(caplog.messages) >= 3)
    text = "\n".join(caplog.messages)
    assert "s3 GET /bucket/none?X-Amz-Algorithm" in text
    assert "athena StartQueryExecution POST / 200" in text
    signature = url.rpartition("X-Amz-Signature=")[2]
    for secret in (KEY, SECRET, signature, "a secret", "Signature=abc", "chunk-signature"):
        assert secret not in text
    assert "\n" not in caplog.messages[-1]


# The end


def test_running_requests_end_before_the_server_does(tmp_path: Path) -> None:
    made = Server(Services(tmp_path), grace=100)
    made.start()
    s3(made).create_bucket(Bucket="bucket")
    with socket.create_connection(("127.0.0.1", made.port), timeout=30) as slow:
        slow.sendall(head("/bucket/k", 1_000_000))
        time.sleep(0.5)  # until it is read
        stopping = threading.Thread(target=made.stop)
        stopping.start()
        time.sleep(0.3)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", made.port))
        slow.sendall(b"x" * 1_000_000)
        assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
    stopping.join(120)
    assert not stopping.is_alive()
    again = Services(tmp_path)
    found = again.store.find("bucket", "k")
    assert found is not None
    assert found.size == 1_000_000
    again.close()


def test_the_end_does_not_wait_for_ever(tmp_path: Path) -> None:
    services = Services(tmp_path)
    made = Server(services, grace=1)
    made.start()
    s3(made).create_bucket(Bucket="bucket")
    with socket.create_connection(("127.0.0.1", made.port), timeout=30) as slow:
        slow.sendall(head("/bucket/k", 1_000_000))
        time.sleep(0.5)  # until it is read
        started = time.monotonic()
        made.stop()
        assert time.monotonic() - started < 60
    assert services.store.find("bucket", "k") is None
    assert not any(services.store.staging.iterdir())


def test_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(Services(tmp_path), port=server.port)
