package work

import (
	"time"

	"portolan/bench/load/peer"
)

// BatchResult is how long filling took.
type BatchResult struct {
	Seconds float64 `json:"seconds"`
	RSSMB   float64 `json:"rssMb"`
}

const batchSize = 500

// Batches fills Portolan by RegisterBatch: each group with the same number of keys.
func (u Unary) Batches() (result BatchResult, err error) {
	conns, err := clients(u.Client, u.Address, u.Connections)
	if err != nil {
		return result, err
	}
	defer closeAll(conns)
	perGroup := u.Keys / u.Groups
	pieces := (perGroup + batchSize - 1) / batchSize
	fill := &loop{path: peer.BatchPath, done: func([]byte, time.Duration) {}}
	fill.more = times(int64(u.Groups*pieces), func(number int64) []byte {
		group, piece := int(number)/pieces, int(number)%pieces
		return u.Peer.Batch(group, piece*batchSize, min(perGroup, (piece+1)*batchSize))
	})
	begun := time.Now()
	err = fill.run(conns, u.Inflight)
	return BatchResult{Seconds: time.Since(begun).Seconds(), RSSMB: u.rssMB()}, err
}
