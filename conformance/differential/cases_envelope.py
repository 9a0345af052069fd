"""Messages that are no good requests, and the forms that good ones may take."""
from __future__ import annotations

import json
from typing import Any

from differential.case import ABSENT, BARE, INITIALIZED, Allow, Call, Case, Frame, Like, case

STATUS = '"method":"environment/status"'
PREFIX = "failed to parse websocket JSON-RPC message from exec-server websocket <peer>: "
TEXT_ONLY = Allow("malformed-text", "0.messages.0.error.message", Like(f"{PREFIX}*"))

# Malformed, and told so with id -1; the row says whether paned's text is its own.
MALFORMED: dict[str, Any] = {
    "no JSON": "hello", "empty": "", "blank": "  ", "open brace": "{", "open bracket": "[", "open string": '{"id":"',
                             "trailing comma": '{"id":1,}',
    "no quotes": "{id:1}", "single quotes": "{'id':1}", "comment": "{} // x",
                             "two objects": f'{{"id":1,{STATUS}}}{{"id":2,{STATUS}}}',
    "two lines": f'{{"id":1,{STATUS}}}\n{{"id":2,{STATUS}}}', "garbage behind": f'{{"id":1,{STATUS}}}x',
                             "BOM": "\ufeff{}",
    "array": "[]", "batch": f'[{{"id":1,{STATUS}}}]', "number": "7", "text": '"x"', "null": "null", "true": "true",
    "empty object": "{}", "only id": '{"id":1}', "only jsonrpc": '{"jsonrpc":"2.0"}',
                             "id and params": '{"id":1,"params":{}}',
    "id null": f'{{"id":null,{STATUS}}}', "id float": f'{{"id":1.5,{STATUS}}}', "id 1.0": f'{{"id":1.0,{STATUS}}}',
    "id exponent": f'{{"id":1e2,{STATUS}}}', "id bool": f'{{"id":true,{STATUS}}}', "id array": f'{{"id":[],{STATUS}}}',
    "id object": f'{{"id":{{}},{STATUS}}}', "id too big": f'{{"id":9223372036854775808,{STATUS}}}',
    "id too small": f'{{"id":-9223372036854775809,{STATUS}}}', "id huge": f'{{"id":1{"0" * 400},{STATUS}}}',
    "method null": '{"id":1,"method":null}', "method number": '{"id":1,"method":7}',
                             "method object": '{"id":1,"method":{}}',
    "two ids": f'{{"id":1,"id":1,{STATUS}}}', "two methods": f'{{"id":1,{STATUS},{STATUS}}}',
    "two members in params": f'{{"id":1,{STATUS},"params":{{"a":1,"a":2}}}}',
                             "two members deep": f'{{"id":1,{STATUS},"x":[{{"a":1,"a":2}}]}}',
    "two by escapes": f'{{"id":1,{STATUS},"a":1,"\\u0061":2}}', "trace text": f'{{"id":1,{STATUS},"trace":"x"}}',
    "trace number": f'{{"id":1,{STATUS},"trace":1}}',
                             "traceparent number": f'{{"id":1,{STATUS},"trace":{{"traceparent":1}}}}',
    "lone surrogate": f'{{"id":1,{STATUS},"x":"\\ud800"}}', "low surrogate": f'{{"id":1,{STATUS},"x":"\\udc00"}}',
    "bad escape": f'{{"id":1,{STATUS},"x":"\\x"}}', "bad unicode escape": f'{{"id":1,{STATUS},"x":"\\u12g4"}}',
    "raw control": f'{{"id":1,{STATUS},"x":"\t"}}', "raw NUL": f'{{"id":1,{STATUS}}}\0',
                             "leading zero": f'{{"id":01,{STATUS}}}',
    "plus": f'{{"id":+1,{STATUS}}}', "point alone": f'{{"id":1,{STATUS},"x":1.}}',
                             "point first": f'{{"id":1,{STATUS},"x":.1}}',
    "NaN": f'{{"id":1,{STATUS},"x":NaN}}', "Infinity": f'{{"id":1,{STATUS},"x":-Infinity}}',
                             "hexadecimal": f'{{"id":1,{STATUS},"x":0x1}}',
    "True": f'{{"id":1,{STATUS},"x":True}}', "half a word": f'{{"id":1,{STATUS},"x":tru}}',
                             "missing colon": f'{{"id" 1,{STATUS}}}',
    "missing comma": f'{{"id":1 {STATUS}}}', "wrong bracket": f'{{"id":1,{STATUS},"x":[1}}',
                             "number as name": f'{{1:1,{STATUS}}}',
    "128 deep": f'{{"id":1,{STATUS},"x":{"[" * 127}{"]" * 127}}}', "1000 deep": "[" * 1000,
                             "100000 deep": '{"a":' * 100_000,
    "too many values": f'{{"id":1,{STATUS},"x":[{",".join("0" * 262_144)}]}}',
    "error text": '{"id":1,"error":"x"}',
    "error without code": '{"id":1,"error":{"message":"x"}}', "error null": '{"id":1,"error":null}',
}
OWN_TEXT = {"open brace", "trailing comma", "open string", "open bracket", "comment", "id too small", "id huge",
            "two by escapes",
            "lone surrogate", "low surrogate", "bad escape", "bad unicode escape", "raw control", "leading zero",
            "Infinity",
            "half a word"}
