// Package grpcgo makes calls with gRPC's own client for Go, as users have it, but with bytes for messages: nothing is decoded.
// Package wire costs a fraction of it; this one shows what a server is worth beside a client that needs its share of the cores.
package grpcgo

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"

	"portolan/bench/load/wire"
)

// Conn is a connection.
type Conn struct{ client *grpc.ClientConn }

// Dial makes a connection when it is first needed.
func Dial(address string) (*Conn, error) {
	client, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	return &Conn{client}, err
}

// Close ends the connection.
func (c *Conn) Close() { c.client.Close() }

// Unary makes a call with one message each way. Returns at once; done is called on another goroutine.
func (c *Conn) Unary(path wire.Path, message []byte, done func(status string, message []byte)) {
	go func() {
		var answer []byte
		err := c.client.Invoke(context.Background(), path.Name, message, &answer)
		done(codeOf(err), answer)
	}()
}

// Open begins a stream and answers what sends on it. Callbacks come one at a time, on another goroutine.
func (c *Conn) Open(path wire.Path, onMessage func(message []byte), onEnd func(status string)) (func(message []byte), error) {
	both := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := c.client.NewStream(context.Background(), both, path.Name)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			var message []byte
			if err := stream.RecvMsg(&message); err != nil {
				onEnd(codeOf(err))
				return
			}
			onMessage(message)
		}
	}()
	return func(message []byte) { stream.SendMsg(message) }, nil
}

func codeOf(err error) string { return strconv.Itoa(int(status.Code(err))) }

// raw takes bytes for messages.
type raw struct{}

var _ encoding.Codec = raw{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(message any) ([]byte, error) {
	bytes, ok := message.([]byte)
	if !ok {
		return nil, fmt.Errorf("a %T is no bytes", message)
	}
	return bytes, nil
}

func (raw) Unmarshal(data []byte, message any) error {
	bytes, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("a %T is no place for bytes", message)
	}
	*bytes = append((*bytes)[:0], data...)
	return nil
}
