"""http/request and http/request/bodyDelta, against the test's own HTTP server."""
from __future__ import annotations

from typing import Any

from differential.case import RESULT, Allow, Begin, Call, Case, Connect, Drop, Finish, Stream, case, shapes, single
from differential.cases_files import b64

BASE: dict[str, Any] = {"method": "GET", "url": "http://$http/echo", "requestId": "r"}


def http(target: str = "/echo", on: str = "a", seconds: float = 10.0, **members: Any) -> Call:
    return Call("http/request", {**BASE, "url": f"http://$http{target}", **members}, on=on, seconds=seconds)


def header(name: str, value: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "value": value, **members}


def streamed(target: str, **members: Any) -> tuple[Any, ...]:
    """A streamed request and all it brings."""
    return http(target, streamResponse=True, **members), Stream("r", seconds=5)


def drops_body(status: int, method: str) -> bool:
    """Whether the request behind the redirect has none: then codex's client reorders the headers."""
    return status == 303 or (status in (301, 302) and method == "POST")


ODD = ("repeated", "latin", "gzip", "chunked", "no-length", "old", "truncated", "bad-chunk", "no-last-chunk", "garbage",
       "nothing", "half-head", "continue", "reason", "status/204", "status/304", "status/404",
       "status/500",
       "status/100", "status/999", "lose", "big/0", "big/65536", "big/3145728", "slow/0.05")
