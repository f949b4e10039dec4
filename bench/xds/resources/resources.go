// Package resources makes what the peer serves: the chain of a gRPC client for each service.
package resources

import (
	"fmt"
	"net"
	"strconv"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var ads = &core.ConfigSource{ResourceApiVersion: core.ApiVersion_V3, ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}}}

// Hosts are the endpoints of the i-th service, as they are at first.
func Hosts(i, per int) []string {
	hosts := make([]string, per)
	for j := range hosts {
		hosts[j] = fmt.Sprintf("10.%d.%d.%d:80", i>>8, i&255, j+1)
	}
	return hosts
}

// Listener is the API listener of a service.
func Listener(name string) *listener.Listener {
	manager := &hcm.HttpConnectionManager{
		StatPrefix:     name,
		HttpFilters:    []*hcm.HttpFilter{{Name: "router", ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: pack(&router.Router{})}}},
		RouteSpecifier: &hcm.HttpConnectionManager_Rds{Rds: &hcm.Rds{RouteConfigName: "route-" + name, ConfigSource: ads}},
	}
	return &listener.Listener{Name: name, ApiListener: &listener.ApiListener{ApiListener: pack(manager)}}
}

// Route sends everything to the cluster of a service.
func Route(name string) *route.RouteConfiguration {
	all := &route.Route{
		Match:  &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
		Action: &route.Route_Route{Route: &route.RouteAction{ClusterSpecifier: &route.RouteAction_Cluster{Cluster: name}}},
	}
	hosts := []*route.VirtualHost{{Name: name, Domains: []string{"*"}, Routes: []*route.Route{all}}}
	return &route.RouteConfiguration{Name: "route-" + name, VirtualHosts: hosts}
}

// Cluster is that of a service.
func Cluster(name string) *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: ads},
	}
}

// Endpoints are those of a service, in one place.
func Endpoints(name string, hosts []string) *endpoint.ClusterLoadAssignment {
	all := make([]*endpoint.LbEndpoint, len(hosts))
	for i, host := range hosts {
		all[i] = &endpoint.LbEndpoint{
			HostIdentifier:      &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address(host)}},
			HealthStatus:        core.HealthStatus_HEALTHY,
			LoadBalancingWeight: wrapperspb.UInt32(100),
		}
	}
	place := &endpoint.LocalityLbEndpoints{Locality: &core.Locality{}, LoadBalancingWeight: wrapperspb.UInt32(uint32(100 * len(hosts))), LbEndpoints: all}
	return &endpoint.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpoint.LocalityLbEndpoints{place}}
}

func address(hostPort string) *core.Address {
	host, port, _ := net.SplitHostPort(hostPort)
	number, _ := strconv.Atoi(port)
	socket := &core.SocketAddress{Address: host, PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(number)}}
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: socket}}
}

func pack(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err)
	}
	return packed
}
