package main

// R5 and R6: what is kept for a reader that stays away, and how much a reply holds.

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
)

var retentionCases = []testCase{
	{name: "nobody-reads-for-30s", rules: "R5", once: true, run: nobodyReads},
	{name: "flood-paced-paused-polls", rules: "R5", once: true, run: floodPaced},
	{name: "flood-paused-polls", rules: "R5", once: true, run: floodPausedPolls},
	{name: "flood-stalled-socket", rules: "R5", once: true, run: floodStalledSocket},
	{name: "late-reader-3mb", rules: "R5", run: lateReader},
	{name: "unread-20mb", rules: "R5", run: unread},
	{name: "max-bytes", rules: "R6", run: maxBytes},
	{name: "chunk-size", rules: "R6", run: chunkSize},
}

const (
	floodBytes = 20000000
	floodPause = 1500 * time.Millisecond
	keptBytes  = 1 << 20 // the least that anybody keeps
)

// readAll reads to the close without the shell tool's 240 limit, with 1 MiB replies;
// pause runs after the first reply with output.
func readAll(ctx context.Context, s *session, pid string, pause func()) (*output, error) {
	out := s.reader(pid)
	began := time.Now()
	for paused, closed := false, false; !closed; {
		reply, err := out.next(ctx, pumpMaxBytes, pumpWaitMs)
		if err != nil {
			return nil, err
		}
		closed = reply.Closed
		if !paused && len(reply.Chunks) > 0 {
			paused = true
			pause()
		}
	}
	out.elapsed = time.Since(began)
	return out.output, nil
}

// floodPausedPolls: a reader that has begun stays away while 20 MB come at once.
func floodPausedPolls(ctx context.Context, e *env, s *session) error {
	return flood(ctx, e, s, floodBytes, "cat %s", func() { time.Sleep(floodPause) })
}

// floodPaced: the same with 500 KB every 0.1 s, so that the output comes while nobody reads.
func floodPaced(ctx context.Context, e *env, s *session) error {
	line := "f=%s; i=0; while [ $i -lt 24 ]; do dd if=$f bs=500000 skip=$i count=1 2>/dev/null; i=$((i+1)); sleep 0.1; done"
	return flood(ctx, e, s, 24*500000, line, func() { time.Sleep(floodPause) })
}

// floodStalledSocket: the client takes nothing off the socket, with calls in flight.
func floodStalledSocket(ctx context.Context, e *env, s *session) error {
	return flood(ctx, e, s, floodBytes, "cat %s", func() {
		resume := s.pauseReading()
		time.AfterFunc(floodPause, resume)
	})
}

func flood(ctx context.Context, e *env, s *session, size int, line string, pause func()) error {
	path, data, err := e.randomFile("flood", size)
	if err != nil {
		return err
	}
	if err := s.startShell(ctx, "uexec-1", fmt.Sprintf(line, quote(path)), startOptions{}); err != nil {
		return err
	}
	out, err := readAll(ctx, s, "uexec-1", pause)
	if err != nil {
		return err
	}
	return wantRun(out, data)
}

// lateReader: 3 MB are few enough to be kept for a reader that comes when all is over.
func lateReader(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 3000000)
	if err != nil {
		return err
	}
	written := e.gate("written")
	if err := s.startShell(ctx, "uexec-1", "cat "+quote(path)+"; "+written.pass(), startOptions{}); err != nil {
		return err
	}
	if !written.opened(ctx, unblockedLimit) {
		return fmt.Errorf("expected the process to print 3 MB that nobody reads, it hangs")
	}
	out, err := readAll(ctx, s, "uexec-1", func() {})
	if err != nil {
		return err
	}
	return wantRun(out, data)
}

// wantTail: what came is the end of the data, without a gap, and at least what must be kept.
func wantTail(out *output, data []byte) error {
	if err := wantExit(out, 0); err != nil {
		return err
	}
	if len(out.stdout) < keptBytes/2 || !bytes.HasSuffix(data, out.stdout) {
		return fmt.Errorf("expected at least the last %d of %d bytes and no gap, came %d bytes, the end of it: %v",
			keptBytes/2, len(data), len(out.stdout), bytes.HasSuffix(data, out.stdout))
	}
	return nil
}

