// One process's output: a ring of bytes in one mapping, cut into numbered chunks. It serves
// notification, long-poll and resume alike, and knows nothing of clients: who may lose what is
// OutputRule's business. Positions are absolute offsets into the ring, so that the mapping can
// later outlive the server.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/process/backend.h"
#include "server/process/chunk_index.h"

namespace paned {

class OutputLog {
 public:
  // Chunks the index holds at most; a program that writes single bytes meets this before the ring.
  static constexpr std::size_t kMaxChunks = 262'144;

  // `capacity`: bytes kept at most. The mapping is made at the first output, and its pages are
  // touched only as they fill.
  explicit OutputLog(std::size_t capacity);
  OutputLog(const OutputLog&) = delete;
  OutputLog& operator=(const OutputLog&) = delete;
  ~OutputLog();

  // Contiguous room for at most `want` bytes; size 0 when the log is full (or memory is refused).
  OutputSpace Room(std::size_t want);
  // Turns `size` bytes of the room into the next chunk; returns its seq.
  std::uint64_t Commit(OutputStream stream, std::size_t size);
  // The exit and the close use up a seq each (section 7.4). Exited may precede output, closed ends
  // it.
  std::uint64_t MarkExited();
  std::uint64_t MarkClosed();

  std::size_t capacity() const { return capacity_; }
  std::size_t retained_bytes() const { return static_cast<std::size_t>(end_ - begin_); }
  bool full() const { return retained_bytes() == capacity_ || index_.size() == kMaxChunks; }
  bool empty() const { return index_.empty(); }
  std::uint64_t next_seq() const { return next_seq_; }
  std::uint64_t exited_seq() const { return exited_seq_; }  // 0: not exited
  std::uint64_t closed_seq() const { return closed_seq_; }  // 0: not closed

  // Seq of the oldest chunk kept; of the next one when none is.
  std::uint64_t first_seq() const;
  // Drops the oldest chunk; returns its size. The log must not be empty.
  std::size_t EvictFront();
  // Gives the memory of evicted output back to the system.
  void ReleaseFreePages();
  // No output will follow: a little output moves out of its mapping into as many bytes as it has,
  // so that thousands of ended processes cost neither pages nor mappings.
  void Compact();

  // Chunks kept with a seq above `seq`, oldest first. Views hold until the next Room() or eviction.
  std::size_t CountAfter(std::uint64_t seq) const { return index_.size() - IndexAfter(seq); }
  protocol::OutputChunk ChunkAfter(std::uint64_t seq, std::size_t n) const;
  std::uint64_t BytesAfter(std::uint64_t seq) const;
  // Bytes that were ever output, and those of them up to and including chunk `seq`, or up to the
  // oldest chunk kept when that is later.
  std::uint64_t end_offset() const { return end_; }
  std::uint64_t OffsetBehind(std::uint64_t seq) const { return OffsetAt(IndexAfter(seq)); }

  // Bytes that were output after chunk `seq` and are gone. Exact for every cursor noted with
  // NoteCursor (a reply ended there) and for 0; else counted from the nearest noted cursor below.
  std::uint64_t LostAfter(std::uint64_t seq) const;
  void NoteCursor(std::uint64_t seq);

 private:
  std::size_t IndexAfter(std::uint64_t seq) const;
  std::uint64_t OrdinalOf(std::uint64_t seq) const;
  std::uint64_t SeqOf(std::uint64_t ordinal) const;
  std::uint64_t OffsetAt(std::size_t index) const;
  const char* BytesAt(std::uint64_t offset) const;

  const std::size_t capacity_;  // whole pages
  char* ring_ = nullptr;
  std::string compacted_;  // the bytes from compacted_begin_ on, once compacted
  std::uint64_t compacted_begin_ = 0;
  std::uint64_t begin_ = 0;     // absolute offset of the oldest byte kept
  std::uint64_t end_ = 0;       // absolute offset behind the newest
  std::uint64_t released_ = 0;  // pages below this absolute offset have been given back
  // Per chunk its start offset, times four, plus its stream. Seqs follow from the position.
  ChunkIndex index_;
  std::uint64_t evicted_chunks_ = 0;
  std::uint64_t next_seq_ = 1;
  std::uint64_t exited_seq_ = 0;
  std::uint64_t closed_seq_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> cursors_;  // (seq, offset behind it)
};

}  // namespace paned
