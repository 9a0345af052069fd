// URLs of http/request: the reference's normal forms and its texts for what is none.
#include "protocol/http_url.h"

#include <gtest/gtest.h>

namespace paned::protocol {
namespace {

// The URL as an error text would show it, or "!" and why it is none.
std::string Read(std::string_view text, const HttpUrl* base = nullptr) {
  HttpUrl url;
  if (const auto fault = ParseHttpUrl(text, base, &url)) {
    return fault->scheme.empty() ? "!" + fault->text : "!scheme " + fault->scheme;
  }
  return url.Text();
}

TEST(HttpUrlTest, NormalForms) {
  const std::pair<const char*, const char*> kRows[] = {
      {"http://h", "http://h/"},
      {"HTTP://H:80/A", "http://h/A"},
      {"https://h:443", "https://h/"},
      {"https://h:80/", "https://h:80/"},
      {"http://h:0080/", "http://h/"},
      {"http://h:/x", "http://h/x"},
      {" http://h/a\tb\nc ", "http://h/abc"},
      {"http:\\\\h\\a\\b", "http://h/a/b"},
      {"http:/h/a", "http://h/a"},
      {"http:h/a", "http://h/a"},
      {"http://h?a=b", "http://h/?a=b"},
      {"http://h/a b?c d#e f", "http://h/a%20b?c%20d#e%20f"},
      {"http://h/a\"<>`{}|^[]\\x%zz%41\xC3\xA9", "http://h/a%22%3C%3E%60%7B%7D|^[]/x%zz%41%C3%A9"},
      {"http://h/?a\"<>`{}|^[]\\'%zz\xC3\xA9", "http://h/?a%22%3C%3E`{}|^[]\\%27%zz%C3%A9"},
      {"http://h/a/../b/./c//d/%2e%2E/e", "http://h/b/c//e"},
      {"http://h/a/..", "http://h/"},
      {"http://h/../../a/.", "http://h/a/"},
      {"http://0x7f.1/", "http://127.0.0.1/"},
      {"http://2130706433/", "http://127.0.0.1/"},
      {"http://%6cocalhost/", "http://localhost/"},
      {"http://localhost:1/", "http://localhost:1/"},
      {"http://h./", "http://h./"},
      {"http://[::1]:8080/x", "http://[::1]:8080/x"},
      {"http://0xzz/", "http://0xzz/"},
      {"http://a..b/", "http://a..b/"},
      {"http://u:p@h/", "http://h/"},
  };
  for (const auto& [text, expected] : kRows) EXPECT_EQ(Read(text), expected) << text;
}

TEST(HttpUrlTest, WhatIsNone) {
  const std::pair<const char*, const char*> kRows[] = {
      {"", "!relative URL without a base"},
      {"foo", "!relative URL without a base"},
      {"//host/x", "!relative URL without a base"},
      {"htt p://a/", "!relative URL without a base"},
      {"1http://a/", "!relative URL without a base"},
      {"ftp://h/x", "!scheme ftp"},
      {"FILE:///etc/passwd", "!scheme file"},
      {"http+unix://x", "!scheme http+unix"},
      {"http:", "!empty host"},
      {"http:///", "!empty host"},
      {"http://?x", "!empty host"},
      {"http://user@/", "!empty host"},
      {"http://:80/", "!empty host"},
      {"http://h:99999/", "!invalid port number"},
      {"http://h:65536/", "!invalid port number"},
      {"http://h:99999999999999999999/", "!invalid port number"},
      {"http://h:-1/", "!invalid port number"},
      {"http://h: 80/", "!invalid port number"},
      {"http://a:b:c/", "!invalid port number"},
      {"http://[::1/", "!invalid IPv6 address"},
      {"http://[zz]/", "!invalid IPv6 address"},
      {"http://[::1::2]/", "!invalid IPv6 address"},
      {"http://a b/", "!invalid international domain name"},
      {"http://a<b/", "!invalid international domain name"},
      {"http://%00/", "!invalid international domain name"},
      {"http://\xC3\xA9/", "!invalid international domain name"},
      {"http://1.2.3.4.5/", "!invalid IPv4 address"},
      {"http://256.1.1.1/", "!invalid IPv4 address"},
  };
  for (const auto& [text, expected] : kRows) EXPECT_EQ(Read(text), expected) << text;
}

TEST(HttpUrlTest, RelativeToABase) {
  HttpUrl base;
  ASSERT_FALSE(ParseHttpUrl("http://h:81/a/b?q#f", nullptr, &base));
  const std::pair<const char*, const char*> kRows[] = {
      {"", "http://h:81/a/b?q"},
      {"#x", "http://h:81/a/b?q#x"},
      {"?x", "http://h:81/a/b?x"},
      {"c", "http://h:81/a/c"},
      {"../c", "http://h:81/c"},
      {"/c/./d", "http://h:81/c/d"},
      {"\\c", "http://h:81/c"},
      {"//i/c", "http://i/c"},
      {"https:c", "https://c/"},
      {"http:c", "http://h:81/a/c"},
      {"http:/c", "http://h:81/c"},
      {"https://i/", "https://i/"},
      {"http://", "!empty host"},
      {"http://[", "!invalid IPv6 address"},
      {"http://i:99999/", "!invalid port number"},
      {"mailto:x", "!scheme mailto"},
      {"//u:p@i/", "http://i/"},
  };
  for (const auto& [text, expected] : kRows) EXPECT_EQ(Read(text, &base), expected) << text;
}

TEST(HttpUrlTest, PartsOfOne) {
  HttpUrl url;
  ASSERT_FALSE(ParseHttpUrl("https://us:p%40:x@Host:8443/p?q#f", nullptr, &url));
  EXPECT_TRUE(url.has_credentials);
  EXPECT_EQ(url.user, "us");
  EXPECT_EQ(url.password, "p@:x");
  EXPECT_EQ(url.Origin(), "https://host:8443");
  EXPECT_EQ(url.Address(), "https://host:8443/p?q");
  EXPECT_EQ(url.Text(), "https://host:8443/p?q#f");
}

}  // namespace
}  // namespace paned::protocol
