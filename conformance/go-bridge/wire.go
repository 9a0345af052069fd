package main

// The wire client: JSON-RPC 2.0 over one WebSocket, shared by any number of
// goroutines. It decodes as strictly (and as loosely) as the env-mcp bridge:
// ids are integers, anything undecodable is dropped, notifications are dropped.
// What was dropped is kept for the cases that ask for it.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"nhooyr.io/websocket"
)

const (
	clientName  = "codex-env-mcp"
	callTimeout = 60 * time.Second
	maxStrays   = 64

	maxNotifications = 10000
)

// rpcError is the error member of a reply.
type rpcError struct {
	Code    int64  `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return fmt.Sprintf("error %d %q", e.Code, e.Message) }

// request is what goes out; a nil Params or ID leaves the member out.
type request struct {
	JSONRPC string `json:"jsonrpc"`
	ID      *int64 `json:"id,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params,omitempty"`
}

// incoming is what the bridge can decode: a string id fails here.
type incoming struct {
	ID     *int64          `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
}

type client struct {
	conn      *websocket.Conn
	log       *callLog
	handshake *http.Response // of the upgrade
	ctx       context.Context
	cancel    context.CancelFunc
	gate      sync.Mutex // held by pauseReading
	done      chan struct{}

	mu            sync.Mutex
	nextID        int64
	pending       map[int64]chan incoming
	notifications []incoming
	strays        []string // frames the bridge cannot decode
	strayCame     chan struct{}
	readErr       error
}

// dial opens the WebSocket without the initialize handshake.
func dial(ctx context.Context, url string, mode websocket.CompressionMode, log *callLog) (*client, error) {
	dialCtx, cancelDial := context.WithTimeout(ctx, 10*time.Second)
	defer cancelDial()
	conn, resp, err := websocket.Dial(dialCtx, url, &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: &http.Transport{}},
		CompressionMode: mode,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(math.MaxInt64 - 1)
	c := &client{
		conn: conn, log: log, handshake: resp, done: make(chan struct{}),
		pending: map[int64]chan incoming{}, strayCame: make(chan struct{}),
	}
	// The library closes the connection when a read or write context ends, so
	// both use the connection's own context, never a call's.
	c.ctx, c.cancel = context.WithCancel(context.Background())
	go c.readLoop()
	return c, nil
}

// hello performs initialize and initialized.
func (c *client) hello(ctx context.Context, name string) error {
	var reply struct {
		SessionID string `json:"sessionId"`
	}
	if err := c.call(ctx, "initialize", map[string]any{"clientName": name}, &reply); err != nil {
		return err
	}
	if reply.SessionID == "" {
		return errors.New("initialize: expected a sessionId, came none")
	}
	return c.send(request{JSONRPC: "2.0", Method: "initialized"})
}

// close does the normal closure; the library waits up to 5 s for the peer's frame.
func (c *client) close() error {
	err := c.conn.Close(websocket.StatusNormalClosure, "")
	c.cancel()
	<-c.done
	return err
}

// pauseReading stops taking frames off the socket until the returned func runs.
// A frame the reader already waits for is still taken.
func (c *client) pauseReading() (resume func()) {
	c.gate.Lock()
	return c.gate.Unlock
}

func (c *client) readLoop() {
	defer close(c.done)
	for {
		c.gate.Lock()
		//lint:ignore SA2001 the gate only delays
		c.gate.Unlock()
		_, frame, err := c.conn.Read(c.ctx)
		if err != nil {
			c.fail(err)
			return
		}
		c.dispatch(frame)
	}
}

func (c *client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readErr = err
	for id, reply := range c.pending {
		close(reply)
		delete(c.pending, id)
	}
}

func (c *client) dispatch(frame []byte) {
	var in incoming
	err := json.Unmarshal(frame, &in)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.addStray(frame)
		return
	}
	if in.ID == nil {
		if len(c.notifications) < maxNotifications {
			c.notifications = append(c.notifications, in)
		}
		return
	}
	if reply, ok := c.pending[*in.ID]; ok {
		delete(c.pending, *in.ID)
		reply <- in
	} else {
		c.addStray(frame)
	}
}

// addStray needs mu.
func (c *client) addStray(frame []byte) {
	if len(c.strays) < maxStrays {
		c.strays = append(c.strays, string(frame))
	}
	close(c.strayCame)
	c.strayCame = make(chan struct{})
}

// awaitStray waits for an undecodable or unasked-for frame that satisfies match.
func (c *client) awaitStray(ctx context.Context, match func(string) bool) (string, error) {
	for {
		c.mu.Lock()
		for _, frame := range c.strays {
			if match(frame) {
				c.mu.Unlock()
				return frame, nil
			}
		}
		came, seen := c.strayCame, len(c.strays)
		c.mu.Unlock()
		select {
		case <-came:
		case <-c.done:
			return "", fmt.Errorf("connection ended: %w", c.readError())
		case <-ctx.Done():
			return "", fmt.Errorf("no such frame came (%d others did)", seen)
		}
	}
}

// awaitReply waits for the reply to a request that was sent as text with this id (as JSON).
func (c *client) awaitReply(ctx context.Context, id string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, unblockedLimit)
	defer cancel()
	frame, err := c.awaitStray(ctx, func(frame string) bool {
		var reply struct{ ID json.RawMessage }
		return json.Unmarshal([]byte(frame), &reply) == nil && string(reply.ID) == id
	})
	if err != nil {
		err = fmt.Errorf("expected a reply with the id %s: %w", id, err)
	}
	return frame, err
}

// strayFrames gives the frames so far that the bridge could not decode or had not asked for.
func (c *client) strayFrames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.strays...)
}

// notified gives the notifications of a method that have come so far.
func (c *client) notified(method string) []incoming {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []incoming
	for _, in := range c.notifications {
		if in.Method == method {
			found = append(found, in)
		}
	}
	return found
}

func (c *client) readError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readErr
}

func (c *client) send(message request) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return c.sendText(text)
}

func (c *client) sendText(text []byte) error {
	return c.conn.Write(c.ctx, websocket.MessageText, text)
}
