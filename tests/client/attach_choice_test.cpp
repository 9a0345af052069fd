// `paned attach`: which process is meant.
#include <gtest/gtest.h>

#include "server/client/attach.h"
#include "server/client/client_options.h"

namespace paned::testing {
namespace {

ListedProcess Process(const std::string& id, const std::string& backend, const std::string& pane,
                      const std::string& session = "5e55-one") {
  ListedProcess process;
  process.id = id;
  process.backend = backend;
  process.pane = pane;
  process.session = session;
  process.argv0 = "sh";
  return process;
}

Listings Of(std::vector<ListedProcess> processes) {
  Listings listings;
  ListedServer server;
  server.tmux_socket = "/t.sock";
  server.processes = std::move(processes);
  listings.servers.push_back(std::move(server));
  return listings;
}

// The chosen pane, or the error.
std::string Choice(const Listings& listings, const std::string& wanted) {
  const Result<AttachTarget> target = ChooseTarget(listings, wanted);
  return target.ok() ? target.value().tmux_socket + target.value().pane : target.error().message;
}

TEST(AttachChoice, ByIdOrItsUniqueBeginning) {
  const Listings listings =
      Of({Process("10", "tmux", "%1"), Process("100", "tmux", "%2"), Process("2/x", "tmux", "%3")});
  EXPECT_EQ(Choice(listings, "10"), "/t.sock%1");
  EXPECT_EQ(Choice(listings, "100"), "/t.sock%2");
  EXPECT_EQ(Choice(listings, "2"), "/t.sock%3");
  EXPECT_EQ(Choice(listings, "2/x"), "/t.sock%3");
  EXPECT_EQ(Choice(listings, "1"),
            "several processes are meant by `1`; say which one:\n"
            "  5e55-one/10  tmux  sh\n  5e55-one/100  tmux  sh");
  EXPECT_EQ(Choice(listings, "3"),
            "there is no process `3`; those with a pane are:\n"
            "  5e55-one/10  tmux  sh\n  5e55-one/100  tmux  sh\n  5e55-one/2/x  tmux  sh");
}

TEST(AttachChoice, TheSameIdInTwoSessions) {
  Listings listings = Of({Process("10", "tmux", "%1"), Process("10", "tmux", "%2", "5e55-two")});
  EXPECT_EQ(Choice(listings, "10").rfind("several processes are meant by `10`", 0), 0U);
  EXPECT_EQ(Choice(listings, "5e55-two/10"), "/t.sock%2");
  EXPECT_EQ(Choice(listings, "5e55-o/1"), "/t.sock%1");
}

TEST(AttachChoice, TheOnlyOneWithAPane) {
  EXPECT_EQ(Choice(Of({Process("1", "pipes", ""), Process("2", "tmux", "%4")}), ""), "/t.sock%4");
  EXPECT_EQ(Choice(Of({Process("1", "pipes", "")}), ""),
            "no process runs in a tmux pane: there is nothing to attach to");
  EXPECT_EQ(Choice(Of({Process("1", "tmux", "%1"), Process("2", "tmux", "%2")}), ""),
            "several processes run in tmux panes; say which one:\n"
            "  5e55-one/1  tmux  sh\n  5e55-one/2  tmux  sh");
}

TEST(AttachChoice, AcrossServers) {
  Listings listings = Of({Process("1", "tmux", "%1")});
  listings.servers.push_back(Of({Process("2", "tmux", "%1")}).servers[0]);
  listings.servers[1].tmux_socket = "/other";
  EXPECT_EQ(Choice(listings, "2"), "/other%1");
}

TEST(AttachChoice, WhatHasNoPaneIsExplained) {
  const Listings listings = Of({Process("p", "pipes", ""), Process("t", "pty", ""),
                                Process("w", "tmux", ""), Process("x", "tmux", "%1;kill-server")});
  EXPECT_EQ(Choice(listings, "p"), "process p runs on pipes: there is nothing to attach to");
  EXPECT_EQ(Choice(listings, "t"),
            "process t runs on a terminal without tmux: there is nothing to attach to");
  EXPECT_EQ(Choice(listings, "w"),
            "process w has no pane (any more): there is nothing to attach to");
  EXPECT_EQ(Choice(listings, "x"),
            "process x has no pane (any more): there is nothing to attach to");
  EXPECT_EQ(Choice(listings, "\x1b[2J"), "there is no process `\\x1B[2J`, and none with a pane");
}

TEST(AttachChoice, ThePersonIsToldHowToLeave) {
  const AttachTarget target = {"/t.sock", "%1", "10\x1b", "sh"};
  EXPECT_EQ(AttachedText(target, false, false),
            "attached read-only to 10\\x1B (sh); detach with C-b d");
  EXPECT_EQ(AttachedText(target, true, true),
            "attached for writing to 10\\x1B (sh); detach with C-b C-b d (you are inside tmux, "
            "which takes the first C-b)");
}

TEST(ClientOptions, Attach) {
  const Result<AttachOptions> all = ParseAttach({"attach", "10", "--write", "--runtime-dir", "/r"});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all.value().process, "10");
  EXPECT_TRUE(all.value().write);
  EXPECT_EQ(all.value().runtime_dir, "/r");
  EXPECT_FALSE(ParseAttach({"attach", "--read-only"}).value().write);
  const auto error = [](std::vector<std::string> arguments) {
    const Result<AttachOptions> parsed = ParseAttach(arguments);
    return parsed.ok() ? "none" : parsed.error().message;
  };
  EXPECT_EQ(error({"attach", "1", "2"}), "unknown argument `2`");
  EXPECT_EQ(error({"attach", "--json"}), "unknown option `--json`");
  EXPECT_EQ(error({"attach", ""}), "unknown argument ``");
  EXPECT_EQ(error({"attach", "--write", "--read-only"}),
            "--write and --read-only exclude each other");
}

TEST(ClientOptions, Ps) {
  const Result<PsOptions> all = ParsePs({"ps", "--json", "--runtime-dir=/r"});
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all.value().json);
  EXPECT_EQ(all.value().runtime_dir, "/r");
  EXPECT_EQ(ParsePs({"ps", "x"}).error().message, "unknown argument `x`");
  EXPECT_EQ(ParsePs({"ps", "--runtime-dir"}).error().message, "--runtime-dir needs a value");
  EXPECT_EQ(ParsePs({"ps", "--runtime-dir="}).error().message,
            "--runtime-dir wants a directory, got ``");
}

}  // namespace
}  // namespace paned::testing
