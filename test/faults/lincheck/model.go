package main

import (
	"slices"

	"github.com/anishathalye/porcupine"
)

// register is one service or one instance: what is judged by itself. Nothing is lost by taking a catalogue apart like this: an
// answer about several names one revision, and each register is judged at that revision.
type register struct {
	service string
	// Empty for the service itself.
	id      string
	initial state
	// Revisions that it may owe to calls without an answer, ascending.
	ghosts []*call
	// Sessions that ask for it -> their place in states.
	sessions map[string]int
}

// state is what stands in a register, and what is known to have passed.
type state struct {
	cell
	revision int64
	ghosts   int
	fenced   fenced
}

func newRegister(h *history, service, id string) register {
	standing := h.epoch.Services[service]
	r := register{service: service, id: id, initial: state{cell: standing.cell, revision: h.epoch.Revision}, sessions: map[string]int{}}
	if id != "" {
		r.initial.cell = standing.Instances[id]
	}
	for _, c := range h.calls {
		if _, known := r.sessions[c.Session]; !known && c.Session != "" && id != "" && r.concerns(c) {
			r.sessions[c.Session] = len(r.sessions)
		}
	}
	for _, g := range h.ghosts {
		if here := r.ghost(g); len(here.able) > 0 {
			r.ghosts = append(r.ghosts, here)
		}
	}
	return r
}

// ghost is a ghost as this register sees it: optional where it may as well have passed by.
func (r register) ghost(g *call) *call {
	here := *g
	here.able = slices.DeleteFunc(slices.Clone(g.able), func(c *call) bool { return !r.concerns(c) })
	here.optional = g.optional || len(here.able) < len(g.able)
	return &here
}

// concerns is true when a call may change this register, or its answer tells of it.
func (r register) concerns(c *call) bool {
	switch {
	case c.Service != r.service:
		return false
	case c.Outcome == "conflict":
		return c.ID == r.id
	case c.Outcome == "notempty", c.Outcome == "missing" && c.Op == "drop":
		return r.id == ""
	case c.Op == "drop", c.All && r.id != "":
		return true
	case r.id == "":
		return c.Op == "register" && c.Outcome != "superseded" || c.Op == "put" || c.Op == "read" && c.ID == "" && (!c.All || c.Exists != nil)
	}
	return c.ID == r.id || slices.ContainsFunc(c.Items, func(i item) bool { return i.ID == r.id })
}

func (r register) porcupine() porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{r.initial} },
		Step: func(before, input, _ any) []any {
			var after []any
			for _, s := range r.step(before.(state), input.(*call)) {
				after = append(after, s)
			}
			return after
		},
	}
	return nondeterministic.ToModel()
}

// step answers the states that a call can lead to; none when it cannot have got this answer.
func (r register) step(s state, c *call) []state {
	if c.Op == ghost {
		return r.haunt(s, c)
	}
	if s.ghosts < len(r.ghosts) && r.ghosts[s.ghosts].Revision < c.Revision {
		return nil // what it tells is newer than a ghost that is still to come
	}
	if r.isFenced(s, c) || c.Outcome == "superseded" {
		return when(r.isFenced(s, c) && c.Outcome == "superseded", s)
	}
	if c.Op == "deregister" && s.exists() != (c.Revision != 0) {
		return nil // 0 says that it was not there
	}
	after := s
	if c.Op != "read" {
		outcome := r.apply(s.cell, c, c.Revision)
		if outcome.name != c.Outcome || outcome.name == "conflict" && outcome.actual != c.Actual {
			return nil
		}
		if outcome.name != "ok" {
			return []state{s}
		}
		after = r.enter(s, outcome.after)
	}
	if c.Revision < s.revision && c.Revision != 0 || after.cell != s.cell && c.Revision <= s.revision {
		return nil
	}
	after.revision = max(s.revision, c.Revision)
	return when(r.tells(after.cell, c), after)
}

// isFenced is true when a call comes from a session that lost this instance.
func (r register) isFenced(s state, c *call) bool {
	i, known := r.sessions[c.Session]
	return known && s.fenced.has(i)
}

// enter makes a cell stand; a session whose instance goes to another holder is fenced.
func (r register) enter(s state, after cell) state {
	if i, known := r.sessions[s.Holder]; known && s.exists() && after.exists() && after.Holder != s.Holder {
		s.fenced = s.fenced.with(i)
	}
	s.cell = after
	return s
}

// haunt: one of the calls that a ghost may be happened; or none, when it may have been somewhere else. Ghosts come in order.
func (r register) haunt(s state, g *call) []state {
	if s.ghosts == len(r.ghosts) || r.ghosts[s.ghosts] != g {
		return nil
	}
	s.ghosts++
	if g.Revision <= s.revision {
		return when(g.optional, s)
	}
	after := when(g.optional, s)
	for _, c := range g.able {
		outcome := r.apply(s.cell, c, g.Revision)
		if outcome.name == "ok" && (outcome.after != s.cell || r.touchedInPassing(c)) && !r.isFenced(s, c) {
			happened := r.enter(s, outcome.after)
			happened.revision = g.Revision
			after = append(after, happened)
		}
	}
	return after
}

// touchedInPassing is true when a call can make a revision and leave this register as it was.
func (r register) touchedInPassing(c *call) bool {
	return len(c.Items) > 1 || c.Op == "drop" && r.id != "" || c.Op == "register" && r.id == ""
}

// tells is true when everything that an answer says of this register is so.
func (r register) tells(stands cell, c *call) bool {
	if r.id == "" {
		return (c.Exists == nil || *c.Exists == stands.exists()) && (c.About == nil || *c.About == stands) &&
			(c.Outcome != "missing" || !stands.exists())
	}
	if c.Present != nil {
		return *c.Present == stands.exists()
	}
	if i := slices.IndexFunc(c.Seen, func(s seen) bool { return s.ID == r.id }); i >= 0 {
		return c.Seen[i].cell == stands
	}
	return c.Op != "read" || !stands.exists()
}

func when(possible bool, s state) []state {
	if possible {
		return []state{s}
	}
	return nil
}
