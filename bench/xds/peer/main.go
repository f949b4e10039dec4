// Command peer is the control plane to compare with: go-control-plane's snapshot cache, with N services of M endpoints each.
//
// POST /endpoints?name=svc-1&hosts=10.0.0.1:1,10.0.0.2:1 publishes a snapshot with other endpoints of one service.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"example.local/xds/resources"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// everybody is told the same.
type everybody struct{}

func (everybody) ID(*core.Node) string { return "all" }

type plane struct {
	mutex     sync.Mutex
	version   int
	index     map[string]int
	listeners []types.Resource
	routes    []types.Resource
	clusters  []types.Resource
	endpoints []types.Resource
	snapshots cache.SnapshotCache
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "xDS address")
	control := flag.String("http", "127.0.0.1:0", "control address")
	services := flag.Int("services", 500, "how many services")
	per := flag.Int("per", 20, "endpoints of each")
	flag.Parse()
	p := &plane{index: map[string]int{}, snapshots: cache.NewSnapshotCache(false, everybody{}, nil)}
	for i := range *services {
		p.add(fmt.Sprintf("svc-%d", i), resources.Hosts(i, *per))
	}
	p.publish()
	go func() { log.Fatal(http.ListenAndServe(*control, http.HandlerFunc(p.change))) }()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	grpcServer := grpc.NewServer(grpc.MaxConcurrentStreams(1_000_000))
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(context.Background(), p.snapshots, nil))
	fmt.Println("serving")
	log.Fatal(grpcServer.Serve(listener))
}

func (p *plane) add(name string, hosts []string) {
	p.index[name] = len(p.endpoints)
	p.listeners = append(p.listeners, resources.Listener(name))
	p.routes = append(p.routes, resources.Route(name))
	p.clusters = append(p.clusters, resources.Cluster(name))
	p.endpoints = append(p.endpoints, resources.Endpoints(name, hosts))
}

func (p *plane) publish() {
	p.version++
	snapshot, err := cache.NewSnapshot(strconv.Itoa(p.version), map[resource.Type][]types.Resource{
		resource.ListenerType: p.listeners, resource.RouteType: p.routes,
		resource.ClusterType: p.clusters, resource.EndpointType: p.endpoints,
	})
	if err == nil {
		err = p.snapshots.SetSnapshot(context.Background(), "all", snapshot)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func (p *plane) change(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	name := r.FormValue("name")
	at, ok := p.index[name]
	if !ok {
		http.Error(w, "no such service", http.StatusNotFound)
		return
	}
	p.endpoints[at] = resources.Endpoints(name, strings.Split(r.FormValue("hosts"), ","))
	p.publish()
}
