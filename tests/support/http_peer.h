// An HTTP server played by the test: it hands whole requests to a function, which answers with raw
// bytes. Threading: the function runs on a thread per connection; everything else is safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace paned::testing {

class HttpPeer {
 public:
  // One connection, for the function.
  class Wire {
   public:
    explicit Wire(int fd, std::atomic<std::size_t>* sent) : fd_(fd), sent_(sent) {}
    // False when the other side is gone.
    bool Send(std::string_view bytes);
    // Ends the connection by a reset.
    void Reset();
    // Blocks until the other side has gone.
    void AwaitEnd();

   private:
    int fd_;
    std::atomic<std::size_t>* sent_;
  };
  // `request`: head and body. False ends the connection.
  using Serve = std::function<bool(Wire* wire, const std::string& request)>;

  explicit HttpPeer(Serve serve);
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;
  ~HttpPeer();

  int port() const { return port_; }
  // "http://127.0.0.1:PORT" + path.
  std::string Url(const std::string& path) const;
  std::vector<std::string> requests() const;
  std::size_t open_connections() const { return open_; }
  // Bytes that have been handed to the system.
  std::size_t sent() const { return sent_; }

 private:
  void Accept();
  void Run(int fd);

  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> sent_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<int> sockets_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK" with `body` and its length.
std::string HttpOk(const std::string& body, const std::string& headers = {});

}  // namespace paned::testing
