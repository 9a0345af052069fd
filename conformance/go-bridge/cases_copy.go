package main

// The copy pump between two clients of one server.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

var copyCases = []testCase{
	{name: "copy-100mb", rules: "R5,R7", heavy: true, once: true, run: copyLarge},
	{name: "copy-small", rules: "R2,R7", run: copySmall},
	{name: "copy-missing-source", rules: "replies", run: copyMissingSource},
}

// copySmall: the sizes at which an end comes with the first reply, or with none.
func copySmall(ctx context.Context, e *env, from *session) error {
	for _, size := range []int{0, 1, 65536, 65537} {
		if err := copyOf(ctx, e, from, size); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
	}
	return nil
}

func copyLarge(ctx context.Context, e *env, from *session) error {
	return copyOf(ctx, e, from, e.copyMiB<<20)
}

func copyOf(ctx context.Context, e *env, from *session, size int) error {
	to, err := e.connect(ctx)
	if err != nil {
		return err
	}
	src, _, err := e.randomFile("src", size)
	if err != nil {
		return err
	}
	dst := e.file("dst")
	if err := pump(ctx, from, to, src, dst); err != nil {
		return err
	}
	return wantSameFile(src, dst)
}

// wantSameFile compares at once: the mv is done, so the bytes must be there. When they
// are not, it says whether they came later.
func wantSameFile(src, dst string) error {
	want, wantSize, err := fileSum(src)
	if err != nil {
		return err
	}
	got, gotSize, err := fileSum(dst)
	if err != nil {
		return err
	}
	if got == want {
		return nil
	}
	began, verdict := time.Now(), "not whole 3 s later either"
	for time.Since(began) < 3*time.Second {
		time.Sleep(50 * time.Millisecond)
		if later, _, err := fileSum(dst); err == nil && later == want {
			verdict = fmt.Sprintf("whole %.2fs later", time.Since(began).Seconds())
			break
		}
	}
	return fmt.Errorf("after mv: expected %d bytes with sha256 %.8x, came %d bytes with %.8x; %s",
		wantSize, want, gotSize, got, verdict)
}

// copyMissingSource: the failure is seen and no partial file stays. The source waits for that file:
// a destination that is terminated before it has opened it may still do so behind the rm.
func copyMissingSource(ctx context.Context, e *env, s *session) error {
	var failed errSourceFailed
	source := "until ls " + quote(e.dir) + " | grep -q partial; do sleep 0.02; done; cat " + quote(e.file("missing"))
	err := pumpFrom(ctx, s, s, source, e.file("dst"))
	if !errors.As(err, &failed) || failed.code == nil || *failed.code != 1 {
		return fmt.Errorf("expected cat to end with exit code 1, came %s", showErr(err))
	}
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return err
	}
	if len(entries) != 0 {
		return fmt.Errorf("expected no file left behind, came %s", entries[0].Name())
	}
	return nil
}
