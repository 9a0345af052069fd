// Decoding of every method's parameters except process/start (start_params_test.cpp).
#include <gtest/gtest.h>

#include "protocol/codec.h"
#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

// "ok", or the fault with its place: "TEXT @ PATH".
template <class Params>
std::string Outcome(std::string_view text, Params* out) {
  const Parsed parsed(text);
  EXPECT_EQ(parsed.fault(), "") << text;
  const auto error = Decode(parsed.root(), out);
  if (!error) return "ok";
  EXPECT_EQ(error->code, ErrorCode::kInvalidParams);
  return error->path.empty() ? error->message : error->message + " @ " + error->path;
}

template <class Params>
std::string Outcome(std::string_view text) {
  Params params;
  return Outcome(text, &params);
}

TEST(Decode, WrongParamsAltogether) {
  EXPECT_EQ(Outcome<ReadParams>("null"), "invalid type: null, expected struct ReadParams");
  EXPECT_EQ(Outcome<ReadParams>("5"), "invalid type: number, expected struct ReadParams");
  EXPECT_EQ(Outcome<ReadParams>("true"),
            "invalid type: boolean `true`, expected struct ReadParams");
  EXPECT_EQ(Outcome<ReadParams>("\"x\""), "invalid type: string \"x\", expected struct ReadParams");
  EXPECT_EQ(Outcome<ReadParams>("[]"), "invalid type: sequence, expected struct ReadParams");
  EXPECT_EQ(Outcome<InitializeParams>("null"),
            "invalid type: null, expected struct InitializeParams");
  EXPECT_EQ(Outcome<StartParams>("null"), "invalid type: null, expected struct WireExecParams");
  EXPECT_EQ(Outcome<WriteParams>("null"), "invalid type: null, expected struct WriteParams");
  EXPECT_EQ(Outcome<SignalParams>("null"), "invalid type: null, expected struct SignalParams");
  EXPECT_EQ(Outcome<TerminateParams>("null"),
            "invalid type: null, expected struct TerminateParams");
  EXPECT_EQ(Outcome<WriteFileParams>("null"),
            "invalid type: null, expected struct WireFsWriteFileParams");
  EXPECT_EQ(Outcome<CreateDirectoryParams>("null"),
            "invalid type: null, expected struct WireFsCreateDirectoryParams");
  EXPECT_EQ(Outcome<RemoveParams>("null"),
            "invalid type: null, expected struct WireFsRemoveParams");
  EXPECT_EQ(Outcome<CopyParams>("null"), "invalid type: null, expected struct WireFsCopyParams");
}

TEST(Decode, Unit) {
  EXPECT_EQ(Outcome<Empty>("null"), "ok");
  EXPECT_EQ(Outcome<Empty>("{}"), "ok");
  EXPECT_EQ(Outcome<Empty>("{\"a\":1}"), "invalid type: map, expected unit");
  EXPECT_EQ(Outcome<Empty>("[]"), "invalid type: sequence, expected unit");
  EXPECT_EQ(Outcome<Empty>("1.5"), "invalid type: number, expected unit");
  Empty empty;
  EXPECT_EQ(Decode(JsonValue(), &empty).has_value(), false);
}

TEST(Decode, Initialize) {
  InitializeParams params;
  EXPECT_EQ(Outcome(R"({"clientName":"","resumeSessionId":"s","more":[1]})", &params), "ok");
  EXPECT_EQ(params.client_name, "");
  EXPECT_EQ(params.resume_session_id, "s");
  EXPECT_EQ(Outcome<InitializeParams>(R"({"clientName":"x","resumeSessionId":null})"), "ok");
  EXPECT_EQ(Outcome<InitializeParams>("{}"), "missing field `clientName` @ clientName");
  EXPECT_EQ(Outcome<InitializeParams>(R"({"clientName":null})"),
            "invalid type: null, expected a string @ clientName");
  EXPECT_EQ(Outcome<InitializeParams>(R"({"clientName":"x","resumeSessionId":{}})"),
            "invalid type: map, expected a string @ resumeSessionId");
}

