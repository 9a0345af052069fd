// Waits for the first word of a new holder. Threading: io thread only.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "tmux/holder_link.h"

namespace paned {

class HelloListener final : public HolderListener,
                            public std::enable_shared_from_this<HelloListener> {
 public:
  // What a waiting holder said of itself; null: it is gone, or no holder of ours.
  struct Said {
    std::string pane;
    std::string socket_path;
  };
  using Done = std::function<void(std::shared_ptr<HolderLink> link, const Said* said)>;

  // Those that wait. Destroying it ends them, without a call.
  using Pending = std::set<std::shared_ptr<HelloListener>>;

  // Stands in `pending`, with the link, until `done` is called, once, later.
  static void Await(Pending* pending, std::shared_ptr<HolderLink> link, Done done) {
    const auto listener =
        std::make_shared<HelloListener>(pending, std::move(link), std::move(done));
    pending->insert(listener);
    listener->link_->Listen(listener);
    listener->link_->Start();
  }

  HelloListener(Pending* pending, std::shared_ptr<HolderLink> link, Done done)
      : pending_(pending), link_(std::move(link)), done_(std::move(done)) {}

  void OnFrame(const FrameHeader& header, std::string_view payload) override {
    Hello hello;
    const bool fits = header.type == FrameType::kHello && header.value == kChannelVersion &&
                      ParseHello(payload, &hello) && hello.head.state == HelloHead::kWaiting;
    if (!fits) return Finish(nullptr);
    const Said said = {std::string(hello.pane), std::string(hello.socket_path)};
    Finish(&said);
  }
  OutputSpace PrepareOutput() override { return {}; }
  void CommitOutput(std::size_t /*size*/) override {}
  void OnLinkClosed() override { Finish(nullptr); }

 private:
  void Finish(const Said* said) {
    if (!done_) return;
    const auto keep = shared_from_this();
    pending_->erase(keep);
    const Done done = std::move(done_);
    done_ = nullptr;
    done(std::move(link_), said);
  }

  Pending* pending_;
  std::shared_ptr<HolderLink> link_;
  Done done_;
};

}  // namespace paned
