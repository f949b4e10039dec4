package work

import (
	"fmt"
	"sync/atomic"
	"time"

	"portolan/bench/load/peer"
	"portolan/bench/load/wire"
)

// Alive is instances that are kept alive by so many clients, each with a connection of its own.
type Alive struct {
	Target
	Clients, Instances int
	Seconds            float64
	Size               int
}

// AliveResult is what that costs the server.
type AliveResult struct {
	CPUSeconds float64 `json:"serverCpuSeconds"`
	RSSMB      float64 `json:"rssMb"`
	EmptyRSSMB float64 `json:"emptyRssMb"`
}

const (
	leaseSeconds = 30
	renewEvery   = 10 * time.Second
)

// Sessions keeps them alive in Portolan's sessions, which send nothing.
func (a Alive) Sessions() (AliveResult, error) {
	return a.run(func(conn *wire.Conn, client int, registered *atomic.Int64, failed *atomic.Value) {
		stream := &wire.Stream{OnEnd: func(status string) { failed.Store("a session ended: " + status) }}
		opened := false
		stream.OnMessage = func(message []byte) {
			if opened {
				registered.Add(1)
				return
			}
			opened = true
			for i := range a.Instances / a.Clients {
				key := client*a.Instances/a.Clients + i
				stream.Send(peer.RegisterInSession(uint64(i+2), client, key, "1.0.0", a.Size), false)
			}
		}
		conn.Start(peer.SessionPath, stream)
		stream.Send(peer.OpenSession(), false)
	}, nil)
}

// Leases keeps them alive in etcd: a lease each of 30 s, renewed every 10 s over one stream a client.
func (a Alive) Leases() (AliveResult, error) {
	etcd, err := peer.New("etcd", a.Size)
	if err != nil {
		return AliveResult{}, err
	}
	each := a.Instances / a.Clients
	grant := func(conn *wire.Conn, client int, registered *atomic.Int64, failed *atomic.Value) {
		for i := range each {
			id := int64(client*each + i + 1)
			conn.Unary(peer.LeaseGrantPath, peer.LeaseGrant(id, leaseSeconds), func(status string, _ []byte) {
				write := peer.WithLease(etcd.Write(client, int(id), "1.0.0"), id)
				conn.Unary(etcd.WritePath, write, func(written string, _ []byte) {
					if status != "0" || written != "0" {
						failed.Store("a lease failed: " + status + ", " + written)
					}
					registered.Add(1)
				})
			})
		}
	}
	renew := func(conn *wire.Conn, client int, end time.Time) {
		stream := &wire.Stream{OnEnd: func(string) {}}
		conn.Start(peer.LeaseKeepAlivePath, stream)
		// Spread over the interval, as independent clients are.
		time.Sleep(renewEvery * time.Duration(client) / time.Duration(a.Clients))
		for time.Now().Before(end) {
			for i := range each {
				stream.Send(peer.LeaseKeepAlive(int64(client*each+i+1)), false)
			}
			time.Sleep(renewEvery)
		}
	}
	return a.run(grant, renew)
}

type enter func(conn *wire.Conn, client int, registered *atomic.Int64, failed *atomic.Value)

func (a Alive) run(enter enter, keep func(conn *wire.Conn, client int, end time.Time)) (result AliveResult, err error) {
	result.EmptyRSSMB = a.rssMB()
	conns, err := dial(a.Address, a.Clients)
	if err != nil {
		return result, err
	}
	defer closeAll(conns)
	var registered atomic.Int64
	var failed atomic.Value
	for client, conn := range conns {
		enter(conn, client, &registered, &failed)
		// A few clients at a time: all at once is a storm, which is another test.
		for registered.Load() < int64((client-4)*a.Instances/a.Clients) && failed.Load() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	for end := time.Now().Add(time.Minute); registered.Load() < int64(a.Instances); time.Sleep(5 * time.Millisecond) {
		if failed.Load() != nil || time.Now().After(end) {
			return result, fmt.Errorf("%d of %d registered: %v", registered.Load(), a.Instances, failed.Load())
		}
	}
	settle := time.Now().Add(renewEvery)
	end := settle.Add(seconds(a.Seconds))
	if keep != nil {
		for client, conn := range conns {
			go keep(conn, client, end)
		}
	}
	time.Sleep(time.Until(settle))
	cpu := a.cpuSeconds()
	time.Sleep(time.Until(end))
	result.CPUSeconds, result.RSSMB = a.cpuSeconds()-cpu, a.rssMB()
	if failed := failed.Load(); failed != nil {
		return result, fmt.Errorf("%v", failed)
	}
	return result, nil
}
