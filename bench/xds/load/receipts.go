package main

import (
	"sync"
	"time"

	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// receipts counts who has heard of the newest port of each service.
type receipts struct {
	mutex sync.Mutex
	// service -> clients that subscribe to it.
	expected map[int]int
	// service and port -> clients that have it.
	heard map[[2]int]int
}

func newReceipts() *receipts {
	return &receipts{expected: map[int]int{}, heard: map[[2]int]int{}}
}

func (r *receipts) expect(services []int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, service := range services {
		r.expected[service]++
	}
}

func (r *receipts) expectAll(services int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for service := range services {
		r.expected[service]++
	}
}

// take notes an assignment that one client received; the ports of changes are above 1,024.
func (r *receipts) take(service int, resource *anypb.Any) {
	assignment := &endpoint.ClusterLoadAssignment{}
	if resource.UnmarshalTo(assignment) != nil {
		return
	}
	port := 0
	for _, place := range assignment.Endpoints {
		for _, one := range place.LbEndpoints {
			port = max(port, int(one.GetEndpoint().GetAddress().GetSocketAddress().GetPortValue()))
		}
	}
	if port <= 1024 {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key := [2]int{service, port}
	r.heard[key]++
	if r.heard[key] == r.expected[service] {
		say(map[string]any{"service": service, "port": port, "at": time.Now().UnixMicro()})
	}
}
