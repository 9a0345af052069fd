// PipeBackend keeps the contract of all backends.
#include "server/process/pipe_backend.h"

#include "tests/process/backend_contract.h"

namespace paned {
namespace {

class PipeTraits {
 public:
  ProcessBackend* backend() { return &backend_; }
  asio::io_context* io() { return &io_; }

 private:
  asio::io_context io_;
  Reaper reaper_{&io_};
  PipeBackend backend_{&io_, &reaper_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Pipe, BackendContract, PipeTraits);

}  // namespace
}  // namespace paned
