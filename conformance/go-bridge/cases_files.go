package main

// The file tools: read_file, write_file and apply_patch.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

var fileCases = []testCase{
	{name: "fs-write-read", rules: "replies", run: fsWriteRead},
	{name: "fs-8mib", rules: "replies", heavy: true, run: fsLarge},
	{name: "fs-odd-names", rules: "accept", run: fsOddNames},
	{name: "fs-create-missing", rules: "accept", run: fsCreateMissing},
	{name: "fs-remove", rules: "accept", run: fsRemove},
	{name: "fs-copy", rules: "accept", run: fsCopy},
	{name: "fs-move", rules: "accept", run: fsMove},
	{name: "fs-missing-file", rules: "replies", run: fsMissingFile},
}

// roundTrip writes through the server, checks the disk, and reads back.
func roundTrip(ctx context.Context, s *session, path string, data []byte) error {
	if err := s.writeFile(ctx, path, data, false); err != nil {
		return err
	}
	onDisk, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	back, err := s.readFile(ctx, path)
	if err != nil {
		return err
	}
	return together(wantBytes("file on disk", data, onDisk), wantBytes("fs/readFile", data, back))
}

func fsWriteRead(ctx context.Context, e *env, s *session) error {
	path := e.file("file")
	for _, content := range []string{"first and longer\n", "second\n", "", "\x00\xff\xfe binary"} {
		if err := roundTrip(ctx, s, path, []byte(content)); err != nil {
			return fmt.Errorf("content %q: %w", content, err)
		}
	}
	return nil
}

// fsLarge stays below the 16 MiB frame limit with its base64.
func fsLarge(ctx context.Context, e *env, s *session) error {
	_, data, err := e.randomFile("data", 8<<20)
	if err != nil {
		return err
	}
	return roundTrip(ctx, s, e.file("large"), data)
}

// fsOddNames: a string that begins with / is a path, never percent-decoded.
func fsOddNames(ctx context.Context, e *env, s *session) error {
	for _, name := range []string{"a blank", "per%41cent", "ümläut", "quest?ion#hash", "back\\slash"} {
		if e.dialect.uri && name == "back\\slash" {
			continue // file URIs take a backslash for a separator
		}
		if err := roundTrip(ctx, s, e.file(name), []byte(name)); err != nil {
			return fmt.Errorf("name %q: %w", name, err)
		}
	}
	return nil
}

func fsCreateMissing(ctx context.Context, e *env, s *session) error {
	path := filepath.Join(e.dir, "new", "deep", "file")
	if err := s.writeFile(ctx, path, []byte("made"), true); err != nil {
		return fmt.Errorf("createMissing: expected success, came %w", err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := wantBytes("file on disk", []byte("made"), got); err != nil {
		return err
	}
	// It overwrites too, and without it parents are not made.
	if err := s.writeFile(ctx, path, []byte("again"), true); err != nil {
		return fmt.Errorf("createMissing on an existing file: expected success, came %w", err)
	}
	err = s.writeFile(ctx, filepath.Join(e.dir, "other", "file"), []byte("x"), false)
	return wantCode("fs/writeFile into a missing directory", err, -32004)
}

func fsRemove(ctx context.Context, e *env, s *session) error {
	file, tree := e.file("file"), e.file("tree")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(tree, "sub"), 0o755); err != nil {
		return err
	}
	for _, path := range []string{file, tree, e.file("never-was")} { // recursive and force by default
		if err := s.remove(ctx, path); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			return fmt.Errorf("%s: expected it gone, it is there (%v)", filepath.Base(path), err)
		}
	}
	return nil
}

func fsCopy(ctx context.Context, e *env, s *session) error {
	from, data, err := e.randomFile("from", 1000)
	if err != nil {
		return err
	}
	if err := s.copyFile(ctx, from, e.file("to")); err != nil {
		return fmt.Errorf("fs/copy without recursive: %w", err)
	}
	got, err := os.ReadFile(e.file("to"))
	if err != nil {
		return err
	}
	if err := wantBytes("copy", data, got); err != nil {
		return err
	}
	// recursive is false when absent.
	return wantCode("fs/copy of a directory without recursive", s.copyFile(ctx, e.dir, e.dir+"-copy"), -32600)
}

// fsMove is what apply_patch does for a rename: copy, then remove.
func fsMove(ctx context.Context, e *env, s *session) error {
	from, data, err := e.randomFile("from", 1000)
	if err != nil {
		return err
	}
	if err := s.copyFile(ctx, from, e.file("to")); err != nil {
		return err
	}
	if err := s.remove(ctx, from); err != nil {
		return err
	}
	got, err := os.ReadFile(e.file("to"))
	if err != nil {
		return err
	}
	if _, err := os.Lstat(from); !os.IsNotExist(err) {
		return fmt.Errorf("expected the source gone, it is there (%v)", err)
	}
	return wantBytes("moved file", data, got)
}

func fsMissingFile(ctx context.Context, e *env, s *session) error {
	_, err := s.readFile(ctx, e.file("missing"))
	return wantCode("fs/readFile", err, -32004)
}
