// What the server's environment says of proxies and certificates. Threading: a value.
#pragma once

#include <string>

namespace paned {

struct HttpSettings {
  std::string http_proxy;    // for http URLs: HTTP_PROXY (not in a CGI program), http_proxy
  std::string https_proxy;   // for https URLs: HTTPS_PROXY, https_proxy
  std::string no_proxy;      // NO_PROXY, no_proxy
  std::string ca_file;       // CODEX_CA_CERTIFICATE, SSL_CERT_FILE; beside the system's
  std::string ca_directory;  // SSL_CERT_DIR
};

// From "NAME=value" texts, null-terminated. ALL_PROXY and all_proxy stand in for missing proxies.
HttpSettings HttpSettingsOf(const char* const* environment);

}  // namespace paned
