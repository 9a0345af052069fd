// What a holder and its server say to each other over their unix socket: frames of a fixed header
// and a payload. Both ends are the same build on the same machine, so numbers travel as they lie in
// memory; a peer that breaks the rules is refused all the same. Linked into the holder, which has
// no C++ run-time: nothing here allocates or throws.
// Threading: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace paned {

enum class FrameType : std::uint8_t {
  // Holder to server.
  kHello = 1,    // payload: HelloText; value: kChannelVersion. First on every connection.
  kStarted,      // value: the child's pid
  kStartFailed,  // value: errno; nothing else follows
  kOutput,       // value: absolute offset of the payload's first byte
  kInputTaken,   // value: bytes of input written to the terminal since the start
  kExited,       // value: exit code, or kSignalDeath + signal number. Output may follow.
  kOutputEnd,    // value: absolute offset of the end of all output
  // Server to holder.
  kPlan,     // payload: see Plan; value: ring size in bytes
  kInput,    // payload: bytes for the terminal; at most kInputWindow of them not yet taken
  kCredit,   // value: absolute offset up to which output has been consumed: kOutputWindow more may
             // be sent
  kAck,      // value: absolute offset up to which output will never be asked for again
  kSignal,   // value: signal number, for the child's process group
  kResize,   // value: rows << 16 | cols
  kAdopt,    // value: absolute offset to go on from; the sender owns the holder from now on
  kEnd,      // kill what runs, and leave
  kRecycle,  // the process is over: forget it, and wait for another one
};

inline constexpr std::uint64_t kChannelVersion = 1;
inline constexpr std::uint64_t kSignalDeath = 1 << 16;

struct FrameHeader {
  std::uint32_t size = 0;  // of the payload
  FrameType type = FrameType::kHello;
  std::uint8_t zero[3] = {};
  std::uint64_t value = 0;
};
static_assert(sizeof(FrameHeader) == 16);

inline constexpr std::size_t kMaxOutputPayload = std::size_t{64} << 10;
// Output sent and not yet consumed, at most: what a server must be able to put aside so that it
// always sees the exit behind it.
inline constexpr std::size_t kOutputWindow = std::size_t{256} << 10;
inline constexpr std::size_t kInputWindow = std::size_t{64} << 10;
inline constexpr std::size_t kMaxPlan = std::size_t{16} << 20;
inline constexpr std::size_t kMaxHello = 4096;

// Who talks to whom.
enum class Direction { kToServer, kToHolder };

// Whether a header may come in this direction: known type, payload within the type's limit.
bool ValidHeader(const FrameHeader& header, Direction direction);

// A plan's payload: this head, then `strings` NUL-terminated texts: the process id, the working
// directory, `candidates` paths to try in order, `arguments` of argv, `variables` of the
// environment.
struct PlanHead {
  std::uint16_t rows = 24;
  std::uint16_t cols = 80;
  std::uint32_t candidates = 0;
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
  std::uint32_t running_ttl_s = 0;  // how long to go on without a server while the child runs
  std::uint32_t ended_ttl_s = 0;    // and after its end
};

inline constexpr std::uint32_t kPlanLeadingStrings = 2;

// Whether `payload` is a whole plan: the head, and exactly the strings it speaks of.
bool ValidPlan(std::string_view payload);

// A hello's payload: this head, then NUL-terminated texts: the pane ("%3", or empty), the path of
// the holder's own socket (or empty), the process id (empty while waiting).
struct HelloHead {
  enum State : std::uint32_t { kWaiting = 0, kRunning = 1, kEnded = 2 };
  std::uint32_t state = kWaiting;
  std::int32_t holder_pid = 0;
  std::int32_t child_pid = 0;
  std::uint32_t has_exit = 0;
  std::uint64_t exit_value = 0;    // as kExited's
  std::uint64_t first_offset = 0;  // the oldest output kept
  std::uint64_t end_offset = 0;
};

struct Hello {
  HelloHead head;
  std::string_view pane;
  std::string_view socket_path;
  std::string_view process_id;
};

// Takes a hello's payload apart; false when it is none. Views into `payload`.
bool ParseHello(std::string_view payload, Hello* hello);

}  // namespace paned
