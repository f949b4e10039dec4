package portolan.examples;

import greeter.v1.Greeter.SayHelloRequest;
import greeter.v1.GreeterServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Calls the greeters without a line about the control plane: gRPC itself asks it, over xDS, for who serves the name.
 * GRPC_XDS_BOOTSTRAP names the file that {@code portolan xds bootstrap} printed; grpc-xds must be on the class path.
 */
public final class XdsConsumer {
  public static void main(String[] args) throws InterruptedException {
    Map<String, String> flags =
        Plane.flags(args, Map.of("target", "xds:///greeter", "calls", "10", "interval", "200"));
    ManagedChannel channel = Grpc.newChannelBuilder(flags.get("target"), InsecureChannelCredentials.create()).build();
    GreeterServiceGrpc.GreeterServiceBlockingStub greeters = GreeterServiceGrpc.newBlockingStub(channel);
    for (int call = 0; call < Integer.parseInt(flags.get("calls")); call++) {
      call(greeters);
      Thread.sleep(Long.parseLong(flags.get("interval")));
    }
    channel.shutdownNow();
  }

  private static void call(GreeterServiceGrpc.GreeterServiceBlockingStub greeters) {
    try {
      SayHelloRequest request = SayHelloRequest.newBuilder().setName("java").build();
      System.out.println(greeters.withDeadlineAfter(5, TimeUnit.SECONDS).sayHello(request).getMessage());
    } catch (StatusRuntimeException failure) {
      System.out.println("failed: " + failure.getMessage());
    }
  }

  private XdsConsumer() {}
}
