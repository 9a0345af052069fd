#include "server/process/client_profile.h"

namespace paned {
namespace {

using std::chrono::milliseconds;

// 512 MiB of file as base64, and a little for the envelope.
constexpr std::uint64_t kReferenceFileReply = (536'870'912ull + 2) / 3 * 4 + 4096;
constexpr std::uint64_t kCodexLargestMessage = 64ull << 20;

constexpr ClientProfile kCodex = {
    /*name=*/"codex",
    /*cursor_is_last_seq=*/false,
    /*flags_with_last_output=*/false,
    /*late_output_grace=*/milliseconds(0),
    /*batch_window=*/milliseconds(0),
    /*gentle_terminate=*/false,
    /*pushes_output=*/true,
    /*largest_reply=*/kCodexLargestMessage,
};
constexpr ClientProfile kGo = {
    /*name=*/"go",
    /*cursor_is_last_seq=*/true,
    /*flags_with_last_output=*/true,
    /*late_output_grace=*/milliseconds(200),
    /*batch_window=*/milliseconds(250),
    /*gentle_terminate=*/true,
    /*pushes_output=*/false,
    /*largest_reply=*/kReferenceFileReply,
};
constexpr ClientProfile kGeneric = {
    /*name=*/"generic",
    /*cursor_is_last_seq=*/false,
    /*flags_with_last_output=*/false,
    /*late_output_grace=*/milliseconds(0),
    /*batch_window=*/milliseconds(0),
    /*gentle_terminate=*/false,
    /*pushes_output=*/true,
    /*largest_reply=*/kReferenceFileReply,
};

}  // namespace

const ClientProfile& ProfileForClient(std::string_view client_name) {
  if (client_name == "codex-env-mcp") return kGo;
  if (client_name == "codex-environment") return kCodex;
  return kGeneric;
}

const ClientProfile* FindProfile(std::string_view name) {
  for (const ClientProfile* profile : {&kCodex, &kGo, &kGeneric}) {
    if (profile->name == name) return profile;
  }
  return nullptr;
}

}  // namespace paned
