package main

// R8 and R9: reads that wait hold up nothing else, and process ids belong to their session.

import (
	"context"
	"fmt"
	"strings"
)

var concurrencyCases = []testCase{
	{name: "poll-does-not-delay", rules: "R8", run: pollDoesNotDelay},
	{name: "poll-of-the-same-process", rules: "R8", run: pollOfSameProcess},
	{name: "twenty-polls", rules: "R8", run: twentyPolls},
	{name: "twenty-processes", rules: "R8", run: twentyProcesses},
	{name: "same-id-two-clients", rules: "R9", run: sameIDTwoClients},
	{name: "ids-of-another-session", rules: "R9", run: idsOfAnotherSession},
}

// pollDoesNotDelay: a poll of a silent process is open; all other calls are answered before it.
func pollDoesNotDelay(ctx context.Context, e *env, s *session) error {
	path, content, err := e.randomFile("small", 100)
	if err != nil {
		return err
	}
	release := e.gate("release")
	if err := s.startShell(ctx, "uexec-1", release.wait(), startOptions{}); err != nil {
		return err
	}
	out := s.reader("uexec-1")
	poll, err := out.begin(shellMaxBytes, longPollMs)
	if err != nil {
		return err
	}
	for what, call := range map[string]func(context.Context) error{
		"fs/readFile": func(ctx context.Context) error {
			got, err := s.readFile(ctx, path)
			return together(err, wantBytes("fs/readFile", content, got))
		},
		"a shell": func(ctx context.Context) error { return stillServes(ctx, s, "the poll's begin") },
		"process/terminate": func(ctx context.Context) error {
			_, err := s.terminate(ctx, "none")
			return err
		},
	} {
		if err := wantUnblocked(ctx, what+" during a poll", call); err != nil {
			return err
		}
	}
	if poll.answered() {
		return fmt.Errorf("expected the poll of a silent process to wait, it was answered")
	}
	if err := release.open(); err != nil {
		return err
	}
	if err := out.untilOver(ctx, poll); err != nil {
		return err
	}
	return wantExit(out.output, 0)
}

// pollOfSameProcess: a write gets through to the process that is polled, and its echo answers
// the poll.
func pollOfSameProcess(ctx context.Context, e *env, s *session) error {
	if err := s.start(ctx, "uexec-1", []string{"cat"}, pipe); err != nil {
		return err
	}
	out := s.reader("uexec-1")
	poll, err := out.begin(shellMaxBytes, longPollMs)
	if err != nil {
		return err
	}
	err = wantUnblocked(ctx, "a write during a poll", func(ctx context.Context) error {
		if err := s.write(ctx, "uexec-1", []byte("echoed")); err != nil {
			return err
		}
		_, err := out.take(ctx, poll)
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.terminate(ctx, "uexec-1")
	return together(wantBytes("stdout", []byte("echoed"), out.stdout), err)
}

// twentyPolls: as many polls at once; the process begun last is let go first.
func twentyPolls(ctx context.Context, e *env, s *session) error {
	const count = 20
	var gates [count]gate
	var readers [count]*reader
	var polls [count]*pendingRead
	for i := range polls {
		pid := fmt.Sprint("uexec-", i)
		gates[i] = e.gate(pid)
		if err := s.startShell(ctx, pid, gates[i].wait()+fmt.Sprintf("; exit %d", i), startOptions{}); err != nil {
			return err
		}
		readers[i] = s.reader(pid)
	}
	for i := range polls {
		var err error
		if polls[i], err = readers[i].begin(shellMaxBytes, longPollMs); err != nil {
			return err
		}
	}
	for i := count - 1; i >= 0; i-- {
		if err := gates[i].open(); err != nil {
			return err
		}
		err := wantUnblocked(ctx, fmt.Sprintf("poll %d of %d", i, count), func(ctx context.Context) error {
			return readers[i].untilOver(ctx, polls[i])
		})
		if err != nil {
			return err
		}
		if err := wantExit(readers[i].output, i); err != nil {
			return fmt.Errorf("poll %d: %w", i, err)
		}
	}
	return nil
}

// twentyProcesses: twenty shells of one connection, each with its own output and exit code.
func twentyProcesses(ctx context.Context, e *env, s *session) error {
	return parallel(ctx, 20, func(ctx context.Context, i int) error {
		return wantOwnRun(ctx, s, fmt.Sprint("shell-", i), i)
	})
}

// sameIDTwoClients: shell-1 exists in every session.
func sameIDTwoClients(ctx context.Context, e *env, first *session) error {
	second, err := e.connect(ctx)
	if err != nil {
		return err
	}
	clients := []*session{first, second}
	return parallel(ctx, len(clients), func(ctx context.Context, i int) error {
		return wantOwnRun(ctx, clients[i], "shell-1", i)
	})
}

// wantOwnRun runs a process that says a number for a while and ends with it.
func wantOwnRun(ctx context.Context, s *session, pid string, number int) error {
	line := fmt.Sprintf("for n in 1 2 3; do echo number %d; sleep 0.2; done; exit %d", number, number)
	if err := s.startShell(ctx, pid, line, startOptions{}); err != nil {
		return err
	}
	out := s.reader(pid)
	if err := out.until(ctx, isClosed); err != nil {
		return err
	}
	want := strings.Repeat(fmt.Sprintf("number %d\n", number), 3)
	return together(wantBytes("stdout", []byte(want), out.stdout), wantExit(out.output, number))
}

// idsOfAnotherSession: they can be neither read nor written nor ended.
func idsOfAnotherSession(ctx context.Context, e *env, owner *session) error {
	stranger, err := e.connect(ctx)
	if err != nil {
		return err
	}
	if err := owner.start(ctx, "uexec-1", []string{"cat"}, pipe); err != nil {
		return err
	}
	if err := wantUnknown(ctx, stranger, "uexec-1"); err != nil {
		return fmt.Errorf("another session's process: %w", err)
	}
	if err := owner.write(ctx, "uexec-1", []byte("mine")); err != nil {
		return err
	}
	out := owner.reader("uexec-1")
	if err := out.untilOutput(ctx, len("mine")); err != nil {
		return err
	}
	_, err = owner.terminate(ctx, "uexec-1")
	return together(wantBytes("stdout", []byte("mine"), out.stdout), err)
}
