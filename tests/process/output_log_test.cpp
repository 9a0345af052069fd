// OutputLog: the ring, its chunks and their numbers, what is lost, what memory goes back.
#include "server/process/output_log.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <string>

namespace paned {
namespace {

constexpr std::size_t kPage = 4096;

std::uint64_t Put(OutputLog* log, const std::string& bytes,
                  OutputStream stream = OutputStream::kStdout) {
  const OutputSpace space = log->Room(bytes.size());
  EXPECT_EQ(space.size, bytes.size());
  if (space.size != bytes.size()) return 0;
  std::memcpy(space.data, bytes.data(), bytes.size());
  return log->Commit(stream, bytes.size());
}

TEST(OutputLog, NumbersChunksFromOne) {
  OutputLog log(kPage);
  EXPECT_EQ(log.next_seq(), 1U);
  EXPECT_EQ(log.first_seq(), 1U);
  EXPECT_EQ(Put(&log, "one"), 1U);
  EXPECT_EQ(Put(&log, "two", OutputStream::kStderr), 2U);
  EXPECT_EQ(log.first_seq(), 1U);
  EXPECT_EQ(log.next_seq(), 3U);
  EXPECT_EQ(log.CountAfter(0), 2U);
  const protocol::OutputChunk chunk = log.ChunkAfter(1, 0);
  EXPECT_EQ(chunk.seq, 2U);
  EXPECT_EQ(chunk.stream, OutputStream::kStderr);
  EXPECT_EQ(chunk.bytes, "two");
}

TEST(OutputLog, CapacityIsWholePages) {
  EXPECT_EQ(OutputLog(1).capacity(), kPage);
  EXPECT_EQ(OutputLog(kPage).capacity(), kPage);
  EXPECT_EQ(OutputLog(kPage + 1).capacity(), 2 * kPage);
}

TEST(OutputLog, IsFullToTheLastByteAndThenGivesNoRoom) {
  OutputLog log(kPage);
  Put(&log, std::string(kPage - 1, 'a'));
  EXPECT_FALSE(log.full());
  EXPECT_EQ(log.Room(100).size, 1U);
  Put(&log, "b");
  EXPECT_TRUE(log.full());
  EXPECT_EQ(log.Room(1).size, 0U);
  EXPECT_EQ(log.EvictFront(), kPage - 1);
  EXPECT_FALSE(log.full());
  EXPECT_EQ(log.first_seq(), 2U);
  EXPECT_EQ(log.retained_bytes(), 1U);
}

TEST(OutputLog, RoomEndsWhereTheRingEnds) {
  OutputLog log(kPage);
  Put(&log, std::string(kPage - 10, 'a'));
  log.EvictFront();
  EXPECT_EQ(log.Room(100).size, 10U);
  Put(&log, "0123456789");
  Put(&log, "next round");
  EXPECT_EQ(log.ChunkAfter(1, 0).bytes, "0123456789");
  EXPECT_EQ(log.ChunkAfter(1, 1).bytes, "next round");
}

TEST(OutputLog, ExitUsesUpASeqAndOutputMayFollowIt) {
  OutputLog log(kPage);
  Put(&log, "a");
  EXPECT_EQ(log.MarkExited(), 2U);
  EXPECT_EQ(Put(&log, "b"), 3U);
  EXPECT_EQ(log.MarkClosed(), 4U);
  EXPECT_EQ(log.next_seq(), 5U);
  EXPECT_EQ(log.CountAfter(0), 2U);
  EXPECT_EQ(log.CountAfter(1), 1U);
  EXPECT_EQ(log.CountAfter(2), 1U);  // a cursor on the exit itself
  EXPECT_EQ(log.ChunkAfter(1, 0).seq, 3U);
  EXPECT_EQ(log.ChunkAfter(2, 0).seq, 3U);
  EXPECT_EQ(log.CountAfter(3), 0U);
  EXPECT_EQ(log.CountAfter(4), 0U);
  EXPECT_EQ(log.CountAfter(UINT64_MAX), 0U);
  log.EvictFront();
  EXPECT_EQ(log.first_seq(), 3U);
  log.EvictFront();
  EXPECT_EQ(log.first_seq(), 5U);
}

TEST(OutputLog, ExitBeforeAnyOutput) {
  OutputLog log(kPage);
  EXPECT_EQ(log.MarkExited(), 1U);
  EXPECT_EQ(Put(&log, "late"), 2U);
  EXPECT_EQ(log.first_seq(), 2U);
  EXPECT_EQ(log.ChunkAfter(0, 0).seq, 2U);
  EXPECT_EQ(log.ChunkAfter(1, 0).seq, 2U);
  EXPECT_EQ(log.CountAfter(2), 0U);
}

TEST(OutputLog, BytesAfterCountsWhatIsKept) {
  OutputLog log(kPage);
  Put(&log, "aaa");
  Put(&log, "bb");
  Put(&log, "c");
  EXPECT_EQ(log.BytesAfter(0), 6U);
  EXPECT_EQ(log.BytesAfter(1), 3U);
  EXPECT_EQ(log.BytesAfter(3), 0U);
  log.EvictFront();
  EXPECT_EQ(log.BytesAfter(0), 3U);
}

TEST(OutputLog, LostAfterIsExactForZeroAndForNotedCursors) {
  OutputLog log(kPage);
  Put(&log, "aaaa");
  Put(&log, "bbb");
  Put(&log, "cc");
  Put(&log, "d");
  log.NoteCursor(1);
  log.NoteCursor(2);
  log.EvictFront();
  EXPECT_EQ(log.LostAfter(0), 4U);
  EXPECT_EQ(log.LostAfter(1), 0U);
  log.EvictFront();
  log.EvictFront();
  EXPECT_EQ(log.LostAfter(0), 9U);
  EXPECT_EQ(log.LostAfter(1), 5U);
  EXPECT_EQ(log.LostAfter(2), 2U);
  EXPECT_EQ(log.LostAfter(3), 0U);
}

TEST(OutputLog, LostAfterStaysExactWhenAReadComesBackWithAnOldCursor) {
  OutputLog log(kPage);
  Put(&log, "aaaa");
  Put(&log, "bbb");
  log.NoteCursor(1);
  log.EvictFront();
  log.EvictFront();
  EXPECT_EQ(log.LostAfter(0), 7U);
  EXPECT_EQ(log.LostAfter(1), 3U);
  // Replies with no chunk end where they began; what they said must be said again.
  log.NoteCursor(0);
  log.NoteCursor(1);
  EXPECT_EQ(log.LostAfter(0), 7U);
  EXPECT_EQ(log.LostAfter(1), 3U);
}

TEST(OutputLog, LostAfterAcrossTheExit) {
  OutputLog log(kPage);
  Put(&log, "aaaa");
  log.MarkExited();
  log.NoteCursor(2);
  Put(&log, "bbb");
  log.EvictFront();
  EXPECT_EQ(log.LostAfter(2), 0U);
  log.EvictFront();
  EXPECT_EQ(log.LostAfter(2), 3U);
}

TEST(OutputLog, IndexIsBounded) {
  OutputLog log(OutputLog::kMaxChunks * 2);
  for (std::size_t n = 0; n < OutputLog::kMaxChunks; ++n) {
    ASSERT_FALSE(log.full());
    log.Room(1).data[0] = 'x';
    log.Commit(OutputStream::kStdout, 1);
  }
  EXPECT_TRUE(log.full());
  EXPECT_EQ(log.Room(1).size, 0U);
  log.EvictFront();
  EXPECT_EQ(log.Room(1).size, 1U);
}

// Which of the ring's pages hold memory.
std::string Residency(const char* data, std::size_t pages) {
  std::string resident(pages, '\0');
  EXPECT_EQ(::mincore(const_cast<char*>(data), pages * kPage,
                      reinterpret_cast<unsigned char*>(resident.data())),
            0);
  for (char& page : resident) page = (page & 1) != 0 ? 'x' : '.';
  return resident;
}

TEST(OutputLog, ReleaseFreePagesGivesBackWhatIsEvictedOnly) {
  OutputLog log(4 * kPage);
  const char* ring = log.Room(1).data;
  for (int n = 0; n < 4; ++n) Put(&log, std::string(kPage, 'a'));
  EXPECT_EQ(Residency(ring, 4), "xxxx");
  log.EvictFront();
  log.EvictFront();
  log.ReleaseFreePages();
  EXPECT_EQ(Residency(ring, 4), "..xx");
  Put(&log, std::string(kPage / 2, 'b'));  // wraps into the first page
  log.EvictFront();
  log.ReleaseFreePages();
  EXPECT_EQ(Residency(ring, 4), "x..x");
  EXPECT_EQ(log.ChunkAfter(0, 1).bytes, std::string(kPage / 2, 'b'));
}

TEST(OutputLog, ReleaseFreePagesOfAnEmptyLogGivesTheMappingBack) {
  OutputLog log(2 * kPage);
  Put(&log, std::string(kPage + 7, 'a'));
  log.EvictFront();
  log.ReleaseFreePages();
  log.ReleaseFreePages();
  EXPECT_EQ(Put(&log, "again"), 2U);
  EXPECT_EQ(log.ChunkAfter(0, 0).bytes, "again");
}

}  // namespace
}  // namespace paned
