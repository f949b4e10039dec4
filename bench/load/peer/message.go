package peer

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

func putText(message []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(message, field, protowire.BytesType), text)
}

func putBytes(message []byte, field protowire.Number, bytes []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), bytes)
}

func putNumber(message []byte, field protowire.Number, number uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(message, field, protowire.VarintType), number)
}

// value is a field of a message: a number, or bytes.
type value struct {
	number uint64
	bytes  []byte
}

// each calls visit for each field of a message.
func each(message []byte, visit func(field protowire.Number, it value) error) error {
	for len(message) > 0 {
		field, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return fmt.Errorf("no message: %w", protowire.ParseError(size))
		}
		message = message[size:]
		var found value
		switch kind {
		case protowire.VarintType:
			found.number, size = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			found.bytes, size = protowire.ConsumeBytes(message)
		default:
			size = protowire.ConsumeFieldValue(field, kind, message)
		}
		if size < 0 {
			return fmt.Errorf("no message: %w", protowire.ParseError(size))
		}
		message = message[size:]
		if err := visit(field, found); err != nil {
			return err
		}
	}
	return nil
}

const (
	padBytes    = 1_000
	bareBytes   = 90
	versionOf   = 7
	maxPaddings = 62
)

// instance encodes a portolan.registry.v1.Instance of about `size` bytes.
func instance(group, key int, stamp string, size int) []byte {
	var endpoint []byte
	endpoint = putText(endpoint, 1, "grpc")
	endpoint = putText(endpoint, 2, "10.0.0.5")
	endpoint = putNumber(endpoint, 3, 8080)
	endpoint = putNumber(endpoint, 4, 1)
	var message []byte
	message = putText(message, 2, groupName(group))
	message = putText(message, 3, keyName(key))
	message = putBytes(message, 4, endpoint)
	message = putText(message, versionOf, stamp)
	message = putBytes(message, 8, label("env", "prod"))
	for i := 0; i < min((size-bareBytes+padBytes-1)/padBytes, maxPaddings); i++ {
		message = putBytes(message, 8, label(fmt.Sprintf("pad-%d", i), padding[:min(padBytes, size-bareBytes-i*padBytes)]))
	}
	return message
}

// padding is text that does not compress to nothing.
var padding = func() string {
	letters := make([]byte, padBytes)
	for i := range letters {
		letters[i] = 'a' + byte(i*i%26)
	}
	return string(letters)
}()

func label(key, text string) []byte { return putText(putText(nil, 1, key), 2, text) }

// stampIn finds the version of an instance.
func stampIn(instance []byte) (stamp string, err error) {
	err = each(instance, func(field protowire.Number, it value) error {
		if field == versionOf {
			stamp = string(it.bytes)
		}
		return nil
	})
	return stamp, err
}
