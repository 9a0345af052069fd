#include "server/http/http_settings.h"

#include <initializer_list>
#include <string_view>

namespace paned {
namespace {

// The first of `names` that is set and not empty.
std::string First(const char* const* environment, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const char* const* entry = environment; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (text.size() > name.size() + 1 && text[name.size()] == '=' &&
          text.compare(0, name.size(), name) == 0) {
        return std::string(text.substr(name.size() + 1));
      }
    }
  }
  return {};
}

}  // namespace

HttpSettings HttpSettingsOf(const char* const* environment) {
  HttpSettings settings;
  // A CGI program's HTTP_PROXY is a header that its client chose.
  const bool cgi = !First(environment, {"REQUEST_METHOD"}).empty();
  settings.http_proxy =
      cgi ? First(environment, {"http_proxy", "ALL_PROXY", "all_proxy"})
          : First(environment, {"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"});
  settings.https_proxy =
      First(environment, {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"});
  settings.no_proxy = First(environment, {"NO_PROXY", "no_proxy"});
  settings.ca_file = First(environment, {"CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"});
  settings.ca_directory = First(environment, {"SSL_CERT_DIR"});
  return settings;
}

}  // namespace paned
