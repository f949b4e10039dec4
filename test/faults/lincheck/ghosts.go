package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// ghost is the op of a write that nobody was answered. What is known of it is its revision, because revisions have no gaps, and
// which calls without an answer may have been it.
const ghost = "ghost"

// attribute makes the ghosts of a history: one for each revision of which it is not certain that an answered call made it.
func attribute(h *history) []string {
	var findings []string
	byReturn, byCall := answered(h)
	unanswered := h.unanswered()
	missing := 0
	happened := map[*call]int64{}
	for _, o := range h.openRevisions() {
		able := slices.DeleteFunc(slices.Clone(o.able), func(c *call) bool {
			return o.revision <= highestBefore(byReturn, c.Call) || o.revision >= lowestAfter(byCall, c.Return)
		})
		if !o.claimed {
			missing++
			if len(able) == 0 {
				findings = append(findings, fmt.Sprintf("revision %d was made by no call", o.revision))
			}
		}
		if len(able) == 1 && o.seen && !o.claimed {
			if other := happened[able[0]]; other != 0 {
				findings = append(findings, fmt.Sprintf("one call made both revision %d and revision %d:\n  %s", other, o.revision, able[0]))
			}
			happened[able[0]] = o.revision
		}
		if len(able) > 0 {
			h.ghosts = append(h.ghosts, newGhost(o, able))
		}
	}
	if missing > len(unanswered) {
		findings = append(findings, fmt.Sprintf("%d revisions have no answered write, but only %d writes got no answer", missing, len(unanswered)))
	}
	return findings
}

func newGhost(o openRevision, able []*call) *call {
	g := &call{Method: "one without an answer", Op: ghost, Outcome: "ok", Revision: o.revision, able: able, optional: o.claimed}
	g.Call, g.Return = math.MaxInt64, math.MinInt64
	for _, c := range able {
		g.Call, g.Return = min(g.Call, c.Call), max(g.Return, c.Return)
	}
	return g
}

// openRevision is one of which nobody certainly knows who made it.
type openRevision struct {
	revision int64
	// The calls without an answer that may have made it.
	able []*call
	// True when an answered call may have made it too.
	claimed bool
	// True when somebody saw what was written at it.
	seen bool
}

// openRevisions are those up to the highest answered, ascending.
func (h *history) openRevisions() []openRevision {
	made, claimed, highest := h.claims()
	seen, writers, unanswered := h.seen(), h.writers(), h.unanswered()
	var open []openRevision
	for revision := h.epoch.Revision + 1; revision <= highest; revision++ {
		if made[revision] {
			continue
		}
		o := openRevision{revision: revision, able: unanswered, claimed: claimed[revision], seen: len(seen[revision]) > 0}
		for _, w := range seen[revision] {
			o.able = slices.DeleteFunc(slices.Clone(o.able), func(c *call) bool { return !slices.Contains(writers[w], c) })
		}
		open = append(open, o)
	}
	return open
}

// claims: the revisions that answered calls made, those that they may have made, and the highest answered.
func (h *history) claims() (made, claimed map[int64]bool, highest int64) {
	made, claimed, highest = map[int64]bool{}, map[int64]bool{}, h.epoch.Revision
	for _, c := range h.calls {
		made[c.claimed] = made[c.claimed] || c.made
		claimed[c.claimed] = true
		highest = max(highest, c.Revision)
	}
	return made, claimed, highest
}

// seen: revision -> the values that were seen at it.
func (h *history) seen() map[int64][]written {
	seen := map[int64][]written{}
	for _, c := range h.calls {
		for _, t := range c.tellings() {
			if w := (written{c.Service, t.id, t.Value}); !slices.Contains(seen[t.Mod], w) {
				seen[t.Mod] = append(seen[t.Mod], w)
			}
		}
	}
	return seen
}

// answered: calls that say a revision, with the running highest one by their return, and the running lowest one by their call
// from the end.
func answered(h *history) (byReturn, byCall []bound) {
	for _, c := range h.calls {
		if c.Outcome == "ok" && c.Revision > 0 {
			byReturn = append(byReturn, bound{c.Return, c.Revision})
			byCall = append(byCall, bound{c.Call, c.Revision})
		}
	}
	byTime := func(a, b bound) int { return cmp.Compare(a.at, b.at) }
	slices.SortFunc(byReturn, byTime)
	slices.SortFunc(byCall, byTime)
	for i := 1; i < len(byReturn); i++ {
		byReturn[i].revision = max(byReturn[i].revision, byReturn[i-1].revision)
	}
	for i := len(byCall) - 2; i >= 0; i-- {
		byCall[i].revision = min(byCall[i].revision, byCall[i+1].revision)
	}
	return byReturn, byCall
}

type bound struct{ at, revision int64 }

func highestBefore(byReturn []bound, at int64) int64 {
	i, _ := slices.BinarySearchFunc(byReturn, at, func(b bound, at int64) int { return cmp.Compare(b.at, at) })
	if i == 0 {
		return 0
	}
	return byReturn[i-1].revision
}

// lowestAfter is exclusive: an answer at this revision to who called later shows what happened.
func lowestAfter(byCall []bound, at int64) int64 {
	i, _ := slices.BinarySearchFunc(byCall, at+1, func(b bound, at int64) int { return cmp.Compare(b.at, at) })
	if i == len(byCall) {
		return math.MaxInt64
	}
	return byCall[i].revision + 1
}
