package main

// R1: the cursor of the bridge, and that other clients keep theirs.

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
)

var cursorCases = []testCase{
	{name: "ten-lines", rules: "R1", run: tenLines},
	{name: "cursor", rules: "R1", run: cursor},
	{name: "cursor-when-cut", rules: "R1", run: cursorWhenCut},
	{name: "cursor-of-other-clients", rules: "R1", run: cursorOfOthers},
	{name: "seqs-without-gaps", rules: "R1", run: seqsWithoutGaps},
	{name: "read-output", rules: "R1", run: readOutput},
}

func numbered(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d", i)
	}
	return lines
}

// tenLines: one line each 100 ms; a skipped cursor loses every other one.
func tenLines(ctx context.Context, e *env, s *session) error {
	out, err := s.sh(ctx, `for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.1; done`)
	if err != nil {
		return err
	}
	return together(wantLines(numbered(10), out.stdout), wantExit(out, 0))
}

// wantCursor: nextSeq is the last seq delivered, or the request's afterSeq.
func wantCursor(after int64, reply *readReply) error {
	want := after
	if n := len(reply.Chunks); n > 0 {
		want = reply.Chunks[n-1].Seq
	}
	if reply.NextSeq != want {
		return fmt.Errorf("reply to afterSeq %d with %d chunks: expected nextSeq %d, came %d",
			after, len(reply.Chunks), want, reply.NextSeq)
	}
	return nil
}

// cursor states the rule itself: with output, without, at the end, beyond it.
func cursor(ctx context.Context, e *env, s *session) error {
	next := e.gate("next")
	if err := s.startShell(ctx, "shell-1", "echo one; "+next.wait()+"; echo two", startOptions{}); err != nil {
		return err
	}
	after := int64(0)
	read := func(waitMs int) (*readReply, error) {
		reply, err := s.read(ctx, "shell-1", after, shellMaxBytes, waitMs)
		if err != nil {
			return nil, err
		}
		err = wantCursor(after, reply)
		after = reply.NextSeq
		return reply, err
	}
	for first := true; first; {
		reply, err := read(shellWaitMs)
		if err != nil {
			return err
		}
		first = len(reply.Chunks) == 0
	}
	silent, err := read(50)
	if err != nil {
		return err
	}
	if len(silent.Chunks) > 0 {
		return fmt.Errorf("expected nothing new at afterSeq %d, came %q", after, silent.Chunks[0].Chunk)
	}
	if err := next.open(); err != nil {
		return err
	}
	out := &output{}
	for !out.over {
		reply, err := read(shellWaitMs)
		if err != nil {
			return err
		}
		out.add(reply)
	}
	if err := wantBytes("output behind the cursor", []byte("two\n"), out.stdout); err != nil {
		return err
	}
	if _, err := read(0); err != nil {
		return fmt.Errorf("behind the end: %w", err)
	}
	after += 1000
	if _, err := read(0); err != nil {
		return fmt.Errorf("far behind the end: %w", err)
	}
	return nil
}

// cursorWhenCut: the same when maxBytes leaves output behind; following nextSeq gives all of it.
func cursorWhenCut(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 300000)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "shell-1", []string{"cat", path}, startOptions{}); err != nil {
		return err
	}
	out := &output{}
	for after := int64(0); len(out.stdout) < len(data); {
		reply, err := s.read(ctx, "shell-1", after, 10000, shellWaitMs)
		if err != nil {
			return err
		}
		out.add(reply)
		if err := wantCursor(after, reply); err != nil {
			return err
		}
		if after = reply.NextSeq; reply.over() {
			break
		}
	}
	return wantBytes("stdout", data, out.stdout)
}

