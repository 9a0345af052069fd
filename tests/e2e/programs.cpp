#include "tests/e2e/programs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "server/base/unique_fd.h"

namespace paned::testing {
namespace {

namespace fs = std::filesystem;

fs::path FolderOfThisProgram() { return fs::read_symlink("/proc/self/exe").parent_path(); }

// What the compiler's run-time is called by stands among the first names of the file; in a program
// that is linked to none, neither name occurs. Looked for with memmem(3): such programs are big.
bool NamesASanitizer(const std::string& program) {
  const UniqueFd file(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about = {};
  if (!file.valid() || ::fstat(file.get(), &about) != 0 || about.st_size == 0) return false;
  const auto size = static_cast<std::size_t>(about.st_size);
  void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) return false;
  const auto has = [&](std::string_view name) {
    return ::memmem(bytes, size, name.data(), name.size()) != nullptr;
  };
  const bool found = has("__asan_init") || has("__tsan_init");
  ::munmap(bytes, size);
  return found;
}

}  // namespace

const std::string& ServerProgram() {
  static const std::string program = [] {
    const char* given = std::getenv("PANED_E2E_SERVER");
    if (given != nullptr && *given != '\0') return fs::absolute(given).string();
    return (FolderOfThisProgram() / "../../server/paned").lexically_normal().string();
  }();
  return program;
}

const std::string& HelperProgram() {
  static const std::string program = (FolderOfThisProgram() / "e2e_helper").string();
  return program;
}

bool ServerIsSanitized() {
  static const bool sanitized = NamesASanitizer(ServerProgram());
  return sanitized;
}

}  // namespace paned::testing
