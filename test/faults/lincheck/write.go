package main

import "slices"

// fenced are sessions, by their place in a register, that lost it to another holder and may not touch it any more.
type fenced [8]uint64

const maxSessions = 512

func (f fenced) has(i int) bool { return f[i/64]&(1<<(i%64)) != 0 }

func (f fenced) with(i int) fenced {
	f[i/64] |= 1 << (i % 64)
	return f
}

// outcome is what a write comes to in a register.
type outcome struct {
	// As in call.Outcome.
	name  string
	after cell
	// What a conflict tells.
	actual int64
}

// apply answers what a write comes to if it makes this revision; a write that changes nothing leaves the same cell.
func (r register) apply(before cell, c *call, revision int64) outcome {
	switch c.Op {
	case "register", "update":
		return r.write(before, c, revision)
	case "deregister":
		return outcome{name: "ok"}
	case "put":
		return put(before, cell{Value: c.Value}, c.Expected, revision)
	default:
		return r.drop(before, c)
	}
}

// write puts one item; a service appears with its first instance.
func (r register) write(before cell, c *call, revision int64) outcome {
	if r.id == "" {
		return appear(before, revision)
	}
	i := slices.IndexFunc(c.Items, func(i item) bool { return i.ID == r.id })
	switch {
	case i < 0:
		return outcome{name: "not asked for"}
	case c.Op == "update" && !before.exists():
		return outcome{name: "missing"}
	}
	holder := before.Holder
	if c.Op == "register" {
		holder = c.Session
	}
	return put(before, cell{Value: c.Items[i].Value, Holder: holder}, c.Items[i].Expected, revision)
}

func appear(before cell, revision int64) outcome {
	if before.exists() {
		return outcome{name: "ok", after: before}
	}
	return outcome{name: "ok", after: cell{Create: revision, Mod: revision}}
}

// put makes wanted stand; it keeps when it was created.
func put(before, wanted cell, expected *int64, revision int64) outcome {
	wanted.Create, wanted.Mod = revision, revision
	switch {
	case expected != nil && *expected != before.Mod:
		return outcome{name: "conflict", actual: before.Mod}
	case before.exists() && before.Value == wanted.Value && before.Holder == wanted.Holder:
		return outcome{name: "ok", after: before}
	case before.exists():
		wanted.Create = before.Create
	}
	return outcome{name: "ok", after: wanted}
}

// drop removes a service, with cascade its instances too; without, there must be none.
func (r register) drop(before cell, c *call) outcome {
	switch {
	case r.id != "" && before.exists() && !c.Cascade:
		return outcome{name: "notempty"}
	case r.id != "":
		return outcome{name: "ok"}
	case !before.exists():
		return outcome{name: "missing"}
	case c.Expected != nil && *c.Expected != before.Mod:
		return outcome{name: "conflict", actual: before.Mod}
	case c.Outcome == "notempty":
		return outcome{name: "notempty"} // which only its instances know
	}
	return outcome{name: "ok"}
}

func (c cell) exists() bool { return c.Mod != 0 }
