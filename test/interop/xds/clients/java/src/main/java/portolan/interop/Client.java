package portolan.interop;

import com.google.gson.Gson;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.xds.XdsChannelCredentials;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Client TARGET INTERVAL_MS: calls a greeter over and over until it is killed, and prints a JSON line a call. */
public final class Client {
  /** The request and the response are one string field each, as StringValue is: no generated code is needed. */
  private static final MethodDescriptor<StringValue, StringValue> SAY_HELLO =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("greeter.v1.GreeterService/SayHello")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  public static void main(String[] args) throws InterruptedException {
    var credentials = XdsChannelCredentials.create(InsecureChannelCredentials.create());
    var channel = Grpc.newChannelBuilder(args[0], credentials).build();
    var gson = new Gson();
    while (true) {
      System.out.println(gson.toJson(call(channel)));
      Thread.sleep(Long.parseLong(args[1]));
    }
  }

  private static Map<String, String> call(Channel channel) {
    var options = CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    try {
      var reply = ClientCalls.blockingUnaryCall(channel, SAY_HELLO, options, StringValue.of("java"));
      return Map.of("code", "OK", "reply", reply.getValue(), "error", "");
    } catch (StatusRuntimeException e) {
      var status = e.getStatus();
      return Map.of("code", status.getCode().name(), "reply", "", "error", String.valueOf(status.getDescription()));
    }
  }
}
