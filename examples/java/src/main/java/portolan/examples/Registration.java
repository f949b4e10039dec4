package portolan.examples;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import portolan.registry.v1.Registry.Directive;
import portolan.registry.v1.Registry.Instance;
import portolan.registry.v1.Registry.OpenSession;
import portolan.registry.v1.Registry.Opened;
import portolan.registry.v1.Registry.RegisterInSession;
import portolan.registry.v1.Registry.SessionRequest;
import portolan.registry.v1.Registry.SessionResponse;
import portolan.registry.v1.RegistryServiceGrpc;

/** Keeps one instance registered by holding a session open. No heartbeats: it is alive because its stream is. */
final class Registration {
  /** With these it makes no sense to try again: the request is wrong, or another process has our place. */
  private static final Set<Status.Code> FINAL =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.ABORTED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNAUTHENTICATED);

  private final ManagedChannel channel;
  private final Instance instance;
  private final CountDownLatch leaving = new CountDownLatch(1);

  /** Proves to the plane, also after its restart, that we are the session's former holder. */
  private String resumeToken = "";

  private int failures = 0;

  Registration(ManagedChannel channel, Instance instance) {
    this.channel = channel;
    this.instance = instance;
  }

  /** Makes {@link #keep} deregister the instance and return. */
  void leave() {
    leaving.countDown();
  }

  /**
   * Returns after {@link #leave}, when the instance is deregistered.
   *
   * @throws StatusException when another process took its place, or the plane refuses it for good
   */
  void keep() throws StatusException, InterruptedException {
    for (boolean last = false; !last; ) {
      last = isLeaving(); // while the plane was away: one last try, else the session's TTL removes the instance
      try {
        hold();
        if (isLeaving()) {
          return;
        }
      } catch (StatusException error) {
        if (FINAL.contains(error.getStatus().getCode())) {
          throw error;
        }
        if (error.getStatus().getCode() == Status.Code.NOT_FOUND) {
          resumeToken = ""; // the session is gone: begin a new one
        }
        System.out.println("session lost: " + Plane.line(error.getStatus()));
      }
      leaving.await(Plane.backoffMs(failures++), TimeUnit.MILLISECONDS);
    }
  }

  private boolean isLeaving() {
    return leaving.getCount() == 0;
  }

  /** One stream, from its opening until either side ends it. */
  private void hold() throws StatusException, InterruptedException {
    // Connect now: the channel's own backoff grows to two minutes, longer than a session lives. We have our own.
    channel.enterIdle();
    BlockingClientCall<SessionRequest, SessionResponse> call =
        RegistryServiceGrpc.newBlockingV2Stub(channel).session();
    try {
      call.write(
          SessionRequest.newBuilder()
              .setRequestId(1)
              .setOpen(OpenSession.newBuilder().setClient("java").setResumeToken(resumeToken))
              .build());
      Thread farewell = new Thread(() -> halfCloseOnLeave(call));
      farewell.setDaemon(true);
      farewell.start();
      try {
        while (call.hasNext()) {
          if (!take(call, call.read())) {
            return;
          }
        }
      } finally {
        farewell.interrupt();
      }
    } finally {
      call.cancel("reconnecting", null); // no half-close: the plane keeps the instance for the session's TTL
    }
  }

  /** To the plane a half-close says: deregister all that this session holds, now. */
  private void halfCloseOnLeave(BlockingClientCall<SessionRequest, SessionResponse> call) {
    try {
      leaving.await();
      synchronized (call) {
        call.halfClose();
      }
      Thread.sleep(5_000);
      call.cancel("the plane does not answer", null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the stream ended before
    }
  }

  /** Answers false when the stream should be opened anew. */
  private boolean take(BlockingClientCall<SessionRequest, SessionResponse> call, SessionResponse response)
      throws StatusException, InterruptedException {
    switch (response.getResponseCase()) {
      case OPENED -> {
        if (!opened(response.getOpened())) {
          register(call);
        }
      }
      case COMMITTED ->
          System.out.printf(
              "registered %s at revision %d%n", instance.getId(), response.getCommitted().getRevision());
      case FAILED ->
          throw Status.fromCodeValue(response.getFailed().getCode())
              .withDescription(response.getFailed().getMessage())
              .asException();
      case DIRECTIVE -> {
        return obey(response.getDirective());
      }
      default -> {}
    }
    return true;
  }

  private void register(BlockingClientCall<SessionRequest, SessionResponse> call)
      throws StatusException, InterruptedException {
    synchronized (call) {
      if (!isLeaving()) {
        call.write(
            SessionRequest.newBuilder()
                .setRequestId(2)
                .setRegister(RegisterInSession.newBuilder().setInstance(instance))
                .build());
      }
    }
  }

  /** True when the session holds the instance still: resumed, and no consumer has noticed anything. */
  private boolean opened(Opened opened) {
    resumeToken = opened.getResumeToken();
    failures = 0;
    boolean held = opened.getInstancesList().stream().anyMatch(ref -> ref.getId().equals(instance.getId()));
    System.out.printf("session %s %s%n", opened.getSessionId(), held ? "resumed" : "opened");
    return held;
  }

  private boolean obey(Directive directive) throws StatusException {
    if (directive.hasSuperseded()) {
      throw Status.ABORTED.withDescription("another process registered it").asException();
    }
    System.out.println("the plane asks us to " + directive.getDirectiveCase().name().toLowerCase());
    return !directive.hasReconnect();
  }
}
