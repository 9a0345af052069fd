#include "protocol/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace paned::protocol {
namespace {

std::string Encode(std::string_view raw) {
  std::string out;
  AppendBase64(raw, &out);
  return out;
}

// The text of the fault, or "ok".
std::string Fault(std::string_view text) {
  std::string out;
  return DecodeBase64(text, &out).value_or("ok");
}

// One group after another, by the book.
std::string SlowEncode(std::string_view raw) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < raw.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (at + i < raw.size() ? static_cast<unsigned char>(raw[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += at + i > raw.size() ? '=' : kAlphabet[bits >> (18 - 6 * i) & 63U];
    }
  }
  return out;
}

std::string RandomBytes(std::size_t size, std::mt19937* random) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>((*random)());
  return out;
}

TEST(Base64, KnownTexts) {
  EXPECT_EQ(Encode(""), "");
  EXPECT_EQ(Encode("f"), "Zg==");
  EXPECT_EQ(Encode("fo"), "Zm8=");
  EXPECT_EQ(Encode("foo"), "Zm9v");
  EXPECT_EQ(Encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, AppendsToWhatIsThere) {
  std::string out = "\"";
  AppendBase64("foo", &out);
  EXPECT_EQ(out, "\"Zm9v");
}

TEST(Base64, RoundTripOfAllLengths) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 200; ++size) {
    for (int round = 0; round < 8; ++round) {
      const std::string raw = RandomBytes(size, &random);
      const std::string text = Encode(raw);
      ASSERT_EQ(text, SlowEncode(raw)) << size;
      ASSERT_EQ(text.size(), Base64Length(size));
      std::string back = "old";
      ASSERT_EQ(DecodeBase64(text, &back), std::nullopt) << size;
      ASSERT_EQ(back, raw) << size;
    }
  }
}

TEST(Base64, RoundTripOverBlocks) {
  std::mt19937 random(2);
  for (const std::size_t size : {6143U, 6144U, 6145U, 8191U, 8192U, 8193U, 65536U, 100'001U}) {
    const std::string raw = RandomBytes(size, &random);
    const std::string text = Encode(raw);
    ASSERT_EQ(text, SlowEncode(raw)) << size;
    std::string back;
    ASSERT_EQ(DecodeBase64(text, &back), std::nullopt) << size;
    ASSERT_EQ(back, raw) << size;
  }
}

// Every byte at every place of a text long enough for the wide loop, and behind a full block.
TEST(Base64, EveryBadByteEverywhere) {
  for (const std::size_t size : {96U, 8192U + 96U}) {
    const std::string good(size, 'A');
    for (std::size_t at = size - 96; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = good;
        text[at] = static_cast<char>(byte);
        const bool symbol = std::isalnum(byte) != 0 || byte == '+' || byte == '/';
        const bool padding = byte == '=' && at == size - 1;
        const std::string expected = symbol || padding ? "ok"
                                                       : "Invalid symbol " + std::to_string(byte) +
                                                             ", offset " + std::to_string(at) + ".";
        ASSERT_EQ(Fault(text), expected) << at << " " << byte;
      }
    }
  }
}

struct FaultCase {
  const char* text;
  const char* fault;
};

// Texts as the reference answers them (0.169.0).
TEST(Base64, ReferenceFaults) {
  const FaultCase cases[] = {
      {"%", "Invalid symbol 37, offset 0."},
      {"A", "Invalid input length: 1"},
      {"AA", "Invalid padding"},
      {"AAA", "Invalid padding"},
      {"AAAA", "ok"},
      {"AAAAA", "Invalid input length: 5"},
      {"AAAAAA", "Invalid padding"},
      {"AA==", "ok"},
      {"AA=", "Invalid padding"},
      {"A===", "Invalid symbol 61, offset 1."},
      {"=", "Invalid symbol 61, offset 0."},
      {"====", "Invalid symbol 61, offset 0."},
      {"AAA=", "ok"},
      {"AAAA=", "Invalid symbol 61, offset 4."},
      {"AAAA====", "Invalid symbol 61, offset 4."},
      {"QQl=", "Invalid last symbol 108, offset 2."},
      {"Al==", "Invalid last symbol 108, offset 1."},
      {"AA==AA==", "Invalid symbol 61, offset 2."},
      {"AA=A", "Invalid symbol 61, offset 2."},
      {"A=AA", "Invalid symbol 61, offset 1."},
      {"=AAA", "Invalid symbol 61, offset 0."},
      {"AAAA%%%", "Invalid symbol 37, offset 4."},
      {"AAAA%A==", "Invalid symbol 37, offset 4."},
      {"AAAA AA=", "Invalid symbol 32, offset 4."},
      {"AAAA\n", "Invalid symbol 10, offset 4."},
      {"AAAA\xC3\xA9", "Invalid symbol 195, offset 4."},
      {"AA==\n", "Invalid symbol 10, offset 4."},
      {"AAA-", "Invalid symbol 45, offset 3."},
      {"AAA_", "Invalid symbol 95, offset 3."},
      {"AAA==", "Invalid symbol 61, offset 3."},
      {"AA===", "Invalid symbol 61, offset 2."},
      {"A===A", "Invalid symbol 61, offset 1."},
      {"%===", "Invalid symbol 37, offset 0."},
      {"AA%=", "Invalid symbol 37, offset 2."},
      {"Al", "Invalid padding"},
      {"A=", "Invalid symbol 61, offset 1."},
      {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Invalid input length: 33"},
      {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=%", "Invalid symbol 61, offset 34."},
      {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAl==", "Invalid last symbol 108, offset 33."},
      {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=A=", "Invalid symbol 61, offset 33."},
  };
  for (const FaultCase& row : cases) EXPECT_EQ(Fault(row.text), row.fault) << row.text;
}

}  // namespace
}  // namespace paned::protocol
