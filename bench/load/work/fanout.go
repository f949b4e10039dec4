package work

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"portolan/bench/load/peer"
	"portolan/bench/load/wire"
)

// Fanout is watchers and writers: every watcher of a group hears of every write to it.
type Fanout struct {
	Target
	Peer        *peer.Peer
	Watchers    int
	Connections int
	// Groups that are watched, watcher i watching group i modulo Groups; each has Keys keys before it begins.
	Groups, Keys int
	// Writers in a closed loop, for so long; or Rate writes a second when it is not 0.
	Writers int
	Rate    float64
	Seconds float64
}

// FanoutResult is what the watchers saw.
type FanoutResult struct {
	Writes       int64   `json:"writes"`
	Updates      int64   `json:"updates"`
	Merged       int64   `json:"merged"`
	Messages     int64   `json:"messages"`
	PerSecond    float64 `json:"updatesPerSecond"`
	WritesPerSec float64 `json:"writesPerSecond"`
	P50Ms        float64 `json:"p50Ms"`
	P99Ms        float64 `json:"p99Ms"`
	CPUMsAWrite  float64 `json:"serverCpuMsPerWrite"`
	KBAWatcher   float64 `json:"rssKbPerWatcher"`
	RSSMB        float64 `json:"rssMb"`
}

// Run opens the watches, writes, and waits until every watcher has caught up.
func (f Fanout) Run() (result FanoutResult, err error) {
	fill := Unary{Target: f.Target, Peer: f.Peer, Client: "wire", Connections: 1, Inflight: 50, Keys: f.Keys * f.Groups, Groups: f.Groups}
	if err := fill.Fill(); err != nil {
		return result, err
	}
	time.Sleep(time.Second)
	before := f.rssMB()
	conns, err := dial(f.Address, f.Connections)
	if err != nil {
		return result, err
	}
	defer closeAll(conns)
	crowd := f.watch(conns)
	if err := crowd.waitFor("ready", func() bool { return crowd.ready.Load() == int64(f.Watchers) }); err != nil {
		return result, err
	}
	time.Sleep(time.Second)
	result.KBAWatcher = (f.rssMB() - before) * 1024 / float64(f.Watchers)
	crowd.reset()
	cpu, begun := f.cpuSeconds(), time.Now()
	last, writes, err := f.write()
	if err != nil {
		return result, err
	}
	upToDate := func() bool { return crowd.reached(last) }
	if f.Groups > 1 { // a watcher's revision moves with its own group only
		upToDate = func() bool { return crowd.updates.Load()+crowd.merged.Load() >= writes*int64(f.Watchers/f.Groups) }
	}
	if err := crowd.waitFor("up to date", upToDate); err != nil {
		return result, err
	}
	took := time.Since(begun).Seconds()
	result.Writes, result.Updates, result.Merged = writes, crowd.updates.Load(), crowd.merged.Load()
	result.Messages = crowd.messages.Load()
	result.PerSecond, result.WritesPerSec = float64(result.Updates)/took, float64(writes)/took
	result.P50Ms, result.P99Ms = crowd.latency(50), crowd.latency(99)
	result.CPUMsAWrite = (f.cpuSeconds() - cpu) / float64(writes) * 1000
	result.RSSMB = f.rssMB()
	return result, nil
}

