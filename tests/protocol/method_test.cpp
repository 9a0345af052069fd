#include "protocol/method.h"

#include <gtest/gtest.h>

namespace paned::protocol {
namespace {

TEST(Method, EveryRowFindsItself) {
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    EXPECT_EQ(RowOf(method).method, method);
    EXPECT_EQ(FindMethod(RowOf(method).name), method);
  }
}

TEST(Method, NamesAreExact) {
  EXPECT_EQ(FindMethod("process/start"), Method::kProcessStart);
  for (const std::string_view name : {"", "process/start ", "Process/start", "process",
                                      "initialized", "fs/Open", "http/request/bodyDelta"}) {
    EXPECT_EQ(FindMethod(name), std::nullopt) << name;
  }
}

TEST(Method, Families) {
  EXPECT_EQ(RowOf(Method::kInitialize).family, "");
  EXPECT_EQ(RowOf(Method::kProcessTerminate).family, "exec");
  EXPECT_EQ(RowOf(Method::kFsCopy).family, "filesystem");
  EXPECT_EQ(RowOf(Method::kEnvironmentInfo).family, "environment info");
  EXPECT_EQ(RowOf(Method::kEnvironmentStatus).family, "environment status");
  EXPECT_EQ(RowOf(Method::kHttpRequest).family, "http");
  EXPECT_EQ(RowOf(Method::kEnvironmentConfigRead).family, "environment config");
  EXPECT_EQ(RowOf(Method::kCapabilitiesDiscoverV2).family, "capability discovery");
  EXPECT_EQ(RowOf(Method::kPanedResize).family, "paned");
  EXPECT_EQ(RowOf(Method::kPanedScreen).family, "paned");
}

}  // namespace
}  // namespace paned::protocol
