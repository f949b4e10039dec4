// Command consumer watches the greeters and calls them in turn.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	greeter "example.local/greeter/gen"
	discovery "example.local/greeter/gen/portolan/discovery/v1"
	"example.local/greeter/plane"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

func main() {
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	address := flag.String("plane", "127.0.0.1:7070", "the control plane")
	service := flag.String("service", "greeter", "the name to call")
	interval := flag.Int("interval", 200, "milliseconds between calls")
	calls := flag.Int("calls", 0, "end after so many; 0: never")
	flag.Parse()
	conn, err := plane.Connect(*address)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	view := plane.NewView()
	greeters := &greeters{ByInstance: map[string]int{}, conns: map[string]*grpc.ClientConn{}}
	var watching sync.WaitGroup
	watching.Go(func() { view.Watch(ctx, conn, *service, greeters.report) })
	for turn := rand.N(100); ctx.Err() == nil; turn++ {
		if candidates := view.Candidates(); len(candidates) > 0 {
			greeters.call(candidates[turn%len(candidates)])
		}
		if *calls > 0 && greeters.OK+greeters.Failed >= *calls {
			stop()
		}
		select {
		case <-time.After(time.Duration(*interval) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	watching.Wait()
	greeters.Revision = view.Revision()
	json.NewEncoder(os.Stdout).Encode(greeters)
}

// greeters calls greeters over one connection an address, and counts.
type greeters struct {
	OK         int            `json:"ok"`
	Failed     int            `json:"failed"`
	ByInstance map[string]int `json:"by_instance"`
	Revision   int64          `json:"revision"`

	mutex sync.Mutex
	conns map[string]*grpc.ClientConn
}

func (g *greeters) call(found *discovery.DiscoveredInstance) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	id := found.Instance.Id
	conn, err := g.conn(addressOf(found))
	var response *greeter.SayHelloResponse
	if err == nil {
		response, err = greeter.NewGreeterServiceClient(conn).SayHello(ctx, &greeter.SayHelloRequest{Name: "go"})
	}
	if err != nil {
		g.Failed++
		log.Printf("call of %s failed: %v", id, err)
		return
	}
	g.OK++
	g.ByInstance[id]++
	log.Print(response.Message)
}

func (g *greeters) conn(address string) (*grpc.ClientConn, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if conn, ok := g.conns[address]; ok {
		return conn, nil
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		g.conns[address] = conn
	}
	return conn, err
}

// keepOnly closes connections to addresses that nobody serves any more, once the calls under way had their time.
func (g *greeters) keepOnly(instances plane.Instances) {
	addresses := map[string]bool{}
	for _, found := range instances {
		addresses[addressOf(found)] = true
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for address, conn := range g.conns {
		if !addresses[address] {
			delete(g.conns, address)
			time.AfterFunc(3*time.Second, func() { conn.Close() })
		}
	}
}

// report prints one line a change.
func (g *greeters) report(before, after plane.Instances) {
	g.keepOnly(after)
	for id := range before {
		if _, ok := after[id]; !ok {
			log.Printf("- %s", id)
		}
	}
	for id, found := range after {
		if was, ok := before[id]; !ok {
			log.Printf("+ %s %s", id, addressOf(found))
		} else if !proto.Equal(was, found) {
			log.Printf("~ %s", id)
		}
	}
}

func addressOf(found *discovery.DiscoveredInstance) string {
	for _, endpoint := range found.Instance.Endpoints {
		if endpoint.Name == "grpc" {
			return net.JoinHostPort(endpoint.Host, strconv.Itoa(int(endpoint.Port)))
		}
	}
	return ""
}
