package main

// Calls: a request, the wait for its reply, and the record of what was called.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// callError is what went wrong with a call of the method.
type callError struct {
	method string
	err    error
}

func (e *callError) Error() string { return e.method + ": " + e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// callLog notes the methods a case calls.
type callLog struct {
	mu     sync.Mutex
	called map[string]bool
	last   string
}

func (l *callLog) add(method string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.called == nil {
		l.called = map[string]bool{}
	}
	l.called[method] = true
	l.last = method
}

// verdicts gives "pass" for each called method but the one to blame, which gets the verdict of
// the case. An error is put down to the call it came from; what a check found, to the last call
// before it.
func (l *callLog) verdicts(err error) map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	blamed := ""
	if err != nil {
		var call *callError
		if blamed = l.last; errors.As(err, &call) {
			blamed = call.method
		}
	}
	verdicts := map[string]string{}
	for method := range l.called {
		verdicts[method] = verdictPass
		if method == blamed {
			verdicts[method] = verdictOf(err)
		}
	}
	return verdicts
}

// pendingCall is a request whose reply is still to come.
type pendingCall struct {
	client *client
	method string
	reply  chan incoming
}

// begin sends a request: when it returns, the request is in front of whatever is sent later.
func (c *client) begin(method string, params any) (*pendingCall, error) {
	c.log.add(method)
	return c.beginUnlogged(method, params)
}

// beginUnlogged is begin for methods that are not in the protocol.
func (c *client) beginUnlogged(method string, params any) (*pendingCall, error) {
	p := &pendingCall{c, method, make(chan incoming, 1)}
	c.mu.Lock()
	if c.readErr != nil {
		c.mu.Unlock()
		return nil, p.failed("connection ended: %w", c.readErr)
	}
	c.nextID++
	id := c.nextID
	c.pending[id] = p.reply
	c.mu.Unlock()

	if err := c.send(request{JSONRPC: "2.0", ID: &id, Method: method, Params: params}); err != nil {
		return nil, p.failed("send: %w", err)
	}
	return p, nil
}

func (p *pendingCall) failed(format string, args ...any) error {
	return &callError{p.method, fmt.Errorf(format, args...)}
}

// answered says whether the reply is here. Frames are taken in order: what the server sent
// before the reply to another call is here when that call is over.
func (p *pendingCall) answered() bool { return len(p.reply) > 0 }

func (p *pendingCall) await(ctx context.Context) (json.RawMessage, error) {
	timeout := time.NewTimer(callTimeout)
	defer timeout.Stop()
	select {
	case in, ok := <-p.reply:
		switch {
		case !ok:
			return nil, p.failed("connection ended: %w", p.client.readError())
		case in.Error != nil:
			return nil, &callError{p.method, in.Error}
		}
		return in.Result, nil
	case <-timeout.C:
		return nil, p.failed("no reply in %v", callTimeout)
	case <-ctx.Done():
		return nil, p.failed("no reply within the time limit")
	}
}

// awaitInto decodes the result into result (unless nil).
func (p *pendingCall) awaitInto(ctx context.Context, result any) error {
	raw, err := p.await(ctx)
	if err != nil || result == nil || len(raw) == 0 {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return p.failed("result does not decode: %w: %.200s", err, raw)
	}
	return nil
}

// call sends a request and decodes its result into result (unless nil).
func (c *client) call(ctx context.Context, method string, params, result any) error {
	p, err := c.begin(method, params)
	if err != nil {
		return err
	}
	return p.awaitInto(ctx, result)
}

// errorCode gives the code of a JSON-RPC error inside err, or 0.
func errorCode(err error) int64 {
	var rpc *rpcError
	if errors.As(err, &rpc) {
		return rpc.Code
	}
	return 0
}
