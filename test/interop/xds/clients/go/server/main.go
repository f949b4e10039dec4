// server ID [-xds]: a greeter with health on a port of its own choice, until it is killed; SIGTERM lets it finish its calls.
// With -xds it takes calls only once the control plane sent it the listener for its address.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/xds"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type server interface {
	grpc.ServiceRegistrar
	Serve(net.Listener) error
	GracefulStop()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := newServer(len(os.Args) > 2 && os.Args[2] == "-xds")
	registerGreeter(s, os.Args[1])
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		s.GracefulStop()
	}()
	fmt.Println("listening", listener.Addr())
	if err := s.Serve(listener); err != nil {
		log.Fatal(err)
	}
}

func newServer(overXds bool) server {
	if !overXds {
		return grpc.NewServer()
	}
	creds, err := xdscreds.NewServerCredentials(xdscreds.ServerOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		log.Fatal(err)
	}
	s, err := xds.NewGRPCServer(grpc.Creds(creds), xds.ServingModeCallback(func(_ net.Addr, change xds.ServingModeChangeArgs) {
		fmt.Println("mode", change.Mode, change.Err)
	}))
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// registerGreeter offers greeter.v1.GreeterService. Its request and its response are one string field each, as StringValue
// is: no generated code is needed.
func registerGreeter(s server, id string) {
	sayHello := func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		request := &wrapperspb.StringValue{}
		if err := decode(request); err != nil {
			return nil, err
		}
		answer := func(_ context.Context, request any) (any, error) {
			return wrapperspb.String(fmt.Sprintf("hello %s from %s (go)", request.(*wrapperspb.StringValue).Value, id)), nil
		}
		if intercept == nil {
			return answer(ctx, request)
		}
		return intercept(ctx, request, &grpc.UnaryServerInfo{FullMethod: "/greeter.v1.GreeterService/SayHello"}, answer)
	}
	methods := []grpc.MethodDesc{{MethodName: "SayHello", Handler: sayHello}}
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "greeter.v1.GreeterService", HandlerType: (*any)(nil), Methods: methods}, nil)
}
