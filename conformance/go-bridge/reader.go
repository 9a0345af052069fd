package main

// A reader whose cursor is the last seq it got, whatever nextSeq says: what a case finds is
// then about its own rule and not about R1. And gates, by which a case holds a process.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// longPollMs is the wait of a poll that something else must end: above unblockedLimit.
const longPollMs = 28000

type reader struct {
	*output
	s     *session
	pid   string
	after int64
}

func (s *session) reader(pid string) *reader { return &reader{output: &output{}, s: s, pid: pid} }

func (r *reader) begin(maxBytes, waitMs int) (*pendingRead, error) {
	return r.s.beginRead(r.pid, r.after, maxBytes, waitMs)
}

func (r *reader) take(ctx context.Context, poll *pendingRead) (*readReply, error) {
	reply, err := poll.wait(ctx)
	if err != nil {
		return nil, err
	}
	r.add(reply)
	if n := len(reply.Chunks); n > 0 {
		r.after = reply.Chunks[n-1].Seq
	}
	return reply, nil
}

func (r *reader) next(ctx context.Context, maxBytes, waitMs int) (*readReply, error) {
	poll, err := r.begin(maxBytes, waitMs)
	if err != nil {
		return nil, err
	}
	return r.take(ctx, poll)
}

// until reads as the shell tool does, without its limit, until a reply satisfies the condition.
func (r *reader) until(ctx context.Context, condition func(*readReply) bool) error {
	for {
		reply, err := r.next(ctx, shellMaxBytes, shellWaitMs)
		if err != nil || condition(reply) {
			return err
		}
	}
}

// untilOver takes the reply of an open poll, which a slow machine may have let expire, and reads
// on to the end.
func (r *reader) untilOver(ctx context.Context, poll *pendingRead) error {
	reply, err := r.take(ctx, poll)
	if err != nil || reply.over() {
		return err
	}
	return r.until(ctx, isOver)
}

// untilOutput reads until this many bytes of stdout are here.
func (r *reader) untilOutput(ctx context.Context, size int) error {
	return r.until(ctx, func(*readReply) bool { return len(r.stdout) >= size })
}

func isOver(reply *readReply) bool { return reply.over() }

func isClosed(reply *readReply) bool { return reply.Closed }

// startShell starts a shell command line.
func (s *session) startShell(ctx context.Context, pid, line string, o startOptions) error {
	return s.start(ctx, pid, []string{"sh", "-c", line}, o)
}

// gate is a file a shell command waits for (or makes).
type gate string

func (e *env) gate(name string) gate { return gate(e.file(name)) }

// wait is the shell command that waits for the gate; it also ends when the case is over and its
// directory gone, and after some minutes, so that no process outlives the walk for long.
func (g gate) wait() string {
	return fmt.Sprintf("n=0; until [ -e %s ] || [ ! -d %s ] || [ $n -gt 6000 ]; do n=$((n+1)); sleep 0.05; done",
		quote(string(g)), quote(filepath.Dir(string(g))))
}

// pass is the shell command that opens the gate.
func (g gate) pass() string { return ": > " + quote(string(g)) }

func (g gate) open() error { return os.WriteFile(string(g), nil, 0o644) }

func (g gate) isOpen() bool {
	_, err := os.Stat(string(g))
	return err == nil
}

// opened waits until a process has opened the gate, at most limit, and says whether it has.
func (g gate) opened(ctx context.Context, limit time.Duration) bool {
	for began := time.Now(); time.Since(began) < limit && ctx.Err() == nil; {
		if g.isOpen() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return g.isOpen()
}
