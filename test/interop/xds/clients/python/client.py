"""client.py TARGET INTERVAL_MS: calls a greeter over and over until it is killed, and prints a JSON line a call."""

import json
import sys
import time

import grpc
import grpc.experimental
from google.protobuf.wrappers_pb2 import StringValue

target, interval_ms = sys.argv[1], int(sys.argv[2])
credentials = grpc.xds_channel_credentials(grpc.experimental.insecure_channel_credentials())
channel = grpc.secure_channel(target, credentials)
# The request and the response are one string field each, as StringValue is: no generated code is needed.
say_hello = channel.unary_unary(
    "/greeter.v1.GreeterService/SayHello",
    request_serializer=StringValue.SerializeToString,
    response_deserializer=StringValue.FromString,
)


def call():
    try:
        reply = say_hello(StringValue(value="python"), timeout=5)
        return {"code": "OK", "reply": reply.value, "error": ""}
    except grpc.RpcError as error:
        return {"code": error.code().name, "reply": "", "error": error.details()}


while True:
    print(json.dumps(call()), flush=True)
    time.sleep(interval_ms / 1000)
