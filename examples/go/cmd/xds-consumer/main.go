// Command xds-consumer calls the greeters without a line about the control plane: gRPC itself asks it, over xDS, for who serves
// the name. GRPC_XDS_BOOTSTRAP names the file that `portolan xds bootstrap` printed.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	greeter "example.local/greeter/gen"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/xds" // teaches gRPC what xds:/// means
)

func main() {
	log.SetFlags(0)
	target := flag.String("target", "xds:///greeter", "the name to call")
	calls := flag.Int("calls", 10, "how many calls")
	interval := flag.Duration("interval", 200*time.Millisecond, "time between calls")
	flag.Parse()
	conn, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	greeters := greeter.NewGreeterServiceClient(conn)
	for range *calls {
		call(greeters)
		time.Sleep(*interval)
	}
}

func call(greeters greeter.GreeterServiceClient) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	response, err := greeters.SayHello(ctx, &greeter.SayHelloRequest{Name: "go"})
	if err != nil {
		log.Printf("failed: %v", err)
		return
	}
	fmt.Println(response.Message)
}
