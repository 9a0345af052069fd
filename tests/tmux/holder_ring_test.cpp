// The holder's ring against a plain text that keeps everything.
#include "tmux/holder_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace paned {
namespace {

constexpr std::size_t kLeast = std::size_t{128} << 10;

// Writes as a terminal is read: as much as there is room for, at most `size`.
std::size_t Put(HolderRing* ring, std::string* all, std::size_t size, std::mt19937* random) {
  std::size_t room = 0;
  char* to = ring->Room(size, &room);
  EXPECT_LE(room, size);
  for (std::size_t n = 0; n < room; ++n) {
    to[n] = static_cast<char>((*random)());
    *all += to[n];
  }
  ring->Commit(room);
  return room;
}

std::string From(const HolderRing& ring, std::uint64_t offset, std::size_t piece) {
  std::string text;
  while (true) {
    const std::string_view next = ring.At(offset + text.size(), piece);
    if (next.empty()) return text;
    EXPECT_LE(next.size(), piece);
    text += next;
  }
}

TEST(HolderRing, HoldsWhatATextWouldHold) {
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{300'000}, std::size_t{1} << 20}) {
    std::mt19937 random(11);
    HolderRing ring;
    ASSERT_TRUE(ring.Map(capacity));
    const std::size_t real = (std::max(capacity, kLeast) + 4095) / 4096 * 4096;
    std::string all;
    std::uint64_t acked = 0;
    for (int turn = 0; turn < 3000; ++turn) {
      switch (random() % 4) {
        case 0:
        case 1:
          Put(&ring, &all, random() % 20'000, &random);
          break;
        case 2:
          acked = std::min<std::uint64_t>(all.size(), acked + random() % 30'000);
          ring.Ack(acked);
          ring.Ack(acked / 2);  // never falls
          if (random() % 8 == 0) ring.GiveBackPages();
          break;
        default: {
          const std::uint64_t offset = acked + random() % (all.size() - acked + 1);
          ASSERT_TRUE(From(ring, offset, 1 + random() % 9000) ==
                      all.substr(static_cast<std::size_t>(offset)));
        }
      }
      ASSERT_EQ(ring.begin(), acked);
      ASSERT_EQ(ring.end(), all.size());
      ASSERT_EQ(ring.full(), all.size() - acked == real);
      ASSERT_LE(all.size() - acked, real);
      const std::uint64_t oldest = ring.oldest_readable();
      ASSERT_LE(oldest, std::max<std::uint64_t>(acked, oldest));
      ASSERT_TRUE(From(ring, oldest, 1 << 20) == all.substr(static_cast<std::size_t>(oldest)));
    }
    EXPECT_GT(all.size(), real);
  }
}

TEST(HolderRing, AFullOneHasNoRoomUntilSomethingIsAcknowledged) {
  std::mt19937 random(3);
  HolderRing ring;
  std::string all;
  ASSERT_TRUE(ring.Map(1));
  while (Put(&ring, &all, 5000, &random) > 0) {
  }
  EXPECT_EQ(all.size(), kLeast);
  EXPECT_TRUE(ring.full());
  ring.Ack(10);
  EXPECT_FALSE(ring.full());
  EXPECT_EQ(Put(&ring, &all, 5000, &random), 10U);
  EXPECT_TRUE(From(ring, 10, 4096) == all.substr(10));
  ring.Ack(~0ULL);  // not beyond what there is
  EXPECT_EQ(ring.begin(), all.size());
}

TEST(HolderRing, PagesGivenBackAreNotReadAgain) {
  std::mt19937 random(5);
  HolderRing ring;
  std::string all;
  ASSERT_TRUE(ring.Map(2 << 20));
  while (all.size() < (1U << 20)) Put(&ring, &all, 60'000, &random);
  ring.GiveBackPages();
  EXPECT_EQ(ring.oldest_readable(), 0U) << "it was not empty";
  ring.Ack(ring.end());
  ring.GiveBackPages();
  EXPECT_EQ(ring.oldest_readable(), all.size());
  const std::size_t before = all.size();
  Put(&ring, &all, 100, &random);
  EXPECT_EQ(From(ring, before, 4096), all.substr(before));
}

TEST(HolderRing, WithoutAMappingItIsEmptyAndFull) {
  HolderRing ring;
  std::size_t room = 1;
  ring.Room(100, &room);
  EXPECT_EQ(room, 0U);
  EXPECT_TRUE(ring.full());
  EXPECT_TRUE(ring.At(0, 10).empty());
  EXPECT_FALSE(ring.Map(~std::size_t{0}));
  EXPECT_FALSE(ring.Map(std::size_t{1} << 60));
  ASSERT_TRUE(ring.Map(1));
  ring.Unmap();
  EXPECT_EQ(ring.end(), 0U);
}

}  // namespace
}  // namespace paned
