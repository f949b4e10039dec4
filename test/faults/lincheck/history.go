package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// A history is JSON lines: first an epoch, then calls, in any order.
type history struct {
	epoch epoch
	calls []*call
	// See attribute.
	ghosts []*call
}

// epoch is what is known before the first call: a quiet moment, with no call under way.
type epoch struct {
	// The revision at which the catalogue was read.
	Revision int64 `json:"revision"`
	// Services that existed, by name; no other did.
	Services map[string]service `json:"services"`
}

type service struct {
	cell
	Instances map[string]cell `json:"instances"`
}

// cell is what is told of one service or instance; the zero cell is one that does not exist.
type cell struct {
	Value  string `json:"value"`
	Create int64  `json:"create"`
	Mod    int64  `json:"mod"`
	// The session that holds an instance; empty for none.
	Holder string `json:"holder"`
}

// call is one request and what became of it, seen from the client.
type call struct {
	Client int `json:"client"`
	// The method, for people.
	Method string `json:"method"`
	// The session in which it was asked; empty outside of one. Its answers tell a revision only.
	Session string `json:"session"`
	// register, update: Items. deregister: ID. put: Value. drop: Cascade. read: ID or All, or only the service.
	Op      string `json:"op"`
	Service string `json:"service"`
	ID      string `json:"id"`
	Items   []item `json:"items"`
	Value   string `json:"value"`
	Cascade bool   `json:"cascade"`
	// expected_revision of put and drop.
	Expected *int64 `json:"expected"`
	// min_revision of a read.
	Min int64 `json:"min"`

	// When it was called and when its answer came, in ns of one clock. Without an answer: the last moment at which it may
	// have happened, which is when the server that may have had it was dead.
	Call   int64 `json:"call"`
	Return int64 `json:"return"`

	// ok; conflict: Actual and ID say with what; missing: NOT_FOUND; notempty: SERVICE_NOT_EMPTY; superseded: SUPERSEDED; unknown: no answer came.
	Outcome string `json:"outcome"`
	// What the answer says it shows; 0 when it does not say.
	Revision int64 `json:"revision"`
	Actual   int64 `json:"actual"`
	// Instances in the answer. With All: there are no others. With ID: it, or none when it is not there.
	Seen []seen `json:"seen"`
	All  bool   `json:"all"`
	// The answer only says that ID is there (Renew).
	Present *bool `json:"present"`
	// What the answer says of the service.
	Exists *bool `json:"exists"`
	About  *cell `json:"about"`
	Count  *int  `json:"count"`

	// The revision that an answered call made, or that another call made which wanted the same; 0 when it changed nothing.
	claimed int64
	// True when no other call can have made it.
	made bool
	// Of a ghost: the calls without an answer that it may be, and whether it may be none of them.
	able     []*call
	optional bool
}

// item is one instance that is to be written.
type item struct {
	ID       string `json:"id"`
	Value    string `json:"value"`
	Expected *int64 `json:"expected"`
}

type seen struct {
	ID string `json:"id"`
	cell
}

func readHistory(in io.Reader) (*history, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	var first struct {
		Epoch *epoch `json:"epoch"`
	}
	if !lines.Scan() {
		return nil, fmt.Errorf("there is no line")
	}
	if err := json.Unmarshal(lines.Bytes(), &first); err != nil || first.Epoch == nil {
		return nil, fmt.Errorf("line 1: an epoch comes first (%v)", err)
	}
	read := &history{epoch: *first.Epoch}
	for number := 2; lines.Scan(); number++ {
		next := new(call)
		if err := json.Unmarshal(lines.Bytes(), next); err != nil {
			return nil, fmt.Errorf("line %d: %v", number, err)
		}
		if err := next.check(); err != nil {
			return nil, fmt.Errorf("line %d: %v", number, err)
		}
		read.calls = append(read.calls, next)
	}
	return read, lines.Err()
}

func (c *call) check() error {
	switch {
	case !slices.Contains([]string{"register", "update", "deregister", "put", "drop", "read"}, c.Op):
		return fmt.Errorf("op %q", c.Op)
	case !slices.Contains([]string{"ok", "conflict", "missing", "notempty", "superseded", "unknown"}, c.Outcome):
		return fmt.Errorf("outcome %q", c.Outcome)
	case c.Return < c.Call:
		return fmt.Errorf("it returned before it was called")
	case c.Op == "read" && c.Outcome == "unknown":
		return fmt.Errorf("a read without an answer says nothing")
	case (c.Op == "register" || c.Op == "update") && len(c.Items) == 0:
		return fmt.Errorf("no items")
	}
	return nil
}
