// Any bytes as a message: parsing must not fail in any way but by saying so, every struct must cope
// with any params, and what is answered must itself be a message.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/codec.h"

namespace {

using namespace paned::protocol;  // NOLINT(google-build-using-namespace)

void Require(bool condition) {
  if (!condition) std::abort();
}

EnvelopeKind KindOf(std::string text) {
  JsonDocument document;
  return ParseEnvelope(text.data(), text.size(), &document).kind;
}

template <class Params>
void Try(const Envelope& envelope) {
  Params params;
  const auto error = Decode(envelope.params, &params);
  if (!error) return;
  Require(!error->message.empty());
  Require(KindOf(EncodeError(envelope.id, *error)) == EnvelopeKind::kResponse);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  JsonDocument document;
  const Envelope envelope = ParseEnvelope(text.data(), text.size(), &document);
  Require((envelope.kind == EnvelopeKind::kMalformed) == !envelope.detail.empty());
  if (envelope.kind == EnvelopeKind::kMalformed) {
    const RpcError error{ErrorCode::kInvalidRequest, envelope.detail};
    Require(KindOf(EncodeError(envelope.id, error)) == EnvelopeKind::kResponse);
    return 0;
  }
  Require(KindOf(EncodeResult(envelope.id, Empty())) == EnvelopeKind::kResponse);
  Try<Empty>(envelope);
  Try<InitializeParams>(envelope);
  Try<StartParams>(envelope);
  Try<ReadParams>(envelope);
  Try<WriteParams>(envelope);
  Try<SignalParams>(envelope);
  Try<TerminateParams>(envelope);
  Try<ReadFileParams>(envelope);
  Try<GetMetadataParams>(envelope);
  Try<CanonicalizeParams>(envelope);
  Try<ReadDirectoryParams>(envelope);
  Try<WriteFileParams>(envelope);
  Try<CreateDirectoryParams>(envelope);
  Try<RemoveParams>(envelope);
  Try<CopyParams>(envelope);
  Try<OpenParams>(envelope);
  Try<ReadBlockParams>(envelope);
  Try<WriteBlockParams>(envelope);
  Try<CloseParams>(envelope);
  Try<WalkParams>(envelope);
  Try<WatchMissingParams>(envelope);
  return 0;
}
