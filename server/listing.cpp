#include "server/listing.h"

#include <sys/socket.h>

#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

#include "protocol/json_writer.h"

namespace paned {
namespace {

constexpr int kSendBufferBytes = 64 << 10;

void AppendMember(std::string_view name, std::string_view value, std::string* out) {
  out->append(out->back() == '{' ? "\"" : ",\"").append(name).append("\":");
  protocol::AppendJsonString(value, out);
}

void AppendMember(std::string_view name, std::int64_t value, std::string* out) {
  out->append(out->back() == '{' ? "\"" : ",\"").append(name).append("\":");
  protocol::AppendJsonNumber(value, out);
}

}  // namespace

std::string ListingText(const ListingHead& head, const std::vector<ListingRow>& rows) {
  std::string text = "{";
  AppendMember("paned", head.version, &text);
  AppendMember("pid", std::int64_t{head.pid}, &text);
  AppendMember("url", head.url, &text);
  AppendMember("backend", head.backend, &text);
  AppendMember("tmuxSocket", head.tmux_socket, &text);
  text += "}\n";
  for (const ListingRow& row : rows) {
    text += '{';
    AppendMember("id", row.id, &text);
    AppendMember("session", row.session, &text);
    AppendMember("backend", row.backend, &text);
    AppendMember("state", row.state, &text);
    AppendMember("ageMs", std::int64_t{row.age.count()}, &text);
    AppendMember("argv0", row.argv0, &text);
    AppendMember("pane", row.pane, &text);
    AppendMember("pid", std::int64_t{row.pid}, &text);
    text += "}\n";
  }
  return text;
}

// One client being told. Its end is `on_done`, which destroys it; never from within Start().
class Listing::Client {
 public:
  Client(asio::io_context* io, UniqueFd fd, std::string text, std::function<void()> on_done)
      : text_(std::move(text)), socket_(*io), on_done_(std::move(on_done)) {
    std::error_code error;
    socket_.assign(fd.get(), error);
    if (!error) fd.Release();
  }

  void Start(Clock* clock) {
    timer_ = clock->After(kPatience, [this] { on_done_(); });
    Wait();
  }

 private:
  void Wait() {
    if (!socket_.is_open()) return;  // the timer clears it away
    socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [this, alive = std::weak_ptr<char>(alive_)](const std::error_code& error) {
                         if (alive.expired()) return;
                         if (error) {
                           on_done_();
                         } else {
                           Write();
                         }
                       });
  }

  void Write() {
    while (sent_ < text_.size()) {
      const ssize_t wrote = ::send(socket_.native_handle(), text_.data() + sent_,
                                   text_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        Wait();
        return;
      }
      if (wrote < 0) break;
      sent_ += static_cast<std::size_t>(wrote);
    }
    on_done_();
  }

  const std::string text_;
  std::size_t sent_ = 0;
  asio::posix::stream_descriptor socket_;
  const std::function<void()> on_done_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

Listing::Listing(asio::io_context* io, Clock* clock, ListingHead head, Rows rows)
    : io_(io), clock_(clock), head_(std::move(head)), rows_(std::move(rows)) {}

Listing::~Listing() = default;

Result<std::unique_ptr<Listing>> Listing::Open(asio::io_context* io, Clock* clock,
                                               const std::string& path, ListingHead head, Rows rows,
                                               LogSink log) {
  std::unique_ptr<Listing> made(new Listing(io, clock, std::move(head), std::move(rows)));
  ListenAddress address;
  address.unix_path = path;
  Result<std::unique_ptr<Listener>> listener = Listener::Open(
      io, clock, address, kSendBufferBytes,
      [listing = made.get()](UniqueFd fd, int, const std::string&) {
        listing->OnAccepted(std::move(fd));
      },
      std::move(log));
  if (!listener.ok()) return std::move(listener.error());
  made->listener_ = std::move(listener.value());
  return made;
}

void Listing::OnAccepted(UniqueFd fd) {
  if (clients_.size() >= kMaxClients) return;
  const auto place = clients_.emplace(clients_.end());
  // The node outlives the call: the client may be what is calling.
  *place = std::make_unique<Client>(io_, std::move(fd), ListingText(head_, rows_()), [this, place] {
    std::list<std::unique_ptr<Client>> gone;
    gone.splice(gone.end(), clients_, place);
  });
  (*place)->Start(clock_);
}

}  // namespace paned
