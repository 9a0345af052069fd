#include "server/http/http_hop.h"

#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace paned {
namespace {

constexpr long kReadBuffer = 64 << 10;
// One header line may have 100 KiB (libcurl's rule); all of them this much, and so many there may
// be (the reference's rule).
constexpr std::size_t kMostHeadBytes = std::size_t{1} << 20;
constexpr std::size_t kMostHeaders = 100;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// As the reference: a value that is not plain text is no value.
bool IsPlainText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); });
}

}  // namespace

HttpHop::HttpHop(const CurlLibrary* curl, CURLM* multi, const HttpSettings& settings,
                 const OutboundRequest& request, std::optional<std::chrono::milliseconds> timeout,
                 Events* events)
    : curl_(curl), multi_(multi), events_(events), easy_(curl->easy_init()) {
  if (easy_ == nullptr) return;
  SetRequest(request);
  SetPeer(settings, request);
  if (timeout && timeout->count() < INT_MAX) {
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(timeout->count(), 1)));
  }
  Set(CURLOPT_HEADERFUNCTION, &HttpHop::TakeHeader);
  Set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  Set(CURLOPT_WRITEFUNCTION, &HttpHop::TakeBody);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  Set(CURLOPT_PRIVATE, static_cast<void*>(events_));
  Set(CURLOPT_BUFFERSIZE, kReadBuffer);
  // Signals belong to the process, and a name that is being resolved must not hold up the others.
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_QUICK_EXIT, 1L);
  started_ = curl_->multi_add_handle(multi_, easy_) == CURLM_OK;
}

HttpHop::~HttpHop() {
  if (started_) curl_->multi_remove_handle(multi_, easy_);
  if (easy_ != nullptr) curl_->easy_cleanup(easy_);
  curl_->slist_free_all(lines_);
}

void HttpHop::SetRequest(const OutboundRequest& request) {
  Set(CURLOPT_URL, request.url.Address().c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_PATH_AS_IS, 1L);
  // Of one connection per exchange what waits is known: a paused stream of HTTP/2 goes on filling.
  Set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  Set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  if (request.method == "HEAD") Set(CURLOPT_NOBODY, 1L);
  if (!request.body.empty() && request.method != "HEAD") {
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_READFUNCTION, &HttpHop::GiveBody);
    Set(CURLOPT_READDATA, static_cast<void*>(&body_left_));
    body_left_ = request.body;
    // Two headers that libcurl would add by itself.
    if (FindHeader(request.headers, "content-type") == nullptr) AddLine("content-type:");
    if (FindHeader(request.headers, "expect") == nullptr) AddLine("expect:");
    Set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  }
  if (request.method != "HEAD") Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  for (const HttpHeader& header : request.headers) {
    AddLine(Trim(header.value).empty() ? header.name + ';' : header.name + ": " + header.value);
  }
  if (FindHeader(request.headers, "accept") == nullptr) AddLine("accept: */*");
  Set(CURLOPT_HTTPHEADER, lines_);
}

void HttpHop::SetPeer(const HttpSettings& settings, const OutboundRequest& request) {
  const std::string& proxy = request.url.https ? settings.https_proxy : settings.http_proxy;
  Set(CURLOPT_PROXY, proxy.c_str());
  Set(CURLOPT_NOPROXY, settings.no_proxy.c_str());
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!settings.ca_file.empty()) Set(CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!settings.ca_directory.empty()) Set(CURLOPT_CAPATH, settings.ca_directory.c_str());
  Set(CURLOPT_OPENSOCKETFUNCTION, &HttpHop::OpenSocket);
}

void HttpHop::AddLine(const std::string& line) {
  curl_slist* longer = curl_->slist_append(lines_, line.c_str());
  if (longer != nullptr) lines_ = longer;
}

HttpHop::Events* HttpHop::EventsOf(const CurlLibrary& curl, CURL* easy) {
  void* events = nullptr;
  curl.easy_getinfo(easy, CURLINFO_PRIVATE, &events);
  return static_cast<Events*>(events);
}

// False when there is too much of it.
bool HttpHop::OnHeadLine(std::string_view line) {
  if (head_complete_) return true;  // a trailer
  head_bytes_ += line.size();
  if (head_bytes_ > kMostHeadBytes) return false;
  const std::string_view text = Trim(line);
  if (line.substr(0, 5) == "HTTP/") {
    head_ = {};
    long status = 0;
    curl_->easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    head_.status = static_cast<int>(status);
  } else if (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view value = Trim(text.substr(colon + 1));
    if (!IsHttpToken(text.substr(0, colon)) || head_.headers.size() == kMostHeaders) return false;
    if (IsPlainText(value)) AddHeader(text.substr(0, colon), value, &head_.headers);
  } else if (head_.status >= 200 || head_.status == 101) {
    head_complete_ = true;
    events_->OnHopHead(std::move(head_));
  }
  return true;
}

std::size_t HttpHop::TakeHeader(char* data, std::size_t size, std::size_t count, void* hop) {
  const std::size_t bytes = size * count;
  return static_cast<HttpHop*>(hop)->OnHeadLine({data, bytes}) ? bytes : 0;
}

std::size_t HttpHop::TakeBody(char* data, std::size_t size, std::size_t count, void* hop) {
  const std::size_t bytes = size * count;
  switch (static_cast<HttpHop*>(hop)->events_->OnHopBody({data, bytes})) {
    case Taken::kAll:
      return bytes;
    case Taken::kPause:
      return CURL_WRITEFUNC_PAUSE;
    case Taken::kAbort:
      break;
  }
  return 0;
}

// Not to be rewound: a body that has been sent is never sent a second time, as libcurl would when a
// kept connection turns out to be closed.
std::size_t HttpHop::GiveBody(char* buffer, std::size_t size, std::size_t count, void* left) {
  auto* body = static_cast<std::string_view*>(left);
  const std::size_t given = body->copy(buffer, size * count);
  body->remove_prefix(given);
  return given;
}

// No child of the server inherits a connection.
curl_socket_t HttpHop::OpenSocket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace paned
