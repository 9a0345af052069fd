package main

// R7, second half: terminate stands for "close stdin" as well: it flushes, closes, gives a
// moment, then sends TERM to the group, then KILL; and it answers at once.

import (
	"context"
	"crypto/sha256"
	"fmt"
)

var terminateCases = []testCase{
	{name: "terminate-flushes-stdin", rules: "R7", run: terminateFlushes},
	{name: "terminate-gives-a-moment", rules: "R7", run: terminateGivesAMoment},
	{name: "terminate-sends-term", rules: "R7", run: terminateSendsTerm},
	{name: "terminate-reaches-the-group", rules: "R7", run: terminateReachesGroup},
	{name: "terminate-kills-at-last", rules: "R7", once: true, run: terminateKills},
	{name: "terminate-running", rules: "R7,replies", run: terminateRunning},
}

// runningTerminate is a terminate that must find the process running.
func runningTerminate(ctx context.Context, s *session, pid string) error {
	running, err := s.terminate(ctx, pid)
	if err == nil && !running {
		err = &callError{"process/terminate", fmt.Errorf("expected running true, came false")}
	}
	return err
}

// startReady starts a shell line that prints "ready" when it is set up, and waits for that.
func startReady(ctx context.Context, s *session, line string, o startOptions) (*reader, error) {
	if err := s.startShell(ctx, "uexec-1", line, o); err != nil {
		return nil, err
	}
	out := s.reader("uexec-1")
	return out, out.untilOutput(ctx, len("ready\n"))
}

// terminateFlushes: at the terminate 1 MiB is queued, of which the reader has taken nothing; it
// begins to read when the terminate is answered, and gets all of it and the end.
func terminateFlushes(ctx context.Context, e *env, s *session) error {
	_, data, err := e.randomFile("data", 1<<20)
	if err != nil {
		return err
	}
	release := e.gate("release")
	out, err := startReady(ctx, s, "echo ready; "+release.wait()+"; exec sha256sum", pipe)
	if err != nil {
		return err
	}
	write, err := s.beginWrite("uexec-1", data, "queued")
	if err != nil {
		return err
	}
	if err := wantUnblocked(ctx, "terminate", func(ctx context.Context) error { return runningTerminate(ctx, s, "uexec-1") }); err != nil {
		return err
	}
	if err := release.open(); err != nil {
		return err
	}
	if err := out.until(ctx, isOver); err != nil {
		return err
	}
	if err := wantRun(out.output, []byte(fmt.Sprintf("ready\n%x  -\n", sha256.Sum256(data)))); err != nil {
		return err
	}
	return write.accepted(ctx)
}

// terminateGivesAMoment: the process sees the end of its input, works on, and ends by itself.
func terminateGivesAMoment(ctx context.Context, e *env, s *session) error {
	out, err := startReady(ctx, s, "echo ready; cat; sleep 0.1; echo done; exit 5", pipe)
	if err != nil {
		return err
	}
	if err := runningTerminate(ctx, s, "uexec-1"); err != nil {
		return err
	}
	if err := out.until(ctx, isOver); err != nil {
		return err
	}
	return together(wantBytes("stdout", []byte("ready\ndone\n"), out.stdout), wantExit(out.output, 5))
}

// terminateSendsTerm: a process that does not heed the end of its input gets TERM, not KILL.
func terminateSendsTerm(ctx context.Context, e *env, s *session) error {
	line := "trap 'echo got TERM; exit 7' TERM; echo ready; n=0; while [ $n -lt 6000 ]; do n=$((n+1)); sleep 0.05; done"
	out, err := startReady(ctx, s, line, pipe)
	if err != nil {
		return err
	}
	if err := runningTerminate(ctx, s, "uexec-1"); err != nil {
		return err
	}
	if err := out.until(ctx, isOver); err != nil {
		return err
	}
	return together(wantBytes("stdout", []byte("ready\ngot TERM\n"), out.stdout), wantExit(out.output, 7))
}

// terminateReachesGroup: the child holds stdout, so closed comes only if the child ends too.
func terminateReachesGroup(ctx context.Context, e *env, s *session) error {
	out, err := startReady(ctx, s, "sleep 300 & echo ready; wait", startOptions{})
	if err != nil {
		return err
	}
	if err := runningTerminate(ctx, s, "uexec-1"); err != nil {
		return err
	}
	return wantUnblocked(ctx, "waiting for the end of a terminated process and its child", func(ctx context.Context) error {
		return out.until(ctx, isClosed)
	})
}

// terminateKills: TERM is ignored, so KILL must come.
func terminateKills(ctx context.Context, e *env, s *session) error {
	out, err := startReady(ctx, s, "trap '' TERM; echo ready; n=0; while [ $n -lt 6000 ]; do n=$((n+1)); sleep 0.05; done", pipe)
	if err != nil {
		return err
	}
	if err := runningTerminate(ctx, s, "uexec-1"); err != nil {
		return err
	}
	err = wantUnblocked(ctx, "waiting for KILL", func(ctx context.Context) error { return out.until(ctx, isOver) })
	if err != nil {
		return err
	}
	return wantExit(out.output, 128+9)
}

// terminateRunning: the end by a signal is an integer exit code; a second terminate finds
// nothing running and is no error.
func terminateRunning(ctx context.Context, e *env, s *session) error {
	out, err := startReady(ctx, s, "echo ready; sleep 300; echo never", startOptions{})
	if err != nil {
		return err
	}
	if err := runningTerminate(ctx, s, "uexec-1"); err != nil {
		return err
	}
	if err := out.until(ctx, isOver); err != nil {
		return err
	}
	if out.exitCode == nil || *out.exitCode <= 128 {
		return fmt.Errorf("expected an exit code above 128, came: %s", out)
	}
	if running, err := s.terminate(ctx, "uexec-1"); err != nil || running {
		return fmt.Errorf("second terminate: expected running false, came %v, %s", running, showErr(err))
	}
	return wantBytes("stdout", []byte("ready\n"), out.stdout)
}
