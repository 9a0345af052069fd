package main

// The copy pump: cat on the source, one process/write per stdout chunk into
// cat > DST.partial-UUID, terminate for want of a "close stdin", then mv.

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

const (
	pumpMaxBytes = 1 << 20
	pumpWaitMs   = 250
	drainLimit   = 10 * time.Second
)

// errSourceFailed: the source program itself ended badly.
type errSourceFailed struct{ code *int }

func (e errSourceFailed) Error() string {
	return "source: expected exit code 0, came " + showCode(e.code)
}

func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// pump copies src (on from) to dst (on to); the two may be the same session.
func pump(ctx context.Context, from, to *session, src, dst string) error {
	return pumpFrom(ctx, from, to, "cat "+quote(src), dst)
}

// pumpFrom is pump with another source than cat.
func pumpFrom(ctx context.Context, from, to *session, srcLine, dst string) error {
	id := newUUID()
	partial := dst + ".partial-" + id
	srcPid, dstPid := "copy-src-"+id, "copy-dst-"+id
	err := pumpBytes(ctx, from, to, srcPid, dstPid, srcLine, "cat > "+quote(partial))
	if err != nil {
		cleanup, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		from.terminate(cleanup, srcPid)
		to.terminate(cleanup, dstPid)
		to.sh(cleanup, "rm -f "+quote(partial))
		return err
	}
	return move(ctx, to, partial, dst)
}

func pumpBytes(ctx context.Context, from, to *session, srcPid, dstPid, srcLine, dstLine string) error {
	if err := from.start(ctx, srcPid, []string{"sh", "-c", srcLine}, startOptions{}); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if err := to.start(ctx, dstPid, []string{"sh", "-c", dstLine}, startOptions{pipeStdin: true}); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	var after int64
	for over := false; !over; {
		reply, err := from.read(ctx, srcPid, after, pumpMaxBytes, pumpWaitMs)
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		for _, c := range reply.Chunks {
			if c.Stream != "stdout" {
				continue
			}
			if err := to.write(ctx, dstPid, c.Chunk); err != nil {
				return fmt.Errorf("destination: %w", err)
			}
		}
		after, over = reply.NextSeq, reply.over()
		if over && reply.Exited && (reply.ExitCode == nil || *reply.ExitCode != 0) {
			return errSourceFailed{reply.ExitCode}
		}
	}
	if _, _, err := to.drainIdle(ctx, dstPid, 0, drainLimit); err != nil {
		return fmt.Errorf("destination drain: %w", err)
	}
	if _, err := to.terminate(ctx, dstPid); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	return nil
}

// move starts mv right behind the terminate and polls it to its end.
func move(ctx context.Context, to *session, partial, dst string) error {
	pid := "copy-mv-" + newUUID()[:8]
	if err := to.start(ctx, pid, []string{"sh", "-c", "mv " + quote(partial) + " " + quote(dst)}, startOptions{}); err != nil {
		return fmt.Errorf("mv: %w", err)
	}
	out := &output{}
	for after := int64(0); !out.over; {
		reply, err := to.read(ctx, pid, after, 4096, shellWaitMs)
		if err != nil {
			return fmt.Errorf("mv: %w", err)
		}
		out.add(reply)
		after = reply.NextSeq
	}
	if out.exitCode == nil || *out.exitCode != 0 {
		return fmt.Errorf("mv: expected exit code 0, came %s, stderr %q", out, out.stderr)
	}
	return nil
}
