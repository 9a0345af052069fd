// OutputLog against the plainest model there is, over many random histories.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "server/process/output_log.h"

namespace paned {
namespace {

// All that was ever output, chunk by chunk, and how much of it is gone.
struct Model {
  struct Chunk {
    std::uint64_t seq;
    OutputStream stream;
    std::string bytes;
  };
  std::deque<Chunk> kept;
  std::vector<Chunk> gone;
  std::uint64_t next_seq = 1;

  std::uint64_t LostAfter(std::uint64_t seq) const {
    std::uint64_t lost = 0;
    for (const Chunk& chunk : gone) lost += chunk.seq > seq ? chunk.bytes.size() : 0;
    return lost;
  }
};

class History {
 public:
  explicit History(unsigned seed) : random_(seed) {}

  void Run(int steps) {
    const int exit_at = Pick(0, steps);
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      if (step == exit_at) {
        EXPECT_EQ(log_.MarkExited(), model_.next_seq++);
      }
      switch (Pick(0, 9)) {
        case 0:
          log_.ReleaseFreePages();
          break;
        case 1:
          Note();
          break;
        case 2:
        case 3:
        case 4:
          Evict(Pick(1, 4));
          break;
        default:
          Output();
      }
      Check();
    }
    EXPECT_EQ(log_.MarkClosed(), model_.next_seq++);
    Check();
  }

 private:
  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void Output() {
    const auto want = static_cast<std::size_t>(Pick(1, Pick(0, 3) == 0 ? 6000 : 300));
    const OutputSpace space = log_.Room(want);
    ASSERT_LE(space.size, want);
    ASSERT_EQ(space.size == 0, log_.full());
    if (space.size == 0) return;
    // As a short read does, not all of the room need be used.
    const auto size = static_cast<std::size_t>(Pick(1, static_cast<int>(space.size)));
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    std::memcpy(space.data, bytes.data(), size);
    const auto stream = static_cast<OutputStream>(Pick(0, 2));
    EXPECT_EQ(log_.Commit(stream, size), model_.next_seq);
    model_.kept.push_back({model_.next_seq++, stream, std::move(bytes)});
  }

  void Evict(int count) {
    for (; count > 0 && !model_.kept.empty(); --count) {
      EXPECT_EQ(log_.EvictFront(), model_.kept.front().bytes.size());
      model_.gone.push_back(std::move(model_.kept.front()));
      model_.kept.pop_front();
    }
  }

  // A reader's cursor is one that a reply ended at.
  void Note() {
    if (model_.kept.empty()) return;
    const auto at = static_cast<std::size_t>(Pick(0, static_cast<int>(model_.kept.size()) - 1));
    log_.NoteCursor(model_.kept[at].seq);
    noted_.push_back(model_.kept[at].seq);
    if (noted_.size() > 16) noted_.pop_front();
  }

  void Check() {
    const auto cursor = static_cast<std::uint64_t>(Pick(0, static_cast<int>(model_.next_seq)));
    std::size_t n = 0;
    std::uint64_t bytes = 0;
    std::uint64_t all = 0;
    for (const Model::Chunk& chunk : model_.kept) {
      all += chunk.bytes.size();
      if (chunk.seq <= cursor) continue;
      const protocol::OutputChunk seen = log_.ChunkAfter(cursor, n++);
      ASSERT_EQ(seen.seq, chunk.seq);
      ASSERT_EQ(seen.stream, chunk.stream);
      ASSERT_TRUE(seen.bytes == chunk.bytes) << "seq " << chunk.seq;
      bytes += chunk.bytes.size();
    }
    ASSERT_EQ(log_.CountAfter(cursor), n);
    ASSERT_EQ(log_.BytesAfter(cursor), bytes);
    ASSERT_EQ(log_.end_offset(), model_.LostAfter(0) + all);
    ASSERT_EQ(log_.OffsetBehind(cursor), log_.end_offset() - bytes);
    ASSERT_EQ(log_.retained_bytes(), all);
    ASSERT_EQ(log_.next_seq(), model_.next_seq);
    ASSERT_EQ(log_.first_seq(), model_.kept.empty() ? model_.next_seq : model_.kept.front().seq);
    ASSERT_EQ(log_.LostAfter(0), model_.LostAfter(0));
    for (const std::uint64_t seq : noted_) ASSERT_EQ(log_.LostAfter(seq), model_.LostAfter(seq));
  }

  std::mt19937 random_;
  OutputLog log_{std::size_t{3} * 4096};
  Model model_;
  std::deque<std::uint64_t> noted_;
};

class OutputLogModel : public ::testing::TestWithParam<unsigned> {};

TEST_P(OutputLogModel, Agrees) {
  for (unsigned n = 0; n < 8; ++n) {
    const unsigned seed = GetParam() * 8 + n;
    SCOPED_TRACE(seed);
    History(seed).Run(300);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, OutputLogModel, ::testing::Range(0U, 12U));

}  // namespace
}  // namespace paned