# Good requests; `1` is answered.
GOOD: dict[str, Any] = {
    "blanks": f' \n\t{{ "id" : 1 ,\r\n {STATUS} }} \n', "id zero": f'{{"id":0,{STATUS}}}',
                        "id negative": f'{{"id":-7,{STATUS}}}',
    "id -0": f'{{"id":-0,{STATUS}}}', "id largest": f'{{"id":9223372036854775807,{STATUS}}}',
                        "id smallest": f'{{"id":-9223372036854775808,{STATUS}}}',
    "id empty text": f'{{"id":"",{STATUS}}}', "id text": f'{{"id":"ü \\u0000 \\ud83d\\ude00",{STATUS}}}',
                        "id long": f'{{"id":"{"x" * 5000}",{STATUS}}}',
    "id number as text": f'{{"id":"1",{STATUS}}}', "other order": f'{{"params":{{}},{STATUS},"id":1}}',
                        "jsonrpc": f'{{"jsonrpc":"2.0","id":1,{STATUS}}}',
    "other jsonrpc": f'{{"jsonrpc":[1],"id":1,{STATUS}}}',
                        "unknown members": f'{{"x":{{"y":[null]}},"id":1,{STATUS}}}',
                        "trace null": f'{{"id":1,{STATUS},"trace":null}}',
    "trace": f'{{"id":1,{STATUS},"trace":{{"traceparent":"00-x","tracestate":null,"more":1}}}}',
                        "trace empty": f'{{"id":1,{STATUS},"trace":{{}}}}',
    "escaped names": '{"\\u0069d":1,"m\\u0065thod":"environment\\/status"}',
                        "127 deep": f'{{"id":1,{STATUS},"x":{"[" * 126}{"]" * 126}}}',
    "result beside": f'{{"id":1,{STATUS},"result":1}}', "error beside": f'{{"id":1,{STATUS},"error":1}}',
                        "long number": f'{{"id":1,{STATUS},"x":1{"0" * 200}}}',
    "exact number": f'{{"id":1,{STATUS},"x":0.1e-7}}',
                        "many values": f'{{"id":1,{STATUS},"x":[{",".join("0" * 262_100)}]}}',
                        "params null": f'{{"id":1,{STATUS},"params":null}}',
}
METHODS = ("", "initialized", "Initialize", "process", "process/", "process/Start", "fs/readfile", "fs/unheard",
           "x" * 300, "ü\n", "process/output",
           "fs/missingChanged", "http/request/bodyDelta", "rpc.discover", "environment/info ", "network/policyRequest")
