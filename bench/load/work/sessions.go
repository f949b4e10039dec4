package work

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"portolan/bench/load/peer"
)

// Sessions registers in Portolan's sessions, a connection and a stream each, `Inflight` requests ahead of their answers.
func (u Unary) Sessions(size int) (result UnaryResult, err error) {
	conns, err := clients(u.Client, u.Address, u.Connections)
	if err != nil {
		return result, err
	}
	defer closeAll(conns)
	begun := time.Now()
	run := &sessionRun{unary: u, size: size, latency: newLatency(), end: begun.Add(seconds(u.Seconds))}
	cpu := u.cpuSeconds()
	for group, conn := range conns {
		run.open.Add(1)
		run.start(conn, group)
	}
	run.open.Wait()
	if failed := run.failed.Load(); failed != nil {
		return result, fmt.Errorf("a session failed: %v", failed)
	}
	took := time.Since(begun).Seconds()
	count := float64(run.committed.Load())
	return UnaryResult{
		PerSecond: count / took, P50Ms: run.latency.ms(50), P99Ms: run.latency.ms(99),
		CPUMicros: (u.cpuSeconds() - cpu) / count * 1e6, RSSMB: u.rssMB(),
	}, nil
}

type sessionRun struct {
	unary     Unary
	size      int
	latency   *latency
	end       time.Time
	committed atomic.Int64
	failed    atomic.Value
	open      sync.WaitGroup
}

func (r *sessionRun) start(conn client, group int) {
	sent := make([]time.Time, r.unary.Inflight)
	begun, answered := uint64(0), uint64(0)
	var send func(message []byte)
	opened := make(chan struct{})
	finish := sync.OnceFunc(r.open.Done)
	register := func() {
		if time.Now().After(r.end) {
			if begun == answered {
				finish()
			}
			return
		}
		sent[begun%uint64(len(sent))] = time.Now()
		key := int(begun) % r.unary.Keys
		send(peer.RegisterInSession(begun+2, group, key, peer.Stamp(), r.size))
		begun++
	}
	onMessage := func(message []byte) {
		committed, err := peer.IsCommitted(message)
		switch {
		case err != nil || (!committed && begun > 0):
			r.failed.Store(fmt.Sprintf("answer %x", message))
			finish()
		case !committed:
			<-opened
			for range r.unary.Inflight {
				register()
			}
		default:
			// Answers come in the order of commits, which is that of the requests of one session.
			r.latency.record(time.Since(sent[answered%uint64(len(sent))]))
			answered++
			r.committed.Add(1)
			register()
		}
	}
	send, err := conn.Open(peer.SessionPath, onMessage, func(status string) { finish() })
	if err != nil {
		r.failed.Store(err.Error())
		finish()
		return
	}
	close(opened)
	send(peer.OpenSession())
}
