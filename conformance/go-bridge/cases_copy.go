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
	{name: "copy-100mb", heavy: true, run: func(ctx context.Context, e *env) error { return copyOf(ctx, e, e.copyMiB<<20) }},
	{name: "copy-small", run: copySmall},
	{name: "copy-missing-source", run: copyMissingSource},
}

// copySmall: the sizes at which an end comes with the first reply, or with none.
func copySmall(ctx context.Context, e *env) error {
	for _, size := range []int{0, 1, 65536, 65537} {
		if err := copyOf(ctx, e, size); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
	}
	return nil
}

func copyOf(ctx context.Context, e *env, size int) error {
	from, err := e.connect(ctx)
	if err != nil {
		return err
	}
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

// copyMissingSource: the failure is seen and no partial file stays.
func copyMissingSource(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	var failed errSourceFailed
	err = pump(ctx, s, s, e.file("missing"), e.file("dst"))
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
