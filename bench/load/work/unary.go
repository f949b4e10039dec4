package work

import (
	"sync/atomic"
	"time"

	"portolan/bench/load/peer"
)

// Unary is calls in a closed loop.
type Unary struct {
	Target
	Peer *peer.Peer
	// Client makes the calls: "wire", which costs little, or "grpc-go".
	Client      string
	Connections int
	Inflight    int
	Seconds     float64
	// Keys that writes go round, and groups that they lie in.
	Keys, Groups int
}

// UnaryResult is what calls in a closed loop came to.
type UnaryResult struct {
	PerSecond float64 `json:"perSecond"`
	P50Ms     float64 `json:"p50Ms"`
	P99Ms     float64 `json:"p99Ms"`
	CPUMicros float64 `json:"serverCpuMicrosPerCall"`
	RSSMB     float64 `json:"rssMb"`
}

// Writes makes durable writes, each of which changes something.
func (u Unary) Writes() (UnaryResult, error) {
	return u.run(&loop{path: u.Peer.WritePath}, func(number int64) []byte {
		key := int(number) % u.Keys
		return u.Peer.Write(key%u.Groups, key, peer.Stamp())
	})
}

// Reads reads one group of three keys after another.
func (u Unary) Reads() (UnaryResult, error) {
	return u.run(&loop{path: u.Peer.ReadPath}, func(number int64) []byte {
		return u.Peer.Read(int(number) % u.Groups)
	})
}

// Fill writes every key once.
func (u Unary) Fill() error {
	conns, err := clients(u.Client, u.Address, u.Connections)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	fill := &loop{path: u.Peer.WritePath, done: func([]byte, time.Duration) {}}
	fill.more = times(int64(u.Keys), func(number int64) []byte {
		return u.Peer.Write(int(number)%u.Groups, int(number), peer.Stamp())
	})
	return fill.run(conns, u.Inflight)
}

func (u Unary) run(calls *loop, request func(number int64) []byte) (result UnaryResult, err error) {
	conns, err := clients(u.Client, u.Address, u.Connections)
	if err != nil {
		return result, err
	}
	defer closeAll(conns)
	const warmUp = 0.2
	calls.done = func([]byte, time.Duration) {}
	calls.more = until(time.Now().Add(seconds(u.Seconds*warmUp)), request)
	if err := calls.run(conns, u.Inflight); err != nil {
		return result, err
	}
	var count atomic.Int64
	latency := newLatency()
	cpu, begun := u.cpuSeconds(), time.Now()
	calls.done = func(_ []byte, took time.Duration) {
		count.Add(1)
		latency.record(took)
	}
	calls.more = until(begun.Add(seconds(u.Seconds)), request)
	if err := calls.run(conns, u.Inflight); err != nil {
		return result, err
	}
	took := time.Since(begun).Seconds()
	calledTimes := float64(count.Load())
	return UnaryResult{
		PerSecond: calledTimes / took, P50Ms: latency.ms(50), P99Ms: latency.ms(99),
		CPUMicros: (u.cpuSeconds() - cpu) / calledTimes * 1e6, RSSMB: u.rssMB(),
	}, nil
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }
