package main

// R2 and R3: the reply that says the end carries the last output, and a dead process is told
// even when a child of it holds its output open.

import (
	"context"
	"fmt"
	"sync"
)

var endCases = []testCase{
	{name: "flags-with-last-output", rules: "R2", run: flagsWithLastOutput},
	{name: "flags-after-the-end", rules: "R2", run: flagsAfterTheEnd},
	{name: "stdout-stderr", rules: "R2", run: bothStreams},
	{name: "burst-on-both-streams", rules: "R2", run: burstOnBothStreams},
	{name: "280kb-100-times", rules: "R1,R2", heavy: true, run: burstRepeated},
	{name: "3mb-at-once", rules: "R1,R2", heavy: true, run: burst3MB},
	{name: "3mb-until-both-flags", rules: "R2", heavy: true, run: untilBothFlags},
	{name: "background-child", rules: "R3", run: backgroundChild},
	{name: "closed-waits-for-eof", rules: "R3", run: closedWaitsForEOF},
	{name: "output-in-the-pipe", rules: "R3", run: outputInThePipe},
}

// flagsWithLastOutput: a reply cut by maxBytes says false, whether it waited or not.
func flagsWithLastOutput(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 200000)
	if err != nil {
		return err
	}
	for i, read := range []struct{ maxBytes, waitMs int }{{1, shellWaitMs}, {10000, shellWaitMs}, {shellMaxBytes, 0}} {
		written, pid := e.gate(fmt.Sprint("written-", i)), fmt.Sprint("shell-", i)
		line := "cat " + quote(path) + "; " + written.pass()
		if err := s.startShell(ctx, pid, line, startOptions{}); err != nil {
			return err
		}
		if !written.opened(ctx, unblockedLimit) { // from here on the process is as good as over
			return fmt.Errorf("expected the process to print %d bytes that nobody reads, it hangs", len(data))
		}
		out := s.reader(pid)
		for !out.over {
			if _, err := out.next(ctx, read.maxBytes, read.waitMs); err != nil {
				return err
			}
		}
		if err := wantBytes("stdout up to the first exited or closed", data, out.stdout); err != nil {
			return fmt.Errorf("maxBytes %d: %w", read.maxBytes, err)
		}
	}
	return nil
}

// flagsAfterTheEnd: whoever reads on behind the end is told it again.
func flagsAfterTheEnd(ctx context.Context, e *env, s *session) error {
	if err := s.startShell(ctx, "shell-1", "echo out; exit 4", startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	if err := out.until(ctx, isClosed); err != nil {
		return err
	}
	for _, waitMs := range []int{0, shellWaitMs} {
		reply, err := out.next(ctx, shellMaxBytes, waitMs)
		if err != nil {
			return err
		}
		if len(reply.Chunks) > 0 || !reply.Exited || !reply.Closed || reply.ExitCode == nil || *reply.ExitCode != 4 {
			return fmt.Errorf("behind the end: expected exited, closed, exit code 4 and nothing else, came %v, %v, %s and %d chunks",
				reply.Exited, reply.Closed, showCode(reply.ExitCode), len(reply.Chunks))
		}
	}
	return nil
}

func bothStreams(ctx context.Context, e *env, s *session) error {
	out, err := s.sh(ctx, "echo to-out; echo to-err >&2; exit 3")
	if err != nil {
		return err
	}
	return together(wantBytes("stdout", []byte("to-out\n"), out.stdout),
		wantBytes("stderr", []byte("to-err\n"), out.stderr), wantExit(out, 3))
}

// burstOnBothStreams: the last output of either stream counts.
func burstOnBothStreams(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 200000)
	if err != nil {
		return err
	}
	for n := 0; n < 5; n++ {
		pid := fmt.Sprint("shell-", n)
		line := fmt.Sprintf("cat %[1]s >&2 & cat %[1]s; wait", quote(path))
		if err := s.startShell(ctx, pid, line, startOptions{}); err != nil {
			return err
		}
		out := s.reader(pid)
		if err := out.until(ctx, isOver); err != nil {
			return err
		}
		if err := together(wantBytes("stdout", data, out.stdout), wantBytes("stderr", data, out.stderr)); err != nil {
			return fmt.Errorf("at the first exited or closed: %w", err)
		}
	}
	return nil
}

// burstRepeated: 280 KB at once, 100 times, on four goroutines of one connection.
func burstRepeated(ctx context.Context, e *env, s *session) error {
	const workers, each, size = 4, 25, 280000
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

func burst3MB(ctx context.Context, e *env, s *session) error {
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

// untilBothFlags: a reader that stops at exited and closed has it all.
func untilBothFlags(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("burst", 3000000)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "shell-1", []string{"cat", path}, startOptions{}); err != nil {
		return err
	}
	out := s.reader("shell-1")
	if err := out.until(ctx, func(reply *readReply) bool { return reply.Exited && reply.Closed }); err != nil {
		return err
	}
	return wantRun(out.output, data)
}

// startWithChild starts a process that ends at once and leaves a child, which holds the output
// open until the gate opens and then writes "late".
func startWithChild(ctx context.Context, s *session, release gate) (*reader, error) {
	line := "(" + release.wait() + "; echo late) & echo started; exit 6"
	return s.reader("shell-1"), s.startShell(ctx, "shell-1", line, startOptions{})
}

// backgroundChild: a child that keeps stdout open does not hold exited back: the child goes on
// until the case is over.
func backgroundChild(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	out, err := startWithChild(ctx, s, release)
	if err != nil {
		return err
	}
	defer release.open()
	err = wantUnblocked(ctx, "waiting for exited while a child holds stdout", func(ctx context.Context) error {
		return out.until(ctx, isOver)
	})
	if err != nil {
		return err
	}
	return together(wantExit(out.output, 6), wantBytes("stdout", []byte("started\n"), out.stdout))
}

// closedWaitsForEOF: until then what the child writes is delivered.
func closedWaitsForEOF(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	out, err := startWithChild(ctx, s, release)
	if err != nil {
		return err
	}
	closedEarly := false
	err = out.until(ctx, func(reply *readReply) bool {
		closedEarly = closedEarly || reply.Closed
		return reply.over()
	})
	if err != nil {
		return err
	}
	for i := 0; i < 2; i++ {
		reply, err := out.next(ctx, shellMaxBytes, shellWaitMs)
		if err != nil {
			return err
		}
		closedEarly = closedEarly || reply.Closed
	}
	if closedEarly {
		return fmt.Errorf("expected closed false while a child holds stdout, came true")
	}
	if err := release.open(); err != nil {
		return err
	}
	if err := out.until(ctx, isClosed); err != nil {
		return err
	}
	return wantBytes("stdout up to closed", []byte("started\nlate\n"), out.stdout)
}

// outputInThePipe: the process is dead, its last output is still in the pipe, and a child that
// says nothing keeps the pipe open: the reply that says exited carries that output.
func outputInThePipe(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 300000)
	if err != nil {
		return err
	}
	release := e.gate("release")
	defer release.open()
	for n := 0; n < 20; n++ {
		pid := fmt.Sprint("shell-", n)
		line := fmt.Sprintf("(%s) & cat %s; exit 0", release.wait(), quote(path))
		if err := s.startShell(ctx, pid, line, startOptions{}); err != nil {
			return err
		}
		out := s.reader(pid)
		if err := out.until(ctx, isOver); err != nil {
			return err
		}
		if err := wantRun(out.output, data); err != nil {
			return fmt.Errorf("run %d, up to exited: %w", n, err)
		}
	}
	return nil
}
