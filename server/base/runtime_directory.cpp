#include "server/base/runtime_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace paned {
namespace {

constexpr mode_t kOwnerOnly = 0700;
constexpr char kBaseLock[] = ".lock";
constexpr char kLock[] = "lock";
constexpr char kHolders[] = "h";
constexpr char kTmuxSocket[] = "tmux.sock";
// All that an instance may hold, beside the lock and the holders' sockets. tmux leaves its .lock
// behind when it dies at the wrong moment.
constexpr std::array<std::string_view, 5> kKnownFiles = {
    "listing.sock", "holders.sock", kTmuxSocket, "tmux.sock.lock", "tmux.conf"};
constexpr int kMaxSuffix = 1000;

std::string ErrnoText(int number) { return std::system_category().message(number); }

Error CannotUse(const std::string& path, const std::string& cause, const std::string& remedy) {
  Error error;
  error.kind = ErrorKind::kInternal;
  error.message = "cannot use the runtime directory " + path + ": " + cause + "; " + remedy;
  error.path = path;
  return error;
}

Error CannotUse(const std::string& path, int number) {
  const char* remedy = "name another one with --runtime-dir";
  if (number == ENOENT) remedy = "create the directory above it first";
  if (number == EACCES || number == EPERM || number == EROFS) {
    remedy = "name one that this user may write to with --runtime-dir";
  }
  if (number == ENOSPC || number == EDQUOT) remedy = "free some space";
  if (number == EMFILE || number == ENFILE) remedy = "raise the limit of open files";
  return CannotUse(path, ErrnoText(number), remedy);
}

// "4711" or "4711-2".
bool IsInstanceName(std::string_view name) {
  const std::size_t dash = name.find('-');
  const auto number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (dash == std::string_view::npos) return number(name);
  return number(name.substr(0, dash)) && number(name.substr(dash + 1));
}

// What lies in the directory, without "." and ".."; nothing when it cannot be read.
std::optional<std::vector<std::string>> NamesIn(int directory) {
  UniqueFd own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = own.valid() ? ::fdopendir(own.get()) : nullptr;
  if (stream == nullptr) return std::nullopt;
  own.Release();  // NOLINT(bugprone-unused-return-value): the stream has it now
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = &entry->d_name[0];
    if (name != "." && name != "..") names.push_back(name);
  }
  const bool whole = errno == 0;
  ::closedir(stream);
  if (!whole) return std::nullopt;
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

bool Holds(int fd, int operation) {
  int done = 0;
  do {
    done = ::flock(fd, operation);
  } while (done != 0 && errno == EINTR);
  return done == 0;
}

bool FillAddress(const std::string& path, sockaddr_un* out) {
  *out = {};
  out->sun_family = AF_UNIX;
  if (path.size() >= sizeof out->sun_path) return false;
  std::memcpy(&out->sun_path[0], path.c_str(), path.size() + 1);
  return true;
}

// The errno of an attempt to connect; 0: somebody answers.
int Connect(const std::string& path) {
  sockaddr_un address;
  if (!FillAddress(path, &address)) return ENAMETOOLONG;
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return errno;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(probe.get(), generic, sizeof address) == 0 ? 0 : errno;
}

// By way of its directory: however long the path is. Only a clear refusal counts as death.
bool IsDeadSocket(int directory, const std::string& name) {
  struct stat status = {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT;
  }
  return S_ISSOCK(status.st_mode) &&
         Connect("/proc/self/fd/" + std::to_string(directory) + "/" + name) == ECONNREFUSED;
}

// Opens a directory that must be ours; no link is followed.
Result<UniqueFd> OpenOurs(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return CannotUse(path, errno);
  if (S_ISLNK(status.st_mode)) {
    return CannotUse(path, "it is a symbolic link",
                     "remove it, or name a real directory with --runtime-dir");
  }
  if (!S_ISDIR(status.st_mode)) {
    return CannotUse(path, "it is not a directory",
                     "remove it, or name another one with --runtime-dir");
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return CannotUse(path, errno);
  // It may be another one by now: what counts is what is open.
  if (::fstat(fd.get(), &status) != 0) return CannotUse(path, errno);
  if (status.st_uid != ::geteuid()) {
    return CannotUse(path, "it belongs to user " + std::to_string(status.st_uid),
                     "name another one with --runtime-dir");
  }
  return fd;
}

// Makes sure that nobody else gets into an open directory of ours. A directory that is also used
// for other things is not closed to their users: with `--runtime-dir /tmp` that would be a
// disaster.
Status CloseToOthers(const std::string& path, int fd, bool made) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return CannotUse(path, errno);
  const bool exact = (status.st_mode & 0777U) == kOwnerOnly;
  if (exact || (!made && (status.st_mode & 0077U) == 0)) return Done{};
  if (!made) {
    const std::optional<std::vector<std::string>> names = NamesIn(fd);
    const bool only_ours = names && std::all_of(names->begin(), names->end(), [](const auto& name) {
                             return name == kBaseLock || IsInstanceName(name);
                           });
    if (!only_ours || (status.st_mode & S_ISVTX) != 0) {
      return CannotUse(path, "it is open to other users, and not for paned alone",
                       "name a directory of its own with --runtime-dir");
    }
  }
  if (::fchmod(fd, kOwnerOnly) != 0) return CannotUse(path, errno);
  return Done{};
}

Result<UniqueFd> OpenBase(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), kOwnerOnly) == 0;
  if (!made && errno != EEXIST) return CannotUse(path, errno);
  Result<UniqueFd> base = OpenOurs(path);
  if (!base.ok()) return base;
  Status closed = CloseToOthers(path, base.value().get(), made);
  if (!closed.ok()) return std::move(closed.error());
  return base;
}

