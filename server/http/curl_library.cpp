#include "server/http/curl_library.h"

#include <dlfcn.h>

namespace paned {
namespace {

constexpr const char* kNames[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

Error Missing(const std::string& detail) {
  return {ErrorKind::kInternal,
          "this exec-server cannot make HTTP requests: no usable libcurl",
          {},
          {},
          "apt install libcurl4 (" + detail + ")"};
}

template <class Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(library, name));
  return *function != nullptr;
}

}  // namespace

Result<std::unique_ptr<CurlLibrary>> CurlLibrary::Load() {
  void* handle = nullptr;
  std::string detail;
  for (const char* name : kNames) {
    handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) break;
    const char* why = ::dlerror();
    if (detail.empty() && why != nullptr) detail = why;
  }
  if (handle == nullptr) return Missing(detail);
  auto library = std::make_unique<CurlLibrary>();
  decltype(&curl_global_init) global_init = nullptr;
  const bool complete = Find(handle, "curl_global_init", &global_init) &&
                        Find(handle, "curl_easy_init", &library->easy_init) &&
                        Find(handle, "curl_easy_setopt", &library->easy_setopt) &&
                        Find(handle, "curl_easy_getinfo", &library->easy_getinfo) &&
                        Find(handle, "curl_easy_pause", &library->easy_pause) &&
                        Find(handle, "curl_easy_cleanup", &library->easy_cleanup) &&
                        Find(handle, "curl_easy_strerror", &library->easy_strerror) &&
                        Find(handle, "curl_slist_append", &library->slist_append) &&
                        Find(handle, "curl_slist_free_all", &library->slist_free_all) &&
                        Find(handle, "curl_multi_init", &library->multi_init) &&
                        Find(handle, "curl_multi_cleanup", &library->multi_cleanup) &&
                        Find(handle, "curl_multi_add_handle", &library->multi_add_handle) &&
                        Find(handle, "curl_multi_remove_handle", &library->multi_remove_handle) &&
                        Find(handle, "curl_multi_perform", &library->multi_perform) &&
                        Find(handle, "curl_multi_info_read", &library->multi_info_read) &&
                        Find(handle, "curl_multi_poll", &library->multi_poll) &&
                        Find(handle, "curl_multi_wakeup", &library->multi_wakeup);
  if (!complete) return Missing("the one found is too old");
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return Missing("it does not start");
  return library;
}

}  // namespace paned
