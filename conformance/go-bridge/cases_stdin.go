package main

// R7, first half: what is written to a process arrives, in order, whatever else waits.

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
)

var stdinCases = []testCase{
	{name: "stdin-1mib-slow-reader", rules: "R7", run: bigStdin},
	{name: "stdin-order", rules: "R7", run: stdinOrder},
	{name: "stdin-repeated-write", rules: "accept", run: repeatedWrite},
	{name: "tty-stdin", rules: "R7", run: ttyStdin},
}

var pipe = startOptions{pipeStdin: true}

// bigStdin: a write of 1 MiB to a reader that takes nothing until the case lets it. All other
// calls go on meanwhile, writes to another process too, and then nothing is lost.
func bigStdin(ctx context.Context, e *env, s *session) error {
	_, data, err := e.randomFile("data", 1<<20)
	if err != nil {
		return err
	}
	small, content, err := e.randomFile("small", 100)
	if err != nil {
		return err
	}
	release := e.gate("release")
	if err := s.startShell(ctx, "uexec-1", release.wait()+"; exec sha256sum", pipe); err != nil {
		return err
	}
	blocked, err := s.beginWrite("uexec-1", data, "blocked")
	if err != nil {
		return err
	}
	err = wantUnblocked(ctx, "calls beside a write that nobody takes", func(ctx context.Context) error {
		got, err := s.readFile(ctx, small)
		if err != nil {
			return err
		}
		if err := s.start(ctx, "uexec-2", []string{"cat"}, pipe); err != nil {
			return err
		}
		if err := s.write(ctx, "uexec-2", []byte("echoed")); err != nil {
			return err
		}
		return together(wantBytes("fs/readFile", content, got), s.reader("uexec-2").untilOutput(ctx, len("echoed")))
	})
	if err != nil {
		return err
	}
	if err := release.open(); err != nil {
		return err
	}
	if err := blocked.accepted(ctx); err != nil {
		return err
	}
	if _, err := s.terminate(ctx, "uexec-1"); err != nil {
		return err
	}
	out := s.reader("uexec-1")
	if err := out.until(ctx, isOver); err != nil {
		return err
	}
	if err := wantRun(out.output, []byte(fmt.Sprintf("%x  -\n", sha256.Sum256(data)))); err != nil {
		return fmt.Errorf("after terminate: %w", err)
	}
	_, err = s.terminate(ctx, "uexec-2")
	return err
}

// stdinOrder: 200 writes in flight at once arrive in the order in which they were sent.
func stdinOrder(ctx context.Context, e *env, s *session) error {
	if err := s.start(ctx, "uexec-1", []string{"cat"}, pipe); err != nil {
		return err
	}
	lines := numbered(200)
	var writes []*pendingWrite
	for _, line := range lines {
		write, err := s.beginWrite("uexec-1", []byte(line+"\n"), line)
		if err != nil {
			return err
		}
		writes = append(writes, write)
	}
	for _, write := range writes {
		if err := write.accepted(ctx); err != nil {
			return err
		}
	}
	out := s.reader("uexec-1")
	if err := out.untilOutput(ctx, len(strings.Join(lines, "\n"))+1); err != nil {
		return err
	}
	_, err := s.terminate(ctx, "uexec-1")
	return together(wantLines(lines, out.stdout), err)
}

// repeatedWrite: without writeId the same bytes twice are two writes; with the same
// writeId the second is answered but not written.
func repeatedWrite(ctx context.Context, e *env, s *session) error {
	if err := s.start(ctx, "uexec-1", []string{"cat"}, pipe); err != nil {
		return err
	}
	for i := 0; i < 2; i++ {
		if err := s.writeAs(ctx, "uexec-1", []byte("again\n"), "same"); err != nil {
			return err
		}
	}
	if err := s.writeAs(ctx, "uexec-1", []byte("end\n"), "other"); err != nil {
		return err
	}
	want := "again\nagain\nend\n"
	if e.dialect.writeID {
		want = "again\nend\n"
	}
	out := s.reader("uexec-1")
	err := out.until(ctx, func(*readReply) bool { return strings.HasSuffix(string(out.stdout), "end\n") })
	if err != nil {
		return err
	}
	_, err = s.terminate(ctx, "uexec-1")
	return together(wantBytes("stdout", []byte(want), out.stdout), err)
}

// ttyStdin: exec_command with a terminal and write_stdin.
func ttyStdin(ctx context.Context, e *env, s *session) error {
	line := `stty -echo; printf ready; read answer; echo "got $answer"`
	if err := notOfferedTTY(s.startShell(ctx, "uexec-1", line, startOptions{tty: true})); err != nil {
		return err
	}
	out := s.reader("uexec-1")
	if err := out.untilOutput(ctx, len("ready")); err != nil {
		return err
	}
	if err := s.write(ctx, "uexec-1", []byte("hello\n")); err != nil {
		return err
	}
	if err := out.until(ctx, isClosed); err != nil {
		return err
	}
	return wantRun(out.output, []byte("readygot hello\r\n"))
}
