"""The way to the control plane: its channel, and how long to wait before trying again."""

import random

import grpc


def connect_to(address: str) -> grpc.Channel:
    """A channel to the plane at `address` (host:port)."""
    return grpc.insecure_channel(
        address,
        options=[
            # Pings find out when the connection is dead although nothing says so.
            ("grpc.keepalive_time_ms", 20_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            # The channel's own backoff grows to two minutes unless told otherwise: longer than a session lives.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1_000),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ],
    )


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: up to 0.1, 0.2, ... 5.

    Half of it is random, so that the clients of a plane that restarts do not come back all at once; and it stays well
    under a session's TTL (15 s unless asked otherwise), so that nobody is lost only because he waited.
    """
    return min(5.0, 0.1 * 2 ** min(failures, 10)) * random.uniform(0.5, 1.0)
