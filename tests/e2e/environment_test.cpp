// What a child gets: environment, directory, program, descriptors.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Environment : public E2e {
 protected:
  using Names = std::set<std::string>;

  // The child's environment, one NAME=value each.
  Names Entries(const std::string& more) {
    if (!client_) client_ = Open();
    const std::string id = "env-" + std::to_string(++runs_);
    const Story story = client_->Run(id, StartParams(id, {"/usr/bin/env", "-0"}, more));
    Names entries;
    std::istringstream text(story.out);
    for (std::string entry; std::getline(text, entry, '\0');) entries.insert(entry);
    return entries;
  }
  void ServeIn(std::vector<std::string> env) {
    ServerOptions options;
    options.env = std::move(env);
    Serve(options);
  }

  int runs_ = 0;
};

bool Has(const std::set<std::string>& entries, const std::string& prefix) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const std::string& entry) { return entry.rfind(prefix, 0) == 0; });
}

TEST_F(Environment, GivenItIsExact) {
  const Names expected = {"A=1", "EMPTY=", "U=\xC3\xA9 =;"};
  EXPECT_EQ(Entries("\"env\":{\"U\":\"\xC3\xA9 =;\",\"A\":\"1\",\"EMPTY\":\"\"}"), expected);
  EXPECT_EQ(Entries("\"env\":{}"), Names{});
  EXPECT_EQ(Entries(R"("env":{"CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE":"1","X":"y","":"z"})"),
            Names{"X=y"});
}

constexpr const char* kSecrets[] = {"PANED_TOKEN=t",
                                    "PANED_ANYTHING=1",
                                    "CODEX_API_KEY=k",
                                    "CODEX_ACCESS_TOKEN=t",
                                    "LISTEN_FDS=0",
                                    "LISTEN_PID=1",
                                    "LISTEN_FDNAMES=x",
                                    "NOTIFY_SOCKET=/n",
                                    "TMUX=/tmp/tmux,1,0",
                                    "TMUX_PANE=%1",
                                    "TMUX_TMPDIR=/x",
                                    "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE=false",
                                    "CODEX_EXEC_SERVER_URL=u",
                                    "CODEX_EXEC_SERVER_CONNECTION_TOKEN=t"};

TEST_F(Environment, AbsentItIsTheServersWithoutTheServersOwn) {
  std::vector<std::string> env = {"E2E_PLAIN=kept", "E2E_API_KEY=kept too"};
  env.insert(env.end(), std::begin(kSecrets), std::end(kSecrets));
  ServeIn(env);
  for (const char* more : {"", "\"env\":null"}) {
    const Names entries = Entries(more);
    EXPECT_TRUE(entries.count("E2E_PLAIN=kept"));
    EXPECT_TRUE(entries.count("E2E_API_KEY=kept too"));
    EXPECT_TRUE(Has(entries, "PATH="));
    for (const std::string secret : kSecrets) EXPECT_EQ(entries.count(secret), 0u) << secret;
  }
  // No policy lets them out either.
  const Names entries =
      Entries(R"("env":{},"envPolicy":{"inherit":"all","ignoreDefaultExcludes":true,)"
              R"("exclude":[],"set":{},"includeOnly":[]})");
  EXPECT_TRUE(entries.count("E2E_API_KEY=kept too"));
  for (const std::string secret : kSecrets) EXPECT_EQ(entries.count(secret), 0u) << secret;
}

