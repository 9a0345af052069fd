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

// prompt is how long a call may take that nothing has a right to delay.
const prompt = time.Second

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
	return fmt.Errorf("%s: expected error %d, came %s", what, code, showErr(err))
}

func showErr(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// wantPrompt runs a call and checks that it is over within the limit.
func wantPrompt(what string, call func() error) error {
	began := time.Now()
	if err := call(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if took := time.Since(began); took > prompt {
		return fmt.Errorf("%s: expected an answer within %v, came after %.2fs", what, prompt, took.Seconds())
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

// together gives the errors joined, nil if there are none.
func together(errs ...error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
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
