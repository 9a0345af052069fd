package main

// The connection itself: handshake, errors, ids, compression, closing .

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nhooyr.io/websocket"
)

var wireCases = []testCase{
	{name: "string-id", rules: "accept", run: stringID},
	{name: "jsonrpc-in-replies", rules: "wire", run: jsonrpcInReplies},
	{name: "compression-declined", rules: "wire", run: compressionDeclined},
	{name: "normal-closure", rules: "wire", run: normalClosure},
	{name: "pipelined-handshake", rules: "wire", run: pipelinedHandshake},
	{name: "no-output-notification", rules: "wire", run: noOutputNotification},
}

func stringID(ctx context.Context, e *env, s *session) error {
	for _, message := range []string{
		`{"jsonrpc":"2.0","id":"one","method":"process/terminate","params":{"processId":"none"}}`,
		`{"jsonrpc":"2.0","id":"two","method":"process/fly"}`,
		`{"jsonrpc":"2.0","id":"33","method":"process/read","params":{}}`,
	} {
		id := message[len(`{"jsonrpc":"2.0","id":`):strings.Index(message, `,"method"`)]
		if err := s.sendText([]byte(message)); err != nil {
			return err
		}
		if _, err := s.awaitReply(ctx, id); err != nil {
			return err
		}
	}
	return stillServes(ctx, s, "string ids")
}

// jsonrpcInReplies: the auditing gateway books a reply without it as an error. The raw
// frames are seen as strays, by ids the client never gave out.
func jsonrpcInReplies(ctx context.Context, e *env, s *session) error {
	for _, message := range []string{
		`{"jsonrpc":"2.0","id":900,"method":"process/terminate","params":{"processId":"none"}}`,
		`{"jsonrpc":"2.0","id":901,"method":"process/fly"}`,
	} {
		id := message[len(`{"jsonrpc":"2.0","id":`):][:3]
		if err := s.sendText([]byte(message)); err != nil {
			return err
		}
		frame, err := s.awaitReply(ctx, id)
		if err != nil {
			return err
		}
		var reply struct{ JSONRPC string }
		if err := json.Unmarshal([]byte(frame), &reply); err != nil || reply.JSONRPC != "2.0" {
			return fmt.Errorf(`expected "jsonrpc":"2.0" in every reply, came %.200s`, frame)
		}
	}
	return nil
}

// compressionDeclined: the library's default offers permessage-deflate.
func compressionDeclined(ctx context.Context, e *env, _ *session) error {
	c, err := e.dial(ctx, websocket.CompressionNoContextTakeover)
	if err != nil {
		return err
	}
	if extensions := c.handshake.Header.Values("Sec-WebSocket-Extensions"); len(extensions) > 0 {
		return fmt.Errorf("expected no Sec-WebSocket-Extensions, came %q", strings.Join(extensions, ", "))
	}
	s := &session{client: c, env: e, dialect: e.dialect}
	if err := c.hello(ctx, clientName); err != nil {
		return err
	}
	path, data, err := e.randomFile("data", 100000) // above the compression threshold
	if err != nil {
		return err
	}
	got, err := s.readFile(ctx, path)
	if err != nil {
		return err
	}
	return together(wantBytes("fs/readFile", data, got), stillServes(ctx, s, "a declined offer"))
}

// normalClosure: the library waits up to 5 s for the peer's close frame or the end of
// the TCP connection; either will do, at once.
func normalClosure(ctx context.Context, e *env, _ *session) error {
	c, err := dial(ctx, e.url, websocket.CompressionDisabled, &e.log)
	if err != nil {
		return err
	}
	if err := c.hello(ctx, clientName); err != nil {
		return err
	}
	began := time.Now()
	if err := c.close(); err != nil {
		return fmt.Errorf("expected the peer to close too, came %w", err)
	}
	// A peer that does nothing costs the library's whole 5 s.
	if took := time.Since(began); took > 4*time.Second {
		return fmt.Errorf("closing with 1000: expected the peer's close at once, the library waited %.2fs", took.Seconds())
	}
	return nil
}

// pipelinedHandshake: calls may follow initialized at once, without any pause.
func pipelinedHandshake(ctx context.Context, e *env, _ *session) error {
	return parallel(ctx, 8, func(ctx context.Context, i int) error {
		s, err := e.connect(ctx)
		if err != nil {
			return err
		}
		return stillServes(ctx, s, "the handshake")
	})
}

// noOutputNotification: a bridge would drop them all, so none may cross the wire.
func noOutputNotification(ctx context.Context, e *env, s *session) error {
	out, err := s.sh(ctx, "for i in 1 2 3 4 5; do echo line; sleep 0.1; done")
	if err != nil {
		return err
	}
	if err := wantExit(out, 0); err != nil {
		return err
	}
	// A later reply travels behind every earlier notification.
	if _, err := s.sh(ctx, "echo after"); err != nil {
		return err
	}
	if n := len(s.notified("process/output")); n != 0 {
		return fmt.Errorf("expected no process/output notification, came %d", n)
	}
	return nil
}
