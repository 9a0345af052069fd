package main

// R4: a read that may wait collects, so that a chatty process does not use up the bridge's
// 240 reads; and what ends the collecting.

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

var batchingCases = []testCase{
	{name: "many-lines-240-reads", rules: "R4", once: true, run: manyLines},
	{name: "replies-take-30ms", rules: "R4", run: repliesTake30ms},
	{name: "batch-ends-when-full", rules: "R4", run: batchEndsWhenFull},
	{name: "batch-ends-at-exit", rules: "R4", run: batchEndsAtExit},
	{name: "batch-ends-by-itself", rules: "R4", run: batchEndsByItself},
	{name: "silent-poll-waits", rules: "R4", run: silentPollWaits},
}

// manyLines: 900 lines over 7 s and more must be over within the shell tool's 240 reads.
func manyLines(ctx context.Context, e *env, s *session) error {
	line := `i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); sleep 0.0066; done`
	if err := s.startShell(ctx, "shell-1", line, startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	for !out.over && out.reads < shellReads {
		if _, err := out.next(ctx, shellMaxBytes, shellWaitMs); err != nil {
			return err
		}
	}
	if !out.over {
		return fmt.Errorf("expected the end within %d reads, came: %s", shellReads, out)
	}
	return together(wantLines(numbered(900), out.stdout), wantExit(out.output, 0))
}

// repliesTake30ms: from the first new byte to the reply 30 ms pass. The byte is written to a pipe
// the process copies, so no right server can be faster, whatever else the machine does.
func repliesTake30ms(ctx context.Context, e *env, s *session) error {
	const least = 30 * time.Millisecond
	path := e.file("pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return err
	}
	input, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer input.Close()
	if err := s.start(ctx, "shell-1", []string{"cat", path}, startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	for i := 0; i < 5; i++ {
		poll, err := out.begin(shellMaxBytes, longPollMs)
		if err != nil {
			return err
		}
		written := time.Now()
		if _, err := input.WriteString("x"); err != nil {
			return err
		}
		if _, err := out.take(ctx, poll); err != nil {
			return err
		}
		if took := time.Since(written); took < least {
			return fmt.Errorf("expected a reply %v after the first new byte and no sooner, came one after %v",
				least, took.Round(time.Microsecond))
		}
	}
	_, err = s.terminate(ctx, "shell-1")
	return err
}

// batchEndsWhenFull: maxBytes are there, so nothing is waited for, though the process goes on.
func batchEndsWhenFull(ctx context.Context, e *env, s *session) error {
	path, _, err := e.randomFile("data", 200000)
	if err != nil {
		return err
	}
	release := e.gate("release")
	defer release.open()
	if err := s.startShell(ctx, "shell-1", "cat "+quote(path)+"; "+release.wait(), startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	return wantUnblocked(ctx, "a full reply", func(ctx context.Context) error {
		for len(out.stdout) < 2*shellMaxBytes {
			if _, err := out.next(ctx, shellMaxBytes, longPollMs); err != nil {
				return err
			}
		}
		return nil
	})
}

// batchEndsAtExit: a poll that may wait for long is answered by the exit.
func batchEndsAtExit(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	if err := s.startShell(ctx, "shell-1", release.wait()+"; exit 5", startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	poll, err := out.begin(shellMaxBytes, longPollMs)
	if err != nil {
		return err
	}
	if err := release.open(); err != nil {
		return err
	}
	err = wantUnblocked(ctx, "a poll at the exit", func(ctx context.Context) error {
		_, err := out.take(ctx, poll)
		return err
	})
	if err != nil {
		return err
	}
	return wantExit(out.output, 5)
}

// batchEndsByItself: a short time after the first byte the reply comes, though neither the
// process ends nor anything else is printed.
func batchEndsByItself(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	defer release.open()
	if err := s.startShell(ctx, "shell-1", "echo first; "+release.wait(), startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	err := wantUnblocked(ctx, "a poll with one line", func(ctx context.Context) error {
		_, err := out.next(ctx, shellMaxBytes, longPollMs)
		return err
	})
	if err != nil {
		return err
	}
	return wantBytes("stdout", []byte("first\n"), out.stdout)
}

// silentPollWaits: without output a poll takes its waitMs (240 reads are a minute), and one
// with waitMs 0 takes none.
func silentPollWaits(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	defer release.open()
	if err := s.startShell(ctx, "shell-1", release.wait(), startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	const polls = 4
	began := time.Now()
	for i := 0; i < polls; i++ {
		if _, err := out.next(ctx, shellMaxBytes, shellWaitMs); err != nil {
			return err
		}
	}
	if took := time.Since(began); took < polls*shellWaitMs*time.Millisecond {
		return fmt.Errorf("expected %d silent polls to take %d ms, they took %d ms", polls, polls*shellWaitMs, took.Milliseconds())
	}
	if len(out.stdout) > 0 || out.over {
		return fmt.Errorf("expected silence, came: %s", out)
	}
	return wantUnblocked(ctx, "waitMs 0", func(ctx context.Context) error {
		_, err := out.next(ctx, shellMaxBytes, 0)
		return err
	})
}
