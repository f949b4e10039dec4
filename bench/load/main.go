// Command load puts a Portolan or an etcd to work and prints what came of it as one JSON object.
//
//	load write|read|session|fill|batch|fanout|alive|first [flags]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"portolan/bench/load/peer"
	"portolan/bench/load/work"
)

type options struct {
	peer, address, client               string
	pid, size                           int
	connections, inflight, keys, groups int
	watchers, writers, clients          int
	seconds, rate                       float64
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("which work? write, read, session, fill, batch, fanout, alive or first"))
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.peer, "peer", "portolan", "who is at the address: portolan or etcd")
	flags.StringVar(&o.address, "address", "127.0.0.1:7070", "host:port")
	flags.StringVar(&o.client, "client", "wire", "write, read, session: what makes the calls, wire or grpc-go")
	flags.IntVar(&o.pid, "pid", 0, "the server's process, to read its CPU and memory")
	flags.IntVar(&o.size, "size", 90, "bytes of an instance, about")
	flags.IntVar(&o.connections, "connections", 4, "connections")
	flags.IntVar(&o.inflight, "inflight", 50, "calls under way on each connection")
	flags.IntVar(&o.keys, "keys", 10_000, "keys (fanout: of each group)")
	flags.IntVar(&o.groups, "groups", 1, "groups")
	flags.IntVar(&o.watchers, "watchers", 1_000, "fanout: watchers")
	flags.IntVar(&o.writers, "writers", 16, "fanout: writers in a closed loop")
	flags.Float64Var(&o.rate, "rate", 0, "fanout: writes a second, one at a time, instead of writers")
	flags.IntVar(&o.clients, "clients", 500, "alive: clients")
	flags.Float64Var(&o.seconds, "seconds", 10, "how long")
	flags.Parse(os.Args[2:])
	result, err := run(os.Args[1], o)
	if err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(result)
}

func run(name string, o options) (any, error) {
	server, err := peer.New(o.peer, o.size)
	if err != nil {
		return nil, err
	}
	target := work.Target{Address: o.address, PID: o.pid}
	unary := work.Unary{
		Target: target, Peer: server, Client: o.client, Connections: o.connections, Inflight: o.inflight,
		Seconds: o.seconds, Keys: o.keys, Groups: o.groups,
	}
	alive := work.Alive{Target: target, Clients: o.clients, Instances: o.keys, Seconds: o.seconds, Size: o.size}
	switch name {
	case "write":
		return unary.Writes()
	case "read":
		return unary.Reads()
	case "session":
		return unary.Sessions(o.size)
	case "fill":
		return struct{}{}, unary.Fill()
	case "batch":
		return unary.Batches()
	case "fanout":
		return work.Fanout{
			Target: target, Peer: server, Watchers: o.watchers, Connections: o.connections,
			Groups: o.groups, Keys: o.keys, Writers: o.writers, Rate: o.rate, Seconds: o.seconds,
		}.Run()
	case "alive":
		if o.peer == "etcd" {
			return alive.Leases()
		}
		return alive.Sessions()
	case "first":
		return work.First(o.address, server)
	}
	return nil, fmt.Errorf("no work named %q", name)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}
