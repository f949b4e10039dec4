package peer

import (
	"google.golang.org/protobuf/encoding/protowire"

	"portolan/bench/load/wire"
)

// See proto/portolan/registry/v1/registry.proto and proto/portolan/discovery/v1/discovery.proto for the numbers.
func portolan(size int) *Peer {
	return &Peer{
		WritePath: wire.NewPath("/portolan.registry.v1.RegistryService/Register"),
		ReadPath:  wire.NewPath("/portolan.discovery.v1.DiscoveryService/Resolve"),
		WatchPath: wire.NewPath("/portolan.discovery.v1.DiscoveryService/Watch"),
		WatchLast: true,
		Write: func(group, key int, stamp string) []byte {
			forever := []byte{}
			return putBytes(putBytes(nil, 1, instance(group, key, stamp, size)), 2, forever)
		},
		Read:  func(group int) []byte { return putBytes(nil, 1, target(group)) },
		Watch: func(group int) []byte { return putBytes(nil, 1, target(group)) },
		Revision: func(answer []byte) (revision int64) {
			each(answer, func(field protowire.Number, it value) error {
				if field == 2 {
					revision = int64(it.number)
				}
				return nil
			})
			return revision
		},
		Scan: scanWatchResponse,
	}
}

func target(group int) []byte { return putText(nil, 2, groupName(group)) }

func scanWatchResponse(message []byte) (update Update, err error) {
	err = each(message, func(field protowire.Number, it value) error {
		switch field {
		case 1:
			update.Revision = int64(it.number)
		case 2:
			return scanServiceUpdate(it.bytes, &update)
		case 3:
			update.Ready = it.number == 1
		case 5:
			update.Merged = int(it.number)
		}
		return nil
	})
	return update, err
}

func scanServiceUpdate(message []byte, update *Update) error {
	return each(message, func(field protowire.Number, it value) error {
		if field != 5 {
			return nil
		}
		return each(it.bytes, func(field protowire.Number, it value) error {
			if field != 1 {
				return nil
			}
			stamp, err := stampIn(it.bytes)
			update.Stamps = append(update.Stamps, stamp)
			return err
		})
	})
}

// SessionPath is the stream that keeps instances registered.
var SessionPath = wire.NewPath("/portolan.registry.v1.RegistryService/Session")

// OpenSession is a session's first message.
func OpenSession() []byte {
	return putBytes(putNumber(nil, 1, 1), 2, putText(nil, 1, "bench"))
}

// RegisterInSession registers an instance; id is echoed with the answer.
func RegisterInSession(id uint64, group, key int, stamp string, size int) []byte {
	return putBytes(putNumber(nil, 1, id), 3, putBytes(nil, 1, instance(group, key, stamp, size)))
}

// IsCommitted says whether a session's message tells that a write is durable.
func IsCommitted(message []byte) (committed bool, err error) {
	err = each(message, func(field protowire.Number, _ value) error {
		committed = committed || field == 3
		return nil
	})
	return committed, err
}

// BatchPath registers many instances in one commit.
var BatchPath = wire.NewPath("/portolan.registry.v1.RegistryService/RegisterBatch")

// Batch is the request that registers the keys from `from` to `to`-1 of a group, until they are deregistered.
func (p *Peer) Batch(group, from, to int) []byte {
	var message []byte
	for key := from; key < to; key++ {
		message = putBytes(message, 1, p.Write(group, key, "1.0.0"))
	}
	return message
}