TEST(Decode, Read) {
  ReadParams params;
  EXPECT_EQ(Outcome(R"({"processId":"p","afterSeq":18446744073709551615,"maxBytes":0,"waitMs":5})",
                    &params),
            "ok");
  EXPECT_EQ(params.after_seq, UINT64_MAX);
  EXPECT_EQ(params.max_bytes, 0U);
  EXPECT_EQ(params.wait_ms, 5U);
  ReadParams defaults;
  EXPECT_EQ(
      Outcome(R"({"processId":"p","afterSeq":null,"maxBytes":null,"waitMs":null})", &defaults),
      "ok");
  EXPECT_EQ(defaults.after_seq, 0U);
  EXPECT_EQ(defaults.max_bytes, std::nullopt);
  for (const std::string name : {"afterSeq", "maxBytes", "waitMs"}) {
    const std::string head = R"({"processId":"p",")" + name + "\":";
    for (const std::string bad : {"-1", "1.5", "1.0", "1e2", "18446744073709551616", "-0.0"}) {
      EXPECT_EQ(Outcome<ReadParams>(head + bad + "}"), "invalid number @ " + name) << bad;
    }
    const std::string type = name == "maxBytes" ? "usize" : "u64";
    EXPECT_EQ(Outcome<ReadParams>(head + "true}"),
              "invalid type: boolean `true`, expected " + type + " @ " + name);
    EXPECT_EQ(Outcome<ReadParams>(head + R"("a\"\\\n\u0001é\u0000"})"),
              "invalid type: string \"a\\\"\\\\\\n\\u{1}é\\0\", expected " + type + " @ " + name);
    EXPECT_EQ(Outcome<ReadParams>(head + "-0}"), "ok");
  }
}

TEST(Decode, Write) {
  WriteParams params;
  EXPECT_EQ(Outcome(R"({"processId":"p","chunk":"aGkA","writeId":""})", &params), "ok");
  EXPECT_EQ(params.chunk, std::string("hi\0", 3));
  EXPECT_EQ(params.write_id, "");
  WriteParams bare;
  EXPECT_EQ(Outcome(R"({"processId":"p","chunk":"","writeId":null})", &bare), "ok");
  EXPECT_EQ(bare.write_id, std::nullopt);
  EXPECT_EQ(Outcome<WriteParams>(R"({"processId":"p"})"), "missing field `chunk` @ chunk");
  EXPECT_EQ(Outcome<WriteParams>(R"({"processId":"p","chunk":"%"})"),
            "Invalid symbol 37, offset 0. @ chunk");
  EXPECT_EQ(Outcome<WriteParams>(R"({"processId":"p","chunk":null})"),
            "invalid type: null, expected a string @ chunk");
  EXPECT_EQ(Outcome<WriteParams>(R"({"processId":"p","chunk":"","writeId":5})"),
            "invalid type: number, expected a string @ writeId");
}

TEST(Decode, SignalAndTerminate) {
  SignalParams params;
  EXPECT_EQ(Outcome(R"({"signal":"interrupt","processId":"p"})", &params), "ok");
  EXPECT_EQ(params.process_id, "p");
  EXPECT_EQ(Outcome<SignalParams>(R"({"processId":"p"})"), "missing field `signal` @ signal");
  EXPECT_EQ(Outcome<SignalParams>(R"({"processId":"p","signal":"kill"})"),
            "unknown variant `kill`, expected `interrupt` @ signal");
  EXPECT_EQ(Outcome<SignalParams>(R"({"processId":"p","signal":null})"),
            "invalid type: null, expected string or map @ signal");
  EXPECT_EQ(Outcome<TerminateParams>(R"({"processId":5})"),
            "invalid type: number, expected a string @ processId");
}

