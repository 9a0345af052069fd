#include <gtest/gtest.h>

#include "protocol/codec.h"

namespace paned::protocol {
namespace {

template <class Value>
std::string Json(const Value& value) {
  std::string out;
  AppendJson(value, &out);
  return out;
}

TEST(Encode, ReadResult) {
  ReadResult result;
  EXPECT_EQ(Json(result),
            R"({"chunks":[],"nextSeq":1,"exited":false,"exitCode":null,"closed":false,)"
            R"("failure":null,"sandboxDenied":false})");
  result.chunks = {{1, OutputStream::kStdout, "hi"}, {2, OutputStream::kStderr, ""}};
  result.next_seq = 5;
  result.exited = true;
  result.exit_code = -1;
  result.closed = true;
  result.failure = "x\"";
  result.first_seq = 7;
  result.lost_bytes = 0;
  EXPECT_EQ(Json(result),
            R"({"chunks":[{"seq":1,"stream":"stdout","chunk":"aGk="},)"
            R"({"seq":2,"stream":"stderr","chunk":""}],"nextSeq":5,"exited":true,"exitCode":-1,)"
            R"("closed":true,"failure":"x\"","sandboxDenied":false,"firstSeq":7,"lostBytes":0})");
}

TEST(Encode, Notifications) {
  const OutputNotification output{"p", {3, OutputStream::kPty, "foo"}};
  EXPECT_EQ(EncodeNotification("process/output", output),
            R"({"jsonrpc":"2.0","method":"process/output","params":)"
            R"({"processId":"p","seq":3,"stream":"pty","chunk":"Zm9v"}})");
  EXPECT_EQ(Json(ExitedNotification{"p", 4, 137, true}),
            R"({"processId":"p","seq":4,"exitCode":137,"sandboxDenied":true})");
  EXPECT_EQ(Json(ClosedNotification{"p", 5}), R"({"processId":"p","seq":5})");
}

TEST(Encode, Results) {
  EXPECT_EQ(EncodeResult(std::int64_t{4}, Empty()), R"({"jsonrpc":"2.0","id":4,"result":{}})");
  EXPECT_EQ(EncodeResult(std::string("q"), TerminateResult{true}),
            R"({"jsonrpc":"2.0","id":"q","result":{"running":true}})");
  EXPECT_EQ(Json(StartResult{"p"}), R"({"processId":"p","sandboxType":"none"})");
  EXPECT_EQ(Json(WriteResult{WriteStatus::kAccepted}), R"({"status":"accepted"})");
  EXPECT_EQ(Json(WriteResult{WriteStatus::kUnknownProcess}), R"({"status":"unknownProcess"})");
  EXPECT_EQ(Json(WriteResult{WriteStatus::kStdinClosed}), R"({"status":"stdinClosed"})");
  EXPECT_EQ(Json(WriteResult{WriteStatus::kStarting}), R"({"status":"starting"})");
  EXPECT_EQ(Json(EnvironmentStatus()), R"({"status":"ready"})");
  EXPECT_EQ(Json(InitializeResult{"s", R"({"a":1})"}),
            R"({"sessionId":"s","environmentInfo":{"a":1}})");
  EXPECT_EQ(Json(InitializeResult{"s", ""}), R"({"sessionId":"s"})");
}

TEST(Encode, Screen) {
  ScreenResult screen;
  EXPECT_EQ(Json(screen), R"({"rows":24,"cols":80,"cursor":{"row":0,"col":0},"lines":[],)"
                          R"("alternateScreen":false})");
  screen.size = {1000, 65535};
  screen.cursor = {999, 7};
  screen.lines = {"a\"b", "", "\xFF"};
  screen.alternate_screen = true;
  EXPECT_EQ(Json(screen),
            "{\"rows\":1000,\"cols\":65535,\"cursor\":{\"row\":999,\"col\":7},"
            "\"lines\":[\"a\\\"b\",\"\",\"\xEF\xBF\xBD\"],\"alternateScreen\":true}");
  EXPECT_EQ(EncodeResult(std::int64_t{1}, ScreenResult{{1, 2}, {}, {}, false}),
            R"({"jsonrpc":"2.0","id":1,"result":{"rows":1,"cols":2,"cursor":{"row":0,"col":0},)"
            R"("lines":[],"alternateScreen":false}})");
}

TEST(Encode, Files) {
  EXPECT_EQ(Json(ReadFileResult{{"foo"}}), R"({"dataBase64":"Zm9v"})");
  EXPECT_EQ(Json(Metadata{true, false, true, 18446744073709551615U, 1, 2}),
            R"({"isDirectory":true,"isFile":false,"isSymlink":true,"size":18446744073709551615,)"
            R"("createdAtMs":1,"modifiedAtMs":2})");
  EXPECT_EQ(Json(CanonicalizeResult{"file:///a"}), R"({"path":"file:///a"})");
  ReadDirectoryResult list;
  EXPECT_EQ(Json(list), R"({"entries":[]})");
  list.entries = {{"a\xFF", false, true}, {"d", true, false}};
  EXPECT_EQ(Json(list),
            "{\"entries\":[{\"fileName\":\"a\xEF\xBF\xBD\",\"isDirectory\":false,"
            "\"isFile\":true},{\"fileName\":\"d\",\"isDirectory\":true,"
            "\"isFile\":false}]}");
}

TEST(Encode, OpenFilesAndWalks) {
  EXPECT_EQ(Json(OpenResult{"a\""}), R"({"handleId":"a\""})");
  EXPECT_EQ(Json(ReadBlockResult{{"foo"}, false}), R"({"chunk":"Zm9v","eof":false})");
  EXPECT_EQ(Json(ReadBlockResult{{""}, true}), R"({"chunk":"","eof":true})");
  WalkResult walk;
  EXPECT_EQ(Json(walk), R"({"entries":[],"errors":[],"truncated":false})");
  walk.entries = {{"/d", WalkKind::kDirectory}, {"/d/f", WalkKind::kFile}};
  walk.errors = {{"/e", "no"}};
  walk.truncated = true;
  EXPECT_EQ(Json(walk),
            R"({"entries":[{"path":"/d","kind":"directory"},{"path":"/d/f","kind":"file"}],)"
            R"("errors":[{"path":"/e","message":"no"}],"truncated":true})");
  EXPECT_EQ(Complete(BeginResult(std::int64_t{1}), OpenResult{"a"}),
            EncodeResult(std::int64_t{1}, OpenResult{"a"}));
}

TEST(Encode, EnvironmentInfo) {
  EnvironmentInfo info;
  info.shell = {"bash", "/bin/bash"};
  info.executor_version = "0.1.0";
  info.cwd = "file:///w";
  info.user_home_dir = "file:///root";
  info.temp_dir = "file:///tmp";
  EXPECT_EQ(Json(info), R"({"shell":{"name":"bash","path":"/bin/bash"},"executorVersion":"0.1.0",)"
                        R"("cwd":"file:///w","userHomeDir":"file:///root","platformOs":"linux",)"
                        R"("temporaryDirectories":[],"tempDir":"file:///tmp","capabilities":{}})");
  info.capabilities.file_write_streaming = true;
  EXPECT_NE(Json(info).find(R"("capabilities":{"fileWriteStreaming":true}})"), std::string::npos);
  info.capabilities.file_write_streaming = false;
  info.capabilities.paned = PanedCapabilities{true, false, "pty"};
  const std::string json = Json(info);
  EXPECT_EQ(json.substr(json.find("\"capabilities\"")),
            R"("capabilities":{"paned":{"resize":true,"screen":false,"ttyBackend":"pty"}}})");
}

TEST(Encode, OnlyCapabilitiesThatAreThere) {
  EnvironmentInfo info;
  info.capabilities.fs_watch_missing = true;
  const std::string json = Json(info);
  EXPECT_EQ(json.substr(json.find("\"capabilities\"")),
            R"("capabilities":{"fsWatchMissing":true}})");
}

TEST(Encode, WatchesForMissingFiles) {
  EXPECT_EQ(Json(WatchMissingResult{true}), R"({"watching":true})");
  EXPECT_EQ(
      EncodeNotification("fs/missingChanged", MissingChangedNotification{18446744073709551615U}),
      R"({"jsonrpc":"2.0","method":"fs/missingChanged",)"
      R"("params":{"watchId":18446744073709551615}})");
}

}  // namespace
}  // namespace paned::protocol
