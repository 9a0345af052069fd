package main

// What can be said of a case, and how it is told: a line of text, a member of the result file.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	verdictPass       = "pass"
	verdictFail       = "fail"
	verdictSkip       = "skip"
	verdictNotOffered = "not-offered"
	verdictDeviates   = "deviates"
)

// errNotOffered: the server says that it does not do this.
type errNotOffered struct{ reason string }

func (e errNotOffered) Error() string { return e.reason }

// errDeviates: what the rule protects is kept, in another way than the rule suggests.
type errDeviates struct{ deviation, reason string }

func (e errDeviates) Error() string { return e.reason }

func (r result) verdict() string { return verdictOf(r.err) }

func verdictOf(err error) string {
	var notOffered errNotOffered
	var deviates errDeviates
	switch {
	case err == nil:
		return verdictPass
	case errors.As(err, &notOffered):
		return verdictNotOffered
	case errors.As(err, &deviates):
		return verdictDeviates
	}
	return verdictFail
}

func (r result) reason() string {
	if r.err == nil {
		return ""
	}
	return strings.ReplaceAll(r.err.Error(), "\n", `\n`)
}

func (r result) String() string {
	text := fmt.Sprintf("%s %s %s (%.2f) %s", strings.ToUpper(r.verdict()), r.fullName(), r.rules, r.took.Seconds(), r.reason())
	return strings.TrimRight(text, " ")
}

// tally counts verdicts.
type tally map[string]int

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped, %d not offered, %d deviate",
		t[verdictPass], t[verdictFail], t[verdictSkip], t[verdictNotOffered], t[verdictDeviates])
}

// exitCode: 1 when a case failed, 77 when none could be judged.
func (t tally) exitCode() int {
	switch {
	case t[verdictFail] > 0:
		return 1
	case t[verdictPass]+t[verdictDeviates] == 0:
		return 77
	}
	return 0
}

// resultFile is the result format all parts of the conformance suite share.
type resultFile struct {
	Format  int          `json:"format"`
	Suite   string       `json:"suite"`
	Server  serverEntry  `json:"server"`
	Started string       `json:"started"`
	Seconds float64      `json:"seconds"`
	Cases   []caseResult `json:"cases"`
}

type serverEntry struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Version string `json:"version"` // as the server declares it, else empty
}

type caseResult struct {
	Client     string            `json:"client"`
	Case       string            `json:"case"`
	Rule       string            `json:"rule"`
	Verdict    string            `json:"verdict"`
	Seconds    float64           `json:"seconds"`
	Reason     string            `json:"reason"`
	Methods    map[string]string `json:"methods"`
	Deviations []string          `json:"deviations"`
}

func (r result) entry() caseResult {
	deviations := []string{}
	var deviates errDeviates
	if errors.As(r.err, &deviates) {
		deviations = append(deviations, deviates.deviation)
	}
	return caseResult{
		Client: "go " + r.dialect.name, Case: r.name, Rule: r.rules, Verdict: r.verdict(),
		Seconds: seconds(r.took), Reason: r.reason(), Methods: r.methods, Deviations: deviations,
	}
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

func writeResults(path string, server serverEntry, started time.Time, results []result) error {
	file := resultFile{
		Format: 1, Suite: "go-bridge", Server: server,
		Started: started.UTC().Format(time.RFC3339), Seconds: seconds(time.Since(started)),
		Cases: []caseResult{},
	}
	for _, r := range results {
		file.Cases = append(file.Cases, r.entry())
	}
	text, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
