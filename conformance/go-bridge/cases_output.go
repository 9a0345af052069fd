package main

// Output reaches the shell tool whole, in order and within its 240 reads (R1, R2, R4).

import (
	"context"
	"fmt"
	"sync"
)

var outputCases = []testCase{
	{name: "many-lines-240-reads", run: manyLines},
	{name: "ten-lines", run: tenLines},
	{name: "cursor", run: cursor},
	{name: "stdout-stderr", run: bothStreams},
	{name: "280kb-100-times", heavy: true, run: burstRepeated},
	{name: "3mb-at-once", heavy: true, run: burst3MB},
}

func numbered(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d", i)
	}
	return lines
}

// tenLines: one line each 100 ms; a skipped cursor loses every other one.
func tenLines(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.sh(ctx, `for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.1; done`)
	if err != nil {
		return err
	}
	return together(wantLines(numbered(10), out.stdout), wantExit(out, 0))
}

// cursor states rule R1 itself: nextSeq is the last seq delivered, or the request's afterSeq.
func cursor(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "shell-1", []string{"sh", "-c", "echo one; sleep 0.6; echo two"}, startOptions{}); err != nil {
		return err
	}
	replies, delivered := 0, 0
	for after, over := int64(0), false; !over; replies++ {
		reply, err := s.read(ctx, "shell-1", after, shellMaxBytes, 100)
		if err != nil {
			return err
		}
		want := after
		if n := len(reply.Chunks); n > 0 {
			want = reply.Chunks[n-1].Seq
			delivered += n
		}
		if reply.NextSeq != want {
			return fmt.Errorf("reply %d to afterSeq %d with %d chunks: expected nextSeq %d, came %d",
				replies, after, len(reply.Chunks), want, reply.NextSeq)
		}
		after, over = reply.NextSeq, reply.over()
	}
	if delivered < 2 {
		return fmt.Errorf("expected 2 chunks or more, came %d", delivered)
	}
	return nil
}

func bothStreams(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.sh(ctx, "echo to-out; echo to-err >&2; exit 3")
	if err != nil {
		return err
	}
	return together(wantBytes("stdout", []byte("to-out\n"), out.stdout),
		wantBytes("stderr", []byte("to-err\n"), out.stderr), wantExit(out, 3))
}

// burstRepeated: 280 KB at once, 100 times, on four goroutines of one connection.
func burstRepeated(ctx context.Context, e *env) error {
	const workers, each, size = 4, 25, 280000
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	path, data, err := e.randomFile("burst", size)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var firstLoss error
	lost := 0
	err = parallel(ctx, workers, func(ctx context.Context, i int) error {
		for n := 0; n < each; n++ {
			out, err := s.exec(ctx, "", "cat", path)
			if err != nil {
				return err
			}
			if err := wantRun(out, data); err != nil {
				mu.Lock()
				if lost++; lost == 1 {
					firstLoss = err
				}
				mu.Unlock()
			}
		}
		return nil
	})
	if err == nil && lost > 0 {
		err = fmt.Errorf("%d of %d repetitions are not whole, the first: %w", lost, workers*each, firstLoss)
	}
	return err
}

func burst3MB(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	path, data, err := e.randomFile("burst", 3000000)
	if err != nil {
		return err
	}
	out, err := s.exec(ctx, "", "cat", path)
	if err != nil {
		return err
	}
	return wantRun(out, data)
}

// manyLines: 900 lines over 7 s and more must be over within 240 reads.
func manyLines(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.sh(ctx, `i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); sleep 0.0066; done`)
	if err != nil {
		return err
	}
	if !out.over {
		return fmt.Errorf("expected the end within %d reads, came: %s", shellReads, out)
	}
	return together(wantLines(numbered(900), out.stdout), wantExit(out, 0))
}
