package portolan.examples;

import greeter.v1.Greeter.SayHelloRequest;
import greeter.v1.Greeter.SayHelloResponse;
import greeter.v1.GreeterServiceGrpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.StatusException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import portolan.registry.v1.Registry.Endpoint;
import portolan.registry.v1.Registry.Instance;
import portolan.registry.v1.Registry.Protocol;

/** A greeter that registers itself. */
public final class Service extends GreeterServiceGrpc.GreeterServiceImplBase {
  private final String id;

  private Service(String id) {
    this.id = id;
  }

  @Override
  public void sayHello(SayHelloRequest request, StreamObserver<SayHelloResponse> response) {
    String message = "hello %s from %s (java)".formatted(request.getName(), id);
    response.onNext(SayHelloResponse.newBuilder().setMessage(message).build());
    response.onCompleted();
  }

  public static void main(String[] args) throws Exception {
    String defaultId = "java-" + ProcessHandle.current().pid();
    Map<String, String> flags =
        Plane.flags(args, Map.of("plane", "127.0.0.1:7070", "service", "greeter", "id", defaultId, "port", "0"));
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(flags.get("port")));
    Server server =
        NettyServerBuilder.forAddress(address, InsecureServerCredentials.create())
            .addService(new Service(flags.get("id")))
            .build()
            .start();
    System.out.printf("serving %s at 127.0.0.1:%d%n", flags.get("service"), server.getPort());

    // Registered only now that it can take calls.
    Registration registration = new Registration(Plane.connect(flags.get("plane")), instance(flags, server.getPort()));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> leave(registration)));
    int status = 0;
    try {
      registration.keep();
      System.out.println("left");
    } catch (StatusException error) {
      System.err.println(flags.get("id") + ": " + Plane.line(error.getStatus()));
      status = 1;
    }
    Thread.sleep(1_000); // the news travels to consumers in milliseconds; whoever calls until then is served
    server.shutdown().awaitTermination(5, TimeUnit.SECONDS); // finishes the calls under way
    Runtime.getRuntime().halt(status); // exit() would say 143 after a SIGTERM
  }

  private static Instance instance(Map<String, String> flags, int port) {
    return Instance.newBuilder()
        .setService(flags.get("service"))
        .setId(flags.get("id"))
        .addEndpoints(
            Endpoint.newBuilder()
                .setName("grpc")
                .setHost("127.0.0.1")
                .setPort(port)
                .setProtocol(Protocol.PROTOCOL_GRPC))
        .putLabels("lang", "java")
        .build();
  }

  /** Runs on SIGTERM and SIGINT: the process ends when main is through, or when this returns. */
  private static void leave(Registration registration) {
    registration.leave();
    try {
      Thread.sleep(15_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
