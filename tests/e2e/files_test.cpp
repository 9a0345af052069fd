// The file methods through the wire, in both path forms.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

enum class Form { kPlain, kUri };

class Files : public E2e, public ::testing::WithParamInterface<Form> {
 protected:
  void SetUp() override { client_ = Open(); }
  // A path as this round writes it. The directory's name needs escapes in a URI.
  std::string P(const std::string& name) const {
    if (GetParam() == Form::kPlain) return dir_ / ("a b/" + name);
    return "file://" + (dir_ / ("a%20b/" + name));
  }
  std::string Native(const std::string& name) const { return dir_ / ("a b/" + name); }
  Answer Write(const std::string& name, const std::string& bytes, const std::string& more = {}) {
    return client_->Call("fs/writeFile",
                         PathParams(P(name), "\"dataBase64\":\"" + ToBase64(bytes) + "\"" +
                                                 (more.empty() ? "" : "," + more)));
  }
  Answer Call(const std::string& method, const std::string& name, const std::string& more = {}) {
    return client_->Call(method, PathParams(P(name), more));
  }
  static std::string Bytes(const Answer& answer) {
    return answer.ok() ? FromBase64(answer.result()["dataBase64"].GetString()) : answer.message();
  }

  TempDir dir_;
};

TEST_P(Files, EveryMethod) {
  ASSERT_TRUE(Call("fs/createDirectory", "").ok());
  ASSERT_TRUE(Call("fs/createDirectory", "x/y/z", "\"recursive\":true").ok());
  EXPECT_TRUE(Write("file", std::string("a\0b\n", 4)).ok());
  EXPECT_EQ(ReadWholeFile(Native("file")), std::string("a\0b\n", 4));
  EXPECT_EQ(Bytes(Call("fs/readFile", "file")), std::string("a\0b\n", 4));
  EXPECT_TRUE(Write("file", "").ok());
  EXPECT_EQ(Bytes(Call("fs/readFile", "file")), "");
  EXPECT_TRUE(Write("file", "12345").ok());

  ASSERT_EQ(::symlink("file", Native("link").c_str()), 0);
  const Answer metadata = Call("fs/getMetadata", "link");
  ASSERT_TRUE(metadata.ok()) << metadata.message();
  EXPECT_TRUE(metadata.result()["isSymlink"].GetBool());
  EXPECT_TRUE(metadata.result()["isFile"].GetBool());
  EXPECT_EQ(metadata.result()["size"].GetInt(), 5);
  EXPECT_GT(metadata.result()["modifiedAtMs"].GetUint64(), 1'600'000'000'000u);

  const Answer canonical = Call("fs/canonicalize", "x/../link");
  ASSERT_TRUE(canonical.ok()) << canonical.message();
  EXPECT_EQ(std::string(canonical.result()["path"].GetString()), P("file"));

  const Answer listing = Call("fs/readDirectory", "");
  ASSERT_TRUE(listing.ok());
  std::vector<std::string> names;
  for (const auto& entry : listing.result()["entries"].GetArray()) {
    names.emplace_back(entry["fileName"].GetString());
    EXPECT_EQ(entry["isDirectory"].GetBool(), names.back() == "x");
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"file", "link", "x"}));

  const auto copy = [&](const std::string& from, const std::string& to, const std::string& more) {
    return client_->Call("fs/copy", "{\"sourcePath\":" + Quote(P(from)) +
                                        ",\"destinationPath\":" + Quote(P(to)) + more + "}");
  };
  EXPECT_TRUE(copy("file", "copied", "").ok());
  EXPECT_EQ(ReadWholeFile(Native("copied")), "12345");
  EXPECT_TRUE(copy("file", "file", ",\"recursive\":false").ok());
  EXPECT_EQ(ReadWholeFile(Native("file")), "12345") << "copied onto itself";
  EXPECT_EQ(copy("x", "x2", "").message(),
            "fs/copy requires recursive: true when sourcePath is a directory");
  EXPECT_TRUE(copy("x", "x2", ",\"recursive\":true").ok());
  EXPECT_EQ(::access(Native("x2/y/z").c_str(), F_OK), 0);

  EXPECT_TRUE(Call("fs/remove", "x2").ok());
  EXPECT_NE(::access(Native("x2").c_str(), F_OK), 0);
  EXPECT_TRUE(Call("fs/remove", "x2").ok()) << "force is the default";
  EXPECT_EQ(Call("fs/remove", "x2", "\"force\":false").code(), -32004);
}

