// How clients differ, in one table. Everything else in the server treats them alike.
// Source: go-bridge rules R1-R7; exec-server protocol, section 7 for the reference's own ways.
// Threading: constants.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "server/base/clock.h"

namespace paned {

struct ClientProfile {
  std::string_view name;  // the word of --profile

  // R1. false: nextSeq is the next unused seq (or last returned + 1 when maxBytes was given), and a
  // client continues with nextSeq - 1. true: nextSeq is the last seq returned (or the request's
  // afterSeq), and a client continues with nextSeq itself.
  bool cursor_is_last_seq;
  // R2. Report exited and closed only in a reply that carries the last retained output.
  bool flags_with_last_output;
  // R3. How long after the exit, and after the last output, a stream that stays open may still hold
  // `exited` back. Only with flags_with_last_output.
  Duration late_output_grace;
  // R4. A waiting read collects output this long from its first new byte on; zero: answers at once.
  Duration batch_window;
  // R7. terminate flushes and closes stdin, then TERM, then KILL; false: KILL at once.
  bool gentle_terminate;
  // Whether process/output notifications are sent (exited and closed always are).
  bool pushes_output;
  // The longest message this client survives, in bytes of JSON.
  std::uint64_t largest_reply;
};

// clientName "codex-env-mcp" is the Go bridge client, "codex-environment" the codex CLI.
const ClientProfile& ProfileForClient(std::string_view client_name);

// By the word of --profile: "codex", "go", "generic"; nullptr for another word.
const ClientProfile* FindProfile(std::string_view name);

}  // namespace paned
