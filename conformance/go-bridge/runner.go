package main

// Runs cases: the light ones (they mostly wait) side by side, the heavy ones (they
// keep a core busy) one after another beside them, so that neither disturbs the
// other's timing.

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nhooyr.io/websocket"
)

const (
	lightLanes  = 6
	caseTimeout = 4 * time.Minute
)

// testCase is one named walk of the rules it is about.
type testCase struct {
	name  string
	rules string // "R1" or "R1,R2": see README.md
	heavy bool
	once  bool // long, and the same in either dialect: only in the first that is asked for
	run   func(ctx context.Context, e *env, s *session) error
}

// env is what a case gets: where to connect, how to speak, a directory of its own.
type env struct {
	url     string
	dialect dialect
	dir     string
	copyMiB int
	log     callLog

	mu   sync.Mutex
	open []*client
}

// dial opens a connection (compression as given) that ends with the case.
func (e *env) dial(ctx context.Context, mode websocket.CompressionMode) (*client, error) {
	c, err := dial(ctx, e.url, mode, &e.log)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	e.mu.Lock()
	e.open = append(e.open, c)
	e.mu.Unlock()
	return c, nil
}

// connect gives a session of the bridge in the case's dialect.
func (e *env) connect(ctx context.Context) (*session, error) {
	return e.connectAs(ctx, clientName)
}

func (e *env) connectAs(ctx context.Context, name string) (*session, error) {
	c, err := e.dial(ctx, websocket.CompressionDisabled)
	if err != nil {
		return nil, err
	}
	return &session{client: c, env: e, dialect: e.dialect}, c.hello(ctx, name)
}

func (e *env) file(name string) string { return filepath.Join(e.dir, name) }

// randomFile makes a file of n random bytes, the same ones for the same n.
func (e *env) randomFile(name string, n int) (string, []byte, error) {
	data := make([]byte, n)
	rand.New(rand.NewSource(int64(n) + 1)).Read(data)
	path := e.file(name)
	return path, data, os.WriteFile(path, data, 0o644)
}

func (e *env) finish() {
	var all sync.WaitGroup
	for _, c := range e.open {
		all.Add(1)
		go func(c *client) { defer all.Done(); c.close() }(c)
	}
	all.Wait()
	os.RemoveAll(e.dir)
}

// job is a case in a dialect.
type job struct {
	testCase
	dialect dialect
}

func (j job) fullName() string { return j.dialect.name + "/" + j.name }

func (j job) hasRule(rule string) bool {
	for _, r := range strings.Split(j.rules, ",") {
		if r == rule {
			return true
		}
	}
	return false
}

type result struct {
	job
	took    time.Duration
	err     error
	methods map[string]string
}

type runner struct {
	url, scratch string
	copyMiB      int
	timeout      time.Duration
}

func (r runner) runOne(j job) result {
	began := time.Now()
	e := &env{url: r.url, dialect: j.dialect, copyMiB: r.copyMiB,
		dir: filepath.Join(r.scratch, j.dialect.name, j.name)}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	err := os.MkdirAll(e.dir, 0o755)
	if err == nil {
		var s *session
		if s, err = e.connect(ctx); err == nil {
			err = j.run(ctx, e, s)
		}
	}
	took := time.Since(began)
	e.finish()
	return result{j, took, err, e.log.verdicts(err)}
}

// runAll gives the results as they come.
func (r runner) runAll(jobs []job) <-chan result {
	light, heavy := make(chan job, len(jobs)), make(chan job, len(jobs))
	for _, j := range jobs {
		if j.heavy {
			heavy <- j
		} else {
			light <- j
		}
	}
	close(light)
	close(heavy)
	results := make(chan result)
	var lanes sync.WaitGroup
	lane := func(jobs <-chan job) {
		defer lanes.Done()
		for j := range jobs {
			results <- r.runOne(j)
		}
	}
	lanes.Add(lightLanes + 1)
	go lane(heavy)
	for i := 0; i < lightLanes; i++ {
		go lane(light)
	}
	go func() { lanes.Wait(); close(results) }()
	return results
}
