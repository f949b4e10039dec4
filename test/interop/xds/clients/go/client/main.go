// client TARGET INTERVAL_MS [AUTHORITY]: calls a greeter over and over until it is killed, and prints a JSON line a call.
// AUTHORITY is the host that calls name when it is not the target's, as a proxy needs it.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds" // resolves xds:///NAME
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type line struct {
	Code  string `json:"code"`
	Reply string `json:"reply"`
	Error string `json:"error"`
}

func main() {
	interval, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for channel := dial(os.Args[1], os.Args[3:]); ; time.Sleep(time.Duration(interval) * time.Millisecond) {
		out.Encode(call(channel))
	}
}

func dial(target string, authority []string) *grpc.ClientConn {
	creds, err := xds.NewClientCredentials(xds.ClientOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		log.Fatal(err)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
	for _, name := range authority {
		options = append(options, grpc.WithAuthority(name))
	}
	channel, err := grpc.NewClient(target, options...)
	if err != nil {
		log.Fatal(err)
	}
	return channel
}

// The request and the response are one string field each, as StringValue is: no generated code is needed.
func call(channel *grpc.ClientConn) line {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	reply := &wrapperspb.StringValue{}
	err := channel.Invoke(ctx, "/greeter.v1.GreeterService/SayHello", wrapperspb.String("go"), reply)
	return line{Code: status.Code(err).String(), Reply: reply.Value, Error: status.Convert(err).Message()}
}
