// Command go-bridge walks an exec-server the way the Go env-mcp bridge does, and
// says of each walk whether the server served it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"time"

	"nhooyr.io/websocket"
)

// options are what the command line says of a run.
type options struct {
	url, serverName, jsonFile string
	copyMiB                   int
}

func main() {
	var o options
	var s selection
	flag.StringVar(&o.url, "url", "", "`ws://` URL of the server")
	flag.StringVar(&o.serverName, "server-name", "", "`NAME` of the server, for the result file")
	flag.StringVar(&o.jsonFile, "json", "", "write the results to `FILE`")
	flag.IntVar(&o.copyMiB, "copy-mib", 100, "size of the big file of the copy pump")
	flag.StringVar(&s.glob, "case", "*", "run only the cases whose name (with or without dialect/) matches `GLOB`")
	flag.StringVar(&s.rule, "rule", "", "run only the cases of a `RULE`, e.g. R4")
	flag.StringVar(&s.dialects, "dialect", "both", "plain, uri or both")
	flag.StringVar(&s.start, "start", "auto", "process/start form: omitted (no cwd, env, arg0), path-env, or auto (plain: omitted, uri: path-env)")
	list := flag.Bool("list", false, "print the cases with their rules and stop")
	flag.Parse()

	jobs, err := selectJobs(s)
	if err == nil && o.url == "" && !*list {
		err = errors.New("-url is missing")
	}
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if err == nil && *list {
		for _, j := range jobs {
			fmt.Println(j.fullName(), j.rules)
		}
		return
	}
	var counts tally
	if err == nil {
		counts, err = report(o, jobs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-bridge:", err)
		os.Exit(2)
	}
	os.Exit(counts.exitCode())
}

// report runs the jobs, prints a line for each and the sum, and writes the result file.
func report(o options, jobs []job) (tally, error) {
	scratch, err := os.MkdirTemp("", "go-bridge-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	started := time.Now()
	counts := tally{}
	var results []result
	for r := range (runner{url: o.url, scratch: scratch, copyMiB: o.copyMiB, timeout: caseTimeout}).runAll(jobs) {
		fmt.Println(r)
		counts[r.verdict()]++
		results = append(results, r)
	}
	fmt.Println(counts)
	if o.jsonFile == "" {
		return counts, nil
	}
	server := serverEntry{Name: o.serverName, URL: o.url, Version: declaredVersion(o.url)}
	return counts, writeResults(o.jsonFile, server, started, results)
}

// declaredVersion is what the server says of itself at initialize; old ones say nothing.
func declaredVersion(url string) string {
	ctx, cancel := context.WithTimeout(context.Background(), unblockedLimit)
	defer cancel()
	c, err := dial(ctx, url, websocket.CompressionDisabled, &callLog{})
	if err != nil {
		return ""
	}
	defer c.close()
	var reply struct {
		EnvironmentInfo struct {
			ExecutorVersion string `json:"executorVersion"`
		} `json:"environmentInfo"`
	}
	if c.call(ctx, "initialize", map[string]any{"clientName": clientName}, &reply) != nil {
		return ""
	}
	return reply.EnvironmentInfo.ExecutorVersion
}

// selection says which jobs to run.
type selection struct {
	glob, rule, dialects, start string
}

func selectJobs(s selection) ([]job, error) {
	plain := dialect{name: "plain", start: startOmitted}
	uri := dialect{name: "uri", uri: true, writeID: true, start: startPathEnv}
	switch s.start {
	case "auto":
	case "omitted":
		uri.start = startOmitted
	case "path-env":
		plain.start = startPathEnv
	default:
		return nil, fmt.Errorf("-start %q: expected auto, omitted or path-env", s.start)
	}
	chosen := map[string][]dialect{"plain": {plain}, "uri": {uri}, "both": {plain, uri}}[s.dialects]
	if chosen == nil {
		return nil, fmt.Errorf("-dialect %q: expected plain, uri or both", s.dialects)
	}
	var jobs []job
	for _, c := range allCases() {
		for i, d := range chosen {
			if c.once && i > 0 {
				break
			}
			j := job{c, d}
			short, err := path.Match(s.glob, c.name)
			if err != nil {
				return nil, fmt.Errorf("-case %q: %w", s.glob, err)
			}
			long, _ := path.Match(s.glob, j.fullName())
			if (short || long) && (s.rule == "" || j.hasRule(s.rule)) {
				jobs = append(jobs, j)
			}
		}
	}
	if jobs == nil {
		return nil, fmt.Errorf("-case %q -rule %q -dialect %s matches no case", s.glob, s.rule, s.dialects)
	}
	return jobs, nil
}

// allCases lists every case, the long waiters first so that they overlap the rest.
func allCases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{
		retentionCases, batchingCases, cursorCases, endCases, stdinCases, terminateCases,
		concurrencyCases, errorCases, processCases, fileCases, copyCases, wireCases,
	} {
		all = append(all, group...)
	}
	return all
}
