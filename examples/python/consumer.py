"""Watches the greeters and calls them in turn: `python consumer.py --plane 127.0.0.1:7070 --calls 20`."""

import argparse
import json
import os
import random
import signal
import sys
import threading
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "gen"))

import greeter_pb2
import greeter_pb2_grpc
import grpc
from lines import open_lines, say
from plane import connect_to
from portolan.discovery.v1 import discovery_pb2 as discovery
from view import Instances, ServiceView, watch_service


def address_of(found: discovery.DiscoveredInstance) -> str:
    return next(f"{it.host}:{it.port}" for it in found.instance.endpoints if it.name == "grpc")


class Greeters:
    """Calls greeters over one channel an address."""

    def __init__(self) -> None:
        self.ok: Counter[str] = Counter()
        self.failed = 0
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()

    def call(self, found: discovery.DiscoveredInstance) -> None:
        stub = greeter_pb2_grpc.GreeterServiceStub(self._channel(address_of(found)))
        try:
            say(stub.SayHello(greeter_pb2.SayHelloRequest(name="python"), timeout=2).message)
            self.ok[found.instance.id] += 1
        except grpc.RpcError as error:
            say(f"call of {found.instance.id} failed: {error.code().name} {error.details()}")
            self.failed += 1

    def report(self, before: Instances, after: Instances) -> None:
        """One line a change; channels to addresses that nobody serves any more are let go."""
        addresses = {address_of(found) for found in after.values()}
        with self._lock:
            # Not closed: that would break a call under way. A channel closes when nobody refers to it any more.
            self._channels = {address: self._channels[address] for address in self._channels.keys() & addresses}
        for instance_id in before.keys() - after.keys():
            say(f"- {instance_id}")
        for instance_id, found in after.items():
            if instance_id not in before:
                say(f"+ {instance_id} {address_of(found)}")
            elif before[instance_id] != found:
                say(f"~ {instance_id}")

    def _channel(self, address: str) -> grpc.Channel:
        with self._lock:
            if address not in self._channels:
                self._channels[address] = grpc.insecure_channel(address)
            return self._channels[address]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--plane", default="127.0.0.1:7070")
    parser.add_argument("--service", default="greeter")
    parser.add_argument("--interval", type=int, default=200, help="milliseconds between calls")
    parser.add_argument("--calls", type=int, default=0, help="end after so many; 0: never")
    flags = parser.parse_args()
    open_lines()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    view, greeters = ServiceView(), Greeters()
    plane = connect_to(flags.plane)
    watching = threading.Thread(
        target=watch_service, args=(plane, flags.service, view, stop, greeters.report), daemon=True
    )
    watching.start()

    turn = random.randrange(100)
    while not stop.is_set():
        if candidates := view.candidates():
            greeters.call(candidates[turn % len(candidates)])
            turn += 1
        if flags.calls and greeters.ok.total() + greeters.failed >= flags.calls:
            stop.set()
        stop.wait(flags.interval / 1000)
    plane.close()  # ends the watch
    watching.join()
    say(
        json.dumps(
            {
                "ok": greeters.ok.total(),
                "failed": greeters.failed,
                "by_instance": dict(greeters.ok),
                "revision": view.revision,
            }
        )
    )


if __name__ == "__main__":
    main()
