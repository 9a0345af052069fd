package main

// Shows that the cases can fail: each mutation breaks the replies of a server that passes, and
// the cases named beside it must see it. The server is the program PANED names.

import (
	"bufio"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// startServer gives the URL of a server that ends with the test.
func startServer(t *testing.T) string {
	program := os.Getenv("PANED")
	if program == "" {
		t.Skip("PANED names no server program")
	}
	server := exec.Command(program, "serve", "--listen", "ws://127.0.0.1:0")
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Signal(os.Interrupt); server.Wait() })
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// verdictsOf runs the named cases in the uri dialect.
func verdictsOf(t *testing.T, proxy *httptest.Server, names []string) <-chan result {
	var jobs []job
	for _, name := range names {
		found, err := selectJobs(selection{glob: "uri/" + name, dialects: "uri", start: "auto"})
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, found...)
	}
	url := strings.Replace(proxy.URL, "http", "ws", 1)
	return runner{url: url, scratch: t.TempDir(), copyMiB: 4, timeout: caseTimeout}.runAll(jobs)
}

func TestMutations(t *testing.T) {
	upstream := startServer(t)
	// A group, so that the server outlives the parallel parts.
	t.Run("", func(t *testing.T) {
		caught := map[string]bool{}
		for i := range mutations {
			m := &mutations[i]
			for _, name := range strings.Fields(m.caught) {
				caught[name] = true
			}
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				proxy := newProxy(upstream, m)
				defer proxy.Close()
				for r := range verdictsOf(t, proxy, strings.Fields(m.caught)) {
					if r.verdict() != verdictFail {
						t.Errorf("%s did not see it: %s", r.name, r)
					}
					t.Log(r)
				}
			})
		}
		t.Run("unchanged", func(t *testing.T) {
			t.Parallel()
			proxy := newProxy(upstream, &mutation{})
			defer proxy.Close()
			var names []string
			for name := range caught {
				names = append(names, name)
			}
			for r := range verdictsOf(t, proxy, names) {
				if r.verdict() != verdictPass {
					t.Errorf("the proxy itself breaks %s: %s", r.name, r)
				}
			}
		})
		t.Run("complete", func(t *testing.T) {
			for _, c := range allCases() {
				// codex 0.131.0 shows that the long one can fail: it forgets a process within 30 s. And a busy
				// machine makes the replies of any server take 30 ms.
				if strings.Contains(c.rules, "R") && c.name != "nobody-reads-for-30s" && c.name != "replies-take-30ms" && !caught[c.name] {
					t.Errorf("no mutation is caught by %s (%s)", c.name, c.rules)
				}
			}
		})
	})
}
