package work

import (
	"fmt"
	"time"

	"portolan/bench/load/peer"
	"portolan/bench/load/wire"
)

// FirstResult is when a starting server first answered.
type FirstResult struct {
	// UnixMs is the wall clock, for whoever started the server.
	UnixMs float64 `json:"unixMs"`
}

// First asks for a group, on a new connection each time, until it is answered.
func First(address string, server *peer.Peer) (FirstResult, error) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		conn, err := wire.Dial(address)
		if err != nil {
			continue
		}
		status := make(chan string, 1)
		conn.Unary(server.ReadPath, server.Read(0), func(answer string, _ []byte) { status <- answer })
		select {
		case answer := <-status:
			conn.Close()
			if answer == "0" {
				return FirstResult{float64(time.Now().UnixMicro()) / 1000}, nil
			}
		case <-time.After(time.Second):
			conn.Close()
		}
	}
	return FirstResult{}, fmt.Errorf("%s has not answered within two minutes", address)
}
