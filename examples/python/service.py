"""A greeter that registers itself: `python service.py --plane 127.0.0.1:7070`."""

import argparse
import os
import signal
import sys
import time
from concurrent import futures

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "gen"))

import greeter_pb2
import greeter_pb2_grpc
import grpc
from lines import open_lines, say
from plane import connect_to
from portolan.registry.v1 import registry_pb2 as registry
from registration import Registration, SessionError


class Greeter(greeter_pb2_grpc.GreeterServiceServicer):
    def __init__(self, instance_id: str):
        self._id = instance_id

    def SayHello(self, request, context):
        return greeter_pb2.SayHelloResponse(message=f"hello {request.name} from {self._id} (python)")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--plane", default="127.0.0.1:7070")
    parser.add_argument("--service", default="greeter")
    parser.add_argument("--id", default=f"python-{os.getpid()}")
    parser.add_argument("--port", type=int, default=0)
    flags = parser.parse_args()
    open_lines()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    greeter_pb2_grpc.add_GreeterServiceServicer_to_server(Greeter(flags.id), server)
    port = server.add_insecure_port(f"127.0.0.1:{flags.port}")
    server.start()
    say(f"serving {flags.service} at 127.0.0.1:{port}")

    # Registered only now that it can take calls.
    registration = Registration(
        connect_to(flags.plane),
        registry.Instance(
            service=flags.service,
            id=flags.id,
            endpoints=[
                registry.Endpoint(name="grpc", host="127.0.0.1", port=port, protocol=registry.PROTOCOL_GRPC)
            ],
            labels={"lang": "python"},
        ),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: registration.leave())
    status = 0
    try:
        registration.keep()
        say("left")
    except SessionError as error:
        print(f"{flags.id}: {error}", file=sys.stderr)
        status = 1
    time.sleep(1)  # the news travels to consumers in milliseconds; whoever calls until then is served
    server.stop(grace=5).wait()  # finishes the calls under way
    return status


if __name__ == "__main__":
    sys.exit(main())
