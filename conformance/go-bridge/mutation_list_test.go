package main

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"nhooyr.io/websocket"
)

// onRead is a mutation of the results of process/read.
func onRead(change func(l *link, params, result map[string]any)) func(*link, message, message) bool {
	return func(l *link, request, m message) bool {
		if result := m.object("result"); request.method() == "process/read" && result != nil {
			change(l, request.object("params"), result)
		}
		return true
	}
}

// onRequest is a mutation of the params of a method.
func onRequest(method string, change func(params map[string]any)) func(*link, message) bool {
	return func(l *link, m message) bool {
		if params := m.object("params"); m.method() == method && params != nil {
			change(params)
		}
		return true
	}
}

func integer(value any) int64 {
	number, _ := value.(json.Number)
	n, _ := number.Int64()
	return n
}

func chunksOf(result map[string]any) []any {
	chunks, _ := result["chunks"].([]any)
	return chunks
}

var mutations = []mutation{
	// R1
	{name: "nextSeq is the next seq", caught: "cursor cursor-when-cut ten-lines read-output 280kb-100-times 3mb-at-once",
		reply: onRead(func(_ *link, params, result map[string]any) {
			if len(chunksOf(result)) > 0 {
				result["nextSeq"] = integer(result["nextSeq"]) + 1
			}
		})},
	{name: "nextSeq of an empty reply is 0", caught: "cursor", reply: onRead(func(_ *link, params, result map[string]any) {
		if len(chunksOf(result)) == 0 {
			result["nextSeq"] = 0
		}
	})},
	{name: "every client is a bridge", caught: "cursor-of-other-clients seqs-without-gaps",
		request: onRequest("initialize", func(params map[string]any) { params["clientName"] = clientName })},
	{name: "no client is a bridge", caught: "cursor cursor-when-cut terminate-flushes-stdin terminate-gives-a-moment terminate-sends-term stdin-1mib-slow-reader",
		request: onRequest("initialize", func(params map[string]any) { params["clientName"] = "nobody" })},
	{name: "seqs have gaps", caught: "seqs-without-gaps",
		request: onRequest("process/read", func(params map[string]any) { params["afterSeq"] = integer(params["afterSeq"]) / 2 }),
		reply: onRead(func(_ *link, params, result map[string]any) {
			for _, c := range chunksOf(result) {
				chunk := c.(map[string]any)
				chunk["seq"] = 2 * integer(chunk["seq"])
			}
		})},
	// R2
	{name: "exited with the first output", caught: "flags-with-last-output burst-on-both-streams 280kb-100-times 3mb-at-once output-in-the-pipe",
		reply: onRead(func(_ *link, _, result map[string]any) {
			if len(chunksOf(result)) > 0 {
				result["exited"], result["exitCode"] = true, 0
			}
		})},
	{name: "exited and closed with the first output", caught: "3mb-until-both-flags closed-waits-for-eof",
		reply: onRead(func(_ *link, _, result map[string]any) {
			if len(chunksOf(result)) > 0 {
				result["exited"], result["closed"], result["exitCode"] = true, true, 0
			}
		})},
	{name: "the end is told once", caught: "flags-after-the-end", reply: onRead(func(l *link, params, result map[string]any) {
		pid := params["processId"].(string)
		if l.notes[pid] {
			result["exited"], result["closed"], result["exitCode"] = false, false, nil
		}
		l.notes[pid] = l.notes[pid] || result["closed"] == true
	})},
	{name: "the last chunk of stderr is lost", caught: "stdout-stderr burst-on-both-streams",
		reply: onRead(func(_ *link, _, result map[string]any) {
			var kept []any
			for _, c := range chunksOf(result) {
				if c.(map[string]any)["stream"] != "stderr" {
					kept = append(kept, c)
				}
			}
			result["chunks"] = kept
		})},
	// R3
	{name: "exited waits for closed", caught: "background-child",
		reply: onRead(func(_ *link, _, result map[string]any) { result["exited"] = result["closed"] })},
	{name: "closed comes with exited", caught: "closed-waits-for-eof",
		reply: onRead(func(_ *link, _, result map[string]any) { result["closed"] = result["exited"] })},
	// R4
	{name: "reads are answered at once", caught: "silent-poll-waits many-lines-240-reads", request: func(l *link, m message) bool {
		if m.method() != "process/read" {
			return true
		}
		seq := integer(m.object("params")["afterSeq"]) + 1
		chunk := map[string]any{"seq": seq, "stream": "stdout", "chunk": "eA=="}
		l.answer(m, "result", map[string]any{"chunks": []any{chunk}, "nextSeq": seq, "exited": false, "closed": false})
		return false
	}},
	{name: "polls take their whole time", caught: "batch-ends-when-full batch-ends-at-exit batch-ends-by-itself",
		reply: func(l *link, request, m message) bool {
			wait := integer(request.object("params")["waitMs"])
			if wait > 0 {
				l.later(m, time.Duration(wait)*time.Millisecond)
			}
			return wait == 0
		}},
	// R5
	{name: "of three chunks the second is dropped", caught: "flood-paced-paused-polls flood-paused-polls flood-stalled-socket late-reader-3mb unread-20mb copy-100mb",
		reply: onRead(func(_ *link, _, result map[string]any) {
			if chunks := chunksOf(result); len(chunks) >= 3 {
				result["chunks"] = append([]any{chunks[0]}, chunks[2:]...)
			}
		})},
	// R6
	{name: "maxBytes counts for nothing", caught: "max-bytes",
		request: onRequest("process/read", func(params map[string]any) { delete(params, "maxBytes") })},
	{name: "nothing above maxBytes is given", caught: "max-bytes", reply: onRead(func(_ *link, params, result map[string]any) {
		for _, c := range chunksOf(result) {
			data, _ := base64.StdEncoding.DecodeString(c.(map[string]any)["chunk"].(string))
			if int64(len(data)) > integer(params["maxBytes"]) {
				result["chunks"] = []any{}
				return
			}
		}
	})},
	{name: "a reply is one chunk", caught: "chunk-size", reply: onRead(func(_ *link, _, result map[string]any) {
		chunks := chunksOf(result)
		if len(chunks) < 2 {
			return
		}
		var all []byte
		for _, c := range chunks {
			data, _ := base64.StdEncoding.DecodeString(c.(map[string]any)["chunk"].(string))
			all = append(all, data...)
		}
		last := chunks[len(chunks)-1].(map[string]any)
		last["chunk"] = base64.StdEncoding.EncodeToString(all)
		result["chunks"] = []any{last}
	})},
	// R7
	{name: "writes change places", caught: "stdin-order", request: func(l *link, m message) bool {
		if m.method() != "process/write" {
			return true
		}
		if l.held = append(l.held, m); len(l.held) == 2 {
			l.toServer(l.held[1])
			l.toServer(l.held[0])
			l.held = nil
		}
		return false
	}},
	{name: "writes lose their last byte", caught: "stdin-1mib-slow-reader terminate-flushes-stdin copy-small tty-stdin",
		request: onRequest("process/write", func(params map[string]any) {
			data, _ := base64.StdEncoding.DecodeString(params["chunk"].(string))
			if len(data) > 0 {
				params["chunk"] = base64.StdEncoding.EncodeToString(data[:len(data)-1])
			}
		})},
	{name: "a big write blocks the connection", caught: "stdin-1mib-slow-reader", request: func(l *link, m message) bool {
		if len(m.raw) > 1<<20 {
			time.Sleep(unblockedLimit + time.Second)
		}
		return true
	}},
	{name: "terminate does nothing", caught: "terminate-running terminate-sends-term terminate-reaches-the-group terminate-kills-at-last",
		request: func(l *link, m message) bool {
			if m.method() != "process/terminate" {
				return true
			}
			l.answer(m, "result", map[string]any{"running": true})
			return false
		}},
	{name: "terminate waits for the end", caught: "terminate-flushes-stdin", reply: func(l *link, request, m message) bool {
		if request.method() == "process/terminate" {
			l.later(m, unblockedLimit+time.Second)
			return false
		}
		return true
	}},
	// R8
	{name: "one request at a time", caught: "poll-does-not-delay poll-of-the-same-process twenty-polls", serial: true},
	{name: "all exit codes are 0", caught: "twenty-processes same-id-two-clients batch-ends-at-exit errors-spare-the-rest",
		reply: onRead(func(_ *link, _, result map[string]any) {
			if result["exitCode"] != nil {
				result["exitCode"] = 0
			}
		})},
	// R9
	{name: "ids are the server's, not the session's", caught: "same-id-two-clients", request: func(l *link, m message) bool {
		if m.method() != "process/start" {
			return true
		}
		owner, _ := l.all.LoadOrStore(m.object("params")["processId"], l)
		if owner != l {
			l.answer(m, "error", map[string]any{"code": -32600, "message": "process already exists"})
		}
		return owner == l
	}},
	{name: "unknown processes can be read", caught: "ids-of-another-session unknown-process",
		reply: func(l *link, request, m message) bool {
			if request.method() == "process/read" && m.object("error") != nil {
				delete(m.body, "error")
				m.body["result"] = map[string]any{"chunks": []any{}, "nextSeq": 0, "exited": false, "closed": false}
			}
			return true
		}},
	// R10
	{name: "an error ends the connection", caught: "bad-params unknown-method unparsable-text errors-spare-the-rest",
		reply: func(l *link, request, m message) bool {
			if m.object("error") != nil {
				l.client.Close(websocket.StatusProtocolError, "")
				return false
			}
			return true
		}},
	{name: "an unknown notification ends the connection", caught: "unknown-notification", request: func(l *link, m message) bool {
		if m.id() == "" && m.method() != "initialized" {
			l.client.Close(websocket.StatusProtocolError, "")
		}
		return true
	}},
	{name: "every error is an internal error", caught: "bad-params unknown-method unparsable-text ids-of-another-session",
		reply: func(l *link, request, m message) bool {
			if fault := m.object("error"); fault != nil {
				fault["code"] = -32603
			}
			return true
		}},
}
