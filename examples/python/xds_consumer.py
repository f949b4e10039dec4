"""Calls the greeters without a line about the control plane: gRPC itself asks it, over xDS, for who serves the name.

GRPC_XDS_BOOTSTRAP names the file that `portolan xds bootstrap` printed: `python xds_consumer.py --calls 10`.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "gen"))

import greeter_pb2
import greeter_pb2_grpc
import grpc


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", default="xds:///greeter", help="the name to call")
    parser.add_argument("--calls", type=int, default=10, help="how many calls")
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between calls")
    flags = parser.parse_args()
    with grpc.insecure_channel(flags.target) as channel:
        greeters = greeter_pb2_grpc.GreeterServiceStub(channel)
        for _ in range(flags.calls):
            try:
                print(greeters.SayHello(greeter_pb2.SayHelloRequest(name="python"), timeout=5).message, flush=True)
            except grpc.RpcError as error:
                print(f"failed: {error.code().name} {error.details()}", flush=True)
            time.sleep(flags.interval)


if __name__ == "__main__":
    main()
