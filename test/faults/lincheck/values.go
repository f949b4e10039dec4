package main

import "slices"

// unanswered are the writes that may have happened or not.
func (h *history) unanswered() []*call {
	var unanswered []*call
	for _, c := range h.calls {
		if c.Outcome == "unknown" {
			unanswered = append(unanswered, c)
		}
	}
	return unanswered
}

// services names all that the history speaks of, sorted.
func (h *history) services() []string {
	var names []string
	for name := range h.epoch.Services {
		names = append(names, name)
	}
	for _, c := range h.calls {
		names = append(names, c.Service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ids names all instances of a service that the history speaks of, sorted.
func (h *history) ids(service string) []string {
	var ids []string
	for id := range h.epoch.Services[service].Instances {
		ids = append(ids, id)
	}
	for _, c := range h.calls {
		if c.Service == service {
			ids = append(ids, c.ids()...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (c *call) ids() []string {
	var ids []string
	if c.ID != "" {
		ids = append(ids, c.ID)
	}
	for _, i := range c.Items {
		ids = append(ids, i.ID)
	}
	for _, s := range c.Seen {
		ids = append(ids, s.ID)
	}
	return ids
}

// told is a value that an answer tells of an instance, or of the service, whose id is empty.
type told struct {
	id string
	cell
}

func (c *call) tellings() []told {
	var all []told
	for _, s := range c.Seen {
		all = append(all, told{s.ID, s.cell})
	}
	if c.About != nil {
		all = append(all, told{"", *c.About})
	}
	return all
}

// written is a value that a call wants to stand.
type written struct{ service, id, value string }

func (c *call) writings() []written {
	var all []written
	for _, i := range c.Items {
		all = append(all, written{c.Service, i.ID, i.Value})
	}
	switch c.Op {
	case "put":
		all = append(all, written{c.Service, "", c.Value})
	case "register": // the service appears with its first instance, without a description
		all = append(all, written{c.Service, "", ""})
	}
	return all
}
