package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// runSotw asks as a gRPC client does, for the whole chain of some services; done is called once when it has all endpoints.
func runSotw(conn *grpc.ClientConn, services []int, receipts *receipts, done func()) {
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	wanted := map[string][]string{}
	for _, service := range services {
		name := fmt.Sprintf("svc-%d", service)
		wanted[resource.ListenerType] = append(wanted[resource.ListenerType], name)
		wanted[resource.RouteType] = append(wanted[resource.RouteType], fmt.Sprintf(*routes, name))
		wanted[resource.ClusterType] = append(wanted[resource.ClusterType], name+*suffix)
		wanted[resource.EndpointType] = append(wanted[resource.EndpointType], name+*suffix)
	}
	node := &core.Node{Id: "load", UserAgentName: "gRPC Go"}
	send := func(url, nonce, version string) {
		request := &discovery.DiscoveryRequest{Node: node, TypeUrl: url, ResourceNames: wanted[url], ResponseNonce: nonce, VersionInfo: version}
		if err := stream.Send(request); err != nil {
			log.Fatal(err)
		}
	}
	chain := []string{resource.ListenerType, resource.RouteType, resource.ClusterType, resource.EndpointType}
	asked := 0
	send(chain[0], "", "")
	have := map[string]bool{}
	for {
		response, err := stream.Recv()
		if err != nil {
			return
		}
		send(response.TypeUrl, response.Nonce, response.VersionInfo)
		for _, one := range response.Resources {
			have[response.TypeUrl+nameOf(response.TypeUrl, one)] = true
			if response.TypeUrl == resource.EndpointType {
				receipts.take(serviceOf(one), one)
			}
		}
		if asked < len(chain) && response.TypeUrl == chain[asked] && len(have) >= (asked+1)*len(services) {
			asked++
			if asked < len(chain) {
				send(chain[asked], "", "")
			} else {
				done()
			}
		}
	}
}

// runDelta asks as an Envoy does: all clusters and listeners, then the endpoints of the clusters.
func runDelta(conn *grpc.ClientConn, services int, receipts *receipts, done func()) {
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	wishes, _ := structpb.NewStruct(map[string]any{"portolan": map[string]any{"listen": "127.0.0.1:18080"}})
	node := &core.Node{Id: "envoy-load", UserAgentName: "envoy", Metadata: wishes}
	send := func(request *discovery.DeltaDiscoveryRequest) {
		request.Node = node
		if err := stream.Send(request); err != nil {
			log.Fatal(err)
		}
	}
	send(&discovery.DeltaDiscoveryRequest{TypeUrl: resource.ClusterType, ResourceNamesSubscribe: []string{"*"}})
	send(&discovery.DeltaDiscoveryRequest{TypeUrl: resource.ListenerType, ResourceNamesSubscribe: []string{"*"}})
	have := map[string]bool{}
	for {
		response, err := stream.Recv()
		if err != nil {
			return
		}
		send(&discovery.DeltaDiscoveryRequest{TypeUrl: response.TypeUrl, ResponseNonce: response.Nonce})
		var clusters []string
		for _, one := range response.Resources {
			if response.TypeUrl == resource.ClusterType {
				clusters = append(clusters, one.Name)
			} else if response.TypeUrl == resource.EndpointType {
				receipts.take(serviceOf(one.Resource), one.Resource)
				have[one.Name] = true
			}
		}
		if len(clusters) > 0 {
			send(&discovery.DeltaDiscoveryRequest{TypeUrl: resource.EndpointType, ResourceNamesSubscribe: clusters})
		}
		if done != nil && len(have) >= services {
			done()
			done = nil
		}
	}
}

// serviceOf is the number of the service whose endpoints these are.
func serviceOf(one *anypb.Any) int {
	var service int
	fmt.Sscanf(nameOf(resource.EndpointType, one), "svc-%d", &service)
	return service
}

// nameOf reads the name of a resource, which is its first field, without reading the rest.
func nameOf(url string, one *anypb.Any) string {
	if url == resource.EndpointType {
		assignment := &endpoint.ClusterLoadAssignment{}
		if one.UnmarshalTo(assignment) == nil {
			return assignment.ClusterName
		}
	}
	if len(one.Value) > 2 && one.Value[0] == 0x0a && int(one.Value[1])+2 <= len(one.Value) {
		return strings.Clone(string(one.Value[2 : 2+one.Value[1]]))
	}
	return ""
}
