// Command service is a greeter that registers itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	greeter "example.local/greeter/gen"
	registry "example.local/greeter/gen/portolan/registry/v1"
	"example.local/greeter/plane"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

type greeterServer struct {
	greeter.UnimplementedGreeterServiceServer
	id string
}

func (s greeterServer) SayHello(_ context.Context, request *greeter.SayHelloRequest) (*greeter.SayHelloResponse, error) {
	return &greeter.SayHelloResponse{Message: fmt.Sprintf("hello %s from %s (go)", request.Name, s.id)}, nil
}

func main() {
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	address := flag.String("plane", "127.0.0.1:7070", "the control plane")
	service := flag.String("service", "greeter", "the name to register under")
	id := flag.String("id", fmt.Sprintf("go-%d", os.Getpid()), "this instance's id")
	port := flag.Int("port", 0, "the port to serve on; 0: any free one")
	flag.Parse()
	if err := run(*address, *service, *id, *port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, service, id string, port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	greeter.RegisterGreeterServiceServer(server, greeterServer{id: id})
	healthpb.RegisterHealthServer(server, health.NewServer()) // for those who probe it: "" is SERVING from the start
	go func() {
		if err := server.Serve(listener); err != nil {
			log.Fatal(err)
		}
	}()
	defer stopGracefully(server)
	port = listener.Addr().(*net.TCPAddr).Port
	log.Printf("serving %s at 127.0.0.1:%d", service, port)

	leave, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	conn, err := plane.Connect(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Registered only now that it can take calls.
	registration := plane.NewRegistration(conn, &registry.Instance{
		Service:   service,
		Id:        id,
		Endpoints: []*registry.Endpoint{{Name: "grpc", Host: "127.0.0.1", Port: uint32(port), Protocol: registry.Protocol_PROTOCOL_GRPC}},
		Labels:    map[string]string{"lang": "go"},
	})
	if err := registration.Keep(leave); err != nil {
		return err
	}
	log.Print("left")
	return nil
}

// stopGracefully finishes the calls under way, in 5 s at most.
func stopGracefully(server *grpc.Server) {
	time.Sleep(time.Second) // the news travels to consumers in milliseconds; whoever calls until then is served
	defer time.AfterFunc(5*time.Second, server.Stop).Stop()
	server.GracefulStop()
}
