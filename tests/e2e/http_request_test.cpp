// http/request of the real server: streams at the client's pace in bounded memory, TLS with an
// authority of the test's own, a proxy, no libcurl, and children that inherit nothing.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "protocol/base64.h"
#include "tests/e2e/fixture.h"
#include "tests/support/http_peer.h"

namespace paned::testing {
namespace {

// A child that runs until the test ends.
class Helper {
 public:
  explicit Helper(const std::string& command) : pipe_(::popen(("exec " + command).c_str(), "r")) {}
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  // It leaves when it cannot write, or is told to by its script.
  ~Helper() { ::pclose(pipe_); }
  // Its next line without the end.
  std::string Line() {
    char line[256] = {};
    if (std::fgets(line, sizeof line, pipe_) == nullptr) return {};
    std::string text(line);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

 private:
  std::FILE* pipe_;
};

class HttpRequest : public E2e {
 protected:
  static std::string Params(const std::string& url, const std::string& more = {}) {
    return R"({"method":"GET","requestId":"r","url":)" + Quote(url) + more + '}';
  }
  // The body of a whole response; "" when it failed.
  static std::string BodyOf(const Answer& answer) {
    if (!answer.ok()) return {};
    std::string body;
    const auto fault = protocol::DecodeBase64(answer.result()["bodyBase64"].GetString(), &body);
    EXPECT_FALSE(fault);
    return body;
  }
  std::string Fetch(const std::string& url) {
    if (!client_) client_ = Open(kCodex);
    const Answer answer = client_->Call("http/request", Params(url));
    return answer.ok() ? BodyOf(answer) : "error: " + answer.message();
  }
  // The beginning of a body, and no end.
  static bool BeginBody(HttpPeer::Wire* wire, const std::string& /*request*/) {
    wire->Send("HTTP/1.1 200 OK\r\n\r\nfirst");
    wire->AwaitEnd();
    return false;
  }
  void BeginStream(const HttpPeer& web) {
    client_ = Open(kCodex);
    Listen();
    ASSERT_TRUE(
        client_->Call("http/request", Params(web.Url("/"), R"(,"streamResponse":true)")).ok());
    EXPECT_EQ(web.open_connections(), 1U);
  }
  // What the deltas of the client's one stream tell.
  struct Stream {
    std::size_t bytes = 0;
    std::uint64_t seq = 0;
    bool in_order = true;
    bool done = false;
    std::string error;
  };
  void Listen() {
    client_->on_other = [this](const std::string& method, const rapidjson::Value& params) {
      if (method != "http/request/bodyDelta") return false;
      std::string raw;
      EXPECT_FALSE(protocol::DecodeBase64(params["deltaBase64"].GetString(), &raw));
      stream_.in_order = stream_.in_order && !stream_.done &&
                         params["seq"].GetUint64() == ++stream_.seq &&
                         raw.empty() == params["done"].GetBool();
      stream_.bytes += raw.size();
      stream_.done = params["done"].GetBool();
      if (params["error"].IsString()) stream_.error = params["error"].GetString();
      return true;
    };
  }
  static std::string SendFailure(const std::string& url) {
    return "error: http/request failed: error sending request for url (" + url + ")";
  }

  Stream stream_;
};

// Writes `size` bytes of body.
bool SendMuch(HttpPeer::Wire* wire, std::size_t size) {
  wire->Send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) + "\r\n\r\n");
  const std::string block(kMiB, 'x');
  for (std::size_t sent = 0; sent < size; sent += block.size()) {
    if (!wire->Send(block)) return false;
  }
  return true;
}

TEST_F(HttpRequest, IsAnnouncedAndAnswers) {
  const HttpPeer web([](HttpPeer::Wire* wire, const std::string& request) {
    return wire->Send(HttpOk(request.substr(0, request.find('\r'))));
  });
  client_ = Connect();
  const Answer hello = client_->Initialize(kCodex);
  EXPECT_TRUE(hello.result()["environmentInfo"]["capabilities"]["httpHeaderEnvVars"].GetBool());
  EXPECT_EQ(Fetch(web.Url("/a?b")), "GET /a?b HTTP/1.1");
}

TEST_F(HttpRequest, ASlowReaderKeepsAStreamWaitingInBoundedMemory) {
  const std::size_t size = Scaled<std::size_t>(48, 24) * kMiB;
  const HttpPeer web(
      [size](HttpPeer::Wire* wire, const std::string&) { return SendMuch(wire, size); });
  client_ = Open(kCodex);
  ASSERT_FALSE(Fetch("http://127.0.0.1:1/").empty());  // libcurl is there
  Listen();
  const std::size_t before = server().ResidentBytes();
  const std::int64_t id =
      client_->Send("http/request", Params(web.Url("/"), R"(,"streamResponse":true)"));
  // Nobody reads: what is on its way fills up, and the web server is held back.
  std::size_t last = 1;
  ASSERT_TRUE(Eventually([&] {
    ::usleep(200'000);
    return web.sent() > 0 && std::exchange(last, web.sent()) == web.sent();
  }));
  EXPECT_LT(web.sent(), size);
  const std::size_t bound = before + 16 * kMiB;
  // A sanitizer keeps what was freed, to recognise it.
  if (!kSanitized) {
    EXPECT_LT(server().ResidentBytes(), bound);
  }
  const Answer answer = client_->Await(id);
  ASSERT_TRUE(answer.ok()) << answer.message();
  ASSERT_TRUE(client_->Until([&] { return stream_.done; }));
  EXPECT_EQ(stream_.bytes, size);
  EXPECT_TRUE(stream_.in_order);
  EXPECT_EQ(stream_.error, "");
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), bound);
  }
}