// unread: of 20 MB that nobody has read the oldest may go, but nothing from the middle. The
// reader comes when the process is over, or is held back: has written nothing for a second.
func unread(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", floodBytes)
	if err != nil {
		return err
	}
	written := e.gate("written")
	line := fmt.Sprintf("i=0; while [ $i -lt 40 ]; do dd if=%s bs=500000 skip=$i count=1 2>/dev/null; i=$((i+1)); echo >> %s; done; %s",
		quote(path), quote(e.file("progress")), written.pass())
	if err := s.startShell(ctx, "uexec-1", line, startOptions{}); err != nil {
		return err
	}
	for before := int64(-1); !written.opened(ctx, time.Second); {
		progress := int64(0)
		if info, err := os.Stat(e.file("progress")); err == nil {
			progress = info.Size()
		}
		if progress == before {
			break
		}
		before = progress
	}
	out, err := readAll(ctx, s, "uexec-1", func() {})
	if err != nil {
		return err
	}
	return wantTail(out, data)
}

// nobodyReads: a process that has ended stays readable for 30 s, and one that was read in the
// beginning is not held back for ever by a reader that went away.
func nobodyReads(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", floodBytes)
	if err != nil {
		return err
	}
	written := e.gate("written")
	if err := s.startShell(ctx, "uexec-1", "cat "+quote(path)+"; "+written.pass(), startOptions{}); err != nil {
		return err
	}
	left := s.reader("uexec-1")
	if err := left.untilOutput(ctx, 1); err != nil {
		return err
	}
	if err := s.startShell(ctx, "uexec-2", "echo kept; exit 9", startOptions{}); err != nil {
		return err
	}
	kept := s.reader("uexec-2")
	if err := kept.until(ctx, isClosed); err != nil {
		return err
	}
	time.Sleep(30 * time.Second)
	again := s.reader("uexec-2")
	again.after = kept.after
	if err := again.until(ctx, isOver); err != nil {
		return fmt.Errorf("30 s after its end: %w", err)
	}
	if err := wantExit(again.output, 9); err != nil {
		return fmt.Errorf("30 s after its end: %w", err)
	}
	released := written.isOpen()
	out, err := readAll(ctx, s, "uexec-1", func() {})
	if err != nil {
		return err
	}
	if released {
		return wantTail(out, data)
	}
	rest := append(left.stdout, out.stdout...)
	if err := wantBytes("stdout of a process that was held back for 30 s", data, rest); err != nil {
		return err
	}
	return errDeviates{"retained-8mib", "nobody read for 30 s and the process was still held back; nothing was lost"}
}

// maxBytes: it bounds the sum of a reply, but the first chunk is always given.
func maxBytes(ctx context.Context, e *env, s *session) error {
	path, data, err := e.randomFile("data", 300000)
	if err != nil {
		return err
	}
	for _, limit := range []int{1, 10000, shellMaxBytes, 100000} {
		pid := fmt.Sprint("shell-", limit)
		if err := s.start(ctx, pid, []string{"cat", path}, startOptions{}); err != nil {
			return err
		}
		out := s.reader(pid)
		for len(out.stdout) < len(data) {
			reply, err := out.next(ctx, limit, shellWaitMs)
			if err != nil {
				return err
			}
			sum := 0
			for _, c := range reply.Chunks {
				sum += len(c.Chunk)
			}
			if sum > limit && len(reply.Chunks) > 1 {
				return fmt.Errorf("maxBytes %d: expected at most that or one chunk, came %d bytes in %d chunks",
					limit, sum, len(reply.Chunks))
			}
			if reply.Closed && len(reply.Chunks) == 0 {
				break
			}
		}
		if err := wantBytes("stdout", data, out.stdout); err != nil {
			return fmt.Errorf("maxBytes %d: %w", limit, err)
		}
	}
	return nil
}

// chunkSize: the pump makes a write of every chunk, one after the other.
func chunkSize(ctx context.Context, e *env, s *session) error {
	const size, largest, least = 3000000, 64 << 10, 4 << 10
	path, _, err := e.randomFile("data", size)
	if err != nil {
		return err
	}
	if err := s.start(ctx, "copy-src-1", []string{"cat", path}, startOptions{}); err != nil {
		return err
	}
	out, chunks := s.reader("copy-src-1"), 0
	for !out.over {
		reply, err := out.next(ctx, pumpMaxBytes, pumpWaitMs)
		if err != nil {
			return err
		}
		for _, c := range reply.Chunks {
			if len(c.Chunk) > largest {
				return fmt.Errorf("expected chunks of at most %d bytes, came one of %d", largest, len(c.Chunk))
			}
			chunks++
		}
	}
	if chunks == 0 || len(out.stdout)/chunks < least {
		return fmt.Errorf("expected chunks of %d bytes and more on the average, came %d chunks for %d bytes", least, chunks, len(out.stdout))
	}
	return nil
}
