package main

// How a call's parameters are written: the plain dialect of the bridge, and the
// file:// URI dialect with writeId that today's codex wants. Everything else on
// the wire is the same.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync/atomic"
)

// startForm says what a process/start carries besides argv.
type startForm int

const (
	startOmitted startForm = iota // newest bridge: no env, no arg0, cwd only when given
	startPathEnv                  // older bridge: cwd (default /tmp), a PATH-only env, arg0 null
)

const bridgePath = "/usr/bin:/bin:/usr/local/bin"

type dialect struct {
	name    string
	uri     bool // paths as file:// URIs
	writeID bool // process/write carries writeId
	start   startForm
}

func (d dialect) path(native string) string {
	if !d.uri {
		return native
	}
	return (&url.URL{Scheme: "file", Path: native}).String()
}

// session is a client that has shaken hands, with the bridge's typed calls.
type session struct {
	*client
	env     *env
	dialect dialect
	shells  atomic.Int64
	writes  atomic.Int64
}

// startOptions are what a tool may ask of process/start.
type startOptions struct {
	cwd       string
	tty       bool
	pipeStdin bool
}

func (s *session) start(ctx context.Context, pid string, argv []string, o startOptions) error {
	params := map[string]any{"processId": pid, "argv": argv, "tty": o.tty, "pipeStdin": o.pipeStdin}
	if s.dialect.start == startPathEnv {
		if o.cwd == "" {
			o.cwd = "/tmp"
		}
		params["env"] = map[string]string{"PATH": bridgePath}
		params["arg0"] = nil
	}
	if o.cwd != "" {
		params["cwd"] = s.dialect.path(o.cwd)
	}
	return s.call(ctx, "process/start", params, nil)
}

// chunk is one piece of output; encoding/json decodes the base64.
type chunk struct {
	Seq    int64  `json:"seq"`
	Stream string `json:"stream"`
	Chunk  []byte `json:"chunk"`
}

type readReply struct {
	Chunks   []chunk         `json:"chunks"`
	NextSeq  int64           `json:"nextSeq"`
	Exited   bool            `json:"exited"`
	ExitCode *int            `json:"exitCode"`
	Closed   bool            `json:"closed"`
	Failure  json.RawMessage `json:"failure"`
}

// over is the bridge's end condition: the first of the two flags.
func (r *readReply) over() bool { return r.Exited || r.Closed }

func (r *readReply) failure() string {
	if len(r.Failure) == 0 || string(r.Failure) == "null" {
		return ""
	}
	return string(r.Failure)
}

func (s *session) read(ctx context.Context, pid string, after int64, maxBytes, waitMs int) (*readReply, error) {
	poll, err := s.beginRead(pid, after, maxBytes, waitMs)
	if err != nil {
		return nil, err
	}
	return poll.wait(ctx)
}

// pendingRead is a process/read whose reply is still to come.
type pendingRead struct {
	*pendingCall
	after int64
}

func (s *session) beginRead(pid string, after int64, maxBytes, waitMs int) (*pendingRead, error) {
	call, err := s.begin("process/read", map[string]any{
		"processId": pid, "afterSeq": after, "maxBytes": maxBytes, "waitMs": waitMs,
	})
	return &pendingRead{call, after}, err
}

func (p *pendingRead) wait(ctx context.Context) (*readReply, error) {
	reply := &readReply{}
	if err := p.awaitInto(ctx, reply); err != nil {
		return nil, err
	}
	last := p.after
	for _, c := range reply.Chunks {
		if c.Seq <= last {
			return nil, p.failed("afterSeq %d: expected seqs to rise, came %d after %d", p.after, c.Seq, last)
		}
		last = c.Seq
	}
	return reply, nil
}

// write sends one process/write that must be accepted.
func (s *session) write(ctx context.Context, pid string, data []byte) error {
	return s.writeAs(ctx, pid, data, s.newWriteID())
}

func (s *session) newWriteID() string { return fmt.Sprintf("w-%d", s.writes.Add(1)) }

// writeAs is write with a chosen writeId (which the plain dialect leaves out).
func (s *session) writeAs(ctx context.Context, pid string, data []byte, writeID string) error {
	write, err := s.beginWrite(pid, data, writeID)
	if err != nil {
		return err
	}
	return write.accepted(ctx)
}

// pendingWrite is a process/write whose reply is still to come.
type pendingWrite struct{ *pendingCall }

func (s *session) beginWrite(pid string, data []byte, writeID string) (*pendingWrite, error) {
	params := map[string]any{"processId": pid, "chunk": nonNil(data)}
	if s.dialect.writeID {
		params["writeId"] = writeID
	}
	call, err := s.begin("process/write", params)
	return &pendingWrite{call}, err
}

func (p *pendingWrite) status(ctx context.Context) (string, error) {
	var reply struct {
		Status string `json:"status"`
	}
	err := p.awaitInto(ctx, &reply)
	return reply.Status, err
}

func (p *pendingWrite) accepted(ctx context.Context) error {
	status, err := p.status(ctx)
	if err == nil && status != "accepted" {
		err = p.failed("expected status accepted, came %q", status)
	}
	return err
}

func (s *session) terminate(ctx context.Context, pid string) (running bool, err error) {
	var reply struct {
		Running bool `json:"running"`
	}
	err = s.call(ctx, "process/terminate", map[string]any{"processId": pid}, &reply)
	return reply.Running, err
}

func (s *session) readFile(ctx context.Context, path string) ([]byte, error) {
	var reply struct {
		Data []byte `json:"dataBase64"`
	}
	err := s.call(ctx, "fs/readFile", map[string]any{"path": s.dialect.path(path)}, &reply)
	return reply.Data, err
}

func (s *session) writeFile(ctx context.Context, path string, data []byte, createMissing bool) error {
	params := map[string]any{"path": s.dialect.path(path), "dataBase64": nonNil(data)}
	if createMissing { // false booleans are left out
		params["createMissing"] = true
	}
	return s.call(ctx, "fs/writeFile", params, nil)
}

func (s *session) remove(ctx context.Context, path string) error {
	return s.call(ctx, "fs/remove", map[string]any{"path": s.dialect.path(path)}, nil)
}

func (s *session) copyFile(ctx context.Context, from, to string) error {
	return s.call(ctx, "fs/copy", map[string]any{
		"sourcePath": s.dialect.path(from), "destinationPath": s.dialect.path(to),
	}, nil)
}

// nonNil keeps an empty slice from becoming null in JSON.
func nonNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