TEST_F(Environment, PoliciesApplyInTheirOrder) {
  ServeIn({"E2E_PLAIN=1", "E2E_SECRET=2", "e2e_token_x=3", "E2E_OTHER=4", "LANG=C"});
  const auto policy = [this](const std::string& env, const std::string& members) {
    return Entries("\"env\":" + env + ",\"envPolicy\":{" + members + "}");
  };
  Names entries =
      policy("{}", R"("inherit":"all","ignoreDefaultExcludes":false,"exclude":["*other"],)"
                   R"("set":{"MY_KEY":"set","E2E_PLAIN":"set"},"includeOnly":[])");
  EXPECT_TRUE(entries.count("E2E_PLAIN=set"));
  EXPECT_TRUE(entries.count("MY_KEY=set"));
  EXPECT_FALSE(Has(entries, "E2E_SECRET="));
  EXPECT_FALSE(Has(entries, "e2e_token_x="));
  EXPECT_FALSE(Has(entries, "E2E_OTHER="));
  entries = policy(R"({"E2E_OTHER":"env"})",
                   R"("inherit":"all","ignoreDefaultExcludes":true,"exclude":[],)"
                   R"("set":{"A":"1"},"includeOnly":["e2e_?ecret"])");
  EXPECT_EQ(entries, (Names{"E2E_SECRET=2", "E2E_OTHER=env"}));
  entries = policy("{}", R"("inherit":"none","ignoreDefaultExcludes":false,"exclude":[],)"
                         R"("set":{"A":"1"},"includeOnly":[])");
  EXPECT_EQ(entries, Names{"A=1"});
  entries = policy("{}", R"("inherit":"core","ignoreDefaultExcludes":false,"exclude":[],)"
                         R"("set":{},"includeOnly":[])");
  EXPECT_TRUE(entries.count("LANG=C"));
  EXPECT_TRUE(Has(entries, "PATH="));
  EXPECT_FALSE(Has(entries, "E2E_PLAIN="));
}

TEST_F(Environment, ProgramsAreFoundInTheChildsPath) {
  const TempDir dir;
  for (const char* name : {"one", "two"}) {
    ASSERT_EQ(::mkdir((dir / name).c_str(), 0700), 0);
    WriteWholeFile(dir / name + "/tool", std::string("#!/bin/sh\necho ") + name + "\n");
    ASSERT_EQ(::chmod((dir / name + "/tool").c_str(), 0700), 0);
  }
  const auto client = Open();
  const auto run = [&](const std::string& id, const std::string& path) {
    return client->Run(id, StartParams(id, {"tool"}, "\"env\":{\"PATH\":" + Quote(path) + "}")).out;
  };
  EXPECT_EQ(run("a", (dir / "one") + ":" + (dir / "two")), "one\n");
  EXPECT_EQ(run("b", (dir / "none") + ":" + (dir / "two") + ":" + (dir / "one")), "two\n");
  // Without a PATH of its own: the system's.
  EXPECT_EQ(client->Run("c", StartParams("c", {"echo", "found"}, "\"env\":{}")).out, "found\n");
  // A name with a slash counts from the child's directory.
  EXPECT_EQ(client->Run("d", StartParams("d", {"./tool"}, "\"cwd\":" + Quote(dir / "two"))).out,
            "two\n");
}

TEST_F(Environment, WorkingDirectory) {
  const TempDir dir;
  ASSERT_EQ(::mkdir((dir / "a b").c_str(), 0700), 0);
  const auto client = Open();
  const auto pwd = [&](const std::string& id, const std::string& more) {
    return client->Run(id, StartParams(id, {"/bin/pwd", "-P"}, more)).out;
  };
  EXPECT_EQ(pwd("plain", "\"cwd\":" + Quote(dir / "a b")), (dir / "a b") + "\n");
  EXPECT_EQ(pwd("uri", "\"cwd\":" + Quote("file://" + (dir / "a%20b"))), (dir / "a b") + "\n");
  char own[4096];
  ASSERT_NE(::getcwd(own, sizeof own), nullptr);
  EXPECT_EQ(pwd("absent", ""), std::string(own) + "\n");
  EXPECT_EQ(pwd("null", "\"cwd\":null"), std::string(own) + "\n");
}

TEST_F(Environment, OnlyTheStandardStreamsAreOpen) {
  const auto client = Open();
  const auto other = Open();
  for (int i = 0; i < 30; ++i) {
    const std::string id = "busy-" + std::to_string(i);
    ASSERT_TRUE(
        client->Call("process/start", StartParams(id, {"/bin/cat"}, "\"pipeStdin\":true")).ok());
  }
  EXPECT_EQ(client->Run("fds", StartParams("fds", {HelperProgram(), "fds"})).out, "0 1 2 ");
  EXPECT_EQ(
      client->Run("in", StartParams("in", {HelperProgram(), "fds"}, "\"pipeStdin\":true")).out,
      "0 1 2 ");
}

}  // namespace
}  // namespace paned::testing