TEST(Decode, Terminal) {
  ResizeParams params;
  EXPECT_EQ(Outcome(R"({"processId":"p","rows":1,"cols":1000})", &params), "ok");
  EXPECT_EQ(params.process_id, "p");
  EXPECT_EQ(params.rows, 1);
  EXPECT_EQ(params.cols, 1000);
  for (const std::string name : {"rows", "cols"}) {
    const std::string fault = name + " must be an integer from 1 to 1000 @ " + name;
    const std::string head =
        R"({"processId":"p",")" + std::string(name == "rows" ? "cols" : "rows") + "\":7,";
    for (const char* bad : {"0", "1001", "-1", "1.0", "65537", "18446744073709551616", "null",
                            "true", "\"24\"", "[24]"}) {
      EXPECT_EQ(Outcome<ResizeParams>(head + '"' + name + "\":" + bad + "}"), fault) << bad;
    }
    EXPECT_EQ(Outcome<ResizeParams>(head + "\"x\":1}"), "missing field `" + name + "` @ " + name);
  }
  EXPECT_EQ(Outcome<ResizeParams>("null"), "invalid type: null, expected struct ResizeParams");
  EXPECT_EQ(Outcome<ResizeParams>(R"({"rows":2,"cols":3})"),
            "missing field `processId` @ processId");
  ScreenParams screen;
  EXPECT_EQ(Outcome(R"({"processId":"p"})", &screen), "ok");
  EXPECT_EQ(screen.process_id, "p");
  EXPECT_EQ(Outcome<ScreenParams>("{}"), "missing field `processId` @ processId");
}

