// Package plane is the client side of the control plane: Registration keeps an instance in the catalogue, View knows
// who serves a name. Copy it.
package plane

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Connect opens a connection to the control plane at address (host:port).
func Connect(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// Pings find out when the connection is dead although nothing says so.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		// The connection's own backoff grows to two minutes unless told otherwise: longer than a session lives.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
	)
}

// pause waits after so many failures in a row: up to 0.1 s, 0.2 s, … 5 s.
//
// Half of it is random, so that the clients of a plane that restarts do not come back all at once; and it stays well
// under a session's TTL (15 s unless asked otherwise), so that nobody is lost only because he waited.
func pause(ctx context.Context, failures int) {
	limit := min(5*time.Second, 100*time.Millisecond<<min(failures, 10))
	select {
	case <-time.After(limit/2 + rand.N(limit/2)):
	case <-ctx.Done():
	}
}