// write makes the changes and answers the last revision, and how many writes there were.
func (f Fanout) write() (last int64, writes int64, err error) {
	conns, err := clients("wire", f.Address, 1)
	if err != nil {
		return 0, 0, err
	}
	defer closeAll(conns)
	var newest, count atomic.Int64
	end := time.Now().Add(seconds(f.Seconds))
	request := func(number int64) []byte {
		key := int(number) % (f.Keys * f.Groups)
		return f.Peer.Write(key%f.Groups, key, peer.Stamp())
	}
	calls := &loop{path: f.Peer.WritePath, more: until(end, request)}
	calls.done = func(answer []byte, _ time.Duration) {
		count.Add(1)
		revision := f.Peer.Revision(answer)
		for seen := newest.Load(); revision > seen && !newest.CompareAndSwap(seen, revision); seen = newest.Load() {
		}
	}
	if f.Rate == 0 {
		err = calls.run(conns, f.Writers)
		return newest.Load(), count.Load(), err
	}
	ticks := time.NewTicker(seconds(1 / f.Rate))
	defer ticks.Stop()
	for number := int64(0); time.Now().Before(end) && err == nil; number++ {
		<-ticks.C
		calls.more = times(1, func(int64) []byte { return request(number) })
		err = calls.run(conns, 1)
	}
	return newest.Load(), count.Load(), err
}

// crowd is the watchers, and what they saw.
type crowd struct {
	ready, updates, merged, messages atomic.Int64
	failed                           atomic.Value
	groups                           []*onConnection
}

// onConnection is the watchers of one connection, whose callbacks run one at a time.
type onConnection struct {
	latency   *latency
	last      []byte
	update    peer.Update
	revisions []atomic.Int64
}

func (f Fanout) watch(conns []*wire.Conn) *crowd {
	crowd := &crowd{}
	for i, conn := range conns {
		count := f.Watchers/len(conns) + min(1, max(0, f.Watchers%len(conns)-i))
		group := &onConnection{latency: newLatency(), revisions: make([]atomic.Int64, count)}
		crowd.groups = append(crowd.groups, group)
		for n := range count {
			stream := &wire.Stream{
				OnMessage: func(message []byte) { crowd.take(group, n, message, f.Peer.Scan) },
				OnEnd:     func(status string) { crowd.failed.Store("a watch ended: " + status) },
			}
			conn.Start(f.Peer.WatchPath, stream)
			stream.Send(f.Peer.Watch((n*len(conns)+i)%f.Groups), f.Peer.WatchLast)
		}
	}
	return crowd
}

// take counts a message. Most watchers are told the same bytes, which are read once.
func (c *crowd) take(on *onConnection, watcher int, message []byte, scan func([]byte) (peer.Update, error)) {
	if !bytes.Equal(message, on.last) {
		update, err := scan(message)
		if err != nil {
			c.failed.Store(err.Error())
			return
		}
		on.last, on.update = append(on.last[:0], message...), update
	}
	update := on.update
	if update.Ready {
		c.ready.Add(1)
	}
	for _, stamp := range update.Stamps {
		on.latency.record(peer.Age(stamp))
	}
	c.messages.Add(1)
	c.updates.Add(int64(len(update.Stamps)))
	c.merged.Add(int64(update.Merged))
	if update.Revision > 0 {
		on.revisions[watcher].Store(update.Revision)
	}
}

func (c *crowd) reset() {
	for _, count := range []*atomic.Int64{&c.updates, &c.merged, &c.messages} {
		count.Store(0)
	}
	for _, group := range c.groups {
		group.latency.mu.Lock()
		group.latency.histogram.Reset()
		group.latency.mu.Unlock()
	}
}

func (c *crowd) reached(revision int64) bool {
	return !slices.ContainsFunc(c.groups, func(group *onConnection) bool {
		for i := range group.revisions {
			if group.revisions[i].Load() < revision {
				return true
			}
		}
		return false
	})
}

func (c *crowd) latency(percentile float64) float64 {
	all := newLatency()
	for _, group := range c.groups {
		group.latency.mu.Lock()
		all.histogram.Merge(group.latency.histogram)
		group.latency.mu.Unlock()
	}
	return all.ms(percentile)
}

func (c *crowd) waitFor(what string, done func() bool) error {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if failed := c.failed.Load(); failed != nil {
			return fmt.Errorf("%v", failed)
		}
		if done() {
			return nil
		}
	}
	return fmt.Errorf("the watchers are not %s after two minutes", what)
}