TEST(Decode, Paths) {
  ReadFileParams params;
  EXPECT_EQ(Outcome(R"({"path":"file:///a%20b"})", &params), "ok");
  EXPECT_EQ(params.path.native, "/a b");
  EXPECT_EQ(params.path.form, PathForm::kUri);
  EXPECT_EQ(Outcome(R"({"path":"/a b","sandbox":null})", &params), "ok");
  EXPECT_EQ(params.path.form, PathForm::kPlain);
  EXPECT_EQ(Outcome<ReadFileParams>("{}"), "missing field `path` @ path");
  EXPECT_EQ(Outcome<ReadFileParams>(R"({"path":""})"),
            "invalid URI: relative URL without a base @ path");
  EXPECT_EQ(Outcome<ReadFileParams>(R"({"path":"http://x"})"),
            "unsupported path URI scheme `http` @ path");
  EXPECT_EQ(Outcome<ReadFileParams>(R"({"path":"/a\u0000"})"),
            "path must not contain a NUL byte @ path");
  EXPECT_EQ(Outcome<ReadFileParams>(R"({"path":null})"),
            "invalid type: null, expected a string @ path");
}

TEST(Decode, FileDefaults) {
  CreateDirectoryParams make;
  EXPECT_EQ(Outcome(R"({"path":"/a","recursive":null})", &make), "ok");
  EXPECT_TRUE(make.recursive);
  RemoveParams remove;
  EXPECT_EQ(Outcome(R"({"path":"/a","force":false})", &remove), "ok");
  EXPECT_TRUE(remove.recursive);
  EXPECT_FALSE(remove.force);
  CopyParams copy;
  EXPECT_EQ(Outcome(R"({"sourcePath":"/a","destinationPath":"file:///b"})", &copy), "ok");
  EXPECT_FALSE(copy.recursive);
  EXPECT_EQ(copy.source.native + copy.destination.native, "/a/b");
  WriteFileParams write;
  EXPECT_EQ(Outcome(R"({"path":"/a","dataBase64":"%%","createMissing":true})", &write), "ok");
  EXPECT_TRUE(write.create_missing);
  EXPECT_EQ(Outcome<RemoveParams>(R"({"path":"/a","recursive":5})"),
            "invalid type: number, expected a boolean @ recursive");
  EXPECT_EQ(Outcome<CopyParams>(R"({"sourcePath":"/a"})"),
            "missing field `destinationPath` @ destinationPath");
}

// What is there is read in the order of the message; what is missing comes after.
TEST(Decode, OrderOfFaults) {
  EXPECT_EQ(Outcome<WriteFileParams>(R"({"dataBase64":5,"path":"http://x"})"),
            "invalid type: number, expected a string @ dataBase64");
  EXPECT_EQ(Outcome<WriteFileParams>(R"({"path":"http://x","dataBase64":5})"),
            "unsupported path URI scheme `http` @ path");
  EXPECT_EQ(Outcome<CopyParams>(R"({"destinationPath":5})"),
            "invalid type: number, expected a string @ destinationPath");
  EXPECT_EQ(Outcome<CopyParams>("{}"), "missing field `sourcePath` @ sourcePath");
}

std::string SandboxOutcome(std::string_view sandbox) {
  ReadFileParams params;
  const std::string outcome =
      Outcome(R"({"path":"/a","sandbox":)" + std::string(sandbox) + "}", &params);
  if (outcome != "ok") return outcome;
  return params.sandbox.demand == SandboxDemand::kNone ? "none" : "restricted";
}

std::string PermissionsOutcome(std::string_view permissions) {
  return SandboxOutcome(
      R"({"permissions":)" + std::string(permissions) +
      R"(,"windowsSandboxLevel":"disabled","cwd":"not/absolute","workspaceRoots":["x"]})");
}

TEST(Decode, SandboxDemands) {
  EXPECT_EQ(SandboxOutcome("null"), "none");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"disabled"})"), "none");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"external","network":"restricted"})"), "none");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"external"})"), "none");
  const auto managed = [](const std::string& rest) {
    return PermissionsOutcome(R"({"type":"managed","file_system":)" + rest + "}");
  };
  EXPECT_EQ(managed(R"({"type":"unrestricted"},"network":"enabled")"), "none");
  EXPECT_EQ(managed(R"({"type":"unrestricted"})"), "none");
  EXPECT_EQ(managed(R"({"type":"unrestricted"},"network":"restricted")"), "restricted");
  EXPECT_EQ(managed(R"({"type":"restricted","entries":[{"path":"plain"}]},"network":"enabled")"),
            "restricted");
}

TEST(Decode, SandboxFaults) {
  EXPECT_EQ(SandboxOutcome("5"),
            "invalid type: number, expected struct WireFileSystemSandboxContext @ sandbox");
  EXPECT_EQ(SandboxOutcome("{}"), "missing field `permissions` @ sandbox.permissions");
  EXPECT_EQ(SandboxOutcome(R"({"permissions":{"type":"disabled"}})"),
            "missing field `windowsSandboxLevel` @ sandbox.windowsSandboxLevel");
  EXPECT_EQ(SandboxOutcome(R"({"permissions":{"type":"disabled"},"windowsSandboxLevel":"x"})"),
            "unknown variant `x`, expected one of `disabled`, `restricted-token`, `elevated`, "
            "`mxc` @ sandbox.windowsSandboxLevel");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"zzz"})"),
            "unknown variant `zzz`, expected one of `managed`, `disabled`, `external` @ "
            "sandbox.permissions.type");
  EXPECT_EQ(PermissionsOutcome("{}"), "missing field `type` @ sandbox.permissions.type");
  EXPECT_EQ(PermissionsOutcome(R"({"type":5})"),
            "invalid type: number, expected variant identifier @ sandbox.permissions.type");
  EXPECT_EQ(PermissionsOutcome("null"),
            "invalid type: null, expected internally tagged enum ExecPermissionProfile @ "
            "sandbox.permissions");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"managed"})"),
            "missing field `file_system` @ sandbox.permissions.file_system");
  EXPECT_EQ(PermissionsOutcome(R"({"type":"managed","file_system":{"type":"x"}})"),
            "unknown variant `x`, expected `restricted` or `unrestricted` @ "
            "sandbox.permissions.file_system.type");
  EXPECT_EQ(
      PermissionsOutcome(R"({"type":"external","network":"x"})"),
      "unknown variant `x`, expected `restricted` or `enabled` @ sandbox.permissions.network");
}

