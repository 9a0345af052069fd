"""The listener as an HTTP server: upgrades, probes, and what is neither."""
from __future__ import annotations

from differential.case import ABSENT, Allow, Case, Http, case

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEADERS = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": KEY}


def request(name: str, line: str = "GET / HTTP/1.1", *allow: Allow, plain: bool = False, **changes: str | None) -> Case:
    """A request line with the headers of an upgrade, some of them changed (None: left out)."""
    headers = {"Host": "localhost", "Connection": "close"} if plain else dict(HEADERS)
    for key, value in changes.items():
        header = key.replace("_", "-")
        headers = {known: old for known, old in headers.items() if known.lower() != header.lower()}
        if value is not None:
            headers[header] = value
    text = "".join(f"{header}: {value}\r\n" for header, value in headers.items())
    return case(f"http side: {name}", Http(f"{line}\r\n{text}\r\n"), allow=allow)


def refused(name: str, line: str = "GET / HTTP/1.1", *allow: Allow, **changes: str | None) -> Case:
    """The same where the answer is no 101, after which paned closes the connection."""
    return request(name, line, CLOSES, *allow, **changes)


def plain(name: str, line: str, *allow: Allow) -> Case:
    """A request that is no upgrade, and asks for the connection's end itself."""
    return request(name, line, *allow, plain=True)


CLOSES = Allow("plain-http", "0.headers.connection", "close")
OTHER_HEAD = Allow("plain-http", "0.*")
HEALTHY = Allow("any-path", "0.*")
UPGRADED = (Allow("any-path", "0.status", 101), Allow("any-path", "0.headers.*"))
NO_BODY = (Allow("plain-http", "0.headers.content-length", "0"), Allow("plain-http", "0.headers.content-type", ABSENT))
NO_ALLOW = Allow("plain-http", "0.headers.allow", ABSENT)
CASES: list[Case] = [
    request("upgrade"),
    request("upgrade with a query", "GET /?a=b HTTP/1.1"),
    request("upgrade with a subprotocol", Sec_WebSocket_Protocol="a, b"),
    request("upgrade with an extension", Sec_WebSocket_Extensions="permessage-deflate"),
    request("upgrade with another host", Host="example.org"),
    request("upgrade without host", Host=None),
    request("upgrade with several connection tokens", Connection="keep-alive, UPGRADE"),
    request("upgrade in mixed case", Upgrade="WebSocket"),
    request("short key", Sec_WebSocket_Key="YQ=="),
    request("key no base64", Sec_WebSocket_Key="%%%"),
    request("empty key", "GET / HTTP/1.1", Allow("plain-http", "0.*"), Sec_WebSocket_Key=""),
    refused("upgrade to something else", Upgrade="h2c"),
    refused("without connection", Connection=None),
    refused("without upgrade", Upgrade=None),
    refused("without version", Sec_WebSocket_Version=None),
    refused("wrong version", Sec_WebSocket_Version="8"),
    refused("version no number", Sec_WebSocket_Version="x"),
    refused("without key", Sec_WebSocket_Key=None),
    *[refused(f"origin {origin!r}", Origin=origin)
      for origin in ("http://localhost", "null", "", "https://example.org")],
    *[request(f"origin on {path}", f"GET {path} HTTP/1.1", plain=True, Origin="http://x")
      for path in ("/", "/readyz", "/healthz", "/no")],
    *[plain(f"GET {path[:20]}", f"GET {path} HTTP/1.1")
      for path in ("/", "/readyz", "/readyz/", "/readyz?x=1", "/health", "/ws", "/no", "//", "/%72eadyz", "*",
                   "/" + "x" * 5000)],
    plain("GET /healthz", "GET /healthz HTTP/1.1", HEALTHY),
    *[plain(f"{method} {path}", f"{method} {path} HTTP/1.1") for path in ("/", "/no")
      for method in ("POST", "OPTIONS", "DELETE", "FOO")],
    *[plain(f"{method} /readyz", f"{method} /readyz HTTP/1.1", NO_ALLOW)
      for method in ("POST", "OPTIONS", "DELETE", "FOO")],
    *[plain(f"{method} /healthz", f"{method} /healthz HTTP/1.1", HEALTHY) for method in ("HEAD", "POST", "OPTIONS")],
    plain("HEAD /", "HEAD / HTTP/1.1", *NO_BODY),
    plain("HEAD /readyz", "HEAD /readyz HTTP/1.1"),
    plain("HEAD /no", "HEAD /no HTTP/1.1", NO_BODY[0]),
    *[request(f"upgrade on {path}", f"GET {path} HTTP/1.1", *UPGRADED) for path in ("/ws", "/no")],
    refused("upgrade on /readyz", "GET /readyz HTTP/1.1"),
    request("upgrade on /healthz", "GET /healthz HTTP/1.1", HEALTHY),
    refused("POST upgrade", "POST / HTTP/1.1"),
    request("HTTP/1.0", "GET / HTTP/1.0", OTHER_HEAD),
    request("HTTP/1.0 readyz", "GET /readyz HTTP/1.0", CLOSES, plain=True),
    request("HTTP/2.0", "GET / HTTP/2.0", OTHER_HEAD),
    request("absolute target", "GET http://localhost/readyz HTTP/1.1", OTHER_HEAD, plain=True),
    case("http side: no HTTP", Http("hello\r\n\r\n")),
    case("http side: header without colon", Http("GET /readyz HTTP/1.1\r\nHost localhost\r\n\r\n")),
    *[case(f"http side: {name}", Http(text), allow=OTHER_HEAD) for name, text in {
        "NUL in a header": "GET /readyz HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        "blank before the colon": "GET /readyz HTTP/1.1\r\nHost : a\r\n\r\n",
        "bare newlines": "GET /readyz HTTP/1.1\nHost: a\n\n",
        "1000 headers": "GET /readyz HTTP/1.1\r\n" + "".join(f"x-{number}: y\r\n" for number in range(1000)) + "\r\n",
        "header of 100 kB": f"GET /readyz HTTP/1.1\r\nx: {'y' * 100_000}\r\n\r\n"}.items()],
    *[case(f"http side: {name}", Http(text), allow=CLOSES) for name, text in {
        "50 headers": "GET /readyz HTTP/1.1\r\n" + "".join(f"x-{number}: y\r\n" for number in range(50)) + "\r\n",
        "two requests": "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\n"}.items()],
]
