package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each history begins at a quiet moment at revision 10: service s with instance a, and service t with nothing in it.
const before = `{"epoch":{"revision":10,"services":{
  "s":{"value":"","create":3,"mod":3,"instances":{"a":{"value":"a0","create":3,"mod":9}}},
  "t":{"value":"t0","create":4,"mod":10,"instances":{}}}}}`

// at is a call from one time to another.
func at(from, to int, fields string) string {
	return fmt.Sprintf(`{"call":%d,"return":%d,%s}`, from, to, fields)
}

func registered(service, id, value string, revision int) string {
	return fmt.Sprintf(`"op":"register","method":"Register","service":%q,"items":[{"id":%q,"value":%q}],"outcome":"ok","revision":%d,"seen":[{"id":%q,"value":%q,"create":%d,"mod":%d}]`,
		service, id, value, revision, id, value, revision, revision)
}

// replaced is a registration of what was there since an earlier revision.
func replaced(id, value string, create, revision int) string {
	return strings.Replace(registered("s", id, value, revision), fmt.Sprintf(`"create":%d`, revision), fmt.Sprintf(`"create":%d`, create), 1)
}

func unanswered(id, value string) string {
	return fmt.Sprintf(`"op":"register","method":"Register","service":"s","items":[{"id":%q,"value":%q}],"outcome":"unknown"`, id, value)
}

func deregister(id string, revision int) string {
	return fmt.Sprintf(`"op":"deregister","method":"Deregister","service":"s","id":%q,"outcome":"ok","revision":%d`, id, revision)
}

func inSession(session, id, value string, revision int) string {
	return fmt.Sprintf(`"op":"register","method":"Session","session":%q,"service":"s","items":[{"id":%q,"value":%q}],"outcome":"ok","revision":%d`, session, id, value, revision)
}

func superseded(session, id string) string {
	return fmt.Sprintf(`"op":"deregister","method":"Session","session":%q,"service":"s","id":%q,"outcome":"superseded"`, session, id)
}

func get(id, value string, create, mod, revision int) string {
	return fmt.Sprintf(`"op":"read","method":"GetInstance","service":"s","id":%q,"outcome":"ok","revision":%d,"seen":[{"id":%q,"value":%q,"create":%d,"mod":%d}]`,
		id, revision, id, value, create, mod)
}

func absent(id string) string {
	return fmt.Sprintf(`"op":"read","method":"GetInstance","service":"s","id":%q,"outcome":"missing"`, id)
}

func list(revision int, seen string) string {
	return fmt.Sprintf(`"op":"read","method":"ListInstances","service":"s","outcome":"ok","revision":%d,"all":true,"seen":[%s]`, revision, seen)
}

const a0 = `{"id":"a","value":"a0","create":3,"mod":9}`

func TestLegalHistories(t *testing.T) {
	for name, calls := range map[string][]string{
		"one call after the other": {
			at(1, 2, registered("s", "b", "b1", 11)), at(3, 4, get("b", "b1", 11, 11, 11)), at(5, 6, deregister("b", 12)), at(7, 8, absent("b")),
		},
		"writes that overlap come in the order of their revisions": {
			at(1, 9, replaced("a", "a1", 3, 12)), at(2, 8, replaced("a", "a2", 3, 11)), at(10, 11, get("a", "a1", 3, 12, 12)),
		},
		"a read that overlaps a write sees it or not": {
			at(1, 9, replaced("a", "a1", 3, 11)), at(2, 3, get("a", "a1", 3, 11, 11)), at(1, 3, get("a", "a0", 3, 9, 10)),
		},
		"a write without an answer that never happened": {
			at(1, 9, unanswered("b", "b1")), at(10, 11, absent("b")), at(12, 13, registered("s", "c", "c1", 11)),
		},
		"a write without an answer that happened late": {
			at(1, 20, unanswered("b", "b1")), at(2, 3, absent("b")), at(4, 5, replaced("a", "a1", 3, 11)), at(6, 7, get("b", "b1", 12, 12, 12)),
		},
		"a write without an answer that nobody saw": {
			at(1, 9, unanswered("a", "a1")), at(2, 8, replaced("a", "a2", 3, 12)), at(10, 11, get("a", "a2", 3, 12, 12)),
		},
		"a conflict tells what stood": {
			at(1, 9, replaced("a", "a1", 3, 11)),
			at(2, 3, `"op":"update","method":"UpdateInstance","service":"s","items":[{"id":"a","value":"a2","expected":5}],"outcome":"conflict","id":"a","actual":11`),
		},
		"the same again answers the current revision": {
			at(1, 2, registered("s", "b", "b1", 11)), at(3, 4, strings.Replace(replaced("a", "a0", 3, 11), `"mod":11`, `"mod":9`, 1)),
		},
		"the same again at once answers the revision of the one that wrote": {
			at(1, 9, registered("s", "b", "b1", 11)), at(2, 8, registered("s", "b", "b1", 11)), at(10, 11, get("b", "b1", 11, 11, 11)),
		},
		"the same again found what a write without an answer had written": {
			at(1, 9, unanswered("b", "b1")), at(10, 11, registered("s", "b", "b1", 11)),
		},
		"a removal of what is not there says 0": {at(1, 2, deregister("b", 0))},
		"a session that lost an instance is refused": {
			at(1, 2, inSession("s-1", "b", "b1", 11)), at(3, 4, inSession("s-2", "b", "b2", 12)), at(5, 6, superseded("s-1", "b")),
			at(5, 6, strings.Replace(inSession("s-1", "b", "b3", 0), `"ok"`, `"superseded"`, 1)),
			at(7, 8, list(12, a0+`,{"id":"b","value":"b2","create":11,"mod":12,"holder":"s-2"}`)),
		},
		"a session may touch what was removed": {
			at(1, 2, inSession("s-1", "b", "b1", 11)), at(3, 4, deregister("b", 12)), at(5, 6, inSession("s-1", "b", "b2", 13)),
		},
		"a service leaves with its instances": {
			at(1, 2, `"op":"drop","method":"DeleteService","service":"s","cascade":true,"outcome":"ok","revision":11`),
			at(3, 4, absent("a")), at(5, 6, registered("s", "a", "a1", 12)),
			at(7, 8, `"op":"read","method":"GetService","service":"s","outcome":"ok","revision":12,"exists":true,"count":1,"about":{"value":"","create":12,"mod":12}`),
		},
	} {
		t.Run(name, func(t *testing.T) { expect(t, exitLegal, "", calls) })
	}
}

