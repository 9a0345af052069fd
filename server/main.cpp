// The program: reads the command line, composes the server, and tells how it ended.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "server/client/attach.h"
#include "server/client/healthcheck.h"
#include "server/client/ps.h"
#include "server/environment_options.h"
#include "server/init.h"
#include "server/options.h"
#include "server/server.h"

namespace {

// A pipe or socket that came to lie on 0, 1 or 2 would end up as some child's standard stream.
void OccupyStandardStreams() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

void Announce(const std::string& url) { std::cout << url << std::endl; }

int Serve(const paned::ServeOptions& options) {
  paned::Server server(options, environ);
  paned::Result<int> ended = server.Run(Announce);
  if (ended.ok()) return ended.value();
  std::cerr << "Error: " << ended.error().message << '\n';
  if (!ended.error().hint.empty()) std::cerr << ended.error().hint << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardStreams();
  ::signal(SIGPIPE, SIG_IGN);
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
  if (options.init) return paned::RunUnderInit([&options] { return Serve(options); });
  return Serve(options);
}
