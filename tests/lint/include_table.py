#!/usr/bin/python3
"""Keeps the layers: which folder may include which, and where the big libraries may be named.

The table is the twin of the one in server/README.md. CMake's private links hold the same edges at
link time; this test holds them for headers, which links do not see.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

ALLOWED = {
    "protocol": {"protocol", "rapidjson"},
    "server/base": {"server/base", "asio"},
    "server/auth": {"server/auth", "server/base", "protocol", "nettle"},
    "server/net": {"server/net", "server/base", "asio", "websocketpp"},
    "server/process": {"server/process", "server/base", "asio", "protocol"},
    "tmux": {"tmux", "server/process", "server/base", "asio"},
    "server/fs": {"server/fs", "server/base", "asio", "protocol"},
    "server/http": {"server/http", "server/base", "protocol", "asio", "curl"},
    "server/environment": {"server/environment", "server/fs", "server/base", "protocol", "toml++"},
    "server/session": {"server/session", "server/process", "server/fs", "server/base",
                       "server/net"},
    "server/rpc": {"server/rpc", "protocol", "server/net", "server/base"},
    "server/handlers": {"server/handlers", "server/rpc", "server/session", "server/process",
                        "server/fs", "server/http", "server/environment", "protocol",
                        "server/base", "server/net"},
    "server/client": {"server/client", "server/base", "server/net", "protocol"},
}
# Finer than a folder: the only files of a layer that may be included, or may include.
ONLY_HEADERS = {
    ("tmux", "server/process"): {"server/process/backend.h", "server/process/program_lookup.h"},
    ("server/auth", "protocol"): {"protocol/base64.h", "protocol/json_reader.h", "protocol/utf8.h"},
    ("server/process", "protocol"): {"protocol/types.h", "protocol/base64.h"},
    ("server/fs", "protocol"): {"protocol/fs_types.h"},
    ("server/http", "protocol"): {"protocol/http_url.h", "protocol/base64.h"},
    ("server/handlers", "server/http"): {"server/http/http_client.h", "server/http/http_message.h"},
    ("server/environment", "server/fs"): {"server/fs/file_service.h", "server/fs/path_text.h"},
    ("server/environment", "protocol"): {"protocol/utf8.h"},
    ("server/session", "server/net"): {"server/net/connection.h"},
    ("server/rpc", "server/net"): {"server/net/connection.h"},
    ("server/handlers", "server/net"): {"server/net/connection.h"},
    ("server/client", "server/net"): {"server/net/ws_endpoint.h"},
    ("server/client", "protocol"): {"protocol/json_reader.h", "protocol/json_writer.h"},
}
ONLY_FILES = {
    "websocketpp": {"server/net/ws_endpoint.cpp", "server/net/ws_hooks.h",
                    "server/net/ws_config.h"},
    "rapidjson": {"protocol/json_config.h"},
    "nettle": {"server/auth/digest.cpp"},
    "curl": {"server/http/curl_library.h"},
    "toml++": {"server/environment/toml_parser.cpp"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
LINES = 420
THREADS = re.compile(r"\bstd::thread\b(?!::)|\bWorkerPool\b|\bHttpPeer\b")


def layer_of(path: str) -> str:
    """The layer a file of ours lies in; a library's name for a library's header."""
    for library in ("websocketpp", "rapidjson", "asio", "nettle", "curl", "toml++"):
        if path == f"{library}.hpp" or path.startswith(f"{library}/"):
            return library
    for layer in sorted(ALLOWED, key=len, reverse=True):
        if path.startswith(layer + "/"):
            return layer
    return "server" if path.startswith("server/") else ""


def faults_of(path: pathlib.Path) -> list[str]:
    """What is wrong with one file."""
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    faults = []
    layer = layer_of(name)
    for included in INCLUDE.findall(text):
        target = layer_of(included)
        if not target:
            continue
        if layer in ALLOWED and target not in ALLOWED[layer]:
            faults.append(f"{name}: {layer} may not include {included}")
        only = ONLY_HEADERS.get((layer, target))
        if only is not None and included not in only:
            faults.append(f"{name}: {layer} may include only {sorted(only)} of {target}")
        if target in ONLY_FILES and name not in ONLY_FILES[target]:
            faults.append(f"{name}: only {sorted(ONLY_FILES[target])} may include {included}")
    if name.endswith(".h") and not text.startswith("//"):
        faults.append(f"{name}: a header opens with why it exists")
    if name.endswith(".h") and "pure" not in text[:4000].lower() and \
            "threading" not in text[:4000].lower():
        faults.append(f"{name}: a header says its threading rule")
    if len(text.splitlines()) > LINES:
        faults.append(f"{name}: more than {LINES} lines")
    return faults


def unflagged_threads() -> list[str]:
    """Folders of unit tests that run threads, and are not built for TSan."""
    faults = []
    for folder in sorted(path.parent for path in (ROOT / "tests").glob("*/CMakeLists.txt")):
        sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.[ch]*"))
        rules = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
        if "paned_test(" in rules and " THREADS" not in rules and THREADS.search(sources):
            faults.append(f"tests/{folder.name}: paned_test lacks THREADS, and its tests run more than one")
    return faults


def main() -> int:
    """Checks every source file of the layers."""
    files = [path for folder in ("protocol", "server", "tmux") for pattern in ("*.h", "*.cpp")
             for path in sorted((ROOT / folder).rglob(pattern))]
    faults = [fault for path in files for fault in faults_of(path)]
    faults += unflagged_threads()
    print("\n".join(faults))
    print(f"{len(files)} files, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
