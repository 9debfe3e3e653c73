"""A thousand HTTP probes every ten seconds in one process: its processor share and how late any probe begins."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from operations.settings import Environment, Settings
from operations.watch.history import History
from operations.watch.loop import Watch, _Clockwork
from operations.watch.probes.base import Shared, place_for
from operations.watch.probes.endpoint import EndpointProbe
from tests.bench.report import Row

PROBES = 1000
INTERVAL = 10.0
WARMING = INTERVAL + 2.0
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


class Timed(Watch):
    """A watch that notes how long after its time each probe began."""

    late: list[float]

    def _start(self, work: _Clockwork) -> None:
        self.late.append(asyncio.get_running_loop().time() - work.due)
        super()._start(work)


async def serve() -> None:
    """The other side, in a process of its own: answers every request at once. Prints its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def probe(port: int, seconds: float) -> dict[str, float]:
    """Probe a thousand paths for a while, after one round to warm up."""
    url = f"http://127.0.0.1:{port}"
    settings = Settings(environments={"production": Environment(kind="production", url=url)})
    place = place_for(settings, "production")
    probes: list[Shared] = [EndpointProbe(place, f"/target/{number}") for number in range(PROBES)]
    for one in probes:
        one.interval = INTERVAL
    readings = 0

    def count(_: object) -> None:
        nonlocal readings
        readings += 1

    watch = Timed(probes, History(probes, 1.0), count)  # type: ignore[arg-type]
    watch.late = []
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(WARMING)
    watch.late.clear()
    readings, used, began = 0, time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    share = 100 * (time.process_time() - used) / took
    well = sum(state.status.value == "ok" for state in watch.history.states.values())
    running.cancel()
    return {"share": share, "latest": max(watch.late), "readings": readings / took, "well": well}


async def many(seconds: float) -> list[Row]:
    """Run server and probes in processes of their own."""
    argv = (sys.executable, "-m", "tests.bench.many")
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*argv, "serve", stdout=pipe)
    try:
        assert server.stdout is not None
        port = (await server.stdout.readline()).decode().strip()
        prober = await asyncio.create_subprocess_exec(*argv, "probe", port, str(seconds), stdout=pipe)
        found = json.loads((await prober.communicate())[0])
    finally:
        server.terminate()
        await server.wait()
    note = (
        f"{PROBES} HTTP probes at {INTERVAL:.0f} s, {found['readings']:.0f} readings/s, {found['well']:.0f} of them ok"
    )
    return [
        Row("1,000 probes, processor", found["share"], "%", 25.0, note=note),
        Row("1,000 probes, latest begin", found["latest"], "s", 1.0),
    ]


def main() -> None:
    """`serve`, or `probe PORT SECONDS`."""
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        print(json.dumps(asyncio.run(probe(int(sys.argv[2]), float(sys.argv[3])))))


if __name__ == "__main__":
    main()
