package main

// Assertions: each gives nil, or an error that says what was expected and what came.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// unblockedLimit is how long a case waits for what nothing has a right to delay.
const unblockedLimit = 20 * time.Second

func showCode(code *int) string {
	if code == nil {
		return "null"
	}
	return fmt.Sprint(*code)
}

func wantBytes(what string, want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	if len(want) <= 200 && len(got) <= 200 {
		return fmt.Errorf("%s: expected %q, came %q", what, want, got)
	}
	return fmt.Errorf("%s: expected %d bytes, came %d (%d missing), first difference at byte %d",
		what, len(want), len(got), len(want)-len(got), at)
}

// wantLines compares numbered lines and names the missing ones.
func wantLines(want []string, got []byte) error {
	text := strings.Join(want, "\n") + "\n"
	if text == string(got) {
		return nil
	}
	came := map[string]bool{}
	lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n")
	for _, line := range lines {
		came[line] = true
	}
	var missing []string
	for _, line := range want {
		if !came[line] {
			missing = append(missing, line)
		}
	}
	if len(missing) == 0 {
		return fmt.Errorf("expected %d lines in order, came %d lines in another order or repeated", len(want), len(lines))
	}
	shown := missing
	if len(shown) > 6 {
		shown = shown[:6]
	}
	return fmt.Errorf("expected %d lines, %d are missing (first: %s)", len(want), len(missing), strings.Join(shown, ", "))
}

// wantExit checks that a run ended by itself with the code and without a failure.
func wantExit(out *output, code int) error {
	if !out.over || out.exitCode == nil || *out.exitCode != code || out.failure != "" {
		return fmt.Errorf("expected exit code %d, came: %s", code, out)
	}
	return nil
}

// wantRun checks exit code 0 and the exact stdout.
func wantRun(out *output, stdout []byte) error {
	if err := wantExit(out, 0); err != nil {
		return err
	}
	return wantBytes("stdout", stdout, out.stdout)
}

func wantCode(what string, err error, code int64) error {
	if errorCode(err) == code {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%s: expected error %d, came success", what, code)
	}
	return fmt.Errorf("%s: expected error %d, came %w", what, code, err)
}

func showErr(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// wantUnblocked runs a call that must be answered although something else waits. Nothing
// that it could wait for happens before it is answered, so the limit only bounds a failure.
func wantUnblocked(ctx context.Context, what string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, unblockedLimit)
	defer cancel()
	if err := call(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// parallel runs n functions at once and gives the first error, numbered.
func parallel(ctx context.Context, n int, run func(ctx context.Context, i int) error) error {
	errs := make(chan error, n)
	for i := 0; i < n; i++ {
		go func(i int) {
			err := run(ctx, i)
			if err != nil {
				err = fmt.Errorf("number %d: %w", i, err)
			}
			errs <- err
		}(i)
	}
	var first error
	failed := 0
	for i := 0; i < n; i++ {
		if err := <-errs; err != nil {
			failed++
			if first == nil {
				first = err
			}
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d: %w", failed, n, first)
	}
	return nil
}

// joinedError is several errors, each still to be found by errors.As.
type joinedError []error

func (e joinedError) Error() string {
	var texts []string
	for _, err := range e {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (e joinedError) As(target any) bool {
	for _, err := range e {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// together gives the errors joined, nil if there are none.
func together(errs ...error) error {
	var joined joinedError
	for _, err := range errs {
		if err != nil {
			joined = append(joined, err)
		}
	}
	if joined == nil {
		return nil
	}
	return joined
}

func fileSum(path string) (sum [sha256.Size]byte, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	copy(sum[:], hash.Sum(nil))
	return sum, size, err
}
