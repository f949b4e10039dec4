"""Keeps one instance registered by holding a session open. No heartbeats: it is alive because its stream is."""

import queue
import threading

import grpc
from lines import say
from plane import backoff
from portolan.registry.v1 import registry_pb2 as registry
from portolan.registry.v1 import registry_pb2_grpc as registry_grpc

# With these it makes no sense to try again: the request is wrong, or another process has our place.
FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
}
CODES = {code.value[0]: code for code in grpc.StatusCode}


class SessionError(Exception):
    """A session, or a request in it, failed with this status."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(f"{code.name} {message}")
        self.code = code


class Registration:
    def __init__(self, channel: grpc.Channel, instance: registry.Instance):
        self._stub = registry_grpc.RegistryServiceStub(channel)
        self._instance = instance
        # Proves to the plane, also after its restart, that we are the session's former holder.
        self._resume_token = ""
        self._failures = 0
        self._leave = threading.Event()
        self._outbox: queue.SimpleQueue = queue.SimpleQueue()
        self._call: grpc.Call | None = None

    def leave(self) -> None:
        """Makes `keep` deregister the instance and return. May be called from a signal handler."""
        self._leave.set()
        self._outbox.put(None)
        farewell = threading.Timer(5, self._give_up)
        farewell.daemon = True
        farewell.start()

    def _give_up(self) -> None:
        """Who leaves does not wait longer for a plane that does not answer."""
        if self._call:
            self._call.cancel()

    def keep(self) -> None:
        """Returns after `leave`, when the instance is deregistered. Raises SessionError when another has its place."""
        leaving = False
        while not leaving:
            leaving = self._leave.is_set()  # while the plane was away: one last try, else the session's TTL removes it
            try:
                self._hold()
                if self._leave.is_set():
                    return
            except (SessionError, grpc.RpcError) as error:
                self._judge(error)
            self._leave.wait(backoff(self._failures))
            self._failures += 1

    def _hold(self) -> None:
        """One stream, from its opening until either side ends it."""
        # None ends the requests, which half-closes the stream: deregister all that this session holds, now.
        outbox = self._outbox = queue.SimpleQueue()
        outbox.put(
            registry.SessionRequest(
                request_id=1, open=registry.OpenSession(client="python", resume_token=self._resume_token)
            )
        )
        # Waiting for the connection means to open the stream the moment the plane is back.
        call = self._call = self._stub.Session(iter(outbox.get, None), wait_for_ready=True)
        if self._leave.is_set():
            outbox.put(None)
        try:
            for response in call:
                kind = response.WhichOneof("response")
                if kind == "opened":
                    if not self._opened(response.opened) and not self._leave.is_set():
                        outbox.put(
                            registry.SessionRequest(
                                request_id=2, register=registry.RegisterInSession(instance=self._instance)
                            )
                        )
                elif kind == "committed":
                    say(f"registered {self._instance.id} at revision {response.committed.revision}")
                elif kind == "failed":
                    raise SessionError(CODES[response.failed.code], response.failed.message)
                elif kind == "directive" and self._obey(response.directive):
                    return
        finally:
            call.cancel()  # without a half-close: the plane keeps what we registered for the session's TTL
            outbox.put(None)

    def _opened(self, opened: registry.Opened) -> bool:
        """True when the session holds the instance still: resumed, and no consumer has noticed anything."""
        self._resume_token = opened.resume_token
        self._failures = 0
        held = any(ref.id == self._instance.id for ref in opened.instances)
        say(f"session {opened.session_id} {'resumed' if held else 'opened'}")
        return held

    def _obey(self, directive: registry.Directive) -> bool:
        """True when the stream should be opened anew."""
        order = directive.WhichOneof("directive")
        if order == "superseded":
            raise SessionError(grpc.StatusCode.ABORTED, "another process registered it")
        say(f"the plane asks us to {order}")
        return order == "reconnect"

    def _judge(self, error: Exception) -> None:
        if not isinstance(error, SessionError):
            error = SessionError(error.code(), error.details())
        if error.code in FINAL:
            raise error
        if error.code is grpc.StatusCode.NOT_FOUND:
            self._resume_token = ""  # the session is gone: begin a new one
        say(f"session lost: {error}")
