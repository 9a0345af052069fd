package main

// A proxy before a real server that breaks what passes through it in one chosen way.

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"nhooyr.io/websocket"
)

// message is one JSON-RPC message; raw when it is none.
type message struct {
	body map[string]any
	raw  []byte
}

func parse(frame []byte) message {
	m := message{raw: frame}
	decoder := json.NewDecoder(strings.NewReader(string(frame)))
	decoder.UseNumber()
	if decoder.Decode(&m.body) != nil {
		m.body = nil
	}
	return m
}

func (m message) text() []byte {
	if m.body == nil {
		return m.raw
	}
	text, err := json.Marshal(m.body)
	if err != nil {
		panic(err)
	}
	return text
}

func (m message) object(member string) map[string]any {
	object, _ := m.body[member].(map[string]any)
	return object
}

func (m message) method() string {
	method, _ := m.body["method"].(string)
	return method
}

// id is the request's or reply's id as text; empty for what has none.
func (m message) id() string {
	if m.body["id"] == nil {
		return ""
	}
	text, _ := json.Marshal(m.body["id"])
	return string(text)
}

// mutation is one way to break what passes. Every hook may be nil, changes the message in place,
// and says whether it passes.
type mutation struct {
	name    string
	caught  string // names of the cases that must fail
	request func(l *link, m message) bool
	reply   func(l *link, request, m message) bool // request: what is answered
	serial  bool                                   // a request goes out when the one before it is answered
}

// link is one client's way through the proxy.
type link struct {
	mutation *mutation
	ctx      context.Context
	client   *websocket.Conn
	server   *websocket.Conn
	turn     chan struct{} // serial: holds a token while a request is under way
	all      *sync.Map     // of the hooks, the same for all clients

	mu       sync.Mutex
	requests map[string]message
	notes    map[string]bool // of the hooks
	held     []message
}

func (l *link) toClient(m message) { l.client.Write(l.ctx, websocket.MessageText, m.text()) }
func (l *link) toServer(m message) { l.server.Write(l.ctx, websocket.MessageText, m.text()) }

func (l *link) fromClient() error {
	for {
		_, frame, err := l.client.Read(l.ctx)
		if err != nil {
			return err
		}
		m := parse(frame)
		l.mu.Lock()
		if m.id() != "" {
			l.requests[m.id()] = parse(frame)
		}
		pass := l.mutation.request == nil || l.mutation.request(l, m)
		l.mu.Unlock()
		if !pass {
			continue
		}
		if l.mutation.serial && m.id() != "" {
			l.turn <- struct{}{}
		}
		l.toServer(m)
	}
}

func (l *link) fromServer() error {
	for {
		_, frame, err := l.server.Read(l.ctx)
		if err != nil {
			return err
		}
		m := parse(frame)
		l.mu.Lock()
		request, known := l.requests[m.id()]
		pass := true
		if m.method() == "" {
			delete(l.requests, m.id())
			pass = l.mutation.reply == nil || l.mutation.reply(l, request, m)
		}
		l.mu.Unlock()
		if l.mutation.serial && known {
			<-l.turn
		}
		if pass {
			l.toClient(m)
		}
	}
}

// answer replies in the server's stead.
func (l *link) answer(m message, member string, value any) {
	l.toClient(message{body: map[string]any{"jsonrpc": "2.0", "id": m.body["id"], member: value}})
}

// later lets a message pass to the client after a time.
func (l *link) later(m message, delay time.Duration) {
	time.AfterFunc(delay, func() { l.toClient(m) })
}

// newProxy serves one mutation; close it with Close.
func newProxy(upstream string, mutation *mutation) *httptest.Server {
	all := &sync.Map{}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		server, _, err := websocket.Dial(ctx, upstream, &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			client.Close(websocket.StatusInternalError, err.Error())
			return
		}
		client.SetReadLimit(1 << 30)
		server.SetReadLimit(1 << 30)
		l := &link{mutation: mutation, ctx: ctx, client: client, server: server, turn: make(chan struct{}, 1),
			all: all, requests: map[string]message{}, notes: map[string]bool{}}
		go func() {
			defer cancel()
			l.fromServer()
		}()
		l.fromClient()
		server.Close(websocket.StatusNormalClosure, "")
	}))
}