// Held while instances come and go.
UniqueFd LockBase(int base) {
  UniqueFd lock(::openat(base, kBaseLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (lock.valid() && !Holds(lock.get(), LOCK_EX)) {
    const int number = errno;
    lock.Reset();
    errno = number;
  }
  return lock;
}

UniqueFd OpenInstance(int base, const std::string& name) {
  UniqueFd fd(::openat(base, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status = {};
  if (fd.valid() && (::fstat(fd.get(), &status) != 0 || status.st_uid != ::geteuid())) fd.Reset();
  return fd;
}

// Removes the instance if it holds nothing but our own files and dead sockets. Its lock must be
// held, or missing, and the base's held.
bool RemoveInstance(int base, const std::string& name) {
  const UniqueFd fd = OpenInstance(base, name);
  if (!fd.valid()) return false;
  const auto names = NamesIn(fd.get());
  if (!names) return false;
  UniqueFd holders;
  std::vector<std::string> sockets;
  for (const std::string& entry : *names) {
    if (entry == kHolders) {
      holders = OpenInstance(fd.get(), entry);
      auto found = holders.valid() ? NamesIn(holders.get()) : std::nullopt;
      if (!found) return false;
      sockets = std::move(*found);
    } else if (entry != kLock &&
               std::find(kKnownFiles.begin(), kKnownFiles.end(), entry) == kKnownFiles.end()) {
      return false;
    }
  }
  for (const std::string& socket : sockets) {
    if (!IsDeadSocket(holders.get(), socket)) return false;
  }
  if (!IsDeadSocket(fd.get(), kTmuxSocket)) return false;

  for (const std::string& socket : sockets) ::unlinkat(holders.get(), socket.c_str(), 0);
  ::unlinkat(fd.get(), kHolders, AT_REMOVEDIR);
  for (const std::string_view file : kKnownFiles) ::unlinkat(fd.get(), file.data(), 0);
  ::unlinkat(fd.get(), kLock, 0);  // last: until then it can be told what this is
  return ::unlinkat(base, name.c_str(), AT_REMOVEDIR) == 0;
}

// As RemoveInstance(), when no server holds it.
void RemoveIfStale(int base, const std::string& name) {
  const UniqueFd fd = OpenInstance(base, name);
  if (!fd.valid()) return;
  const UniqueFd lock(::openat(fd.get(), kLock, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  // Without a lock it was left half made: whoever makes one now would hold the base's.
  const bool free = lock.valid() ? Holds(lock.get(), LOCK_EX | LOCK_NB) : errno == ENOENT;
  if (free) RemoveInstance(base, name);
}

// Fills a new, empty instance; its lock. Invalid with errno set on failure.
UniqueFd FillInstance(int base, const std::string& name) {
  const UniqueFd fd = OpenInstance(base, name);
  if (!fd.valid() || ::fchmod(fd.get(), kOwnerOnly) != 0) return {};
  UniqueFd lock(::openat(fd.get(), kLock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  // Nobody else keeps a lock that has just been made: a client that looks is gone in a moment.
  if (!lock.valid() || !Holds(lock.get(), LOCK_EX)) return {};
  if (::mkdirat(fd.get(), kHolders, kOwnerOnly) != 0) return {};
  const UniqueFd holders = OpenInstance(fd.get(), kHolders);
  if (!holders.valid() || ::fchmod(holders.get(), kOwnerOnly) != 0) return {};
  return lock;
}

// Whether a server holds the instance's lock.
bool IsLive(int base, const std::string& name) {
  const UniqueFd fd = OpenInstance(base, name);
  if (!fd.valid()) return false;
  const UniqueFd lock(::openat(fd.get(), kLock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return lock.valid() && !Holds(lock.get(), LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

std::string Absolute(std::string path) {
  if (path.front() != '/') {
    std::array<char, PATH_MAX> here = {};
    if (::getcwd(here.data(), here.size()) != nullptr) path = std::string(here.data()) + "/" + path;
  }
  // "link/" would be where the link leads.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

std::vector<std::string> RuntimeBases(const std::string& base_override,
                                      const char* xdg_runtime_dir) {
  if (!base_override.empty()) return {Absolute(base_override)};
  std::vector<std::string> bases;
  struct stat status = {};
  if (xdg_runtime_dir != nullptr && xdg_runtime_dir[0] == '/' &&
      ::stat(xdg_runtime_dir, &status) == 0 && S_ISDIR(status.st_mode) &&
      status.st_uid == ::geteuid() &&
      ::faccessat(AT_FDCWD, xdg_runtime_dir, W_OK | X_OK, AT_EACCESS) == 0) {
    bases.push_back(Absolute(xdg_runtime_dir) + "/paned");
  }
  bases.push_back("/tmp/paned-" + std::to_string(::geteuid()));
  return bases;
}

bool SocketAnswers(const std::string& path) {
  const int number = Connect(path);
  return number == 0 || number == EAGAIN;
}

Result<std::vector<Instance>> ListInstances(const std::string& base) {
  std::vector<Instance> instances;
  struct stat status = {};
  if (::lstat(base.c_str(), &status) != 0 && errno == ENOENT) return instances;
  const Result<UniqueFd> opened = OpenOurs(base);
  if (!opened.ok()) return opened.error();
  const int fd = opened.value().get();
  if (::fstat(fd, &status) != 0) return CannotUse(base, errno);
  if ((status.st_mode & 0022U) != 0) {
    return CannotUse(base, "other users may write to it", "close it with chmod 700");
  }
  const auto names = NamesIn(fd);
  if (!names) return CannotUse(base, errno);
  for (const std::string& name : *names) {
    if (!IsInstanceName(name) || !OpenInstance(fd, name).valid()) continue;
    Instance instance;
    instance.path = base + "/" + name;
    instance.live = IsLive(fd, name);
    instance.tmux_runs = !instance.live && SocketAnswers(instance.path + "/" + kTmuxSocket);
    instances.push_back(std::move(instance));
  }
  return instances;
}

Result<RuntimeDirectory> RuntimeDirectory::Open(const std::string& base_override,
                                                const char* xdg_runtime_dir) {
  RuntimeDirectory made;
  made.base_path_ = RuntimeBases(base_override, xdg_runtime_dir).front();
  Result<UniqueFd> base = OpenBase(made.base_path_);
  if (!base.ok()) return std::move(base.error());
  made.base_ = std::move(base.value());
  const int fd = made.base_.get();

  const UniqueFd held = LockBase(fd);
  if (!held.valid()) return CannotUse(made.base_path_, errno);
  const auto names = NamesIn(fd);
  if (!names) return CannotUse(made.base_path_, errno);
  for (const std::string& name : *names) {
    if (IsInstanceName(name)) RemoveIfStale(fd, name);
  }

  const std::string pid = std::to_string(::getpid());
  made.name_ = pid;
  int suffix = 1;
  while (::mkdirat(fd, made.name_.c_str(), kOwnerOnly) != 0) {
    if (errno != EEXIST || suffix == kMaxSuffix) return CannotUse(made.base_path_, errno);
    made.name_ = pid + "-" + std::to_string(++suffix);
  }
  made.path_ = made.base_path_ + "/" + made.name_;
  made.lock_ = FillInstance(fd, made.name_);
  if (!made.lock_.valid()) {
    const int number = errno;
    RemoveInstance(fd, made.name_);
    return CannotUse(made.path_, number);
  }
  return made;
}

RuntimeDirectory& RuntimeDirectory::operator=(RuntimeDirectory&& other) noexcept {
  if (this == &other) return *this;
  Remove();
  base_ = std::move(other.base_);
  lock_ = std::move(other.lock_);
  base_path_ = std::move(other.base_path_);
  name_ = std::move(other.name_);
  path_ = std::move(other.path_);
  return *this;
}

Result<std::string> RuntimeDirectory::Socket(std::string_view name) const {
  std::string path = path_ + "/" + std::string(name);
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() <= kMost) return path;
  Error error;
  error.message = "the socket path " + path + " is " + std::to_string(path.size()) +
                  " bytes long; a socket path has at most " + std::to_string(kMost) +
                  "; set --runtime-dir to a shorter one";
  error.path = path;
  error.limit = kMost;
  return error;
}

bool RuntimeDirectory::Remove() {
  if (!lock_.valid()) return false;
  const UniqueFd held = LockBase(base_.get());
  const bool gone = held.valid() && RemoveInstance(base_.get(), name_);
  lock_.Reset();
  return gone;
}

void RuntimeDirectory::Keep() { lock_.Reset(); }

}  // namespace paned
