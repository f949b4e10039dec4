"""One service's instances, kept up to date by a watch. Without a connection they stay as they were last known."""

import threading
from collections.abc import Callable, Mapping

import grpc
from google.protobuf.duration_pb2 import Duration
from lines import say
from plane import backoff
from portolan.discovery.v1 import discovery_pb2 as discovery
from portolan.discovery.v1 import discovery_pb2_grpc as discovery_grpc

# Seconds: how often the plane says at least that nothing is missing; three in silence mean that the stream is dead.
BOOKMARK_INTERVAL = 5

Instances = Mapping[str, discovery.DiscoveredInstance]


class ServiceView:
    def __init__(self) -> None:
        # Instance id -> what the plane says of it. Replaced as a whole, so no reader ever sees half of a change.
        self.instances: Instances = {}
        # The point to resume after; 0 until the first full set is complete.
        self.revision = 0
        self._pending: list[discovery.ServiceUpdate] = []
        self._resetting = False

    def take(self, response: discovery.WatchResponse) -> bool:
        """Takes a response; True when the view moved on, False when this was but a piece and more follows."""
        if response.reset:
            self._resetting = True
            self._pending = []
        self._pending.extend(response.updates)
        # Pieces carry revision 0. A reset is complete with synced: until then the old view beats a part of the new.
        if not response.synced and (response.revision == 0 or self._resetting):
            return False
        instances = {} if self._resetting else dict(self.instances)
        for update in self._pending:
            if update.reset or not update.exists:
                instances.clear()
            instances.update({put.instance.id: put for put in update.put})
            for instance_id in update.removed:
                instances.pop(instance_id, None)
        self.instances = instances
        self.revision = response.revision
        self.drop_pieces()
        return True

    def drop_pieces(self) -> None:
        """Forgets an answer that was not finished: a resumed watch tells its changes again."""
        self._pending = []
        self._resetting = False

    def candidates(self) -> list[discovery.DiscoveredInstance]:
        """Those to call now, by id: the best priority there is, without those that take no new calls."""
        takers = [found for found in self.instances.values() if found.effective_weight > 0]
        best = min((found.priority for found in takers), default=0)
        return sorted((found for found in takers if found.priority == best), key=lambda found: found.instance.id)


def watch_service(
    channel: grpc.Channel,
    service: str,
    view: ServiceView,
    stop: threading.Event,
    on_change: Callable[[Instances, Instances], None],
) -> None:
    """Keeps `view` up to date until `stop` is set; resumes where it stopped when the stream breaks."""
    stub = discovery_grpc.DiscoveryServiceStub(channel)
    failures = 0
    while not stop.is_set():
        call = stub.Watch(
            discovery.WatchRequest(
                targets=[discovery.Target(service=service)],
                consumer="example-consumer",
                after_revision=view.revision,
                bookmark_interval=Duration(seconds=BOOKMARK_INTERVAL),
            ),
            wait_for_ready=True,  # opens the moment the plane is back
        )
        watchdog = start_watchdog(call)
        try:
            for response in call:
                watchdog.cancel()
                watchdog = start_watchdog(call)
                failures = 0
                before = view.instances
                if view.take(response):
                    on_change(before, view.instances)
                if response.synced:
                    say(f"synced at revision {view.revision}")
        except grpc.RpcError as error:
            if not stop.is_set():
                say(f"watch lost: {error.code().name} {error.details()}; {len(view.instances)} instances kept")
        finally:
            watchdog.cancel()
            view.drop_pieces()
        stop.wait(backoff(failures))
        failures += 1


def start_watchdog(call: grpc.Call) -> threading.Timer:
    """Cancels `call` unless it is cancelled itself before."""
    watchdog = threading.Timer(3 * BOOKMARK_INTERVAL, call.cancel)
    watchdog.daemon = True
    watchdog.start()
    return watchdog
