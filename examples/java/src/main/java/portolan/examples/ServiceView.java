package portolan.examples;

import com.google.protobuf.Duration;
import io.grpc.ManagedChannel;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import portolan.discovery.v1.Discovery.DiscoveredInstance;
import portolan.discovery.v1.Discovery.ServiceUpdate;
import portolan.discovery.v1.Discovery.Target;
import portolan.discovery.v1.Discovery.WatchRequest;
import portolan.discovery.v1.Discovery.WatchResponse;
import portolan.discovery.v1.DiscoveryServiceGrpc;

/** One service's instances, kept up to date by a watch. Without a connection they stay as they were last known. */
final class ServiceView {
  /** How often the plane says at least that nothing is missing; three in silence mean that the stream is dead. */
  private static final int BOOKMARK_SECONDS = 5;

  /** Instance id -> what the plane says of it. Replaced as a whole, so no reader ever sees half of a change. */
  private volatile Map<String, DiscoveredInstance> instances = Map.of();

  /** The point to resume after; 0 until the first full set is complete. */
  private volatile long revision = 0;

  private List<ServiceUpdate> pending = new ArrayList<>();
  private boolean resetting = false;

  long revision() {
    return revision;
  }

  /** Takes a response; true when the view moved on, false when this was but a piece and more follows. */
  boolean take(WatchResponse response) {
    if (response.getReset()) {
      pending = new ArrayList<>();
      resetting = true;
    }
    pending.addAll(response.getUpdatesList());
    // Pieces carry revision 0. A reset is complete with synced: until then the old view beats a part of the new.
    if (!response.getSynced() && (response.getRevision() == 0 || resetting)) {
      return false;
    }
    Map<String, DiscoveredInstance> next = new TreeMap<>(resetting ? Map.of() : instances);
    for (ServiceUpdate update : pending) {
      if (update.getReset() || !update.getExists()) {
        next.clear();
      }
      update.getPutList().forEach(put -> next.put(put.getInstance().getId(), put));
      update.getRemovedList().forEach(next::remove);
    }
    instances = next;
    revision = response.getRevision();
    dropPieces();
    return true;
  }

  /** Those to call now, by id: the best priority there is, without those that take no new calls. */
  List<DiscoveredInstance> candidates() {
    List<DiscoveredInstance> takers =
        instances.values().stream().filter(found -> found.getEffectiveWeight() > 0).toList();
    int best = takers.stream().mapToInt(DiscoveredInstance::getPriority).min().orElse(0);
    return takers.stream()
        .filter(found -> found.getPriority() == best)
        .sorted(Comparator.comparing(found -> found.getInstance().getId()))
        .toList();
  }

  /**
   * Keeps the view up to date until the thread is interrupted; resumes where it stopped when the stream breaks.
   *
   * @param onChange gets the instances before and after each change
   */
  void watch(
      ManagedChannel channel,
      String service,
      BiConsumer<Map<String, DiscoveredInstance>, Map<String, DiscoveredInstance>> onChange)
      throws InterruptedException {
    for (int failures = 0; ; failures++) {
      // Connect now: the channel's own backoff grows to two minutes. We have our own.
      channel.enterIdle();
      BlockingClientCall<?, WatchResponse> call =
          DiscoveryServiceGrpc.newBlockingV2Stub(channel).watch(request(service));
      try {
        WatchResponse response;
        while ((response = call.read(3 * BOOKMARK_SECONDS, TimeUnit.SECONDS)) != null) {
          failures = 0;
          Map<String, DiscoveredInstance> before = instances;
          if (take(response)) {
            onChange.accept(before, instances);
          }
          if (response.getSynced()) {
            System.out.println("synced at revision " + revision);
          }
        }
      } catch (TimeoutException silence) {
        System.out.printf("watch lost: no bookmark came; %d instances kept%n", instances.size());
      } catch (StatusException error) {
        System.out.printf("watch lost: %s; %d instances kept%n", Plane.line(error.getStatus()), instances.size());
      } finally {
        call.cancel("ended", null);
        dropPieces();
      }
      Thread.sleep(Plane.backoffMs(failures));
    }
  }

  private WatchRequest request(String service) {
    return WatchRequest.newBuilder()
        .addTargets(Target.newBuilder().setService(service))
        .setConsumer("example-consumer")
        .setAfterRevision(revision)
        .setBookmarkInterval(Duration.newBuilder().setSeconds(BOOKMARK_SECONDS))
        .build();
  }

  /** Forgets an answer that was not finished: a resumed watch tells its changes again. */
  private void dropPieces() {
    pending = new ArrayList<>();
    resetting = false;
  }
}
