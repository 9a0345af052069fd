#!/usr/bin/python3
"""./run --demo: starts a server, runs one command through it as a client would, shows what came."""
import asyncio
import base64
import json
import subprocess
import sys

import websockets

COMMAND = ["sh", "-c", "echo hello from $(uname -s); echo and a word on stderr >&2; exit 7"]


async def demo(url: str) -> int:
    """Runs COMMAND; returns its exit code."""
    async with websockets.connect(url, max_size=None) as socket:
        ids = iter(range(1, 100))
        output = {"stdout": b"", "stderr": b""}
        ended = {}

        async def call(method: str, params: dict) -> dict:
            number = next(ids)
            await socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                message = json.loads(await socket.recv())
                if message.get("id") == number:
                    if "error" in message:
                        sys.exit(f"{method} failed: {message['error']['message']}")
                    return message["result"]
                note(message)

        def note(message: dict) -> None:
            params = message.get("params", {})
            if message.get("method") == "process/output":
                output[params["stream"]] += base64.b64decode(params["chunk"])
            elif message.get("method") == "process/exited":
                ended["code"] = params["exitCode"]
            elif message.get("method") == "process/closed":
                ended["closed"] = True

        session = await call("initialize", {"clientName": "paned-demo"})
        await socket.send(json.dumps({"method": "initialized"}))
        print(f"session    {session['sessionId']}")
        print(f"command    {COMMAND}")
        await call("process/start", {"processId": "demo", "argv": COMMAND, "cwd": "/tmp"})
        while "closed" not in ended:
            note(json.loads(await socket.recv()))
        print(f"stdout     {output['stdout'].decode()!r}")
        print(f"stderr     {output['stderr'].decode()!r}")
        print(f"exit code  {ended['code']}")
        return ended["code"]


def main() -> None:
    """Starts the server, runs the demo, stops the server."""
    server = subprocess.Popen([sys.argv[1], "serve", "--log-level=warn"], stdout=subprocess.PIPE,
                              text=True)
    try:
        url = server.stdout.readline().strip()
        print(f"server     {url}")
        code = asyncio.run(demo(url))
    finally:
        server.terminate()
        server.wait()
    if code != 7:
        sys.exit(f"the command should have ended with 7, not {code}")
    print("It works. Start a server to stay with: ./run")


if __name__ == "__main__":
    main()
