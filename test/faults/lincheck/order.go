package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Revisions are one counter for everything, so they order the calls of all services among each other, which a search within
// one service does not see. These checks take one pass over the sorted calls.

// checkOrder judges what revisions say by themselves, and uses it: it narrows the interval of each call that has a revision to
// when it can have happened.
func checkOrder(h *history) []string {
	claim(h)
	findings := checkUnique(h)
	findings = append(findings, checkMin(h)...)
	findings = append(findings, checkCounts(h)...)
	findings = append(findings, attribute(h)...)
	return append(findings, narrow(h)...)
}

// claim finds the revision that each answered write made. A write that finds its value there already changes nothing, but may
// answer the very revision of the value: only of a value that nobody else wrote it is certain who made it.
func claim(h *history) {
	writers := h.writers()
	for _, c := range h.calls {
		if c.Outcome != "ok" || c.Op == "read" || c.Revision == 0 {
			continue
		}
		if c.Op == "deregister" || c.Op == "drop" || c.Session != "" { // within a session no value is written twice
			c.claimed, c.made = c.Revision, true
		}
		for _, t := range c.tellings() {
			if t.Mod == c.Revision {
				c.claimed = c.Revision
				c.made = c.made || len(writers[written{c.Service, t.id, t.Value}]) == 1
			}
		}
	}
}

// writers: value -> the calls that may have written it; nil for one that stood before them.
func (h *history) writers() map[written][]*call {
	writers := map[written][]*call{}
	for name, s := range h.epoch.Services {
		writers[written{name, "", s.Value}] = []*call{nil}
		for id, instance := range s.Instances {
			writers[written{name, id, instance.Value}] = []*call{nil}
		}
	}
	for _, c := range h.calls {
		if c.Outcome != "ok" && c.Outcome != "unknown" {
			continue
		}
		for _, w := range c.writings() {
			writers[w] = append(writers[w], c)
		}
	}
	return writers
}

// checkUnique: no two writes made the same revision, and none made one that was there at the beginning.
func checkUnique(h *history) []string {
	var findings []string
	claims := map[int64]*call{}
	for _, c := range h.calls {
		if c.claimed == 0 {
			continue
		}
		other := claims[c.claimed]
		if other != nil && (c.made && other.made || !shareValue(c, other)) {
			findings = append(findings, fmt.Sprintf("revision %d was made twice:\n  %s\n  %s", c.claimed, other, c))
		}
		if c.made && c.claimed <= h.epoch.Revision {
			findings = append(findings, fmt.Sprintf("revision %d went back: %d was read before\n  %s", c.claimed, h.epoch.Revision, c))
		}
		if other == nil || c.made {
			claims[c.claimed] = c
		}
	}
	return findings
}

// shareValue is true when both want the same value to stand: then one may have written it and the other found it there.
func shareValue(a, b *call) bool {
	return slices.ContainsFunc(a.writings(), func(w written) bool { return slices.Contains(b.writings(), w) })
}

// checkMin: an answer shows at least the revision that was asked for.
func checkMin(h *history) []string {
	var findings []string
	for _, c := range h.calls {
		if c.Outcome == "ok" && c.Revision < c.Min {
			findings = append(findings, fmt.Sprintf("min_revision was not kept:\n  %s", c))
		}
	}
	return findings
}

// checkCounts: who counts a service's instances and who lists them at one revision tell the same.
func checkCounts(h *history) []string {
	type moment struct {
		service  string
		revision int64
	}
	var findings []string
	lists := map[moment]*call{}
	for _, c := range h.calls {
		if c.All && c.Outcome == "ok" {
			lists[moment{c.Service, c.Revision}] = c
		}
	}
	for _, c := range h.calls {
		if list := lists[moment{c.Service, c.Revision}]; list != nil && c.Count != nil && *c.Count != len(list.Seen) {
			findings = append(findings, fmt.Sprintf("a count and a list of one revision differ:\n  %s\n  %s", c, list))
		}
	}
	return findings
}

// narrow checks, over all services, that no call stands before one that was answered before it was called; a read stands after
// the write of the revision that it shows. Then no call can have happened before the latest call of those that stand before it,
// nor after the earliest return of those that stand after it.
func narrow(h *history) []string {
	var placed []*call
	for _, c := range slices.Concat(h.calls, h.ghosts) {
		if c.place() != (place{}) {
			placed = append(placed, c)
		}
	}
	slices.SortStableFunc(placed, func(a, b *call) int { return a.place().compare(b.place()) })
	findings := checkPlaces(placed)
	if len(findings) > 0 {
		return findings
	}
	sweep(placed, func(c *call, before int64) int64 { c.Call = max(c.Call, before); return c.Call })
	slices.Reverse(placed)
	sweep(placed, func(c *call, after int64) int64 { c.Return = -max(-c.Return, after); return -c.Return })
	return nil
}

// sweep hands each call the highest result of all calls at places before its own.
func sweep(placed []*call, visit func(c *call, highest int64) int64) {
	highest, here := int64(math.MinInt64), int64(math.MinInt64)
	for i, c := range placed {
		if i > 0 && c.place() != placed[i-1].place() {
			highest = max(highest, here)
		}
		here = max(here, visit(c, highest))
	}
}

func checkPlaces(placed []*call) []string {
	var findings []string
	var latest, here *call // by call
	for i, c := range placed {
		if i > 0 && c.place() != placed[i-1].place() {
			latest = here
		}
		if latest != nil && latest.Call > c.Return {
			findings = append(findings, fmt.Sprintf("the revisions contradict the times: the first was answered before the second was called\n  %s\n  %s", c, latest))
		}
		if here == nil || c.Call > here.Call {
			here = c
		}
	}
	return findings
}

// place is where a call stands among all calls: by revision, and the write of a revision before those that read it.
type place struct {
	revision int64
	reads    bool
}

func (c *call) place() place {
	switch {
	case c.Outcome != "ok" || c.Revision == 0:
		return place{}
	default:
		return place{revision: c.Revision, reads: !c.made && c.Op != ghost}
	}
}

func (p place) compare(q place) int {
	if p.revision != q.revision || p.reads == q.reads {
		return cmp.Compare(p.revision, q.revision)
	}
	if p.reads {
		return 1
	}
	return -1
}
