// Command load is many xDS clients in one process, which tells when all of them have heard of a change.
//
// It prints a JSON line when every client has everything ({"ready":true}), one for each change that the last of its subscribers
// received ({"service":3,"port":81,"at":UNIX_US}), and one for each client that came later ({"first_us":…}). A line on stdin is a
// command: "first N" connects N clients of one service each, one after the other; "idle N" opens N idle streams.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

var (
	target   = flag.String("target", "127.0.0.1:18000", "the xDS server")
	suffix   = flag.String("suffix", "", "what follows the name of a service in those of its cluster and endpoints")
	routes   = flag.String("routes", "%s", "how the routes of a service are called")
	services = flag.Int("services", 500, "how many services there are")
	sotw     = flag.Int("sotw", 100, "clients of the state of the world")
	each     = flag.Int("each", 10, "services of each of them")
	delta    = flag.Int("delta", 20, "wildcard delta clients")
)

var output sync.Mutex

func say(line map[string]any) {
	output.Lock()
	defer output.Unlock()
	json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	flag.Parse()
	receipts := newReceipts()
	var ready sync.WaitGroup
	for i := range *sotw {
		names := make([]int, *each)
		for j := range names {
			names[j] = (i**each + j) % *services
		}
		receipts.expect(names)
		ready.Add(1)
		go runSotw(dial(), names, receipts, ready.Done)
	}
	for range *delta {
		receipts.expectAll(*services)
		ready.Add(1)
		go runDelta(dial(), *services, receipts, ready.Done)
	}
	ready.Wait()
	say(map[string]any{"ready": true})
	commands(receipts)
}

func commands(receipts *receipts) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var what string
		var count int
		fmt.Sscan(lines.Text(), &what, &count)
		switch what {
		case "first":
			for i := range count {
				took := firstConfiguration(i % *services)
				say(map[string]any{"first_us": took.Microseconds()})
			}
		case "idle":
			idle(count, receipts)
			say(map[string]any{"idle": count})
		}
	}
}

// firstConfiguration is how long a client waits that dials, until it has listener, routes, cluster and endpoints of one service.
func firstConfiguration(service int) time.Duration {
	done := make(chan struct{})
	begun := time.Now()
	conn := dial()
	defer conn.Close()
	go runSotw(conn, []int{service}, newReceipts(), func() { close(done) })
	<-done
	return time.Since(begun)
}

// idle opens streams that have what they want and hear nothing more, fifty on a connection.
func idle(count int, receipts *receipts) {
	var ready sync.WaitGroup
	var conn *grpc.ClientConn
	for i := range count {
		if i%50 == 0 {
			conn = dial()
		}
		ready.Add(1)
		go runSotw(conn, []int{i % *services}, receipts, ready.Done)
	}
	ready.Wait()
}

func dial() *grpc.ClientConn {
	conn, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		log.Fatal(err)
	}
	return conn
}
