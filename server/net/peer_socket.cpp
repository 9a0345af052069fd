#include "server/net/peer_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace paned {
namespace {

constexpr std::size_t kBuffersPerCall = 64;

}  // namespace

std::error_code PeerSocket::Open(UniqueFd fd, int family, const Clock* clock,
                                 PeerSocketOwner* owner) {
  clock_ = clock;
  owner_ = owner;
  last_received_ = last_sent_ = clock->Now();
  std::error_code error;
  socket_.assign(asio::generic::stream_protocol(family, 0), fd.get(), error);
  if (!error) fd.Release();
  return error;
}

void PeerSocket::Hold(bool hold) {
  if (held_ == hold) return;
  held_ = hold;
  if (held_ || !held_read_) return;
  const std::function<void()> read = std::exchange(held_read_, nullptr);
  read();
}

void PeerSocket::Shutdown() {
  if (!socket_.is_open()) return;
  held_read_ = nullptr;
  std::error_code error;
  UniqueFd fd(socket_.release(error));
  PeerSocketOwner* owner = std::exchange(owner_, nullptr);
  if (!error && owner != nullptr) owner->OnShutdown(std::move(fd), orderly_);
}

// False: the bytes are not to be passed on.
bool PeerSocket::NoteRead(const std::error_code& error, const char* data, std::size_t* size) {
  if (error) {
    // After an EOF or a reset nobody is there to read a Close frame.
    orderly_ = false;
    return true;
  }
  if (owner_ == nullptr) return true;
  last_received_ = clock_->Now();
  const std::size_t pass = owner_->OnReceived(data, *size);
  if (pass == *size) return true;
  *size = pass;
  reading_ended_ = true;
  if (pass > 0) return true;
  owner_->OnReadingEnded();
  return false;
}

bool PeerSocket::WriteSome(const std::vector<asio::const_buffer>& buffers, std::error_code* error) {
  while (write_index_ < buffers.size()) {
    std::array<iovec, kBuffersPerCall> vectors;
    std::size_t count = 0;
    std::size_t offset = write_offset_;
    for (std::size_t i = write_index_; i < buffers.size() && count < vectors.size(); ++i) {
      const auto* start = static_cast<const char*>(buffers[i].data()) + offset;
      // sendmsg takes a pointer to non-const and only reads.
      vectors[count].iov_base = const_cast<char*>(start);  // NOLINT: see above
      vectors[count].iov_len = buffers[i].size() - offset;
      offset = 0;
      ++count;
    }
    msghdr message = {};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      *error = std::error_code(errno, std::system_category());
      orderly_ = false;
      return true;
    }
    if (sent > 0) last_sent_ = clock_->Now();
    auto left = static_cast<std::size_t>(sent);
    while (write_index_ < buffers.size() && left >= buffers[write_index_].size() - write_offset_) {
      left -= buffers[write_index_].size() - write_offset_;
      write_offset_ = 0;
      ++write_index_;
    }
    write_offset_ += left;
  }
  return true;
}

}  // namespace paned
