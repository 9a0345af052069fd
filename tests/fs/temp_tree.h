// What the file tests share: a directory of their own, short words for making and looking at files,
// and being somebody without root's rights.
// Threading: one test, one thread, except where a test says so.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/fs/file_service.h"
#include "tests/support/temp_dir.h"

namespace paned {

constexpr uid_t kNobody = 65534;

// Without root's rights on files in this thread while it lives. Nothing to do when not root.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) ::setfsuid(kNobody);
  }
  ~AsNobody() {
    if (::geteuid() == 0) ::setfsuid(0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

// A fixture with an empty directory that anybody may use.
class TempTree : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::chmod(root_.c_str(), 0777), 0); }
  void TearDown() override {
    const Status removed = Remove(root_, true, true);
    EXPECT_TRUE(removed.ok()) << removed.error().message << ' ' << removed.error().path;
  }

  std::string At(const std::string& name) const { return root_ + '/' + name; }

  std::string File(const std::string& name, const std::string& bytes = "x", mode_t mode = 0644) {
    const std::string path = At(name);
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string Directory(const std::string& name, mode_t mode = 0755) {
    const std::string path = At(name);
    EXPECT_EQ(::mkdir(path.c_str(), 0755), 0) << path;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string Link(const std::string& name, const std::string& text) {
    const std::string path = At(name);
    EXPECT_EQ(::symlink(text.c_str(), path.c_str()), 0);
    return path;
  }
  std::string Fifo(const std::string& name) {
    const std::string path = At(name);
    EXPECT_EQ(::mkfifo(path.c_str(), 0644), 0);
    return path;
  }
  std::string Socket(const std::string& name) {
    const std::string path = At(name);
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.size(), sizeof address.sun_path);
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return path;
  }
  // Gives `path` to the user that AsNobody becomes.
  static void Give(const std::string& path) {
    if (::geteuid() == 0) {
      EXPECT_EQ(::lchown(path.c_str(), kNobody, kNobody), 0);
    }
  }

  static std::string Bytes(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    EXPECT_TRUE(stream.good()) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static struct stat Stat(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  static mode_t Mode(const std::string& path) { return Stat(path).st_mode & 07777; }
  static bool Exists(const std::string& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0;
  }
  static std::string LinkText(const std::string& path) {
    char text[4096];
    const ssize_t length = ::readlink(path.c_str(), text, sizeof text);
    EXPECT_GE(length, 0) << path;
    return length < 0 ? std::string() : std::string(text, static_cast<std::size_t>(length));
  }
  static std::set<std::string> Names(const std::string& path) {
    std::set<std::string> names;
    auto listed = ReadDirectory(path);
    EXPECT_TRUE(listed.ok());
    if (!listed.ok()) return names;
    for (const auto& entry : listed.value().entries) names.insert(entry.file_name);
    return names;
  }
  // A path of existing form that is longer than PATH_MAX.
  std::string TooLong() const {
    std::string path = root_;
    while (path.size() <= 4096) path += '/' + std::string(200, 'a');
    return path;
  }

  const testing::TempDir directory_;
  const std::string root_ = directory_.path();
};

template <class T>
void ExpectError(const Result<T>& result, ErrorKind kind, const std::string& message) {
  ASSERT_FALSE(result.ok()) << "wanted: " << message;
  EXPECT_EQ(result.error().message, message);
  EXPECT_EQ(static_cast<int>(result.error().kind), static_cast<int>(kind)) << message;
}
template <class T>
void ExpectOk(const Result<T>& result) {
  ASSERT_TRUE(result.ok()) << result.error().message << ' ' << result.error().path;
}

inline constexpr char kNoEntry[] = "No such file or directory (os error 2)";
inline constexpr char kDenied[] = "Permission denied (os error 13)";
inline constexpr char kExists[] = "File exists (os error 17)";
inline constexpr char kNotDirectory[] = "Not a directory (os error 20)";
inline constexpr char kIsDirectory[] = "Is a directory (os error 21)";
inline constexpr char kNoSpace[] = "No space left on device (os error 28)";
inline constexpr char kTooLong[] = "Filename too long (os error 36)";
inline constexpr char kNotEmpty[] = "Directory not empty (os error 39)";
inline constexpr char kLoop[] = "Symbolic link loop (os error 40)";

}  // namespace paned