TEST_P(Files, CreateMissingMakesParents) {
  EXPECT_EQ(Write("p/q/file", "x").code(), -32004);
  EXPECT_EQ(Write("p/q/file", "x", "\"createMissing\":false").code(), -32004);
  EXPECT_TRUE(Write("p/q/file", "x", "\"createMissing\":true").ok());
  EXPECT_EQ(ReadWholeFile(Native("p/q/file")), "x");
  struct stat status = {};
  ASSERT_EQ(::stat(Native("p/q").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);
}

TEST_P(Files, ErrorsInTheReferencesWords) {
  ASSERT_EQ(::mkdir((dir_ / "a b").c_str(), 0700), 0);
  WriteWholeFile(Native("file"), "x");
  EXPECT_EQ(Call("fs/readFile", "none").code(), -32004);
  EXPECT_EQ(Call("fs/readFile", "none").message(), "No such file or directory (os error 2)");
  EXPECT_EQ(Call("fs/readFile", "").code(), -32600);
  EXPECT_EQ(Call("fs/readFile", "file/x").message(), "Not a directory (os error 20)");
  EXPECT_EQ(Call("fs/readFile", "file/x").code(), -32603);
  EXPECT_EQ(Call("fs/createDirectory", "file").message(), "File exists (os error 17)");
  EXPECT_EQ(Call("fs/readDirectory", "file").code(), -32603);
  EXPECT_EQ(Call("fs/canonicalize", "none").code(), -32004);
  EXPECT_EQ(Call("fs/getMetadata", "none").code(), -32004);
  ASSERT_EQ(::symlink("loop", Native("loop").c_str()), 0);
  EXPECT_EQ(Call("fs/getMetadata", "loop").message(), "Symbolic link loop (os error 40)");
  const Answer bad = Call("fs/writeFile", "file", "\"dataBase64\":\"QQ\"");
  EXPECT_EQ(bad.code(), -32600);
  EXPECT_EQ(bad.message(), "fs/writeFile requires valid base64 dataBase64: Invalid padding");
  EXPECT_EQ(ReadWholeFile(Native("file")), "x") << "untouched";
}

TEST_P(Files, AFullDiskIsAnErrorAndNoMore) {
  std::string target = "/dev/full";
  const std::string mount_point = dir_ / "small";
  ASSERT_EQ(::mkdir(mount_point.c_str(), 0700), 0);
  const bool mounted = ::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=64k") == 0;
  if (mounted) target = mount_point + "/file";
  const Answer answer = client_->Call(
      "fs/writeFile", PathParams((GetParam() == Form::kUri ? "file://" : "") + target,
                                 "\"dataBase64\":\"" + ToBase64(std::string(kMiB, 'x')) + "\""));
  EXPECT_EQ(answer.code(), -32603);
  EXPECT_EQ(answer.message(), "No space left on device (os error 28)");
  if (mounted) ::umount2(mount_point.c_str(), MNT_DETACH);
  EXPECT_TRUE(client_->Call("environment/status").ok());
}

TEST_P(Files, RestrictedSandboxesAreRefusedByEveryMethod) {
  ASSERT_EQ(::mkdir((dir_ / "a b").c_str(), 0700), 0);
  WriteWholeFile(Native("file"), "x");
  const std::string restricted =
      R"("sandbox":{"permissions":{"type":"managed","file_system":{"type":"restricted",)"
      R"("entries":[]},"network":"restricted"},"windowsSandboxLevel":"disabled"})";
  const std::string open =
      R"("sandbox":{"permissions":{"type":"disabled"},"windowsSandboxLevel":"disabled"})";
  for (const char* method : {"fs/readFile", "fs/writeFile", "fs/createDirectory", "fs/getMetadata",
                             "fs/canonicalize", "fs/readDirectory", "fs/remove"}) {
    const Answer answer = Call(method, "file", "\"dataBase64\":\"\"," + restricted);
    EXPECT_EQ(answer.code(), -32603) << method;
    EXPECT_EQ(answer.message(),
              "this exec-server has no sandbox and does not make restricted file calls");
  }
  const Answer copy = client_->Call("fs/copy", "{\"sourcePath\":" + Quote(P("file")) +
                                                   ",\"destinationPath\":" + Quote(P("other")) +
                                                   "," + restricted + "}");
  EXPECT_EQ(copy.code(), -32603);
  EXPECT_EQ(ReadWholeFile(Native("file")), "x");
  EXPECT_NE(::access(Native("other").c_str(), F_OK), 0);
  EXPECT_EQ(Bytes(Call("fs/readFile", "file", open)), "x");
}

TEST_P(Files, AFifoBlocksNobody) {
  ASSERT_EQ(::mkdir((dir_ / "a b").c_str(), 0700), 0);
  ASSERT_EQ(::mkfifo(Native("fifo").c_str(), 0600), 0);
  WriteWholeFile(Native("file"), "x");
  const Answer read = Call("fs/readFile", "fifo");
  EXPECT_EQ(read.code(), -32600);
  EXPECT_EQ(read.message(), "path `" + Native("fifo") + "` is not a file");
  // More writes into it than there are workers; all others go on.
  for (int i = 0; i < 40; ++i) {
    client_->Send("fs/writeFile", PathParams(P("fifo"), "\"dataBase64\":\"eA==\""));
  }
  EXPECT_EQ(Bytes(Call("fs/readFile", "file")), "x");
  EXPECT_EQ(Bytes(Open()->Call("fs/readFile", PathParams(P("file")))), "x");
}

INSTANTIATE_TEST_SUITE_P(Forms, Files, ::testing::Values(Form::kPlain, Form::kUri),
                         [](const ::testing::TestParamInfo<Form>& form) {
                           return form.param == Form::kPlain ? "Plain" : "Uri";
                         });

}  // namespace
}  // namespace paned::testing
