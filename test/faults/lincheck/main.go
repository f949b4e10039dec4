// lincheck judges a history of calls to the registry: is there one order of them, in agreement with when each was called
// and answered, in which a single catalogue would have given these answers? See history.go for what it reads.
//
//	lincheck [-timeout 60s] FILE
//
// Exit codes: 0 linearizable; 1 not, with the calls that do not fit together; 2 not decided in time; 3 unreadable.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	exitLegal = iota
	exitIllegal
	exitUndecided
	exitUnreadable
)

// maxFindings is how many findings are written: one fault of a server shows in many places.
const maxFindings = 5

func main() {
	timeout := flag.Duration("timeout", time.Minute, "how long the search may take")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: lincheck [-timeout 60s] FILE")
		os.Exit(exitUnreadable)
	}
	os.Exit(run(flag.Arg(0), *timeout, os.Stdout))
}

// run judges the history in a file, and writes one line a finding and a last line with the sum.
func run(path string, timeout time.Duration, out io.Writer) int {
	file, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(out, err)
		return exitUnreadable
	}
	defer file.Close()
	history, err := readHistory(file)
	if err != nil {
		fmt.Fprintf(out, "%s: %v\n", path, err)
		return exitUnreadable
	}
	started := time.Now()
	verdict := judge(history, timeout)
	for _, finding := range verdict.findings[:min(len(verdict.findings), maxFindings)] {
		fmt.Fprintln(out, finding)
	}
	if more := len(verdict.findings) - maxFindings; more > 0 {
		fmt.Fprintf(out, "and %d findings more\n", more)
	}
	fmt.Fprintf(out, "%d calls, %d without an answer, %d services: %s in %d ms\n",
		len(history.calls), len(history.unanswered()), len(history.services()), verdict.result, time.Since(started).Milliseconds())
	switch verdict.result {
	case legal:
		return exitLegal
	case illegal:
		return exitIllegal
	default:
		return exitUndecided
	}
}