FAMILIES: dict[str, Any] = {
    "process/start": {"processId": "p", "argv": ["/bin/true"], "cwd": "file:///", "env": {}, "tty": False},
                            "process/read": {"processId": "p"},
    "process/write": {"processId": "p", "chunk": "", "writeId": "w"},
                            "process/signal": {"processId": "p", "signal": "interrupt"},
    "process/terminate": {"processId": "p"}, "fs/readFile": {"path": "file:///"},
                            "fs/writeFile": {"path": "file:///tmp/never", "dataBase64": "%"},
    "fs/createDirectory": {"path": "file:///tmp"}, "fs/getMetadata": {"path": "file:///"},
                            "fs/canonicalize": {"path": "file:///"},
    "fs/readDirectory": {"path": "file:///proc/self/task"}, "fs/remove": {"path": "file:///no/where"},
    "fs/copy": {"sourcePath": "file:///no", "destinationPath": "file:///no/where",
                "recursive": False}, "fs/open": {"handleId": "h", "path": "file:///"},
    "fs/readBlock": {"handleId": "h", "offset": 0,
                     "len": 0}, "fs/writeBlock": {"handleId": "h", "offset": 0, "chunk": ""},
                            "fs/close": {"handleId": "h"},
    "fs/walk": {"path": "file:///no",
                "options": {"maxDepth": 1, "maxDirectories": 0, "maxEntries": 1, "followDirectorySymlinks": False}},
    "fs/watchMissing": {"watchId": 1, "missing": [], "present": None},
                            "http/request": {"method": "GET", "url": "x", "requestId": "r"},
    "environment/info": {}, "environment/status": {},
    "environmentConfig/read": {"cwd": "file:///", "configPaths": [], "requirementsPaths": []},
}
STRAY = Allow("ignore-stray", "0.open", True)
CASES: list[Case] = [
    *[case(f"malformed: {name}", Frame(text), allow=TEXT_ONLY if name in OWN_TEXT else ()) for name,
      text in MALFORMED.items()],
    case("malformed: result and error", Frame('{"id":1,"result":1,"error":{"code":1,"message":"x"}}'), allow=STRAY),
    case("number too big in an unknown member", Frame(f'{{"id":1,{STATUS},"x":1e999}}'),
         allow=Allow("number-range", "0.messages.0", {"error": {"code": -32600}, "id": -1})),
    *[case(f"envelope: {name}", Frame(text)) for name, text in GOOD.items()],
    *[case(f"unknown method {method[:30]!r}", Call(method), Call(method, {"x": 1})) for method in METHODS],
    *[case(f"before initialize: {method}{name}", Call(method, params), handshake=BARE)
      for method, good in FAMILIES.items() for name,
      params in ((" without params", ABSENT), (" with bad params", {"path": 1}), ("", good))
      if method != "environment/info" or name != ""],
    *[case(f"before initialized: {method}{name}", Call(method, params), handshake=INITIALIZED)
      for method, good in FAMILIES.items() for name, params in ((" with bad params", {"path": 1}), ("", good))
      if method != "environment/info" or name != ""],
    *[case(f"unknown method {place}", Call("fs/unheard"), Call("initialized"), handshake=handshake)
      for place, handshake in (("before initialize", BARE), ("before initialized", INITIALIZED))],

    case("binary message", Frame(f'{{"id":1,{STATUS}}}'.encode())),
    case("binary message that is not UTF-8", Frame(b'{"id":1,"x":"\xff"}'), allow=TEXT_ONLY),
    case("fragments", Frame([f'{{"id":1,', STATUS, "}"])),
    case("the same id twice", Frame(f'{{"id":1,{STATUS}}}'), Frame(f'{{"id":1,{STATUS}}}')),
    case("text message that is not UTF-8", Frame(b'{"id":1,"x":"\xff"}', opcode=1),
         allow=(Allow("utf8-answer", "0.messages",
                      [{"error": {"code": -32600, "message": Like(f"{PREFIX}*")}, "id": -1}]),
                Allow("utf8-answer", "0.open", True))),
    *[case(f"frame with opcode {opcode}", Frame(b"", opcode=opcode)) for opcode in (0, 9, 10)],
    case("15 MiB in one frame", Frame(f'{{"id":1,{STATUS},"x":"{"x" * 15 * 1024 * 1024}"}}')),
    case("17 MiB in one frame", Frame(f'{{"id":1,{STATUS},"x":"{"x" * 17 * 1024 * 1024}"}}'),
         allow=(Allow("frame-64mib", "0.open", True), Allow("frame-64mib", "0.messages"))),
    case("20 MiB in fragments", Frame([f'{{"id":1,{STATUS},"x":"', *["x" * 4 * 1024 * 1024] * 5, '"}'])),
    *[case(f"stray notification {name}", Frame(json.dumps(message)), allow=STRAY) for name, message in {
        "unknown": {"method": "unheard/of"}, "with params": {"method": "unheard/of", "params": {"a": 1}},
        "that names a request": {"method": "fs/readFile", "params": {"path": "file:///"}},
        "initialize": {"method": "initialize",
                       "params": {"clientName": "x"}}, "exit": {"method": "exit"}, "empty": {"method": ""}}.items()],
    *[case(f"stray response {name}", Frame(json.dumps(message)), allow=STRAY) for name, message in {
        "result": {"id": 1,
                   "result": {}}, "result null": {"id": 1,
                                                  "result": None}, "error": {"id": "x",
                                                                             "error": {"code": 1,
                                                                                       "message": "x"}}}.items()],
    case("initialized before initialize", Frame('{"method":"initialized"}'), handshake=BARE, allow=STRAY),
    *[case(f"initialized again, params={params}", Frame(f'{{"method":"initialized","params":{params}}}'))
      for params in ("null", "{}", "[]", "7", '{"a":[1]}')],
]
