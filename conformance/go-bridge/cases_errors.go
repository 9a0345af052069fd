package main

// R10: whatever comes is answered with its own error or ignored; the connection stays, and
// with it the processes and the open calls.

import (
	"context"
	"encoding/json"
	"fmt"
)

var errorCases = []testCase{
	{name: "bad-params", rules: "R10", run: badParams},
	{name: "unknown-method", rules: "R10", run: unknownMethod},
	{name: "unknown-notification", rules: "R10", run: unknownNotification},
	{name: "unparsable-text", rules: "R10", run: unparsableText},
	{name: "errors-spare-the-rest", rules: "R10", run: errorsSpareTheRest},
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

func badParams(ctx context.Context, e *env, s *session) error {
	full := func(member string, value any) map[string]any {
		params := map[string]any{"processId": "p", "argv": []string{"true"}, "tty": false,
			"cwd": s.dialect.path("/tmp"), "env": map[string]string{}, "arg0": nil}
		params[member] = value
		return params
	}
	for _, bad := range []struct {
		what, method string
		params       any
		code         int64
	}{
		{"no params at all", "process/start", nil, -32602},
		{"an empty argv", "process/start", full("argv", []string{}), -32602},
		{"argv of a wrong type", "process/start", full("argv", "true"), -32602},
		{"env of a wrong type", "process/start", full("env", []string{"A=B"}), -32602},
		{"params without processId", "process/read", map[string]any{}, -32602},
		{"params of a wrong type", "process/read", map[string]any{"processId": 5}, -32602},
		{"a negative waitMs", "process/read", map[string]any{"processId": "p", "waitMs": -1}, -32602},
		{"a chunk that is no base64", "process/write", map[string]any{"processId": "p", "writeId": "w", "chunk": "%"}, -32602},
		{"no processId", "process/terminate", map[string]any{}, -32602},
		{"no path", "fs/readFile", map[string]any{}, -32602},
		{"data that is no base64", "fs/writeFile", map[string]any{"path": s.dialect.path(e.file("f")), "dataBase64": "%"}, -32600},
		{"a second initialize", "initialize", map[string]any{"clientName": clientName}, -32600},
	} {
		err := wantCode(bad.method+" with "+bad.what, s.call(ctx, bad.method, bad.params, nil), bad.code)
		if err != nil {
			return err
		}
		if err := stillServes(ctx, s, bad.what); err != nil {
			return err
		}
	}
	return nil
}

func unknownMethod(ctx context.Context, e *env, s *session) error {
	for _, method := range []string{"process/fly", "process", "", "initialized", "rpc.discover"} {
		call, err := s.beginUnlogged(method, map[string]any{})
		if err != nil {
			return err
		}
		if err := wantCode(fmt.Sprintf("method %q", method), call.awaitInto(ctx, nil), -32601); err != nil {
			return err
		}
		if err := stillServes(ctx, s, fmt.Sprintf("method %q", method)); err != nil {
			return err
		}
	}
	return nil
}

// unknownNotification: a method without an id wants no answer, and one that is unknown no notice.
func unknownNotification(ctx context.Context, e *env, s *session) error {
	for _, method := range []string{"process/fly", "notifications/cancelled"} {
		if err := s.send(request{JSONRPC: "2.0", Method: method}); err != nil {
			return err
		}
		if err := stillServes(ctx, s, "the notification "+method); err != nil {
			return err
		}
	}
	return nil
}

// unparsableText: it is ignored, or answered with -32700 or -32600 and an id nobody uses.
func unparsableText(ctx context.Context, e *env, s *session) error {
	for _, text := range []string{
		"not json", "", "{", "{}", `[]`, `"text"`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":1.5,"method":"x"}`,
		`{"jsonrpc":"2.0","id":{},"method":"x"}`, `{"jsonrpc":"2.0","id":7,"method":5}`,
	} {
		if err := s.sendText([]byte(text)); err != nil {
			return fmt.Errorf("text %q: send: %w", text, err)
		}
		if err := stillServes(ctx, s, fmt.Sprintf("text %q", text)); err != nil {
			return err
		}
	}
	for _, frame := range s.strayFrames() {
		var reply struct {
			Error *rpcError `json:"error"`
		}
		err := json.Unmarshal([]byte(frame), &reply)
		if err != nil || reply.Error == nil || reply.Error.Code != -32700 && reply.Error.Code != -32600 {
			return fmt.Errorf("answer to an unparsable text: expected error -32700 or -32600, came %.200s", frame)
		}
	}
	return nil
}

// errorsSpareTheRest: a process and a poll of it outlive every kind of error.
func errorsSpareTheRest(ctx context.Context, e *env, s *session) error {
	release := e.gate("release")
	if err := s.startShell(ctx, "uexec-1", release.wait()+"; exit 8", startOptions{}); err != nil {
		return err
	}
	out := s.reader("uexec-1")
	poll, err := out.begin(shellMaxBytes, longPollMs)
	if err != nil {
		return err
	}
	for _, text := range []string{
		`{"jsonrpc":"2.0","id":901,"method":"process/read","params":{"processId":5}}`,
		`{"jsonrpc":"2.0","id":902,"method":"process/fly"}`,
		"not json",
	} {
		if err := s.sendText([]byte(text)); err != nil {
			return fmt.Errorf("text %q: send: %w", text, err)
		}
	}
	if err := release.open(); err != nil {
		return err
	}
	if err := out.untilOver(ctx, poll); err != nil {
		return err
	}
	// A server that takes one request after the other answers these only now.
	for _, id := range []string{"901", "902"} {
		if _, err := s.awaitReply(ctx, id); err != nil {
			return err
		}
	}
	return together(wantExit(out.output, 8), stillServes(ctx, s, "the errors"))
}
