// Why a process may not start, in the words of section 7.1.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class StartErrors : public E2e {
 protected:
  void SetUp() override {
    WriteWholeFile(dir_ / "text", "no program\n");
    ::chmod((dir_ / "text").c_str(), 0755);
    WriteWholeFile(dir_ / "plain", "#!/bin/sh\n");
    ::chmod((dir_ / "plain").c_str(), 0644);
    client_ = Open();
  }
  void Expect(const std::string& members, int code, const std::string& message) {
    const Answer answer = client_->Call("process/start", "{\"processId\":\"p\"," + members + "}");
    EXPECT_EQ(answer.code(), code) << members;
    EXPECT_EQ(answer.message(), message) << members;
  }
  std::string Argv(const std::string& program, const std::string& more = {}) {
    return "\"argv\":[" + Quote(program) + "]" + more;
  }

  TempDir dir_;
};

TEST_F(StartErrors, EveryTextIsTheReferences) {
  const std::string missing = "No such file or directory (os error 2)";
  Expect("\"argv\":[]", -32602, "argv must not be empty");
  Expect(Argv(""), -32603, "missing program for pipe spawn");
  Expect(Argv("/nonexistent/program"), -32603, missing);
  Expect(Argv("no-such-program-anywhere"), -32603, missing);
  Expect(Argv("/bin/true", ",\"cwd\":\"/nonexistent\""), -32603, missing);
  Expect(Argv("true", ",\"env\":{\"PATH\":\"/nonexistent\"}"), -32603, missing);
  Expect(Argv(dir_.path()), -32603, "Permission denied (os error 13)");
  Expect(Argv(dir_ / "plain"), -32603, "Permission denied (os error 13)");
  Expect(Argv(dir_ / "text"), -32603, "Exec format error (os error 8)");
  Expect(Argv("/bin/true", ",\"cwd\":" + Quote(dir_ / "plain")), -32603,
         "Not a directory (os error 20)");
  Expect(R"("argv":["/bin/echo","a\u0000b"])", -32603, "nul byte found in provided data");
  Expect(Argv("/bin/true", R"(,"env":{"A":"b\u0000c"})"), -32603,
         "data provided contains a nul byte");
  Expect(Argv("/bin/true", R"(,"cwd":"file:///C:/x")"), -32602,
         "cwd URI `file:///C:/x` is not valid on this exec-server host: 'file:///C:/x' is invalid "
         "on 'linux'");
  Expect(Argv("/bin/true", R"(,"cwd":"not/absolute")"), -32602,
         "invalid URI: relative URL without a base");
  // Every failed start has left the id free.
  EXPECT_TRUE(client_->Run("p", StartParams("p", {"/bin/true"})).closed);
  Expect(Argv("/bin/true"), -32600, "process p already exists");
}

TEST_F(StartErrors, ArgumentsBeyondTheSystemsLimit) {
  const Answer answer =
      client_->Call("process/start", StartParams("p", {"/bin/echo", std::string(1 << 18, 'x')}));
  EXPECT_EQ(answer.code(), -32603);
  EXPECT_EQ(answer.message(), "Argument list too long (os error 7)");
  EXPECT_TRUE(client_->Run("p", StartParams("p", {"/bin/true"})).closed);
}

TEST_F(StartErrors, WhatCannotBeConfinedIsRefused) {
  const std::string windows = R"("windowsSandboxLevel":"disabled"})";
  for (const char* permissions :
       {R"({"type":"disabled"})", R"({"type":"external","network":"enabled"})",
        R"({"type":"managed","file_system":{"type":"unrestricted"},"network":"enabled"})"}) {
    const std::string id = permissions;
    EXPECT_TRUE(client_
                    ->Run(id, StartParams(id, {"/bin/true"},
                                          std::string(R"("sandbox":{"permissions":)") +
                                              permissions + "," + windows))
                    .closed)
        << permissions;
  }
  Expect(Argv("/bin/true",
              R"(,"sandbox":{"permissions":{"type":"managed","file_system":{"type":"restricted",)"
              R"("entries":[]},"network":"restricted"},)" +
                  windows),
         -32603, "this exec-server has no sandbox and does not run restricted commands");
  Expect(Argv("/bin/true", R"(,"sandbox":{)" + windows), -32602, "missing field `permissions`");
  Expect(Argv("/bin/true", R"(,"enforceManagedNetwork":true)"), -32603,
         "this exec-server cannot enforce a managed network (enforceManagedNetwork)");
}

TEST_F(StartErrors, ErrorsNameThePathAndTheRemedy) {
  const Answer answer =
      client_->Call("process/start", StartParams("p", {"/bin/true"}, "\"cwd\":\"/nonexistent\""));
  ASSERT_NE(answer.code(), 0);
  const rapidjson::Value& error = answer.document()["error"];
  ASSERT_TRUE(error.HasMember("data"));
  EXPECT_STREQ(error["data"]["path"].GetString(), "/nonexistent");
  EXPECT_NE(std::string(error["data"]["hint"].GetString()), "");
}

}  // namespace
}  // namespace paned::testing