TEST(Decode, OpenFiles) {
  EXPECT_EQ(Outcome<OpenParams>("null"), "invalid type: null, expected struct WireFsOpenParams");
  OpenParams open;
  EXPECT_EQ(Outcome(R"({"handleId":"h","path":"file:///a"})", &open), "ok");
  EXPECT_EQ(open.handle_id + open.path.native, "h/a");
  EXPECT_EQ(open.mode, OpenMode::kRead);
  EXPECT_EQ(Outcome(R"({"handleId":"","path":"/a","mode":"replace","sandbox":null})", &open), "ok");
  EXPECT_EQ(open.mode, OpenMode::kReplace);
  EXPECT_EQ(Outcome<OpenParams>(R"({"handleId":"h"})"), "missing field `path` @ path");
  EXPECT_EQ(Outcome<OpenParams>(R"({"path":"/a","mode":"bad"})"),
            "unknown variant `bad`, expected `read` or `replace` @ mode");
  EXPECT_EQ(Outcome<OpenParams>(R"({"handleId":"h","path":"/a","mode":null})"),
            "invalid type: null, expected string or map @ mode");
  EXPECT_EQ(Outcome<OpenParams>(R"({"handleId":"h","path":"/a","mode":5})"),
            "invalid type: number, expected string or map @ mode");
  EXPECT_EQ(Outcome<CloseParams>("{}"), "missing field `handleId` @ handleId");
  EXPECT_EQ(Outcome<CloseParams>("5"), "invalid type: number, expected struct FsCloseParams");
  EXPECT_EQ(Outcome<CloseParams>(R"({"handleId":null})"),
            "invalid type: null, expected a string @ handleId");
}

TEST(Decode, Blocks) {
  EXPECT_EQ(Outcome<ReadBlockParams>("null"),
            "invalid type: null, expected struct FsReadBlockParams");
  ReadBlockParams read;
  EXPECT_EQ(Outcome(R"({"handleId":"h","offset":18446744073709551615,"len":3})", &read), "ok");
  EXPECT_EQ(read.offset, 18446744073709551615U);
  EXPECT_EQ(read.length, 3U);
  EXPECT_EQ(Outcome<ReadBlockParams>(R"({"handleId":"h","offset":0})"),
            "missing field `len` @ len");
  EXPECT_EQ(Outcome<ReadBlockParams>(R"({"offset":-1})"), "invalid number @ offset");
  EXPECT_EQ(Outcome<ReadBlockParams>(R"({"offset":18446744073709551616})"),
            "invalid number @ offset");
  EXPECT_EQ(Outcome<ReadBlockParams>(R"({"offset":null})"),
            "invalid type: null, expected u64 @ offset");
  EXPECT_EQ(Outcome<ReadBlockParams>(R"({"len":"x"})"),
            "invalid type: string \"x\", expected usize @ len");
  EXPECT_EQ(Outcome<WriteBlockParams>("null"),
            "invalid type: null, expected struct FsWriteBlockParams");
  WriteBlockParams write;
  EXPECT_EQ(Outcome(R"({"handleId":"h","offset":7,"chunk":"Zm9v"})", &write), "ok");
  EXPECT_EQ(write.chunk, "foo");
  EXPECT_EQ(write.offset, 7U);
  // In the order of the message, before what is missing.
  EXPECT_EQ(Outcome<WriteBlockParams>(R"({"chunk":"%%","offset":-1})"),
            "Invalid symbol 37, offset 0. @ chunk");
  EXPECT_EQ(Outcome<WriteBlockParams>(R"({"offset":-1,"chunk":"%%"})"), "invalid number @ offset");
  EXPECT_EQ(Outcome<WriteBlockParams>(R"({"chunk":"abc"})"), "Invalid padding @ chunk");
  EXPECT_EQ(Outcome<WriteBlockParams>(R"({"chunk":"abl="})"),
            "Invalid last symbol 108, offset 2. @ chunk");
  EXPECT_EQ(Outcome<WriteBlockParams>(R"({"chunk":null})"),
            "invalid type: null, expected a string @ chunk");
}

TEST(Decode, Walk) {
  EXPECT_EQ(Outcome<WalkParams>("null"), "invalid type: null, expected struct WireFsWalkParams");
  EXPECT_EQ(Outcome<WalkParams>(R"({"path":"/a"})"), "missing field `options` @ options");
  EXPECT_EQ(Outcome<WalkParams>(R"({"path":"/a","options":null})"),
            "invalid type: null, expected struct WalkOptions @ options");
  const std::string head = R"({"path":"/a","options":{)";
  const std::string all =
      head + R"("maxDepth":1,"maxDirectories":2,"maxEntries":3,"followDirectorySymlinks":true)";
  WalkParams walk;
  EXPECT_EQ(Outcome(all + "}}", &walk), "ok");
  EXPECT_EQ(walk.options.max_depth, 1U);
  EXPECT_EQ(walk.options.max_directories, 2U);
  EXPECT_EQ(walk.options.max_entries, 3U);
  EXPECT_TRUE(walk.options.follow_directory_symlinks);
  EXPECT_FALSE(walk.options.prune_hidden_directories);
  EXPECT_EQ(Outcome(all + R"(,"pruneHiddenDirectories":true}})", &walk), "ok");
  EXPECT_TRUE(walk.options.prune_hidden_directories);
  EXPECT_EQ(Outcome<WalkParams>(all + R"(,"pruneHiddenDirectories":null}})"),
            "invalid type: null, expected a boolean @ options.pruneHiddenDirectories");
  EXPECT_EQ(Outcome<WalkParams>(head + "}}"), "missing field `maxDepth` @ options.maxDepth");
  EXPECT_EQ(Outcome<WalkParams>(head + R"("maxDepth":null}})"),
            "invalid type: null, expected usize @ options.maxDepth");
  EXPECT_EQ(Outcome<WalkParams>(head + R"("maxEntries":-1}})"),
            "invalid number @ options.maxEntries");
}

TEST(Decode, WatchMissing) {
  WatchMissingParams params;
  EXPECT_EQ(
      Outcome(R"({"watchId":3,"missing":["file:///a%20b","/c/"],"present":"file:///p"})", &params),
      "ok");
  EXPECT_EQ(params.watch_id, 3U);
  ASSERT_EQ(params.missing.size(), 2U);
  EXPECT_EQ(params.missing[0].native, "/a b");
  EXPECT_EQ(params.missing[1].native, "/c");
  EXPECT_EQ(params.present->native, "/p");
  WatchMissingParams least;
  EXPECT_EQ(Outcome(R"({"watchId":18446744073709551615,"missing":[],"present":null,"sandbox":5})",
                    &least),
            "ok");
  EXPECT_FALSE(least.present.has_value());
  const std::pair<const char*, const char*> faults[] = {
      {"null", "invalid type: null, expected struct FsWatchMissingParams"},
      {"{}", "missing field `watchId` @ watchId"},
      {R"({"watchId":1})", "missing field `missing` @ missing"},
      {R"({"watchId":1,"missing":null})", "invalid type: null, expected a sequence @ missing"},
      {R"({"watchId":"a"})", "invalid type: string \"a\", expected u64 @ watchId"},
      {R"({"watchId":true})", "invalid type: boolean `true`, expected u64 @ watchId"},
      {R"({"watchId":[]})", "invalid type: sequence, expected u64 @ watchId"},
      {R"({"watchId":-1})", "invalid number @ watchId"},
      {R"({"watchId":1.5})", "invalid number @ watchId"},
      {R"({"watchId":18446744073709551616})", "invalid number @ watchId"},
      {R"({"missing":"x"})", "invalid type: string \"x\", expected a sequence @ missing"},
      {R"({"missing":{"a":1}})", "invalid type: map, expected a sequence @ missing"},
      {R"({"missing":[1]})", "invalid type: number, expected a string @ missing[0]"},
      {R"({"missing":["/a","rel"]})", "invalid URI: relative URL without a base @ missing[1]"},
      {R"({"missing":["http://x/"]})", "unsupported path URI scheme `http` @ missing[0]"},
      {R"({"missing":["file:///x?y"]})",
       "query parameters are not allowed in path URIs @ missing[0]"},
      {R"({"missing":["file:///%00"]})", "'file:///%00' is invalid on 'linux' @ missing[0]"},
      {R"({"present":""})", "invalid URI: relative URL without a base @ present"},
      {R"({"present":{}})", "invalid type: map, expected a string @ present"},
  };
  for (const auto& [text, fault] : faults) EXPECT_EQ(Outcome<WatchMissingParams>(text), fault);
}

}  // namespace
}  // namespace paned::protocol
