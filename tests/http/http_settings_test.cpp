// Which variables of the environment say what of proxies and certificates.
#include "server/http/http_settings.h"

#include <gtest/gtest.h>

namespace paned {
namespace {

HttpSettings Of(std::vector<const char*> environment) {
  environment.push_back(nullptr);
  return HttpSettingsOf(environment.data());
}

TEST(HttpSettingsTest, Proxies) {
  EXPECT_EQ(Of({"http_proxy=a"}).http_proxy, "a");
  EXPECT_EQ(Of({"http_proxy=a"}).https_proxy, "");
  EXPECT_EQ(Of({"http_proxy=a", "HTTP_PROXY=b", "all_proxy=c"}).http_proxy, "b");
  EXPECT_EQ(Of({"http_proxy=a", "HTTP_PROXY=b", "REQUEST_METHOD=GET"}).http_proxy, "a");
  EXPECT_EQ(Of({"HTTPS_PROXY=a", "https_proxy=b"}).https_proxy, "a");
  EXPECT_EQ(Of({"all_proxy=a"}).http_proxy, "a");
  EXPECT_EQ(Of({"ALL_PROXY=a"}).https_proxy, "a");
  EXPECT_EQ(Of({"http_proxy=", "ALL_PROXY=a"}).http_proxy, "a");
  EXPECT_EQ(Of({"NO_PROXY=a", "no_proxy=b"}).no_proxy, "a");
  EXPECT_EQ(Of({"no_proxy=b"}).no_proxy, "b");
}

TEST(HttpSettingsTest, Certificates) {
  const HttpSettings settings = Of({"SSL_CERT_FILE=f", "SSL_CERT_DIR=d"});
  EXPECT_EQ(settings.ca_file, "f");
  EXPECT_EQ(settings.ca_directory, "d");
  EXPECT_EQ(Of({"SSL_CERT_FILE=f", "CODEX_CA_CERTIFICATE=c"}).ca_file, "c");
}

}  // namespace
}  // namespace paned
