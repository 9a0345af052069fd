#include "protocol/path_uri.h"

#include <gtest/gtest.h>

namespace paned::protocol {
namespace {

struct Case {
  std::string_view text;
  std::string_view result;
};

// The native path, "fault: TEXT" or "unusable: TEXT".
std::string Outcome(std::string_view text) {
  Path path;
  if (const auto fault = ParsePath(text, &path)) return "fault: " + *fault;
  if (path.unusable.empty()) return path.native;
  EXPECT_EQ(path.text, text);
  EXPECT_EQ(path.native, "");
  return "unusable: " + path.unusable;
}

void ExpectAll(std::initializer_list<Case> cases) {
  for (const Case& row : cases) EXPECT_EQ(Outcome(row.text), row.result) << row.text;
}

TEST(PathUri, PlainPathsAreNotDecoded) {
  ExpectAll({{"/", "/"},
             {"/x", "/x"},
             {"/a b/%41?#", "/a b/%41?#"},
             {"/a\\b", "/a\\b"},
             {{"/a\0b", 4}, "fault: path must not contain a NUL byte"}});
  Path path;
  ASSERT_EQ(ParsePath("/x", &path), std::nullopt);
  EXPECT_EQ(path.form, PathForm::kPlain);
  ASSERT_EQ(ParsePath("file:///x", &path), std::nullopt);
  EXPECT_EQ(path.form, PathForm::kUri);
}

TEST(PathUri, FormsOfTheSamePath) {
  for (const std::string_view text : {"file:/etc/hostname",
                                      "file:///etc/hostname",
                                      "FILE:///etc/hostname",
                                      "fIlE:/etc/hostname",
                                      "file://localhost/etc/hostname",
                                      "file://LocalHost/etc/hostname",
                                      "file://%6cocalhost/etc/hostname",
                                      " file:///etc/hostname",
                                      "\t\nfile:///etc/hostname ",
                                      "fi\tle:///etc/ho\nstname",
                                      "\001file:///etc/hostname",
                                      "file:\\\\\\etc\\hostname",
                                      "file:/etc/../etc/hostname",
                                      "file:/etc/./hostname",
                                      "file:/etc/%2e%2E/etc/hostname",
                                      "file:/etc/%2e/hostname",
                                      "file:/etc/.%2e/etc/hostname",
                                      "file:/etc%2Fhostname",
                                      "file:/etc%2fhostname",
                                      "file:///etc/hostname/",
                                      "file:///etc/hostname//",
                                      "file:////etc/hostname",
                                      "file://///etc//hostname",
                                      "file:etc/hostname",
                                      "file:./etc/hostname",
                                      "file:../etc/hostname",
                                      "file:///etc/hostname/.",
                                      "file:///%2e%2e/etc/hostname",
                                      "file:///etc/hostname%2F",
                                      "file:///%65tc/hostname",
                                      "file:///tmp/a/../../../etc/hostname"}) {
    EXPECT_EQ(Outcome(text), "/etc/hostname") << text;
  }
}

TEST(PathUri, Root) {
  for (const std::string_view text :
       {"file:", "file:/", "file://", "file:///", "file:////", "file://localhost", "file:///..",
        "file:///./.", "file:///tmp/..", "file:///tmp/../..", "file:///%2F", "file:///tmp/%2e%2e/",
        "file:\\"}) {
    EXPECT_EQ(Outcome(text), "/") << text;
  }
}

TEST(PathUri, Decoding) {
  ExpectAll({{"file:///etc/hostname%zz", "/etc/hostname%zz"},
             {"file:/tmp/%", "/tmp/%"},
             {"file:/tmp/%4", "/tmp/%4"},
             {"file:///tmp/%FF", "/tmp/\xFF"},
             {"file:///tmp/\xC3\xA9 b", "/tmp/\xC3\xA9 b"},
             {"file:///tmp/%C3%A9%20b", "/tmp/\xC3\xA9 b"},
             {"file:///tmp/a+b", "/tmp/a+b"},
             {"file:///tmp/%5c", "/tmp/\\"},
             {"file:///tmp/a%3fb%23c", "/tmp/a?b#c"},
             {"file:///tmp/%2541", "/tmp/%41"},
             {"file:///etc/.../x", "/etc/.../x"},
             {"file:///etc/%2e%2e%2e", "/etc/..."},
             {"file:///~", "/~"},
             {"file:///tmp/%2e%2e%2fetc", "/tmp/../etc"},
             {"file:///tmp//../x", "/tmp/x"},
             {"file:////host/x", "/host/x"},
             {"file:///tmp/x/..", "/tmp"}});
}

TEST(PathUri, PlainPathsAreResolvedByName) {
  ExpectAll({{"/", "/"},
             {"//", "/"},
             {"/..", "/"},
             {"/a/", "/a"},
             {"/a//b", "/a/b"},
             {"/a/./b/.", "/a/b"},
             {"/link/../f", "/f"},
             {"/a/b/../../..", "/"},
             {"/a/..b/...", "/a/..b/..."},
             {"/%2e%2e/a", "/%2e%2e/a"}});
}

TEST(PathUri, RefusedTexts) {
  ExpectAll({{"", "fault: invalid URI: relative URL without a base"},
             {"x", "fault: invalid URI: relative URL without a base"},
             {"./x", "fault: invalid URI: relative URL without a base"},
             {" ", "fault: invalid URI: relative URL without a base"},
             {":", "fault: invalid URI: relative URL without a base"},
             {"1:", "fault: invalid URI: relative URL without a base"},
             {"a b:", "fault: invalid URI: relative URL without a base"},
             {"file", "fault: invalid URI: relative URL without a base"},
             {"\\x", "fault: invalid URI: relative URL without a base"},
             {" /x", "fault: invalid URI: relative URL without a base"},
             {"HtTp://x", "fault: unsupported path URI scheme `http`"},
             {"mailto:x", "fault: unsupported path URI scheme `mailto`"},
             {"a:", "fault: unsupported path URI scheme `a`"},
             {"C:\\x", "fault: unsupported path URI scheme `c`"},
             {"http:", "fault: invalid URI: empty host"},
             {"https://?x", "fault: invalid URI: empty host"}});
}

TEST(PathUri, QueryAndFragment) {
  const std::string_view query = "fault: query parameters are not allowed in path URIs";
  const std::string_view fragment = "fault: fragments are not allowed in path URIs";
  ExpectAll({{"file:///x?a", query},
             {"file:///x?", query},
             {"file:///x?#", query},
             {"file:?", query},
             {"file://host/x?y", query},
             {"file://?", query},
             {"file:///tmp/a%00?x", query},
             {"file:///x#", fragment},
             {"file:///x#a", fragment},
             {"file:/x#?", fragment},
             {"file:#", fragment}});
}

TEST(PathUri, Nul) {
  ExpectAll({{"file:///tmp/%00", "fault: 'file:///tmp/%00' is invalid on 'linux'"},
             {"file:///tmp/%00a", "fault: 'file:///tmp/%00a' is invalid on 'linux'"},
             {"file:///tmp/x y\\%00\xC3\xA9",
              "fault: 'file:///tmp/x%20y/%00%C3%A9' is invalid on 'linux'"},
             {"file://hOst/%00", "fault: 'file://host/%00' is invalid on 'linux'"},
             {"file:///C:/%00", "fault: 'file:///C:/%00' is invalid on 'linux'"},
             {{"file:///tmp/\0", 13}, "/tmp"},
             {{"file:///tmp/\0x", 14}, "fault: 'file:///tmp/%00x' is invalid on 'linux'"}});
}

TEST(PathUri, Authorities) {
  const std::string_view domain = "fault: invalid URI: invalid international domain name";
  ExpectAll({{"file://user@host/x", domain},
             {"file://@/x", domain},
             {"file://user:pw@localhost/x", domain},
             {"file://host:80/x", domain},
             {"file://localhost:80/x", domain},
             {"file://host:/x", domain},
             {"file://:80/x", domain},
             {"file://h st/x", domain},
             {"file://h%20st/x", domain},
             {"file://%00/x", domain},
             {"file://a<b/x", domain},
             {"file://a|b/x", domain},
             {"file://a%zz/x", domain},
             {"file:// /x", domain},
             {"file://[::1/x", "fault: invalid URI: invalid IPv6 address"},
             {"file://[::1]:80/x", "fault: invalid URI: invalid IPv6 address"},
             {"file://[zz]/x", "fault: invalid URI: invalid IPv6 address"},
             {"file://1.2.3.4.5/x", "fault: invalid URI: invalid IPv4 address"},
             {"file://a.1/x", "fault: invalid URI: invalid IPv4 address"},
             {"file://1.2.3.256/x", "fault: invalid URI: invalid IPv4 address"}});
}

TEST(PathUri, OtherHosts) {
  ExpectAll({{"file://host/x", "unusable: 'file://host/x' is invalid on 'linux'"},
             {"file://HOST/x", "unusable: 'file://host/x' is invalid on 'linux'"},
             {"file://host", "unusable: 'file://host/' is invalid on 'linux'"},
             {"file://host/x/", "unusable: 'file://host/x/' is invalid on 'linux'"},
             {"file://host/x//", "unusable: 'file://host/x//' is invalid on 'linux'"},
             {"file://host//x", "unusable: 'file://host/x' is invalid on 'linux'"},
             {"file:/\\host/x", "unusable: 'file://host/x' is invalid on 'linux'"},
             {"file://1./x", "unusable: 'file://0.0.0.1/x' is invalid on 'linux'"},
             {"file://host/a%2F%2Fb", "unusable: 'file://host/a%2F%2Fb' is invalid on 'linux'"},
             {"file://h_ost/x", "unusable: 'file://h_ost/x' is invalid on 'linux'"},
             {"file://h%41st/x", "unusable: 'file://hast/x' is invalid on 'linux'"},
             {"file://a..b/x", "unusable: 'file://a..b/x' is invalid on 'linux'"},
             {"file://../x", "unusable: 'file://../x' is invalid on 'linux'"},
             {"file://~/x", "unusable: 'file://~/x' is invalid on 'linux'"},
             {"file://127.0.0.1/x", "unusable: 'file://127.0.0.1/x' is invalid on 'linux'"},
             {"file://0x7f.1/x", "unusable: 'file://127.0.0.1/x' is invalid on 'linux'"},
             {"file://[::1]/x", "unusable: 'file://[::1]/x' is invalid on 'linux'"},
             {"file://localhost.//etc", "unusable: 'file://localhost./etc' is invalid on 'linux'"},
             {"file://hOst/x y//%41/../%2e%2E/q",
              "unusable: 'file://host/x%20y/q' is invalid on 'linux'"},
             {"file://other/\"<>`{}|^[]%25%zz",
              "unusable: 'file://other/%22%3C%3E%60%7B%7D|^[]%25%zz' is invalid on 'linux'"}});
}

TEST(PathUri, Drives) {
  ExpectAll({{"file:///C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:///c:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:///C:", "unusable: 'file:///C:' is invalid on 'linux'"},
             {"file:///C:/", "unusable: 'file:///C:/' is invalid on 'linux'"},
             {"file:C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:c|/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:/C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file://C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file://c|/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:///C%3A/x", "unusable: 'file:///C%3A/x' is invalid on 'linux'"},
             {"file:///C:/../x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:///C:/a/../../..", "unusable: 'file:///C:/' is invalid on 'linux'"},
             {"file:///C:/x y\\%41%zz\x01\xC3\xA9",
              "unusable: 'file:///C:/x%20y/%41%zz%01%C3%A9' is invalid on 'linux'"},
             {"file:/c|/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file:c|", "unusable: 'file:///C:' is invalid on 'linux'"},
             {"file:///C%3a", "unusable: 'file:///C%3a' is invalid on 'linux'"},
             {"file:////C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file://host/c:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file://localhost/C:/x", "unusable: 'file:///C:/x' is invalid on 'linux'"},
             {"file://localhost/c|/x", "/c|/x"},
             {"file:///%2FC:/x", "/C:/x"},
             {"file:///c|/x", "/c|/x"},
             {"file:///C:x", "/C:x"},
             {"file:///C|x", "/C|x"},
             {"file:///C", "/C"},
             {"file:///etc/C:/x", "/etc/C:/x"},
             {"file:///%43:/x", "/C:/x"}});
}

TEST(PathUri, WritesUris) {
  EXPECT_EQ(ToUri("/"), "file:///");
  EXPECT_EQ(ToUri("/a b\xC3\xA9"), "file:///a%20b%C3%A9");
  EXPECT_EQ(ToUri("/a\"<>`{}|^[]%zz \\x;=&$,!*()'@:+~\xC3\xA9\x7F\x01?#"),
            "file:///a%22%3C%3E%60%7B%7D|^[]%25zz%20%5Cx;=&$,!*()'@:+~%C3%A9%7F%01%3F%23");
  EXPECT_EQ(ToUri("/\xFF\xFE"), "file:///%FF%FE");
  EXPECT_EQ(FormatPath("/a b", PathForm::kUri), "file:///a%20b");
  EXPECT_EQ(FormatPath("/a b", PathForm::kPlain), "/a b");
}

TEST(PathUri, WhatIsWrittenReadsBack) {
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '/') continue;
    const std::string native = std::string("/x") + c + "y/" + c + "z/" + c + c;
    if (c == '.') continue;  // "/.." is resolved
    EXPECT_EQ(Outcome(ToUri(native)), native) << byte;
  }
  for (const std::string_view native : {"/C:", "/C:/x", "/c|", "/C%3A", "/C%3a/x", "/a%2Fb"}) {
    EXPECT_EQ(Outcome(ToUri(native)), native);
  }
}

}  // namespace
}  // namespace paned::protocol
