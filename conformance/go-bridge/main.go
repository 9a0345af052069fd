// Command go-bridge walks an exec-server the way the Go env-mcp bridge does, and
// says of each walk whether the server served it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
)

func main() {
	url := flag.String("url", "", "`ws://` URL of the server")
	glob := flag.String("case", "*", "run only the cases whose name (with or without dialect/) matches `GLOB`")
	dialects := flag.String("dialect", "both", "plain, uri or both")
	start := flag.String("start", "auto", "process/start form: omitted (no cwd, env, arg0), path-env, or auto (plain: omitted, uri: path-env)")
	copyMiB := flag.Int("copy-mib", 100, "size of the big file of the copy pump")
	list := flag.Bool("list", false, "print the case names and stop")
	flag.Parse()

	jobs, err := selectJobs(*glob, *dialects, *start)
	if err == nil && *url == "" && !*list {
		err = errors.New("-url is missing")
	}
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-bridge:", err)
		os.Exit(2)
	}
	if *list {
		for _, j := range jobs {
			fmt.Println(j.fullName())
		}
		return
	}
	failed, err := report(*url, *copyMiB, jobs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-bridge:", err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// report runs the jobs, prints a line for each, and gives the number that failed.
func report(url string, copyMiB int, jobs []job) (failed int, err error) {
	scratch, err := os.MkdirTemp("", "go-bridge-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(scratch)
	passed, skipped := 0, 0
	for r := range (runner{url: url, scratch: scratch, copyMiB: copyMiB}).runAll(jobs) {
		fmt.Println(r)
		var skip errSkip
		switch {
		case r.err == nil:
			passed++
		case errors.As(r.err, &skip):
			skipped++
		default:
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed, nil
}

func selectJobs(glob, dialects, start string) ([]job, error) {
	plain := dialect{name: "plain", start: startOmitted}
	uri := dialect{name: "uri", uri: true, writeID: true, start: startPathEnv}
	switch start {
	case "auto":
	case "omitted":
		uri.start = startOmitted
	case "path-env":
		plain.start = startPathEnv
	default:
		return nil, fmt.Errorf("-start %q: expected auto, omitted or path-env", start)
	}
	chosen := map[string][]dialect{"plain": {plain}, "uri": {uri}, "both": {plain, uri}}[dialects]
	if chosen == nil {
		return nil, fmt.Errorf("-dialect %q: expected plain, uri or both", dialects)
	}
	var jobs []job
	for _, c := range allCases() {
		for _, d := range chosen {
			j := job{c, d}
			short, err := path.Match(glob, c.name)
			if err != nil {
				return nil, fmt.Errorf("-case %q: %w", glob, err)
			}
			if long, _ := path.Match(glob, j.fullName()); short || long {
				jobs = append(jobs, j)
			}
		}
	}
	if jobs == nil {
		return nil, fmt.Errorf("-case %q matches no case", glob)
	}
	return jobs, nil
}

// allCases lists every case, the long waiters first so that they overlap the rest.
func allCases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{outputCases, stdinCases, processCases, flowCases, fileCases, copyCases, wireCases} {
		all = append(all, group...)
	}
	return all
}
