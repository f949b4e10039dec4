package portolan.examples;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The way to the control plane: its channel, and how long to wait before trying again. */
final class Plane {
  private Plane() {}

  /** A channel to the plane at {@code address} (host:port). Pings find out when it is dead although nothing says so. */
  static ManagedChannel connect(String address) {
    return NettyChannelBuilder.forTarget(address)
        .usePlaintext()
        .keepAliveTime(20, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .build();
  }

  /**
   * Milliseconds to wait after so many failures in a row: up to 100, 200, … 5,000.
   *
   * <p>Half of it is random, so that the clients of a plane that restarts do not come back all at once; and it stays
   * well under a session's TTL (15 s unless asked otherwise), so that nobody is lost only because he waited.
   */
  static long backoffMs(int failures) {
    long limit = Math.min(5_000, 100L << Math.min(failures, 10));
    return limit / 2 + ThreadLocalRandom.current().nextLong(limit / 2);
  }

  /** A status in one line, for people; its own toString() appends a stack trace. */
  static String line(Status status) {
    return status.getCode() + ": " + status.getDescription();
  }

  /** Reads {@code --name value} pairs over {@code defaults}. */
  static Map<String, String> flags(String[] args, Map<String, String> defaults) {
    Map<String, String> flags = new HashMap<>(defaults);
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : args[i];
      if (i + 1 == args.length || flags.replace(name, args[i + 1]) == null) {
        throw new IllegalArgumentException("unknown flag, or one without a value: " + args[i]);
      }
    }
    return flags;
  }
}
