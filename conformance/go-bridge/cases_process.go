package main

// Starting processes (the two start forms) and what the replies about them must hold.

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var processCases = []testCase{
	{name: "exit-code-by-signal", rules: "replies", run: exitCodeBySignal},
	{name: "unknown-process", rules: "replies", run: unknownProcess},
	{name: "start-omitted", rules: "accept", run: startFormOmitted},
	{name: "start-path-env", rules: "accept", run: startFormPathEnv},
	{name: "start-with-cwd", rules: "accept", run: startWithCwd},
	{name: "tty", rules: "replies", run: ttyOutput},
}

func exitCodeBySignal(ctx context.Context, e *env, s *session) error {
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

func unknownProcess(ctx context.Context, e *env, s *session) error {
	return wantUnknown(ctx, s, "shell-99")
}

// wantUnknown: read is an error, terminate finds nothing running, write says so in its status.
func wantUnknown(ctx context.Context, s *session, pid string) error {
	_, readErr := s.read(ctx, pid, 0, shellMaxBytes, shellWaitMs)
	running, terminateErr := s.terminate(ctx, pid)
	write, err := s.beginWrite(pid, []byte("x"), s.newWriteID())
	if err != nil {
		return err
	}
	status, writeErr := write.status(ctx)
	var terminated, written error
	if terminateErr != nil || running {
		terminated = &callError{"process/terminate", fmt.Errorf("expected running false, came %v, %s", running, showErr(terminateErr))}
	}
	if writeErr != nil || status != "unknownProcess" {
		written = write.failed("expected status unknownProcess, came %q, %s", status, showErr(writeErr))
	}
	return together(wantCode("process/read", readErr, -32600), terminated, written)
}

// startFormOmitted: no cwd, env, arg0; the server's own directory and environment count.
func startFormOmitted(ctx context.Context, e *env, s *session) error {
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
func startFormPathEnv(ctx context.Context, e *env, s *session) error {
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

func startWithCwd(ctx context.Context, e *env, s *session) error {
	out, err := s.exec(ctx, e.dir, "sh", "-c", "pwd")
	if err != nil {
		return err
	}
	return wantRun(out, []byte(e.dir+"\n"))
}

// ttyOutput: terminal output is not labelled stderr, so it counts as stdout.
func ttyOutput(ctx context.Context, e *env, s *session) error {
	line := "test -t 0 && test -t 1 && test -t 2 && echo terminal"
	if err := notOfferedTTY(s.startShell(ctx, "uexec-1", line, startOptions{tty: true})); err != nil {
		return err
	}
	out, err := s.collect(ctx, "uexec-1", 0)
	if err != nil {
		return err
	}
	return wantRun(out, []byte("terminal\r\n"))
}

// notOfferedTTY turns the refusal of a terminal into a verdict of its own.
func notOfferedTTY(err error) error {
	var refused *rpcError
	if errors.As(err, &refused) && strings.Contains(refused.Message, "tty") {
		return errNotOffered{refused.Message}
	}
	return err
}
