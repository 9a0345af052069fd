// The program: reads the command line, composes the server, and tells how it ended.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "server/client/attach.h"
#include "server/client/healthcheck.h"
#include "server/client/ps.h"
#include "server/environment_options.h"
#include "server/inherited.h"
#include "server/init.h"
#include "server/options.h"
#include "server/server.h"

namespace {

void Announce(const std::string& url) { std::cout << url << std::endl; }

int Refused(const paned::Error& error) {
  std::cerr << "Error: " << error.message << '\n';
  if (!error.hint.empty()) std::cerr << error.hint << '\n';
  return 1;
}

int Serve(const paned::ServeOptions& options) {
  const paned::Status descriptors = paned::Server::CheckDescriptors();
  if (!descriptors.ok()) return Refused(descriptors.error());
  paned::Server server(options, environ);
  paned::Result<int> ended = server.Run(Announce);
  return ended.ok() ? ended.value() : Refused(ended.error());
}

}  // namespace

int main(int argc, char** argv) {
  paned::PutInheritedRight();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  paned::Result<paned::Command> command = paned::ParseCommandLine(arguments);
  if (!command.ok()) {
    std::cerr << "Error: " << command.error().message << '\n';
    return 2;
  }
  if (const auto* show = std::get_if<paned::ShowText>(&command.value())) {
    std::cout << show->text;
    return 0;
  }
  if (const auto* check = std::get_if<paned::HealthcheckOptions>(&command.value())) {
    return paned::Healthcheck(*check);
  }
  const char* const xdg_runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  if (const auto* ps = std::get_if<paned::PsOptions>(&command.value())) {
    return paned::RunPs(*ps, xdg_runtime_dir, &std::cout, &std::cerr);
  }
  if (const auto* attach = std::get_if<paned::AttachOptions>(&command.value())) {
    return paned::RunAttach(*attach, xdg_runtime_dir, &std::cout, &std::cerr);
  }
  auto& options = std::get<paned::ServeOptions>(command.value());
  const paned::Status environment = paned::TakeEnvironment(&options);
  if (!environment.ok()) {
    std::cerr << "Error: " << environment.error().message << '\n';
    return 2;
  }
  // Orphans fall to process 1, asked for or not.
  options.process_one = ::getpid() == 1;
  if (options.init || options.process_one) {
    return paned::RunUnderInit([&options] { return Serve(options); });
  }
  return Serve(options);
}
