package main

// Standard input: order, size, flushing at terminate (R7).

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
)

var stdinCases = []testCase{
	{name: "stdin-1mib-slow-reader", run: bigStdin},
	{name: "stdin-order", run: stdinOrder},
	{name: "stdin-repeated-write", run: repeatedWrite},
}

// bigStdin: one write of 1 MiB to a reader that sleeps first. Other calls go on, and
// the terminate that stands for "close stdin" loses nothing.
func bigStdin(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, data, err := e.randomFile("data", 1<<20)
	if err != nil {
		return err
	}
	small, _, err := e.randomFile("small", 100)
	if err != nil {
		return err
	}
	pipe := startOptions{pipeStdin: true}
	// A reader that does not read at all for long: its write may not hold up the rest.
	if err := s.start(ctx, "uexec-1", []string{"sh", "-c", "sleep 6; cat >/dev/null"}, pipe); err != nil {
		return err
	}
	blocked, err := s.beginWrite("uexec-1", data, "blocked")
	if err != nil {
		return err
	}
	err = wantPrompt("process/start during a blocked write", func() error {
		return s.start(ctx, "copy-dst-1", []string{"sh", "-c", "sleep 1; sha256sum"}, pipe)
	})
	if err != nil {
		return err
	}
	written, err := s.beginWrite("copy-dst-1", data, "slow")
	if err != nil {
		return err
	}
	err = wantPrompt("fs/readFile during a blocked write", func() error {
		_, err := s.readFile(ctx, small)
		return err
	})
	if err != nil {
		return err
	}
	if status, err := written(ctx); err != nil || status != "accepted" {
		return fmt.Errorf("process/write: expected status accepted, came %q, %s", status, showErr(err))
	}
	_, after, err := s.drainIdle(ctx, "copy-dst-1", 0, drainLimit)
	if err != nil {
		return err
	}
	if err := wantPrompt("terminate", func() error { _, err := s.terminate(ctx, "copy-dst-1"); return err }); err != nil {
		return err
	}
	out, err := s.collect(ctx, "copy-dst-1", after)
	if err != nil {
		return err
	}
	want := fmt.Sprintf("%x  -\n", sha256.Sum256(data))
	if err := wantRun(out, []byte(want)); err != nil {
		return fmt.Errorf("after terminate: %w", err)
	}
	if _, err := s.terminate(ctx, "uexec-1"); err != nil {
		return err
	}
	_, err = blocked(ctx) // answered, whatever became of the bytes
	return err
}

// stdinOrder: 200 writes in flight at once arrive in the order in which they were sent.
func stdinOrder(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "uexec-1", []string{"cat"}, startOptions{pipeStdin: true}); err != nil {
		return err
	}
	lines := numbered(200)
	var replies []func(context.Context) (string, error)
	for _, line := range lines {
		wait, err := s.beginWrite("uexec-1", []byte(line+"\n"), line)
		if err != nil {
			return err
		}
		replies = append(replies, wait)
	}
	for _, wait := range replies {
		if status, err := wait(ctx); err != nil || status != "accepted" {
			return fmt.Errorf("process/write: expected status accepted, came %q, %s", status, showErr(err))
		}
	}
	out, after, err := s.drainIdle(ctx, "uexec-1", 0, drainLimit)
	if err != nil {
		return err
	}
	if _, err := s.terminate(ctx, "uexec-1"); err != nil {
		return err
	}
	rest, err := s.collect(ctx, "uexec-1", after)
	if err != nil {
		return err
	}
	return together(wantLines(lines, append(out.stdout, rest.stdout...)), wantExit(rest, 0))
}

// repeatedWrite: without writeId the same bytes twice are two writes; with the same
// writeId the second is answered but not written.
func repeatedWrite(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "uexec-1", []string{"cat"}, startOptions{pipeStdin: true}); err != nil {
		return err
	}
	for i := 0; i < 2; i++ {
		if status, err := s.writeAs(ctx, "uexec-1", []byte("again\n"), "same"); err != nil || status != "accepted" {
			return fmt.Errorf("process/write: expected status accepted, came %q, %s", status, showErr(err))
		}
	}
	out, after, err := s.drainIdle(ctx, "uexec-1", 0, drainLimit)
	if err != nil {
		return err
	}
	if _, err := s.terminate(ctx, "uexec-1"); err != nil {
		return err
	}
	rest, err := s.collect(ctx, "uexec-1", after)
	if err != nil {
		return err
	}
	times := 2
	if e.dialect.writeID {
		times = 1
	}
	return together(wantBytes("stdout", []byte(strings.Repeat("again\n", times)), append(out.stdout, rest.stdout...)),
		wantExit(rest, 0))
}
