package main

// The bridge's tools that run one process: shell (read until exited or closed,
// at most 240 reads, cursor = nextSeq unchanged) and the plain read loop.

import (
	"context"
	"fmt"
	"time"
)

const (
	shellReads    = 240
	shellMaxBytes = 65536
	shellWaitMs   = 250
)

// output is what a read loop collected.
type output struct {
	stdout, stderr []byte
	exitCode       *int
	over           bool // false: the loop gave up and the process was left running
	failure        string
	reads          int
	elapsed        time.Duration
}

func (o *output) String() string {
	code := "null"
	if o.exitCode != nil {
		code = fmt.Sprint(*o.exitCode)
	}
	state := "over"
	if !o.over {
		state = "given up"
	}
	return fmt.Sprintf("%s after %d reads in %.2fs, exit code %s, %d bytes stdout, %d bytes stderr, failure %q",
		state, o.reads, o.elapsed.Seconds(), code, len(o.stdout), len(o.stderr), o.failure)
}

func (o *output) add(reply *readReply) {
	o.reads++
	for _, c := range reply.Chunks {
		if c.Stream == "stderr" {
			o.stderr = append(o.stderr, c.Chunk...)
		} else {
			o.stdout = append(o.stdout, c.Chunk...)
		}
	}
	o.exitCode, o.failure, o.over = reply.ExitCode, reply.failure(), reply.over()
}

// collect is the shell tool's read loop, from a given cursor.
func (s *session) collect(ctx context.Context, pid string, after int64) (*output, error) {
	began := time.Now()
	out := &output{}
	for out.reads < shellReads && !out.over {
		reply, err := s.read(ctx, pid, after, shellMaxBytes, shellWaitMs)
		if err != nil {
			return nil, err
		}
		out.add(reply)
		after = reply.NextSeq
	}
	out.elapsed = time.Since(began)
	return out, nil
}

// exec is the shell tool: any argv, the next shell-N as process id.
func (s *session) exec(ctx context.Context, cwd string, argv ...string) (*output, error) {
	pid := fmt.Sprintf("shell-%d", s.shells.Add(1))
	began := time.Now()
	if err := s.start(ctx, pid, argv, startOptions{cwd: cwd}); err != nil {
		return nil, err
	}
	out, err := s.collect(ctx, pid, 0)
	if out != nil {
		out.elapsed = time.Since(began)
	}
	return out, err
}

// sh runs a shell command line.
func (s *session) sh(ctx context.Context, line string) (*output, error) {
	return s.exec(ctx, "", "sh", "-c", line)
}

// drainIdle reads until two replies in a row carry nothing (the copy pump's wait
// before it ends a reader), at most limit. It gives the cursor reached.
func (s *session) drainIdle(ctx context.Context, pid string, after int64, limit time.Duration) (*output, int64, error) {
	out := &output{}
	deadline := time.Now().Add(limit)
	for idle := 0; idle < 2 && time.Now().Before(deadline); {
		reply, err := s.read(ctx, pid, after, 4096, shellWaitMs)
		if err != nil {
			return nil, after, err
		}
		out.add(reply)
		after = reply.NextSeq
		if len(reply.Chunks) == 0 {
			idle++
		} else {
			idle = 0
		}
	}
	return out, after, nil
}
