#include <csignal>

#include "commands.h"
#include "core/logging.h"

namespace {

constexpr const char* kFooter = R"(Typical use:
  tinysplit inspect model.keras                      layers, and what each cut would send
  tinysplit profile model.keras --output edge.json   measure every layer here
  tinysplit plan --device-analytics device.json --edge-analytics edge.json
                 --uplink-mbit 8 --downlink-mbit 8 --rtt-ms 20
  tinysplit serve --models models                    the edge

Exit codes: 0 done, 1 failed, 2 wrong use or input, 3 not found, 4 unavailable or too late.)";

}  // namespace

int main(int argc, char** argv) {
  // A peer that goes away is an error to report, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "Split computing for TinyML: run a network's first layers on a device, the rest on an "
      "edge, and decide where to cut.",
      "tinysplit");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "tinysplit " TINYSPLIT_VERSION);
  std::string log_level = "info";
  app.add_option("--log", log_level, "trace, debug, info, warn, error or off")
      ->capture_default_str();
  app.parse_complete_callback([&] { tinysplit::set_up_logging(log_level.c_str()); });

  int exit_code = 0;
  tinysplit::add_inspect_command(app, exit_code);
  tinysplit::add_infer_command(app, exit_code);
  tinysplit::add_profile_command(app, exit_code);
  tinysplit::add_plan_command(app, exit_code);
  tinysplit::add_serve_command(app, exit_code);
  tinysplit::add_device_command(app, exit_code);
  tinysplit::add_link_command(app, exit_code);
  tinysplit::add_demo_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints the message or the help; its own codes are many, ours say "wrong use".
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
