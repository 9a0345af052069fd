// Header lists, and what a redirect makes of a request.
#include "server/http/http_message.h"

#include <gtest/gtest.h>

namespace paned {
namespace {

std::string Text(const std::vector<HttpHeader>& headers) {
  std::string text;
  for (const HttpHeader& header : headers) text += header.name + '=' + header.value + ' ';
  return text;
}

OutboundRequest Request(const std::string& method, const std::string& url) {
  OutboundRequest request;
  request.method = method;
  EXPECT_FALSE(protocol::ParseHttpUrl(url, nullptr, &request.url));
  return request;
}

TEST(HttpMessageTest, TokensAndValues) {
  for (const char* good : {"GET", "get", "x-y", "!#$%&'*+.^_`|~", "_"}) {
    EXPECT_TRUE(IsHttpToken(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a:"), std::string("a\n"), std::string("("),
        std::string("a/b"), std::string("\xC3\xA9"), std::string("a\0", 2)}) {
    EXPECT_FALSE(IsHttpToken(bad)) << bad;
  }
  EXPECT_TRUE(IsHeaderValue("a\tb \xC3\xA9"));
  for (const std::string& bad : {std::string("a\nb"), std::string("\r"), std::string("\0", 1),
                                 std::string("\x7F"), std::string("\x01")}) {
    EXPECT_FALSE(IsHeaderValue(bad));
  }
}

TEST(HttpMessageTest, HeadersOfOneNameStandTogether) {
  std::vector<HttpHeader> headers;
  for (const auto& [name, value] :
       {std::pair("X-B", "1"), std::pair("a", "2"), std::pair("x-b", "3"), std::pair("c", "4")}) {
    AddHeader(name, value, &headers);
  }
  EXPECT_EQ(Text(headers), "x-b=1 x-b=3 a=2 c=4 ");
  EXPECT_EQ(FindHeader(headers, "x-b")->value, "1");
  EXPECT_EQ(FindHeader(headers, "nope"), nullptr);
}

TEST(HttpMessageTest, CompletedFromTheUrlAndTheBody) {
  OutboundRequest request = Request("POST", "http://user:pa%20ss@h/");
  AddHeader("Content-Length", "7", &request.headers);
  AddHeader("Transfer-Encoding", "chunked", &request.headers);
  CompleteHeaders(&request);
  EXPECT_EQ(Text(request.headers), "authorization=Basic dXNlcjpwYSBzcw== ");
  request = Request("POST", "http://user@h/");
  AddHeader("Authorization", "mine", &request.headers);
  CompleteHeaders(&request);
  EXPECT_EQ(Text(request.headers), "authorization=mine ");
}

struct MethodRow {
  int status;
  const char* method;
  const char* next;
  bool keeps_body;
};

TEST(HttpMessageTest, MethodsAcrossRedirects) {
  const MethodRow kRows[] = {
      {301, "POST", "GET", false}, {302, "POST", "GET", false},     {303, "POST", "GET", false},
      {303, "PUT", "GET", false},  {303, "HEAD", "HEAD", true},     {301, "PUT", "PUT", true},
      {302, "FOO", "FOO", true},   {301, "DELETE", "DELETE", true}, {307, "POST", "POST", true},
      {308, "POST", "POST", true},
  };
  for (const MethodRow& row : kRows) {
    OutboundRequest request = Request(row.method, "http://h/a");
    request.body = "abc";
    AddHeader("content-type", "t", &request.headers);
    AddHeader("x", "y", &request.headers);
    const Redirect redirect = RedirectOf(request, {row.status, {{"location", "/b"}}});
    ASSERT_EQ(redirect.kind, RedirectKind::kFollow) << row.status << row.method;
    EXPECT_EQ(redirect.next.method, row.next) << row.status << row.method;
    EXPECT_EQ(redirect.next.body, row.keeps_body ? "abc" : "") << row.status << row.method;
    EXPECT_EQ(FindHeader(redirect.next.headers, "content-type") != nullptr,
              row.keeps_body && row.status != 303);
    EXPECT_EQ(redirect.next.url.Text(), "http://h/b");
  }
}

TEST(HttpMessageTest, SecretsStayWithTheirOrigin) {
  OutboundRequest request = Request("GET", "http://h/a?q");
  for (const char* name : {"authorization", "cookie", "cookie2", "proxy-authorization",
                           "www-authenticate", "x", "referer"}) {
    AddHeader(name, "v", &request.headers);
  }
  Redirect redirect = RedirectOf(request, {302, {{"location", "/b"}}});
  EXPECT_EQ(Text(redirect.next.headers),
            "authorization=v cookie=v cookie2=v proxy-authorization=v www-authenticate=v x=v "
            "referer=http://h/a?q ");
  for (const char* other : {"http://i/", "http://h:81/", "https://h/", "http://u:p@i/"}) {
    redirect = RedirectOf(request, {302, {{"location", other}}});
    EXPECT_EQ(Text(redirect.next.headers), "x=v referer=http://h/ ") << other;
  }
  request.url.https = true;
  redirect = RedirectOf(request, {302, {{"location", "http://h/"}}});
  EXPECT_EQ(Text(redirect.next.headers), "x=v ");
}

TEST(HttpMessageTest, WhatIsNotFollowed) {
  OutboundRequest request = Request("GET", "http://h/");
  for (const int status : {200, 300, 304, 305, 306, 400}) {
    EXPECT_EQ(RedirectOf(request, {status, {{"location", "/b"}}}).kind, RedirectKind::kNone);
  }
  EXPECT_EQ(RedirectOf(request, {302, {}}).kind, RedirectKind::kNone);
  EXPECT_EQ(RedirectOf(request, {302, {{"location", "http://["}}}).kind, RedirectKind::kNone);
  EXPECT_EQ(RedirectOf(request, {302, {{"location", "http://h:99999/"}}}).kind,
            RedirectKind::kBadAddress);
  const Redirect file = RedirectOf(request, {302, {{"location", "file:///etc/passwd"}}});
  EXPECT_EQ(file.kind, RedirectKind::kBadScheme);
  EXPECT_EQ(file.detail, "file");
  request.follow_redirects = false;
  EXPECT_EQ(RedirectOf(request, {302, {{"location", "/b"}}}).kind, RedirectKind::kNone);
}

}  // namespace
}  // namespace paned
