package main

// Starting, ending and naming processes (R3, R9, exit codes, the two start forms).

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var processCases = []testCase{
	{name: "twenty-processes", run: twentyProcesses},
	{name: "background-child", run: backgroundChild},
	{name: "exit-code-by-signal", run: exitCodeBySignal},
	{name: "terminate-running", run: terminateRunning},
	{name: "unknown-process", run: unknownProcess},
	{name: "same-id-two-clients", run: sameIDTwoClients},
	{name: "start-omitted", run: startFormOmitted},
	{name: "start-path-env", run: startFormPathEnv},
	{name: "start-with-cwd", run: startWithCwd},
	{name: "tty", run: ttyOutput},
}

func twentyProcesses(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	return parallel(ctx, 20, func(ctx context.Context, i int) error {
		out, err := s.sh(ctx, fmt.Sprintf("echo %d begin; sleep 0.5; echo %d end; exit %d", i, i, i))
		if err != nil {
			return err
		}
		want := fmt.Sprintf("%d begin\n%d end\n", i, i)
		return together(wantBytes("stdout", []byte(want), out.stdout), wantExit(out, i))
	})
}

// backgroundChild: a child that keeps stdout open does not hold exited back.
func backgroundChild(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.sh(ctx, "sleep 20 & echo started")
	if err != nil {
		return err
	}
	if out.elapsed > 2*time.Second {
		return fmt.Errorf("expected the end within 2 s, came: %s", out)
	}
	return wantRun(out, []byte("started\n"))
}

func exitCodeBySignal(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	for _, signal := range []int{9, 10, 15} {
		out, err := s.sh(ctx, fmt.Sprintf("echo before; kill -%d $$", signal))
		if err != nil {
			return err
		}
		if err := together(wantExit(out, 128+signal), wantBytes("stdout", []byte("before\n"), out.stdout)); err != nil {
			return fmt.Errorf("signal %d: %w", signal, err)
		}
	}
	return nil
}

// terminateRunning: the reply is prompt and says running, the process ends, and
// the end is a signal's integer exit code.
func terminateRunning(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "uexec-1", []string{"sh", "-c", "echo up; sleep 60; echo never"}, startOptions{}); err != nil {
		return err
	}
	after := int64(0)
	for up := false; !up; { // the case's time limit ends it
		reply, err := s.read(ctx, "uexec-1", after, shellMaxBytes, shellWaitMs)
		if err != nil {
			return err
		}
		after, up = reply.NextSeq, len(reply.Chunks) > 0
	}
	err = wantPrompt("terminate", func() error {
		running, err := s.terminate(ctx, "uexec-1")
		if err == nil && !running {
			err = fmt.Errorf("expected running true, came false")
		}
		return err
	})
	if err != nil {
		return err
	}
	out, err := s.collect(ctx, "uexec-1", after)
	if err != nil {
		return err
	}
	if !out.over || out.exitCode == nil || *out.exitCode <= 128 || out.elapsed > 4*time.Second {
		return fmt.Errorf("expected an exit code above 128 within 4 s, came: %s", out)
	}
	return nil
}

func unknownProcess(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, readErr := s.read(ctx, "shell-99", 0, shellMaxBytes, shellWaitMs)
	running, terminateErr := s.terminate(ctx, "shell-99")
	status, writeErr := s.write(ctx, "shell-99", []byte("x"))
	var terminated, written error
	if terminateErr != nil || running {
		terminated = fmt.Errorf("process/terminate: expected running false, came %v, %s", running, showErr(terminateErr))
	}
	if writeErr != nil || status != "unknownProcess" {
		written = fmt.Errorf("process/write: expected status unknownProcess, came %q, %s", status, showErr(writeErr))
	}
	return together(wantCode("process/read", readErr, -32600), terminated, written)
}

// sameIDTwoClients: shell-1 exists in every session.
func sameIDTwoClients(ctx context.Context, e *env) error {
	var clients [2]*session
	for i := range clients {
		s, err := e.connect(ctx)
		if err != nil {
			return err
		}
		clients[i] = s
	}
	return parallel(ctx, len(clients), func(ctx context.Context, i int) error {
		out, err := clients[i].sh(ctx, fmt.Sprintf("for n in 1 2 3 4; do echo client %d; sleep 0.3; done; exit %d", i, 10+i))
		if err != nil {
			return err
		}
		want := strings.Repeat(fmt.Sprintf("client %d\n", i), 4)
		return together(wantBytes("stdout", []byte(want), out.stdout), wantExit(out, 10+i))
	})
}

// startFormOmitted: no cwd, env, arg0; the server's own directory and environment count.
func startFormOmitted(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	s.dialect.start = startOmitted
	out, err := s.sh(ctx, "pwd; env")
	if err != nil {
		return err
	}
	text := string(out.stdout)
	if !strings.HasPrefix(text, "/") || !strings.Contains(text, "\nPATH=/") {
		return fmt.Errorf("expected the server's directory and PATH, came %q", text)
	}
	return wantExit(out, 0)
}

// startFormPathEnv: cwd /tmp, an environment of exactly PATH, arg0 null.
func startFormPathEnv(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	s.dialect.start = startPathEnv
	cwd, err := s.exec(ctx, "", "pwd")
	if err != nil {
		return err
	}
	environment, err := s.exec(ctx, "", "env")
	if err != nil {
		return err
	}
	return together(wantRun(cwd, []byte("/tmp\n")), wantRun(environment, []byte("PATH="+bridgePath+"\n")))
}

func startWithCwd(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	out, err := s.exec(ctx, e.dir, "sh", "-c", "pwd")
	if err != nil {
		return err
	}
	return wantRun(out, []byte(e.dir+"\n"))
}

// ttyOutput: terminal output is not labelled stderr, so it counts as stdout.
func ttyOutput(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	line := "test -t 0 && test -t 1 && test -t 2 && echo terminal"
	if err := s.start(ctx, "uexec-1", []string{"sh", "-c", line}, startOptions{tty: true}); err != nil {
		var refused *rpcError
		if errors.As(err, &refused) && strings.Contains(refused.Message, "tty") {
			return errSkip{"not offered: " + refused.Message}
		}
		return err
	}
	out, err := s.collect(ctx, "uexec-1", 0)
	if err != nil {
		return err
	}
	return wantRun(out, []byte("terminal\r\n"))
}