// cursorOfOthers: for every other client nextSeq is the next seq; the exit and the close take
// one each, so output 1 and 2, exited 3, closed 4 make 5.
func cursorOfOthers(ctx context.Context, e *env, _ *session) error {
	s, err := e.connectAs(ctx, "another-client")
	if err != nil {
		return err
	}
	next, end := e.gate("next"), e.gate("end")
	line := "echo one; " + next.wait() + "; echo two; " + end.wait()
	if err := s.startShell(ctx, "1", line, startOptions{}); err != nil {
		return err
	}
	out := s.reader("1")
	if err := out.untilOutput(ctx, len("one\n")); err != nil {
		return err
	}
	reply, err := s.read(ctx, "1", 0, shellMaxBytes, 0)
	if err != nil {
		return err
	}
	if len(reply.Chunks) != 1 || reply.Chunks[0].Seq != 1 || reply.NextSeq != 2 {
		return fmt.Errorf("after one line: expected seq 1 and nextSeq 2, came %d chunks and nextSeq %d",
			len(reply.Chunks), reply.NextSeq)
	}
	if err := next.open(); err != nil {
		return err
	}
	if err := out.untilOutput(ctx, len("one\ntwo\n")); err != nil {
		return err
	}
	if err := end.open(); err != nil {
		return err
	}
	if err := out.until(ctx, isClosed); err != nil {
		return err
	}
	reply = &readReply{}
	err = s.call(ctx, "process/read", map[string]any{"processId": "1", "afterSeq": 0, "waitMs": 0}, reply)
	if err != nil {
		return err
	}
	if !reply.Closed || reply.NextSeq != 5 {
		return fmt.Errorf("after two lines, exit and close: expected closed and nextSeq 5, came closed %v and nextSeq %d",
			reply.Closed, reply.NextSeq)
	}
	return wantBytes("stdout", []byte("one\ntwo\n"), out.stdout)
}

// seqsWithoutGaps: the bridge's cursor is not bought with gaps in the seqs. Three chunks of a
// bridge are 1, 2, 3; the notifications of another client use every seq once.
func seqsWithoutGaps(ctx context.Context, e *env, bridge *session) error {
	other, err := e.connectAs(ctx, "another-client")
	if err != nil {
		return err
	}
	for n, s := range []*session{bridge, other} {
		var gates [3]gate // behind each line, so that every line is a chunk and the exit comes last
		line := ""
		for i := range gates {
			gates[i] = e.gate(fmt.Sprint("gate-", n, "-", i))
			line += "echo x; " + gates[i].wait() + "; "
		}
		if err := s.startShell(ctx, "uexec-1", line, startOptions{}); err != nil {
			return err
		}
		out := s.reader("uexec-1")
		for i, gate := range gates {
			if err := out.untilOutput(ctx, (i+1)*len("x\n")); err != nil {
				return err
			}
			if out.after != int64(i+1) {
				return fmt.Errorf("expected seq %d of the chunk behind %d, came %d", i+1, i, out.after)
			}
			if err := gate.open(); err != nil {
				return err
			}
		}
		if err := out.until(ctx, isClosed); err != nil {
			return err
		}
	}
	return wantNotifiedSeqs(ctx, other, 5)
}

// wantNotifiedSeqs: what was told of a process has the seqs 1 to last, each once.
func wantNotifiedSeqs(ctx context.Context, s *session, last int) error {
	if err := stillServes(ctx, s, "the close"); err != nil {
		return err
	}
	var seqs []int
	for _, method := range []string{"process/output", "process/exited", "process/closed"} {
		for _, in := range s.notified(method) {
			var params struct {
				ProcessID string `json:"processId"`
				Seq       int    `json:"seq"`
			}
			if err := json.Unmarshal(in.Params, &params); err != nil {
				return fmt.Errorf("%s: %w", method, err)
			}
			if params.ProcessID == "uexec-1" {
				seqs = append(seqs, params.Seq)
			}
		}
	}
	sort.Ints(seqs)
	for i, seq := range seqs {
		if seq != i+1 {
			return fmt.Errorf("notifications: expected the seqs 1 to %d, came %v", last, seqs)
		}
	}
	if len(seqs) != last {
		return fmt.Errorf("notifications: expected the seqs 1 to %d, came %v", last, seqs)
	}
	return nil
}

// readOutput is the model's way: exec_command, then write_stdin and read_output in turns; the
// raw nextSeq of a reply is the next after_seq.
func readOutput(ctx context.Context, e *env, s *session) error {
	if err := s.start(ctx, "uexec-1", []string{"cat"}, startOptions{pipeStdin: true}); err != nil {
		return err
	}
	after := int64(0)
	for _, line := range numbered(4) {
		if err := s.write(ctx, "uexec-1", []byte(line+"\n")); err != nil {
			return err
		}
		out := &output{}
		for tries := 0; len(out.stdout) == 0 && tries < 5; tries++ {
			reply, err := s.read(ctx, "uexec-1", after, shellMaxBytes, 1000)
			if err != nil {
				return err
			}
			out.add(reply)
			after = reply.NextSeq
		}
		if err := wantBytes("output of read_output", []byte(line+"\n"), out.stdout); err != nil {
			return err
		}
	}
	_, err := s.terminate(ctx, "uexec-1")
	return err
}
