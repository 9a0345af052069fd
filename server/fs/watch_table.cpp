#include "server/fs/watch_table.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "server/base/os_error.h"

namespace paned {
namespace {

// What can make a missing name appear, the present one go or change, or a directory between be
// another. Close after write is for a present file; every single write would be too much news.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                                IN_EXCL_UNLINK;

bool IsAscii(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Error CannotOpen(int error_number) {
  Error error = FileError(error_number, {});
  error.kind = ErrorKind::kInternal;
  if (error_number != EMFILE) return error;
  error.message =
      "no inotify instance is left to this user (fs.inotify.max_user_instances), or no file "
      "descriptor to this server";
  error.hint = "raise the sysctl fs.inotify.max_user_instances or the limit of open files";
  return error;
}

}  // namespace

Status WatchTable::Open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (instance_.valid()) return Done{};
  UniqueFd opened = inotify_->Open();
  if (!opened.valid()) return CannotOpen(errno);
  instance_ = std::move(opened);
  return Done{};
}

int WatchTable::descriptor() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return instance_.get();
}

WatchTable::WatchId WatchTable::Begin() {
  const std::lock_guard<std::mutex> lock(mutex_);
  watches_[++last_];
  return last_;
}

int WatchTable::Arm(WatchId watch, const UniqueFd& directory) {
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get());
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto row = watches_.find(watch);
  if (row == watches_.end()) return -ECANCELED;
  const int wd = inotify_->Add(instance_.get(), path, kMask);
  if (wd < 0) return -errno;
  row->second.directories.insert(wd);
  directories_[wd].watches.insert(watch);
  return wd;
}

void WatchTable::Expect(WatchId watch, int wd, std::string_view name) {
  std::string key = LowerCase(name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto row = watches_.find(watch);
  const auto directory = directories_.find(wd);
  if (row == watches_.end() || directory == directories_.end()) return;
  if (!IsAscii(name)) directory->second.by_any_name.insert(watch);
  if (!directory->second.expected[key].insert(watch).second) return;
  row->second.expected.emplace_back(wd, std::move(key));
}

bool WatchTable::Start(WatchId watch, Changed changed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto row = watches_.find(watch);
  if (row == watches_.end()) return false;
  row->second.changed = std::move(changed);
  return true;
}

void WatchTable::Forget(WatchId watch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  End({watch});
}

std::vector<WatchTable::Changed> WatchTable::Dispatch(const char* events, std::size_t size) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::set<WatchId> ended;
  for (std::size_t offset = 0; offset < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + offset);
    Collect(*event, &ended);
    offset += sizeof(inotify_event) + event->len;
  }
  return End(ended);
}

std::vector<WatchTable::Changed> WatchTable::EndAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::set<WatchId> all;
  for (const auto& [id, watch] : watches_) all.insert(all.end(), id);
  return End(all);
}

void WatchTable::Collect(const inotify_event& event, std::set<WatchId>* ended) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    for (const auto& [id, watch] : watches_) ended->insert(id);
    return;
  }
  const auto found = directories_.find(event.wd);
  if (found == directories_.end()) return;  // nobody's any more
  Directory& directory = found->second;
  const std::string_view name(event.len > 0 ? event.name : "");
  if (name.empty() || !IsAscii(name)) {
    // The directory itself, or a name that may be any other.
    ended->insert(directory.watches.begin(), directory.watches.end());
  } else {
    ended->insert(directory.by_any_name.begin(), directory.by_any_name.end());
    const auto expected = directory.expected.find(LowerCase(name));
    if (expected != directory.expected.end()) {
      ended->insert(expected->second.begin(), expected->second.end());
    }
  }
  // The kernel has let go of it by itself; its watches are among those that end.
  if ((event.mask & IN_IGNORED) != 0) directories_.erase(found);
}

std::vector<WatchTable::Changed> WatchTable::End(const std::set<WatchId>& ended) {
  std::vector<Changed> calls;
  for (const WatchId id : ended) {
    const auto row = watches_.find(id);
    if (row == watches_.end()) continue;
    Watch watch = std::move(row->second);
    watches_.erase(row);
    Release(id, watch);
    if (watch.changed) calls.push_back(std::move(watch.changed));
  }
  return calls;
}

void WatchTable::Release(WatchId id, const Watch& watch) {
  for (const auto& [wd, key] : watch.expected) {
    const auto directory = directories_.find(wd);
    if (directory == directories_.end()) continue;
    const auto expected = directory->second.expected.find(key);
    expected->second.erase(id);
    if (expected->second.empty()) directory->second.expected.erase(expected);
  }
  for (const int wd : watch.directories) {
    const auto directory = directories_.find(wd);
    if (directory == directories_.end()) continue;
    directory->second.by_any_name.erase(id);
    directory->second.watches.erase(id);
    if (!directory->second.watches.empty()) continue;
    inotify_->Remove(instance_.get(), wd);
    directories_.erase(directory);
  }
}

std::size_t WatchTable::watches() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return watches_.size();
}

std::size_t WatchTable::directories() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return directories_.size();
}

}  // namespace paned
