"""How long predictions over HTTP take at 1,000 requests a second: `python -m benchmarks.serving`.

Requests are sent at their times, whether earlier ones are answered or not, over 32 connections; a request
that waits for a free connection counts the wait.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import downslope as ds
from benchmarks.machine import described

RATE, SECONDS, CONNECTIONS = 1_000, 10, 32
TOKEN = "a-long-secret"
PROGRAM = "def trip(km, speed=30.0, wait=0.0):\n    return wait + 60.0 * km / speed\n"
BODY = b'{"rows": [{"km": 10.0}]}'


def request() -> bytes:
    """One prediction of one row."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


async def answered(reader: asyncio.StreamReader) -> None:
    """Read one answer, which must be a good one."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise RuntimeError(head.decode())
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


async def load(port: int, rate: int, seconds: float) -> list[float]:
    """Seconds from the time at which each request was due to its answer."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    taken: list[float] = []
    sent = request()

    async def one(due: float) -> None:
        reader, writer = await free.get()
        writer.write(sent)
        await answered(reader)
        taken.append(time.perf_counter() - due)
        free.put_nowait((reader, writer))

    begin, tasks = time.perf_counter() + 0.1, []
    for k in range(int(rate * seconds)):
        due = begin + k / rate
        wait = due - time.perf_counter()
        if wait > 0.0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return taken


def serving(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The service, in a process of its own."""
    (folder / "taxi.py").write_text(PROGRAM)
    with ds.Learner(f"{folder}/taxi.py:trip", f"sqlite:///{folder}/r.db", "minutes") as learner:
        learner.update({"km": [1.0, 2.0, 3.0], "minutes": [4.1, 7.0, 10.0]})
    main = "from downslope.cli import main; main()"
    arguments = ("serve", "taxi.py:trip", "--registry", "sqlite:///r.db", "--port", str(port))
    return subprocess.Popen(
        [sys.executable, "-c", main, *arguments], cwd=folder, env={**os.environ, "DOWNSLOPE_TOKEN": TOKEN},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Start the service, warm it up, and print the times."""
    print(described())
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    process = serving(Path(tempfile.mkdtemp()), port)
    try:
        for _ in range(300):
            try:
                asyncio.run(load(port, 100, 1.0))
                break
            except OSError:
                time.sleep(0.1)
        times = 1e3 * np.array(asyncio.run(load(port, RATE, SECONDS)))
    finally:
        process.terminate()
        process.wait()
    shown = ", ".join(f"p{q} {np.percentile(times, q):.2f}" for q in (50, 90, 99, 99.9))
    print(f"{len(times):,} predictions at {RATE:,} a second, ms: {shown}, longest {times.max():.2f}")


if __name__ == "__main__":
    main()
