package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	shownCalls     = 8
	explainTimeout = 20 * time.Second
)

// explain shows where the search for an order ends: the last calls that fit, the states that they lead to, and the next calls
// that do not.
func explain(r register, operations []porcupine.Operation) string {
	_, info := porcupine.CheckOperationsVerbose(r.porcupine(), operations, explainTimeout)
	fitting := longest(info.PartialLinearizationsOperations()[0])
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d of %d calls fit together, no other does\n", r, len(fitting), len(operations))
	for _, operation := range fitting[max(0, len(fitting)-shownCalls):] {
		fmt.Fprintf(&text, "  fits      %s\n", operation.Input.(*call))
	}
	for _, s := range r.after(fitting) {
		fmt.Fprintf(&text, "  state     r%d: %s%s\n", s.revision, s.cell, r.refused(s))
	}
	for _, c := range left(operations, fitting) {
		fmt.Fprintf(&text, "  no place  %s\n", c)
	}
	return strings.TrimRight(text.String(), "\n")
}

func longest(orders [][]porcupine.Operation) []porcupine.Operation {
	var best []porcupine.Operation
	for _, order := range orders {
		if len(order) > len(best) {
			best = order
		}
	}
	return best
}

// left are the first calls that found no place, by the end of their time.
func left(operations, fitting []porcupine.Operation) []*call {
	placed := map[*call]bool{}
	for _, operation := range fitting {
		placed[operation.Input.(*call)] = true
	}
	var calls []*call
	for _, operation := range operations {
		if c := operation.Input.(*call); !placed[c] {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b *call) int { return cmp.Compare(a.Return, b.Return) })
	return calls[:min(len(calls), shownCalls)]
}

// after are the states that calls in this order lead to.
func (r register) after(order []porcupine.Operation) []state {
	states := []state{r.initial}
	for _, operation := range order {
		var next []state
		for _, s := range states {
			for _, after := range r.step(s, operation.Input.(*call)) {
				if !slices.Contains(next, after) {
					next = append(next, after)
				}
			}
		}
		states = next
	}
	return states[:min(len(states), shownCalls)]
}

// refused names the sessions that lost the register, for people.
func (r register) refused(s state) string {
	var lost []string
	for session, i := range r.sessions {
		if s.fenced.has(i) {
			lost = append(lost, session)
		}
	}
	if len(lost) == 0 {
		return ""
	}
	slices.Sort(lost)
	return ", lost by " + strings.Join(lost, " ")
}

func (r register) String() string {
	if r.id == "" {
		return fmt.Sprintf("service %q", r.service)
	}
	return fmt.Sprintf("instance %q of service %q", r.id, r.service)
}

func (c cell) String() string {
	if c.Mod == 0 {
		return "absent"
	}
	if c.Holder != "" {
		return fmt.Sprintf("%q@%d(since %d, held by %s)", c.Value, c.Mod, c.Create, c.Holder)
	}
	return fmt.Sprintf("%q@%d(since %d)", c.Value, c.Mod, c.Create)
}

// String is one line: when, who, what, and the answer.
func (c *call) String() string {
	var asked, told []string
	for _, i := range c.Items {
		asked = append(asked, fmt.Sprintf("%s=%q%s", i.ID, i.Value, expecting(i.Expected)))
	}
	switch c.Op {
	case "put":
		asked = append(asked, fmt.Sprintf("%q%s", c.Value, expecting(c.Expected)))
	case "drop":
		asked = append(asked, fmt.Sprintf("cascade=%t%s", c.Cascade, expecting(c.Expected)))
	case "read":
		asked = append(asked, c.ID)
		if c.Min > 0 {
			asked = append(asked, fmt.Sprintf("min %d", c.Min))
		}
	case "deregister":
		asked = append(asked, c.ID)
	case ghost:
		for _, able := range c.able {
			asked = append(asked, fmt.Sprintf("client %d %s", able.Client, able.Method))
		}
	}
	for _, s := range c.Seen {
		told = append(told, fmt.Sprintf("%s %s", s.ID, s.cell))
	}
	return fmt.Sprintf("%10.3f..%.3f ms  client %d  %s %s(%s) -> %s", float64(c.Call)/1e6, float64(c.Return)/1e6, c.Client,
		strings.TrimSpace(c.Session+" "+c.Method), c.Service, strings.Join(asked, ", "), strings.Join(append([]string{c.answer()}, told...), ", "))
}

func (c *call) answer() string {
	switch {
	case c.Outcome == "conflict":
		return fmt.Sprintf("conflict: %s is at %d", cmp.Or(c.ID, "the service"), c.Actual)
	case c.Outcome == "unknown":
		return "no answer"
	case c.Outcome != "ok":
		return c.Outcome
	}
	parts := []string{fmt.Sprintf("ok r%d", c.Revision)}
	if c.Present != nil {
		parts = append(parts, fmt.Sprintf("present %t", *c.Present))
	}
	if c.Exists != nil {
		parts = append(parts, fmt.Sprintf("exists %t", *c.Exists))
	}
	if c.About != nil {
		parts = append(parts, fmt.Sprintf("service %s", c.About))
	}
	if c.Count != nil {
		parts = append(parts, fmt.Sprintf("%d instances", *c.Count))
	}
	return strings.Join(parts, ", ")
}

func expecting(revision *int64) string {
	if revision == nil {
		return ""
	}
	return fmt.Sprintf(" if at %d", *revision)
}