TEST_F(HttpRequest, AStreamEndsWithItsConnection) {
  const HttpPeer web(BeginBody);
  BeginStream(web);
  client_.reset();
  EXPECT_TRUE(Eventually([&] { return web.open_connections() == 0; }));
}

TEST_F(HttpRequest, AServerStopsWithStreamsUnderWay) {
  const HttpPeer web(BeginBody);
  BeginStream(web);
  // TearDown holds the server to a clean exit.
}

TEST_F(HttpRequest, ProxiesAreTheEnvironments) {
  const HttpPeer web([](HttpPeer::Wire* wire, const std::string& request) {
    return wire->Send(HttpOk(request.substr(0, request.find('\r'))));
  });
  ServerOptions options;
  options.env = {"HTTP_PROXY=" + web.Url(""), "NO_PROXY=127.0.0.0/8"};
  options.unset = {"http_proxy", "no_proxy", "ALL_PROXY", "all_proxy", "REQUEST_METHOD"};
  Serve(options);
  EXPECT_EQ(Fetch("http://far.example/a"), "GET http://far.example/a HTTP/1.1");
  EXPECT_EQ(Fetch(web.Url("/near")), "GET /near HTTP/1.1");
}

TEST_F(HttpRequest, WithoutLibcurlItSaysWhatToInstall) {
  const TempDir dir;
  // An empty file is found first, and is no library.
  WriteWholeFile(dir / "libcurl.so.4", "");
  WriteWholeFile(dir / "libcurl-gnutls.so.4", "");
  ServerOptions options;
  options.env = {"LD_LIBRARY_PATH=" + std::string(dir / "")};
  Serve(options);
  client_ = Open(kCodex);
  for (int n = 0; n < 2; ++n) {
    const Answer answer = client_->Call("http/request", Params("http://127.0.0.1:1/"));
    EXPECT_EQ(answer.code(), -32603);
    EXPECT_EQ(answer.message(), "this exec-server cannot make HTTP requests: no usable libcurl");
    const std::string hint = answer.document()["error"]["data"]["hint"].GetString();
    EXPECT_EQ(hint.rfind("apt install libcurl4 (", 0), 0U) << hint;
  }
}

TEST_F(HttpRequest, ChildrenInheritNoConnection) {
  const HttpPeer web([](HttpPeer::Wire* wire, const std::string&) {
    wire->Send("HTTP/1.1 200 OK\r\n\r\nfirst");
    wire->AwaitEnd();
    return false;
  });
  client_ = Open(kCodex);
  Listen();
  ASSERT_TRUE(
      client_->Call("http/request", Params(web.Url("/"), R"(,"streamResponse":true)")).ok());
  EXPECT_EQ(client_->Run("fds", StartParams("fds", {HelperProgram(), "fds"})).out, "0 1 2 ");
}

TEST_F(HttpRequest, TlsWithAnAuthorityOfTheEnvironments) {
  const TempDir dir;
  const std::string script =
      "cd " + (dir / "") +
      " && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes' && "
      "$new -x509 -keyout ca.key -out ca.pem -subj /CN=authority -days 2 && "
      "$new -keyout s.key -out s.csr -subj /CN=localhost && "
      "printf 'subjectAltName=DNS:localhost\\n' > ext && "
      "openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext "
      "-out s.pem";
  ASSERT_EQ(std::system(("{ " + script + "; } > " + (dir / "log") + " 2>&1").c_str()), 0)
      << ReadWholeFile(dir / "log");
  WriteWholeFile(
      dir / "tls.py",
      "import http.server, os, ssl, threading, time\n"
      "class Handler(http.server.BaseHTTPRequestHandler):\n"
      "    def do_GET(self):\n"
      "        self.send_response(200); self.end_headers(); self.wfile.write(b'secure')\n"
      "    def log_message(self, *a): pass\n"
      "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
      "context.load_cert_chain('s.pem', 's.key')\n"
      "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n"
      "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
      "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
      "print(server.server_address[1], flush=True)\n"
      "while os.path.exists('ca.pem'): time.sleep(0.05)\n");
  Helper tls("sh -c 'cd " + (dir / "") + " && exec /usr/bin/python3 tls.py'");
  const std::string url = "https://localhost:" + tls.Line() + "/";
  const std::string by_number = "https://127.0.0.1" + url.substr(url.find(':', 6));
  ServerOptions options;
  options.unset = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  options.env = {"SSL_CERT_FILE=" + (dir / "ca.pem")};
  Serve(options);
  EXPECT_EQ(Fetch(url), "secure");
  EXPECT_EQ(Fetch(by_number), SendFailure(by_number));  // not its name
  client_.reset();
  EXPECT_TRUE(server().StopCleanly());
  options.env = {};
  Serve(options);
  EXPECT_EQ(Fetch(url), SendFailure(url));  // nobody vouches for it
  ::unlink((dir / "ca.pem").c_str());
}

}  // namespace
}  // namespace paned::testing
