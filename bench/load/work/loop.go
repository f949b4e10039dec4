// Package work is what a server is put to: calls in a closed loop, watchers and writers, instances kept alive.
package work

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"portolan/bench/load/grpcgo"
	"portolan/bench/load/wire"
)

// client is one connection, with whatever makes the calls on it.
type client interface {
	Unary(path wire.Path, message []byte, done func(status string, answer []byte))
	Open(path wire.Path, onMessage func(message []byte), onEnd func(status string)) (send func(message []byte), err error)
	Close()
}

// clients opens connections of the kind that was asked for: "wire" or "grpc-go".
func clients(kind, address string, count int) (all []client, err error) {
	for range count {
		var one client
		switch kind {
		case "wire":
			one, err = wire.Dial(address)
		case "grpc-go":
			one, err = grpcgo.Dial(address)
		default:
			err = fmt.Errorf("no client named %q: wire or grpc-go", kind)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Target is the server, and what the work may know of it.
type Target struct {
	Address string
	// Process whose CPU and memory are read; 0 when nobody asks.
	PID int
}

// Latency in microseconds, from 1 us to 2 minutes with three digits.
type latency struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram
}

func newLatency() *latency {
	return &latency{histogram: hdrhistogram.New(1, 120_000_000, 3)}
}

func (l *latency) record(age time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.histogram.RecordValue(max(1, age.Microseconds()))
}

// ms is the latency in milliseconds at a percentile.
func (l *latency) ms(percentile float64) float64 {
	return float64(l.histogram.ValueAtQuantile(percentile)) / 1000
}

func dial(address string, count int) ([]*wire.Conn, error) {
	conns := make([]*wire.Conn, count)
	for i := range conns {
		conn, err := wire.Dial(address)
		if err != nil {
			return nil, err
		}
		conns[i] = conn
	}
	return conns, nil
}

func closeAll[C client](conns []C) {
	for _, conn := range conns {
		conn.Close()
	}
}

// loop makes unary calls, `inflight` at a time on each connection, until `more` has no further request.
type loop struct {
	path wire.Path
	// more answers the next request; called from several goroutines.
	more func() (request []byte, ok bool)
	done func(answer []byte, took time.Duration)

	failed atomic.Value
	open   sync.WaitGroup
}

func (l *loop) run(conns []client, inflight int) error {
	for _, conn := range conns {
		for range inflight {
			l.open.Add(1)
			l.next(conn)
		}
	}
	l.open.Wait()
	if failed := l.failed.Load(); failed != nil {
		return fmt.Errorf("a call failed: %v", failed)
	}
	return nil
}

func (l *loop) next(conn client) {
	request, ok := l.more()
	if !ok || l.failed.Load() != nil {
		l.open.Done()
		return
	}
	begun := time.Now()
	conn.Unary(l.path, request, func(status string, answer []byte) {
		if status != "0" {
			l.failed.Store("status " + status)
		} else {
			l.done(answer, time.Since(begun))
		}
		l.next(conn)
	})
}

// until answers a `more` that numbers requests until the time is over.
func until(end time.Time, request func(number int64) []byte) func() ([]byte, bool) {
	var number atomic.Int64
	return func() ([]byte, bool) {
		if time.Now().After(end) {
			return nil, false
		}
		return request(number.Add(1) - 1), true
	}
}

// times answers a `more` that ends after `count` requests.
func times(count int64, request func(number int64) []byte) func() ([]byte, bool) {
	var next atomic.Int64
	return func() ([]byte, bool) {
		number := next.Add(1) - 1
		if number >= count {
			return nil, false
		}
		return request(number), true
	}
}