URLS: dict[str, str] = {
    "empty": "", "relative": "/echo", "no scheme": "$http/echo", "ftp": "ftp://$http/echo",
                        "file": "file:///etc/passwd",
    "ws": "ws://$http/echo", "upper case": "HTTP://$http/echo", "no host": "http://",
                        "no host with path": "http:///echo",
    "one slash": "http:/$http/echo", "no slash": "http:$http/echo", "backslashes": "http:\\\\$http\\echo",
    "user": "http://me:secret@$http/echo", "user only": "http://me@$http/echo", "fragment": "http://$http/echo#part",
    "query": "http://$http/echo?a=b&c=%20d", "empty query": "http://$http/echo?", "blank": "http://$http/echo/a b",
    "not ASCII": "http://$http/echo/ü?ä", "percent": "http://$http/echo/%7e%C3%bc",
                        "bad percent": "http://$http/echo/%zz",
    "dots": "http://$http/x/../echo", "tab": "http://$http/ec\tho", "leading blank": "  http://$http/echo",
                        "no path": "http://$http",
    "quote": "http://$http/echo/\"<>`{}|^'", "quote in query": "http://$http/echo?\"<>`{}|^'",
                        "host with blank": "http://a b/echo",
    "port 0": "http://127.0.0.1:0/", "port too big": "http://127.0.0.1:65536/", "port no number": "http://127.0.0.1:x/",
    "port closed": "http://127.0.0.1:1/x", "port empty": "http://127.0.0.1:/",
                        "no such host": "http://no-such-host.invalid/",
    "bad IPv6": "http://[::1/", "IPv6 closed": "http://[::1]:1/", "number as host": "http://2130706433:1/",
    "host NUL": "http://a%00b/", "https to http": "https://$http/echo", "https closed": "https://127.0.0.1:1/",
    "nothing but text": "not a url", "data": "data:text/plain,x",
}
CASES: list[Case] = [
    *shapes("http/request", BASE, {"method": "string", "url": "string", "requestId": "string", "headers": "array",
                                   "bodyBase64": "string null", "timeoutMs": "number null", "redirectPolicy": "",
                                   "streamResponse": "bool"},
            allow={f"{name}=null": Allow("http-values", "0.reply", RESULT)
                   for name in ("headers", "redirectPolicy", "streamResponse")}
            | {"redirectPolicy=object": Allow("http-values", "0.reply.error.message",
                                              "invalid type: map, expected string or map")}),
    *single("http/request", {
        "header without name": {"headers": [{"value": "b"}]},
        "header without value": {"headers": [{"name": "b"}]},
        "header null": {"headers": [None]},
        "header of numbers": {"headers": [{"name": 1, "value": 2}]},
        "header as a list": {"headers": [["a", "b"]]},
        "valueEnvVar of a number": {"headers": [header("x-a", "b", valueEnvVar=1)]},
        "valueEnvVar null": {"headers": [header("x-a", "b", valueEnvVar=None)]},
        "valueEnvVar": {"headers": [header("x-a", "Bearer ", valueEnvVar="DIFF_TOKEN")]},
        "valueEnvVar empty value": {"headers": [header("x-a", "Bearer ", valueEnvVar="DIFF_EMPTY")]},
        "valueEnvVar missing": {"headers": [header("x-a", "b", valueEnvVar="DIFF_NOT_SET")]},
        "valueEnvVar with a newline": {"headers": [header("x-a", "b", valueEnvVar="DIFF_BAD_HEADER")]},
        "valueEnvVar empty": {"headers": [header("x-a", "b", valueEnvVar="")]},
        "valueEnvVar with NUL": {"headers": [header("x-a", "b", valueEnvVar="A\0B")]},
        "valueEnvVar with =": {"headers": [header("x-a", "b", valueEnvVar="A=B")]},
        "header names": {"headers": [header("X-One", "1"), header("x-two", "2"), header("X-One", "3")]},
        "header name empty": {"headers": [header("", "1")]},
        "header name with blank": {"headers": [header("a b", "1")]},
        "header name with colon": {"headers": [header("a:", "1")]},
        "header name not ASCII": {"headers": [header("ü", "1")]},
        "header value empty": {"headers": [header("x-a", "")]},
        "header value with blanks": {"headers": [header("x-a", "  b  ")]},
        "header value with newline": {"headers": [header("x-a", "b\r\nc: d")]},
        "header value with NUL": {"headers": [header("x-a", "b\0")]},
        "header value with tab": {"headers": [header("x-a", "b\tc")]},
        "header value not ASCII": {"headers": [header("x-a", "ü")]},
        "header host": {"headers": [header("host", "example.org")]},
        "header accept": {"headers": [header("Accept", "text/plain")]},
        "header user-agent": {"headers": [header("User-Agent", "mine")]},
        "header content-length wrong": {"method": "POST", "bodyBase64": "YQ==",
                                        "headers": [header("content-length", "1")]},
        "header connection": {"headers": [header("connection", "close")]},
        "header transfer-encoding": {"headers": [header("te", "trailers")]},
        "redirectPolicy unknown": {"redirectPolicy": "sometimes"},
        "redirectPolicy empty": {"redirectPolicy": ""},
        "body bad base64": {"bodyBase64": "%"},
        "body bad padding": {"bodyBase64": "YQ"},
        "body bad base64 and bad URL": {"bodyBase64": "%", "url": "x"},
        "bad method and bad URL": {"method": "A B", "url": "x"},
        "bad header and bad method": {"method": "A B", "headers": [header("a b", "1")]},
        "bad header and missing variable": {"headers": [header("x-a", "b", valueEnvVar="NO"), header("a b", "1")]},
        "method empty": {"method": ""}, "method with blank": {"method": "A B"},
                             "method with newline": {"method": "GET\r\n"},
        "method lower case": {"method": "get"}, "method own": {"method": "FOO"}, "method not ASCII": {"method": "Ü"},
        "requestId empty": {"requestId": ""},
        "timeout 0": {"timeoutMs": 0},
        "timeout negative": {"timeoutMs": -1}, "timeout huge": {"timeoutMs": 2 ** 64 - 1},
    }, BASE, allow={"header as a list": Allow("positional-params", "0.reply", {"error": {"code": -32602}}),
                    "header content-length wrong": Allow("http-length", "0.reply.result.bodyBase64")}),
    case("http/request requestId empty streaming", http(requestId="", streamResponse=True), Stream("")),
    *[case(f"http/request URL: {name}", Call("http/request", {**BASE, "url": url, "timeoutMs": 8000}))
      for name, url in URLS.items()],
    *[case(f"http/request {method} {'with' if body else 'without'} a body",
           http("/echo/x?y", method=method, bodyBase64=b64(body) if body is not None else None),
           allow=Allow("http-length", "0.reply.result.headers.1.value") if method == "HEAD" and body else ())
      for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "FOO")
      for body in (None, "body\0")],
    case("http/request spelling", http("/spelling", method="POST", bodyBase64="YQ==", headers=[header("X-One", "1")]),
         allow=Allow("http-spelling", "0.reply.result.bodyBase64")),
    case("http/request POST with an empty body", http(method="POST", bodyBase64="")),
    case("http/request big body", http(method="POST", bodyBase64=b64("0123456789" * 200_000))),
    *[case(f"http/request answer: {name}", http(f"/{name}", timeoutMs=5000)) for name in ODD],
    *[case(f"http/request answer: {name} streamed", *streamed(f"/{name}", timeoutMs=5000)) for name in ODD],
    case("http/request answer: two-lengths", http("/two-lengths"), allow=Allow("http-hosts", "0.reply", RESULT)),
    *[case(f"http/request redirect {status} {method}",
           http(f"/redirect/{status}/1", method=method, bodyBase64="Ym9keQ==", headers=[
               header("content-type", "text/x"), header("x-mine", "1"), header("authorization", "Bearer x")]),
           allow=Allow("http-spelling", "0.reply.result.bodyBase64") if drops_body(status, method) else ())
      for status in (300, 301, 302, 303, 304, 305, 307, 308) for method in ("GET", "POST")],
    *[case(f"http/request redirect {status} PUT", http(f"/redirect/{status}/1", method="PUT", bodyBase64="Ym9keQ=="))
      for status in (301, 302, 303)],
    *[case(f"http/request redirects {count}", http(f"/redirect/302/{count}")) for count in (9, 10, 11, 25)],
    case("http/request redirect is not followed", http("/redirect/302/1", redirectPolicy="stop")),
    case("http/request redirect followed by name", http("/redirect/302/1", redirectPolicy="follow")),
    case("http/request redirect loop streamed", *streamed("/redirect/302/25")),
    *[case(f"http/request redirect to {name}", http(f"/redirect-to/{target}"))
      for name, target in {"a relative path": "echo%3Fx", "another scheme": "ftp%3A%2F%2F127.0.0.1%2Fx", "nothing": "",
                           "a closed port": "http%3A%2F%2F127.0.0.1%3A1%2F", "a query": "%3Fx",
                           "a file": "file%3A%2F%2F%2Fetc",
                           "no host": "http%3A%2F%2F%2F", "not ASCII": "%2Fecho%2F%C3%BC",
                           "a fragment": "%2Fecho%23part", "protocol relative": "%2F%2F127.0.0.1%3A1%2F"}.items()],
    case("http/request credentials do not go to another host",
         http("/redirect-to/http%3A%2F%2Flocalhost%3A1%2F", headers=[header("authorization", "Bearer x")])),
    # Not before the head: codex says one of two texts then, by which of its two timers is first.
    case("http/request timeout in the body", http("/slow/4", timeoutMs=1500)),
    case("http/request timeout in a streamed body", http("/slow/4", timeoutMs=1500, streamResponse=True),
         Stream("r", seconds=5)),
    case("http/request timeout long enough", http("/late/0.1", timeoutMs=5000)),
    case("http/request streamed twice with one id", http("/late/0.05", streamResponse=True), Stream("r"),
         http("/echo", streamResponse=True), Stream("r")),
    case("http/request streamed while the id is busy", http("/slow/0.3", streamResponse=True),
         http("/echo", streamResponse=True), http("/echo"), http("/echo", url="x", streamResponse=True), Stream("r")),
    case("http/request two streams", http("/slow/0.1", streamResponse=True),
         http("/slow/0.1", streamResponse=True, requestId="s"),
         Stream("r"), Stream("s")),
    case("http/request failed stream leaves its id", http("/nothing", streamResponse=True), *streamed("/echo")),
    case("http/request ids are a connection's", http("/slow/0.2", streamResponse=True), Connect("b"),
         http("/slow/0.01", on="b", streamResponse=True), Stream("r", on="b"), Stream("r")),
    case("http/request streams end with their connection", http("/slow/0.2", streamResponse=True), Drop("a"),
         Connect("b", resume="$session.a"), http("/echo", on="b", streamResponse=True), Stream("r", on="b")),
    case("http/request one after another", Begin("first", "http/request", {**BASE, "url": "http://$http/late/0.2"}),
         Begin("second", "http/request", BASE), Finish("first"), Finish("second")),
]