func TestPlantedFaults(t *testing.T) {
	for name, planted := range map[string]struct {
		says  string
		calls []string
	}{
		"two answers swapped": {"the revisions contradict the times", []string{
			at(1, 2, registered("s", "b", "b1", 12)), at(3, 4, registered("s", "c", "c1", 11)),
		}},
		"an acknowledged write is lost": {"no place", []string{
			at(1, 2, registered("s", "b", "b1", 11)), at(3, 4, absent("b")),
		}},
		"an acknowledged removal is lost": {"no place", []string{
			at(1, 2, deregister("a", 11)), at(3, 4, list(11, a0)),
		}},
		"a stale read": {"no place", []string{
			at(1, 2, replaced("a", "a1", 3, 11)), at(3, 4, get("a", "a0", 3, 9, 11)),
		}},
		"a read at an old revision": {"the revisions contradict the times", []string{
			at(1, 2, replaced("a", "a1", 3, 11)), at(3, 4, get("a", "a0", 3, 9, 10)),
		}},
		"a read of one service is behind an answered write of another": {"the revisions contradict the times", []string{
			at(1, 2, registered("t", "b", "b1", 11)), at(3, 4, list(10, a0)),
		}},
		"a revision twice": {"revision 11 was made twice", []string{
			at(1, 9, registered("s", "b", "b1", 11)), at(2, 8, registered("t", "c", "c1", 11)),
		}},
		"a revision that goes back":   {"revision 9 went back", []string{at(1, 2, registered("s", "b", "b1", 9))}},
		"a revision that nobody made": {"revision 11 was made by no call", []string{at(1, 2, registered("s", "b", "b1", 12))}},
		"more revisions than writes without an answer": {"2 revisions have no answered write", []string{
			at(1, 20, unanswered("b", "b1")), at(2, 3, registered("s", "c", "c1", 13)),
		}},
		"a write happened after its server was dead": {"no place", []string{
			at(1, 2, unanswered("b", "b1")), at(3, 4, absent("b")), at(3, 9, get("b", "b1", 11, 11, 11)),
		}},
		"a write without an answer happened and then not": {"no place", []string{
			at(1, 20, unanswered("b", "b1")), at(2, 3, get("b", "b1", 11, 11, 11)), at(4, 5, absent("b")),
		}},
		"an answer at a revision that it does not show": {"no place", []string{
			at(1, 9, deregister("a", 11)), at(2, 8, strings.Replace(replaced("a", "a0", 3, 11), `"mod":11`, `"mod":9`, 1)),
		}},
		"both of two that expect the same happened": {"no place", []string{
			at(1, 9, strings.Replace(replaced("a", "a1", 3, 11), `"value":"a1"}],`, `"value":"a1","expected":9}],`, 1)),
			at(2, 8, strings.Replace(replaced("a", "a2", 3, 12), `"value":"a2"}],`, `"value":"a2","expected":9}],`, 1)),
		}},
		"a conflict over what was not asked for": {"no place", []string{
			at(2, 3, `"op":"update","method":"UpdateInstance","service":"s","items":[{"id":"a","value":"a2","expected":5}],"outcome":"conflict","id":"b","actual":0`),
		}},
		"a conflict where there was none": {"no place", []string{
			at(2, 3, `"op":"update","method":"UpdateInstance","service":"s","items":[{"id":"a","value":"a2","expected":9}],"outcome":"conflict","id":"a","actual":9`),
		}},
		"half of a batch": {"no place", []string{
			at(1, 2, `"op":"register","method":"RegisterBatch","service":"s","items":[{"id":"b","value":"b1"},{"id":"c","value":"c1"}],"outcome":"ok","revision":11,"seen":[{"id":"b","value":"b1","create":11,"mod":11},{"id":"c","value":"c1","create":11,"mod":11}]`),
			at(3, 4, list(11, a0+`,{"id":"b","value":"b1","create":11,"mod":11}`)),
		}},
		"an instance outlives its service": {"no place", []string{
			at(1, 2, `"op":"drop","method":"DeleteService","service":"s","cascade":true,"outcome":"ok","revision":11`),
			at(3, 4, `"op":"read","method":"Renew","service":"s","id":"a","outcome":"ok","present":true`),
		}},
		"a min_revision that was not waited for": {"min_revision was not kept", []string{
			at(1, 2, list(10, a0)[:len(list(10, a0))]+`,"min":11`),
		}},
		"a removal of what is not there answers a revision": {"no place", []string{at(1, 2, deregister("b", 11))}},
		"a removal of what is there says 0":                 {"no place", []string{at(1, 2, deregister("a", 0))}},
		"half of a write without an answer": {"no place", []string{
			at(1, 9, `"op":"register","method":"RegisterBatch","service":"s","items":[{"id":"b","value":"b1"},{"id":"c","value":"c1"}],"outcome":"unknown"`),
			at(10, 11, list(11, a0+`,{"id":"b","value":"b1","create":11,"mod":11}`)),
		}},
		"a write without an answer happened twice": {"one call made both revision 11 and revision 13", []string{
			at(1, 20, unanswered("b", "b1")), at(1, 20, unanswered("c", "c1")), at(2, 3, get("b", "b1", 11, 11, 11)),
			at(4, 5, deregister("b", 12)), at(6, 7, get("b", "b1", 13, 13, 13)),
		}},
		"a count that is not that of the list": {"a count and a list of one revision differ", []string{
			at(1, 2, list(10, a0)), at(3, 4, `"op":"read","method":"GetService","service":"s","outcome":"ok","revision":10,"count":2`),
		}},
		"a session writes what another holder took": {"no place", []string{
			at(1, 2, inSession("s-1", "b", "b1", 11)), at(3, 4, inSession("s-2", "b", "b2", 12)), at(5, 6, inSession("s-1", "b", "b3", 13)),
		}},
		"a session is refused what it holds": {"no place", []string{
			at(1, 2, inSession("s-1", "b", "b1", 11)), at(3, 4, superseded("s-1", "b")),
		}},
		"an instance is held by who did not register it": {"no place", []string{
			at(1, 2, inSession("s-1", "b", "b1", 11)), at(3, 4, get("b", "b1", 11, 11, 11)),
		}},
		"an instance that is created twice": {"no place", []string{at(1, 2, registered("s", "a", "a1", 11))}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, exitIllegal, planted.says, planted.calls) })
	}
}

func TestWhatCannotBeReadIsNeverLegal(t *testing.T) {
	for name, lines := range map[string]string{
		"nothing":            "",
		"no epoch":           at(1, 2, absent("a")),
		"no JSON":            "epoch",
		"an unknown op":      header() + "\n" + at(1, 2, `"op":"increment","service":"s","outcome":"ok"`),
		"an unknown outcome": header() + "\n" + at(1, 2, `"op":"read","service":"s","outcome":"perhaps"`),
		"an answer before":   header() + "\n" + at(2, 1, absent("a")),
	} {
		t.Run(name, func(t *testing.T) {
			if code, out := judged(t, lines); code != exitUnreadable {
				t.Errorf("ended with %d:\n%s", code, out)
			}
		})
	}
}

func expect(t *testing.T, code int, says string, calls []string) {
	t.Helper()
	got, out := judged(t, header()+"\n"+strings.Join(calls, "\n"))
	if got != code || !strings.Contains(out, says) {
		t.Errorf("ended with %d, not %d, or without %q:\n%s", got, code, says, out)
	}
}

func header() string { return strings.ReplaceAll(before, "\n", "") }

func judged(t *testing.T, lines string) (int, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code := run(path, 10*time.Second, &out)
	return code, out.String()
}
