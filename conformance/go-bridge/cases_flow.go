package main

// Waiting, stalling and flooding (R5, R8, and the notifications a bridge does not want).

import (
	"context"
	"fmt"
	"time"
)

var flowCases = []testCase{
	{name: "flood-paused-polls", run: floodPausedPolls},
	{name: "flood-paced-paused-polls", run: floodPaced},
	{name: "flood-stalled-socket", run: floodStalledSocket},
	{name: "poll-does-not-delay", run: pollDoesNotDelay},
	{name: "no-output-notification", run: noOutputNotification},
}

const (
	floodBytes = 20000000
	floodPause = 3 * time.Second
)

// readAll reads to the end without the shell tool's 240 limit, with 1 MiB replies;
// pause runs after the first reply with output.
func readAll(ctx context.Context, s *session, pid string, pause func()) (*output, error) {
	out := &output{}
	began := time.Now()
	for after, paused := int64(0), false; !out.over; {
		reply, err := s.read(ctx, pid, after, pumpMaxBytes, pumpWaitMs)
		if err != nil {
			return nil, err
		}
		out.add(reply)
		after = reply.NextSeq
		if !paused && len(reply.Chunks) > 0 {
			paused = true
			pause()
		}
	}
	out.elapsed = time.Since(began)
	return out, nil
}

// floodPausedPolls: a reader that has begun stays away for 3 s while 20 MB come at once.
func floodPausedPolls(ctx context.Context, e *env) error {
	return flood(ctx, e, "cat %s", func(*session) { time.Sleep(floodPause) })
}

// floodPaced: the same at 3 MB/s, so that the output comes while nobody reads.
func floodPaced(ctx context.Context, e *env) error {
	line := "f=%s; i=0; while [ $i -lt 40 ]; do dd if=$f bs=500000 skip=$i count=1 2>/dev/null; i=$((i+1)); sleep 0.16; done"
	return flood(ctx, e, line, func(*session) { time.Sleep(floodPause) })
}

// floodStalledSocket: the client takes nothing off the socket for 3 s, with calls in flight.
func floodStalledSocket(ctx context.Context, e *env) error {
	return flood(ctx, e, "cat %s", func(s *session) {
		resume := s.pauseReading()
		time.AfterFunc(floodPause, resume)
	})
}

func flood(ctx context.Context, e *env, line string, pause func(*session)) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	path, data, err := e.randomFile("flood", floodBytes)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "uexec-1", []string{"sh", "-c", fmt.Sprintf(line, quote(path))}, startOptions{}); err != nil {
		return err
	}
	out, err := readAll(ctx, s, "uexec-1", func() { pause(s) })
	if err != nil {
		return err
	}
	return wantRun(out, data)
}

// pollDoesNotDelay: during a 3 s poll of a silent process other calls are prompt, and
// the poll still takes its time.
func pollDoesNotDelay(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	path, _, err := e.randomFile("small", 100)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "uexec-1", []string{"sleep", "30"}, startOptions{}); err != nil {
		return err
	}
	began := time.Now()
	poll, err := s.beginRead("uexec-1", 0, shellMaxBytes, 3000)
	if err != nil {
		return err
	}
	for i := 0; i < 5; i++ {
		err := wantPrompt("fs/readFile during a 3 s poll", func() error { _, err := s.readFile(ctx, path); return err })
		if err != nil {
			return err
		}
		err = wantPrompt("shell during a 3 s poll", func() error { return stillServes(ctx, s, "a poll") })
		if err != nil {
			return err
		}
	}
	reply, err := poll(ctx)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if took < 2500*time.Millisecond || took > 5*time.Second || reply.over() || len(reply.Chunks) > 0 {
		return fmt.Errorf("expected an empty reply to the poll after 3 s, came one after %.2fs with %d chunks, over %v",
			took.Seconds(), len(reply.Chunks), reply.over())
	}
	_, err = s.terminate(ctx, "uexec-1")
	return err
}

// noOutputNotification: a bridge would drop them all, so none may cross the wire.
func noOutputNotification(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.sh(ctx, "for i in 1 2 3 4 5; do echo line; sleep 0.1; done")
	if err != nil {
		return err
	}
	if err := wantExit(out, 0); err != nil {
		return err
	}
	// A later reply travels behind every earlier notification.
	if _, err := s.sh(ctx, "echo after"); err != nil {
		return err
	}
	if n := s.notificationCount("process/output"); n != 0 {
		return fmt.Errorf("expected no process/output notification, came %d", n)
	}
	return nil
}
