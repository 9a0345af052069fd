// What makes websocketpp fast, without a copy of its headers: declarations that its own names find
// first. Each is measured; see the tests' bench. Included by ws_endpoint.cpp alone, before the
// library. Threading: pure, except the transfers, which run on the io thread.
#pragma once

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/streambuf.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "server/net/peer_socket.h"

// The library's header of this name is skipped by its own guard. Text is not validated here: the
// parser above does it, and answers malformed text with an error instead of losing the connection.
#define UTF8_VALIDATOR_HPP  // NOLINT(bugprone-reserved-identifier): the library's name

namespace websocketpp {

namespace utf8_validator {

class validator {
 public:
  bool consume(std::uint8_t /*byte*/) { return true; }
  template <class Iterator>
  bool decode(Iterator /*begin*/, Iterator /*end*/) {
    return true;
  }
  bool complete() { return true; }
  void reset() {}
};

inline bool validate(const std::string& /*text*/) { return true; }

}  // namespace utf8_validator

namespace frame {

// Unmasks in place, 32 bytes at a time; the library's own loop goes byte by byte. The key is four
// bytes, repeated to eight. Returns the key turned so that the next call goes on where this ends.
inline std::size_t fast_mask_circ(std::uint8_t* data, std::size_t length, std::size_t key) {
  static_assert(sizeof(std::size_t) == 8, "the key is prepared as eight bytes");
  std::size_t at = 0;
  for (; at + 32 <= length; at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, data + at, sizeof words);
    for (std::uint64_t& word : words) word ^= key;
    std::memcpy(data + at, words, sizeof words);
  }
  unsigned char bytes[8];
  std::memcpy(bytes, &key, sizeof bytes);
  for (std::size_t i = at; i < length; ++i) data[i] ^= bytes[i % 4];
  const std::size_t turn = length % 4 * 8;
  return turn == 0 ? key : key >> turn | key << (64 - turn);
}

}  // namespace frame

namespace lib::asio {

// Asio's composed operations move at most 64 KiB and 16 buffers per system call; these have no such
// limit. The library names them with this namespace, so they hide Asio's.
template <class Condition, class Handler>
void async_read(paned::PeerSocket& socket, ::asio::mutable_buffer buffer,
                Condition /*at least one byte, always*/, Handler handler) {
  socket.AsyncRead(buffer, std::move(handler));
}

template <class Handler>
void async_write(paned::PeerSocket& socket, const std::vector<::asio::const_buffer>& buffers,
                 Handler handler) {
  socket.AsyncWrite(buffers, std::move(handler));
}

// Named by the library's client side, which a server never runs.
template <class Handler>
void async_read_until(paned::PeerSocket& /*socket*/, ::asio::streambuf& /*buffer*/,
                      const char* /*delimiter*/, Handler handler) {
  handler(make_error_code(::asio::error::operation_not_supported), 0);
}

}  // namespace lib::asio

}  // namespace websocketpp
