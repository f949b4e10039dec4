package peer

import (
	"google.golang.org/protobuf/encoding/protowire"

	"portolan/bench/load/wire"
)

// See etcd's api/etcdserverpb/rpc.proto and api/mvccpb/kv.proto for the numbers.
func etcd(size int) *Peer {
	return &Peer{
		WritePath: wire.NewPath("/etcdserverpb.KV/Put"),
		ReadPath:  wire.NewPath("/etcdserverpb.KV/Range"),
		WatchPath: wire.NewPath("/etcdserverpb.Watch/Watch"),
		Write: func(group, key int, stamp string) []byte {
			return putBytes(putText(nil, 1, prefix(group)+keyName(key)), 2, instance(group, key, stamp, size))
		},
		Read:  func(group int) []byte { return prefixRange(nil, group) },
		Watch: func(group int) []byte { return putBytes(nil, 1, prefixRange(nil, group)) },
		Revision: func(answer []byte) int64 {
			update, _ := scanEtcdWatchResponse(answer) // the header has the same number in every answer
			return update.Revision
		},
		Scan: scanEtcdWatchResponse,
	}
}

func prefix(group int) string { return "/" + groupName(group) + "/" }

// prefixRange sets key and range_end, which have the same numbers in RangeRequest and WatchCreateRequest.
func prefixRange(message []byte, group int) []byte {
	from := prefix(group)
	to := from[:len(from)-1] + string(from[len(from)-1]+1)
	return putText(putText(message, 1, from), 2, to)
}

func scanEtcdWatchResponse(message []byte) (update Update, err error) {
	err = each(message, func(field protowire.Number, it value) error {
		switch field {
		case 1:
			return scanHeader(it.bytes, &update)
		case 3:
			update.Ready = it.number == 1
		case 11:
			return scanEvent(it.bytes, &update)
		}
		return nil
	})
	return update, err
}

func scanHeader(message []byte, update *Update) error {
	return each(message, func(field protowire.Number, it value) error {
		if field == 3 {
			update.Revision = int64(it.number)
		}
		return nil
	})
}

func scanEvent(message []byte, update *Update) error {
	return each(message, func(field protowire.Number, it value) error {
		if field != 2 {
			return nil
		}
		return each(it.bytes, func(field protowire.Number, it value) error {
			if field != 5 {
				return nil
			}
			stamp, err := stampIn(it.bytes)
			update.Stamps = append(update.Stamps, stamp)
			return err
		})
	})
}

// Paths of etcd's leases.
var (
	LeaseGrantPath     = wire.NewPath("/etcdserverpb.Lease/LeaseGrant")
	LeaseKeepAlivePath = wire.NewPath("/etcdserverpb.Lease/LeaseKeepAlive")
)

// LeaseGrant asks for a lease of `seconds` under an id of the client's choice.
func LeaseGrant(id int64, seconds int) []byte {
	return putNumber(putNumber(nil, 1, uint64(seconds)), 2, uint64(id))
}

// LeaseKeepAlive renews a lease.
func LeaseKeepAlive(id int64) []byte { return putNumber(nil, 1, uint64(id)) }

// WithLease attaches an etcd write to a lease.
func WithLease(write []byte, id int64) []byte { return putNumber(write, 3, uint64(id)) }
