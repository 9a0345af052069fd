// fs/watchMissing with the real binary: who is told, and what is left in the kernel of a client
// that has gone.
#include <filesystem>
#include <system_error>

#include "tests/e2e/fixture.h"
#include "tests/support/temp_dir.h"

namespace paned::testing {
namespace {

class WatchMissing : public E2e {
 protected:
  std::string Params(int id, const std::string& missing) const {
    return R"({"watchId":)" + std::to_string(id) + R"(,"missing":[)" +
           Quote("file://" + (root_ / missing)) + R"(],"present":null})";
  }
  static bool Watching(const Answer& answer) {
    return answer.ok() && answer.result()["watching"].GetBool();
  }
  // What the server's inotify instances watch, one line each; "none" when it has no instance.
  std::string KernelWatches() {
    const std::string proc = "/proc/" + std::to_string(server().pid());
    std::string watches = "none";
    for (const auto& entry : std::filesystem::directory_iterator(proc + "/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone) != "anon_inode:inotify") continue;
      if (watches == "none") watches.clear();
      const std::string info = ReadWholeFile(proc + "/fdinfo/" + entry.path().filename().string());
      for (std::size_t at = 0; (at = info.find("inotify wd:", at)) != std::string::npos; ++at) {
        watches += info.substr(at, info.find('\n', at) - at) + '\n';
      }
    }
    return watches;
  }

  const TempDir root_;
};

TEST_F(WatchMissing, IsAnnouncedAndTellsWhatAProcessMakes) {
  const auto client = Open(kCodex);
  const Answer info = client->Call("environment/info");
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info.result()["capabilities"]["fsWatchMissing"].GetBool());
  ASSERT_TRUE(Watching(client->Call("fs/watchMissing", Params(1, ".git"))));
  client->Run("p", StartParams("p", Sh("mkdir " + (root_ / ".git"))));
  EXPECT_TRUE(client->Until([&] { return !client->missing_changed().empty(); }));
  EXPECT_EQ(client->missing_changed(), std::vector<std::uint64_t>{1});
}

TEST_F(WatchMissing, NothingIsLeftOfAClientThatHasGone) {
  auto client = Open();
  const auto other = Open();
  EXPECT_EQ(KernelWatches(), "none");
  ASSERT_TRUE(Watching(client->Call("fs/watchMissing", Params(1, "n"))));
  ASSERT_TRUE(Watching(other->Call("fs/watchMissing", Params(1, "m"))));
  const std::string both = KernelWatches();
  EXPECT_GT(both.size(), 0U);
  client->ws().Reset();
  client.reset();
  // The directories are those of the other, too.
  ASSERT_TRUE(Watching(other->Call("fs/watchMissing", Params(2, "m"))));
  WriteWholeFile(root_ / "n", "");
  WriteWholeFile(root_ / "m", "");
  EXPECT_TRUE(other->Until([&] { return !other->missing_changed().empty(); }));
  EXPECT_EQ(other->missing_changed(), std::vector<std::uint64_t>{2});
  EXPECT_TRUE(Eventually([&] { return KernelWatches().empty(); })) << KernelWatches();
}

TEST_F(WatchMissing, AWatchDoesNotOutliveItsConnectionWithTheSession) {
  auto client = Open();
  const std::string session = client->session();
  ASSERT_TRUE(Watching(client->Call("fs/watchMissing", Params(7, "n"))));
  client->ws().Reset();
  client.reset();
  EXPECT_TRUE(Eventually([&] { return KernelWatches().empty(); }));
  const auto again = Open("e2e", session);
  WriteWholeFile(root_ / "n", "");
  ASSERT_TRUE(Watching(again->Call("fs/watchMissing", Params(1, "m"))));
  WriteWholeFile(root_ / "m", "");
  EXPECT_TRUE(again->Until([&] { return !again->missing_changed().empty(); }));
  EXPECT_EQ(again->missing_changed(), std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace paned::testing
