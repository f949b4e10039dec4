package portolan.examples;

import greeter.v1.Greeter.SayHelloRequest;
import greeter.v1.GreeterServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import portolan.discovery.v1.Discovery.DiscoveredInstance;

/** Watches the greeters and calls them in turn. */
public final class Consumer {
  private final ServiceView view = new ServiceView();

  /** address -> channel to the instance there. */
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  private final Map<String, Integer> byInstance = new TreeMap<>();
  private int ok = 0;
  private int failed = 0;

  public static void main(String[] args) throws Exception {
    Map<String, String> flags =
        Plane.flags(
            args, Map.of("plane", "127.0.0.1:7070", "service", "greeter", "interval", "200", "calls", "0"));
    new Consumer().run(flags);
  }

  private void run(Map<String, String> flags) throws InterruptedException {
    Thread caller = Thread.currentThread();
    Thread hook = new Thread(() -> interruptAndJoin(caller));
    Runtime.getRuntime().addShutdownHook(hook);
    ManagedChannel plane = Plane.connect(flags.get("plane"));
    Thread watcher = new Thread(() -> watch(plane, flags.get("service")));
    watcher.start();
    try {
      callInTurn(Integer.parseInt(flags.get("calls")), Long.parseLong(flags.get("interval")));
    } catch (InterruptedException stopped) {
      Thread.interrupted();
    }
    watcher.interrupt();
    watcher.join();
    System.out.println(summary());
    Runtime.getRuntime().halt(0); // exit() would say 143 after a SIGTERM
  }

  /** Returns after {@code calls} calls; 0 means never. */
  private void callInTurn(int calls, long intervalMs) throws InterruptedException {
    int turn = ThreadLocalRandom.current().nextInt(100);
    while (calls == 0 || ok + failed < calls) {
      List<DiscoveredInstance> candidates = view.candidates();
      if (!candidates.isEmpty()) {
        call(candidates.get(turn++ % candidates.size()));
      }
      Thread.sleep(intervalMs);
    }
  }

  private void call(DiscoveredInstance found) {
    String id = found.getInstance().getId();
    SayHelloRequest request = SayHelloRequest.newBuilder().setName("java").build();
    try {
      ManagedChannel channel = channels.computeIfAbsent(addressOf(found), Consumer::connect);
      System.out.println(
          GreeterServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(2, TimeUnit.SECONDS)
              .sayHello(request)
              .getMessage());
      ok++;
      byInstance.merge(id, 1, Integer::sum);
    } catch (StatusRuntimeException error) {
      if (Thread.currentThread().isInterrupted()) {
        return; // we were told to stop in the middle of it
      }
      System.out.printf("call of %s failed: %s%n", id, Plane.line(error.getStatus()));
      failed++;
    }
  }

  private void watch(ManagedChannel plane, String service) {
    try {
      view.watch(plane, service, this::report);
    } catch (InterruptedException stopped) {
      plane.shutdownNow();
    }
  }

  /** One line a change; channels to addresses that nobody serves any more are let go. */
  private void report(Map<String, DiscoveredInstance> before, Map<String, DiscoveredInstance> after) {
    Set<String> addresses = after.values().stream().map(Consumer::addressOf).collect(Collectors.toSet());
    channels.forEach(
        (address, channel) -> {
          if (!addresses.contains(address) && channels.remove(address, channel)) {
            channel.shutdown(); // calls under way are finished
          }
        });
    before.keySet().stream()
        .filter(id -> !after.containsKey(id))
        .forEach(id -> System.out.println("- " + id));
    after.forEach(
        (id, now) -> {
          DiscoveredInstance was = before.get(id);
          if (was == null) {
            System.out.printf("+ %s %s%n", id, addressOf(now));
          } else if (!was.equals(now)) {
            System.out.println("~ " + id);
          }
        });
  }

  private String summary() {
    String each =
        byInstance.entrySet().stream()
            .map(entry -> "\"%s\":%d".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(","));
    return "{\"ok\":%d,\"failed\":%d,\"by_instance\":{%s},\"revision\":%d}"
        .formatted(ok, failed, each, view.revision());
  }

  private static ManagedChannel connect(String address) {
    return NettyChannelBuilder.forTarget(address).usePlaintext().build();
  }

  private static String addressOf(DiscoveredInstance found) {
    return found.getInstance().getEndpointsList().stream()
        .filter(endpoint -> endpoint.getName().equals("grpc"))
        .map(endpoint -> endpoint.getHost() + ":" + endpoint.getPort())
        .findFirst()
        .orElseThrow();
  }

  /** Runs on SIGTERM and SIGINT: the process ends when this returns, or earlier when the caller is through. */
  private static void interruptAndJoin(Thread caller) {
    caller.interrupt();
    try {
      caller.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
