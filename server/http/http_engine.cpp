#include "server/http/http_engine.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <iterator>
#include <system_error>
#include <utility>

#include "server/http/http_exchange.h"

namespace paned {
namespace {

// How long the thread, and with it the connections that are kept open, stays without work.
constexpr std::chrono::seconds kIdleLife(30);
constexpr int kLongestSleepMs = 60'000;

}  // namespace

HttpEngine::HttpEngine(asio::io_context* io, HttpSettings settings)
    : io_(io), settings_(std::move(settings)) {}

HttpEngine::~HttpEngine() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (wakeable_ != nullptr) curl_->multi_wakeup(wakeable_);
  }
  if (thread_.joinable()) thread_.join();
}

void HttpEngine::Give(Command command) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_ && command.kind != Command::Kind::kStart) return;  // it is over already
  commands_.push_back(std::move(command));
  if (wakeable_ != nullptr) curl_->multi_wakeup(wakeable_);
  if (running_) return;
  if (thread_.joinable()) thread_.join();  // it has left its loop
  try {
    thread_ = std::thread([this] { Run(); });
    running_ = true;
  } catch (const std::system_error&) {
    Refuse(commands_.back(), Error{ErrorKind::kInternal, "no thread for HTTP requests"});
    commands_.clear();
  }
}

void HttpEngine::Run() {
  Error unusable;
  if (!curl_) {
    Result<std::unique_ptr<CurlLibrary>> loaded = CurlLibrary::Load();
    if (loaded.ok()) {
      curl_ = std::move(loaded.value());
    } else {
      unusable = std::move(loaded.error());
    }
  }
  if (curl_) multi_ = curl_->multi_init();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    wakeable_ = multi_;
  }
  busy_at_ = std::chrono::steady_clock::now();
  std::vector<Command> commands;
  while (TakeCommands(&commands)) {
    for (const Command& command : commands) {
      if (multi_ != nullptr) {
        Obey(command);
      } else {
        Refuse(command, unusable);
      }
    }
    commands.clear();
    if (multi_ != nullptr) Perform();
  }
  exchanges_.clear();
  if (multi_ != nullptr) curl_->multi_cleanup(multi_);
  multi_ = nullptr;
}

// Sleeps are in Perform(). False when the thread is to end: nothing is lost, because a command that
// comes later starts another.
bool HttpEngine::TakeCommands(std::vector<Command>* commands) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!exchanges_.empty() || !commands_.empty()) busy_at_ = now;
  const bool idle = commands_.empty() && (multi_ == nullptr || now - busy_at_ >= kIdleLife);
  if (stopping_ || idle) {
    running_ = false;
    wakeable_ = nullptr;
    return false;
  }
  commands->swap(commands_);
  return true;
}

void HttpEngine::Obey(const Command& command) {
  if (command.kind == Command::Kind::kStart) {
    auto exchange = std::make_unique<HttpExchange>(io_, curl_.get(), multi_, &settings_,
                                                   command.state, *command.request);
    exchanges_.emplace(command.state.get(), std::move(exchange));
    return;
  }
  const auto found = exchanges_.find(command.state.get());
  if (found == exchanges_.end()) return;
  if (command.kind == Command::Kind::kResume) {
    found->second->Resume();
  } else {
    exchanges_.erase(found);
  }
}

// One round: what can be done without waiting, its results, then a sleep until there is more.
void HttpEngine::Perform() {
  int running = 0;
  curl_->multi_perform(multi_, &running);
  int left = 0;
  while (const CURLMsg* message = curl_->multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto* exchange = static_cast<HttpExchange*>(HttpHop::EventsOf(*curl_, message->easy_handle));
    exchange->OnHopDone(message->data.result);
  }
  for (auto row = exchanges_.begin(); row != exchanges_.end();) {
    row = row->second->Settle() ? std::next(row) : exchanges_.erase(row);
  }
  const int sleep = exchanges_.empty()
                        ? static_cast<int>(std::chrono::milliseconds(kIdleLife).count())
                        : kLongestSleepMs;
  curl_->multi_poll(multi_, nullptr, 0, sleep, nullptr);
}

void HttpEngine::Refuse(const Command& command, const Error& error) {
  if (command.kind != Command::Kind::kStart) return;
  asio::post(*io_, [state = command.state, error] {
    HttpEvents* events = std::exchange(state->events, nullptr);
    if (events == nullptr) return;
    events->OnEnd(HttpFailure{HttpFault::kNoLibrary, error.message, error.hint});
  });
}

}  // namespace paned
