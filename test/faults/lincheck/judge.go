package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	legal     = "linearizable"
	illegal   = "NOT linearizable"
	undecided = "not decided"
)

type verdict struct {
	result   string
	findings []string
}

// judge checks the order of revisions over all registers, and then searches an order of the calls of each.
func judge(h *history, timeout time.Duration) verdict {
	if findings := checkOrder(h); len(findings) > 0 {
		return verdict{illegal, findings}
	}
	deadline := time.Now().Add(timeout)
	registers := h.registers()
	verdicts := make([]verdict, len(registers))
	slots := make(chan struct{}, runtime.NumCPU())
	var all sync.WaitGroup
	for i, r := range registers {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			verdicts[i] = judgeRegister(h, r, max(time.Until(deadline), time.Millisecond))
		})
	}
	all.Wait()
	return worst(verdicts)
}

func worst(verdicts []verdict) verdict {
	sum := verdict{result: legal}
	for _, v := range verdicts {
		sum.findings = append(sum.findings, v.findings...)
		if v.result == illegal || sum.result == legal {
			sum.result = v.result
		}
	}
	return sum
}

func judgeRegister(h *history, r register, timeout time.Duration) verdict {
	if len(r.sessions) > maxSessions {
		return verdict{undecided, []string{fmt.Sprintf("%s: %d sessions are more than a state holds", r, len(r.sessions))}}
	}
	operations := r.operations(h)
	switch porcupine.CheckOperationsTimeout(r.porcupine(), operations, timeout) {
	case porcupine.Ok:
		return verdict{result: legal}
	case porcupine.Illegal:
		return verdict{illegal, []string{explain(r, operations)}}
	default:
		return verdict{undecided, []string{"not decided in time: " + explain(r, operations)}}
	}
}

// operations are the calls that concern a register, with ghosts in place of those without an answer.
func (r register) operations(h *history) []porcupine.Operation {
	var operations []porcupine.Operation
	add := func(c *call) {
		operations = append(operations, porcupine.Operation{ClientId: c.Client, Input: c, Call: c.Call, Return: c.Return})
	}
	for _, c := range h.calls {
		if c.Outcome != "unknown" && r.concerns(c) {
			add(c)
		}
	}
	for _, g := range r.ghosts {
		add(g)
	}
	return operations
}

// registers are all that the history speaks of: each service, and each of its instances.
func (h *history) registers() []register {
	var registers []register
	for _, service := range h.services() {
		for _, id := range append([]string{""}, h.ids(service)...) {
			registers = append(registers, newRegister(h, service, id))
		}
	}
	return registers
}
