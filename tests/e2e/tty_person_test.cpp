// A person at the terminal of a process: closes its pane, types in it, and has a terminal that
// answers questions.
#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyPerson : public Tty {};

TEST_F(TtyPerson, WhoClosesThePaneHangsUpTheProcess) {
  const auto client = Open();
  Start(client.get(), "plain", {"/bin/sleep", "1000"});
  const TempDir dir;
  Start(client.get(), "stubborn",
        Sh("trap '' HUP; echo ready; while [ ! -e " + (dir / "go") +
           " ]; do sleep 0.02; done; echo after; exit 7"));
  Start(client.get(), "flood", Sh("trap 'exit 5' HUP; while :; do echo flood; done"));
  ASSERT_TRUE(AwaitText(client.get(), "stubborn", "ready"));
  ASSERT_TRUE(AwaitText(client.get(), "flood", "flood"));
  for (const char* id : {"plain", "stubborn", "flood"}) {
    EXPECT_EQ(TmuxSays(server(), "kill-pane -t '" + Find(id).pane + "'"), "");
  }
  ASSERT_TRUE(client->UntilClosed("plain"));
  EXPECT_EQ(client->story("plain").exit_code, 129);
  ASSERT_TRUE(client->UntilClosed("flood"));
  EXPECT_EQ(client->story("flood").exit_code, 5);
  EXPECT_TRUE(client->story("flood").in_order);
  EXPECT_EQ(Screen(client.get(), "stubborn").rfind("error: ", 0), 0u);
  WriteWholeFile(dir / "go", "");
  ASSERT_TRUE(client->UntilClosed("stubborn"));
  EXPECT_EQ(client->story("stubborn").out, "ready\r\nafter\r\n");
  EXPECT_EQ(client->story("stubborn").exit_code, 7);
}

TEST_F(TtyPerson, WhoLeavesTheShellEndsTheProcess) {
  const auto client = Open();
  Start(client.get(), "p", {"/bin/sh"}, R"("env":{"PS1":"prompt> "})");
  ASSERT_TRUE(AwaitText(client.get(), "p", "prompt> "));
  Person person(server(), Find("p").pane);
  EXPECT_TRUE(person.Sees("prompt> "));
  person.Type("echo $((40+2)); exit $((20+3))\r");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 23);
  EXPECT_NE(client->story("p").out.find("\n42\r\n"), std::string::npos) << client->story("p").out;
  EXPECT_TRUE(client->story("p").in_order);
  // What a person watches does not become another process.
  Start(client.get(), "next", {"/bin/cat"});
  EXPECT_TRUE(Write(client.get(), "next", "beside\n"));
  EXPECT_TRUE(AwaitText(client.get(), "next", "beside\r\nbeside\r\n"));
}

// The agent and the person see the same, and what either types arrives once and in full.
TEST_F(TtyPerson, WhatIsTypedArrivesOnce) {
  const auto client = Open();
  Start(client.get(), "p", {HelperProgram(), "hex", "ready "});
  ASSERT_TRUE(AwaitText(client.get(), "p", "ready "));
  Person person(server(), Find("p").pane);
  EXPECT_TRUE(person.Sees("ready"));
  person.Type("abc");
  EXPECT_TRUE(AwaitText(client.get(), "p", "61 62 63 "));
  EXPECT_TRUE(person.Sees("61 62 63"));
  EXPECT_TRUE(Write(client.get(), "p", "xyz"));
  EXPECT_TRUE(AwaitText(client.get(), "p", "78 79 7a "));
  EXPECT_TRUE(person.Sees("78 79 7a"));
  person.Type("\xC3\xA9\x03\x04Q");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").out, "ready 61 62 63 78 79 7a c3 a9 03 04 51 ");
  EXPECT_EQ(client->story("p").exit_code, 0);
}

// Neither tmux nor the terminal of whoever looks answers for the program's terminal: the agent's
// client would have to, and does not.
constexpr char kQuestions[] =
    "\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[=c\x1b[>q\x1b[?u\x1b[14t\x1b[18t\x1b[?2026$p"
    "\x1b]11;?\x07\x1b]10;?\x1b\\\x1b]4;1;?\x07\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x05\x1bZasked ";

TEST_F(TtyPerson, QuestionsOfTheProgramStayUnanswered) {
  const auto client = Open();
  Start(client.get(), "alone", {HelperProgram(), "hex", kQuestions});
  Start(client.get(), "seen",
        Sh("echo ready; read x; exec " + HelperProgram() + " hex \"$QUESTIONS\""),
        "\"env\":{\"QUESTIONS\":" + Quote(kQuestions) + "}");
  ASSERT_TRUE(AwaitText(client.get(), "seen", "ready"));
  // The newest is what a person is shown who attaches next; until it is, it may still come into
  // view of one who is there already.
  ASSERT_TRUE(Eventually([&] {
    return TmuxSays(server(), "display -p -t paned '#{window_name}'").rfind("seen", 0) == 0;
  }));
  Person person(server(), Find("seen").pane);
  person.Type("\r");
  EXPECT_TRUE(person.Sees("asked"));
  for (const char* id : {"alone", "seen"}) {
    ASSERT_TRUE(AwaitText(client.get(), id, "asked "));
    // tmux has made sense of all that, and then of more.
    ASSERT_TRUE(Eventually([&] {
      return Screen(client.get(), id).find("asked") != std::string::npos;
    })) << Screen(client.get(), id);
    EXPECT_TRUE(Write(client.get(), id, "a"));
    ASSERT_TRUE(
        Eventually([&] { return Screen(client.get(), id).find("61") != std::string::npos; }));
    EXPECT_TRUE(Write(client.get(), id, "Q"));
    ASSERT_TRUE(client->UntilClosed(id));
    const std::string& out = client->story(id).out;
    EXPECT_NE(out.find(kQuestions), std::string::npos) << "the agent gets the questions";
    EXPECT_EQ(out.substr(out.find("asked ")), "asked 61 51 ") << id;
  }
}

}  // namespace
}  // namespace paned::testing
