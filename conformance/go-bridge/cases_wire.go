package main

// The connection itself: handshake, errors, ids, compression, closing (R10).

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nhooyr.io/websocket"
)

var wireCases = []testCase{
	{name: "errors-keep-connection", run: errorsKeepConnection},
	{name: "string-id", run: stringID},
	{name: "jsonrpc-in-replies", run: jsonrpcInReplies},
	{name: "compression-declined", run: compressionDeclined},
	{name: "normal-closure", run: normalClosure},
	{name: "pipelined-handshake", run: pipelinedHandshake},
}

// stillServes checks that the session goes on, processes and all (not their output).
func stillServes(ctx context.Context, s *session, what string) error {
	out, err := s.exec(ctx, "", "true")
	if err == nil {
		err = wantExit(out, 0)
	}
	if err != nil {
		return fmt.Errorf("after %s: %w", what, err)
	}
	return nil
}

func errorsKeepConnection(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	for _, bad := range []struct {
		what, method string
		params       any
		code         int64
	}{
		{"params without processId", "process/read", map[string]any{}, -32602},
		{"params of a wrong type", "process/read", map[string]any{"processId": 5}, -32602},
		{"no params at all", "process/start", nil, -32602},
		{"an unknown method", "process/fly", map[string]any{}, -32601},
		{"an empty argv", "process/start", map[string]any{"processId": "p", "argv": []string{}, "tty": false,
			"cwd": s.dialect.path("/tmp"), "env": map[string]string{}}, -32602},
		{"a second initialize", "initialize", map[string]any{"clientName": clientName}, -32600},
	} {
		_, err := s.callRaw(ctx, bad.method, bad.params)
		if err := wantCode(bad.what, err, bad.code); err != nil {
			return err
		}
		if err := stillServes(ctx, s, bad.what); err != nil {
			return err
		}
	}
	for _, text := range []string{"not json", "", "{", `[]`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":1.5,"method":"x"}`} {
		if err := s.sendText([]byte(text)); err != nil {
			return fmt.Errorf("after %q: send: %w", text, err)
		}
		if err := stillServes(ctx, s, fmt.Sprintf("text %q", text)); err != nil {
			return err
		}
	}
	return nil
}

func stringID(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	for _, message := range []string{
		`{"jsonrpc":"2.0","id":"one","method":"process/terminate","params":{"processId":"none"}}`,
		`{"jsonrpc":"2.0","id":"two","method":"process/fly"}`,
		`{"jsonrpc":"2.0","id":"33","method":"process/read","params":{}}`,
	} {
		var sent struct{ ID string }
		if err := json.Unmarshal([]byte(message), &sent); err != nil {
			return err
		}
		if err := s.sendText([]byte(message)); err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := s.awaitStray(wait, func(frame string) bool {
			var reply struct{ ID any }
			return json.Unmarshal([]byte(frame), &reply) == nil && reply.ID == sent.ID
		})
		cancel()
		if err != nil {
			return fmt.Errorf("expected a reply with the string id %q: %w", sent.ID, err)
		}
	}
	return stillServes(ctx, s, "string ids")
}

// jsonrpcInReplies: the auditing gateway books a reply without it as an error. The raw
// frames are seen as strays, by ids the client never gave out.
func jsonrpcInReplies(ctx context.Context, e *env) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	for _, message := range []string{
		`{"jsonrpc":"2.0","id":900,"method":"process/terminate","params":{"processId":"none"}}`,
		`{"jsonrpc":"2.0","id":901,"method":"process/fly"}`,
	} {
		id := message[len(`{"jsonrpc":"2.0","id":`):][:3]
		if err := s.sendText([]byte(message)); err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, 5*time.Second)
		frame, err := s.awaitStray(wait, func(frame string) bool {
			var reply struct{ ID json.Number }
			return json.Unmarshal([]byte(frame), &reply) == nil && reply.ID.String() == id
		})
		cancel()
		if err != nil {
			return fmt.Errorf("expected a reply to id %s: %w", id, err)
		}
		var reply struct{ JSONRPC string }
		if err := json.Unmarshal([]byte(frame), &reply); err != nil || reply.JSONRPC != "2.0" {
			return fmt.Errorf(`expected "jsonrpc":"2.0" in every reply, came %.200s`, frame)
		}
	}
	return nil
}

// compressionDeclined: the library's default offers permessage-deflate.
func compressionDeclined(ctx context.Context, e *env) error {
	c, err := e.dial(ctx, websocket.CompressionNoContextTakeover)
	if err != nil {
		return err
	}
	if extensions := c.handshake.Header.Values("Sec-WebSocket-Extensions"); len(extensions) > 0 {
		return fmt.Errorf("expected no Sec-WebSocket-Extensions, came %q", strings.Join(extensions, ", "))
	}
	s := &session{client: c, dialect: e.dialect}
	if err := c.hello(ctx); err != nil {
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
func normalClosure(ctx context.Context, e *env) error {
	c, err := dial(ctx, e.url, websocket.CompressionDisabled)
	if err != nil {
		return err
	}
	if err := c.hello(ctx); err != nil {
		return err
	}
	return wantPrompt("closing with 1000", func() error {
		if err := c.close(); err != nil {
			return fmt.Errorf("expected the peer to close too, came %w", err)
		}
		return nil
	})
}

// pipelinedHandshake: calls may follow initialized at once, without any pause.
func pipelinedHandshake(ctx context.Context, e *env) error {
	return parallel(ctx, 8, func(ctx context.Context, i int) error {
		s, err := e.connect(ctx)
		if err != nil {
			return err
		}
		return stillServes(ctx, s, "the handshake")
	})
}
