// Package peer says the same things to Portolan and to etcd: write a key of a group, read a group, watch a group.
//
// A group is a service of Portolan's and a key prefix of etcd's; a key is an instance. The value is the same: the bytes of an
// instance, whose version is a stamp of when the write began.
package peer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"portolan/bench/load/wire"
)

// Peer is a server under load.
type Peer struct {
	WritePath, ReadPath, WatchPath wire.Path
	// Write is the request that sets a key of a group to an instance with this stamp.
	Write func(group, key int, stamp string) []byte
	// Read is the request for all keys of a group.
	Read func(group int) []byte
	// Watch is the request that watches a group; WatchLast says that the client sends no more on that stream.
	Watch     func(group int) []byte
	WatchLast bool
	// Revision is what a write's answer says: the revision that it made.
	Revision func(answer []byte) int64
	// Scan reads a watch's message.
	Scan func(message []byte) (Update, error)
}

// Update is what a message of a watch holds.
type Update struct {
	// Ready says that the watch stands: what is written from now on will be told.
	Ready bool
	// Stamps of the changes in it, in their order.
	Stamps []string
	// Merged is how many changes were left out because newer ones replaced them.
	Merged int
	// Revision that the watch has reached; 0 where the message does not say.
	Revision int64
}

// New returns the peer of this name. Instances are padded to some `size` bytes.
func New(name string, size int) (*Peer, error) {
	switch name {
	case "portolan":
		return portolan(size), nil
	case "etcd":
		return etcd(size), nil
	}
	return nil, fmt.Errorf("no peer named %q: portolan or etcd", name)
}

var start = time.Now()

// Stamp is the time now, as a version.
func Stamp() string { return "t" + strconv.FormatInt(int64(time.Since(start)), 10) }

// Age is how long ago a stamp was made.
func Age(stamp string) time.Duration {
	nanos, err := strconv.ParseInt(strings.TrimPrefix(stamp, "t"), 10, 64)
	if err != nil {
		return 0
	}
	return time.Since(start) - time.Duration(nanos)
}

func groupName(group int) string { return "service-" + strconv.Itoa(group) }
func keyName(key int) string     { return "instance-" + strconv.Itoa(key) }
