#include <csignal>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "net/http_client.h"
#include "net/link_shaper.h"
#include "net/signal_watcher.h"
#include "net/trace.h"

namespace tinysplit {
namespace {

struct LinkOptions {
  std::string listen = "127.0.0.1:0";
  std::string to;
  double uplink_mbit = 0.0;
  double downlink_mbit = 0.0;
  double delay_ms = 0.0;
  std::string trace;
};

Status run_link(const LinkOptions& options) {
  // In a URL port 0 is an error, here it is any free port.
  const bool any_port = options.listen.ends_with(":0");
  const std::string listen_at =
      any_port ? options.listen.substr(0, options.listen.size() - 2) : options.listen;
  TINYSPLIT_ASSIGN_OR_RETURN(const HttpUrl listen, parse_http_url("http://" + listen_at));
  TINYSPLIT_ASSIGN_OR_RETURN(const HttpUrl to, parse_http_url("http://" + options.to));
  LinkShaperOptions shaper_options;
  shaper_options.listen_host = listen.host;
  shaper_options.listen_port = any_port ? std::uint16_t{0} : listen.port;
  shaper_options.to_host = to.host;
  shaper_options.to_port = to.port;
  shaper_options.link.uplink_bits_per_s = options.uplink_mbit * 1e6;
  shaper_options.link.downlink_bits_per_s = options.downlink_mbit * 1e6;
  shaper_options.link.delay_s = options.delay_ms * 1e-3;
  if (!options.trace.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(shaper_options.link.downlink_trace, read_trace(options.trace));
    shaper_options.link.uplink_trace = shaper_options.link.downlink_trace;
  }
  // Whoever reads the log may go away: no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  TINYSPLIT_ASSIGN_OR_RETURN(const auto termination, TerminationSignal::create());
  TINYSPLIT_ASSIGN_OR_RETURN(const auto shaper, LinkShaper::start(shaper_options));
  std::printf("tinysplit link listening on %s\n", shaper->address().c_str());
  std::fflush(stdout);
  termination->wait();
  shaper->stop();
  const LinkShaper::Counters counters = shaper->counters();
  std::fprintf(stderr, "carried %llu bytes up and %llu down over %llu connections\n",
               static_cast<unsigned long long>(counters.up_bytes),
               static_cast<unsigned long long>(counters.down_bytes),
               static_cast<unsigned long long>(counters.connections));
  return ok_status();
}

}  // namespace

void add_link_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<LinkOptions>();
  CLI::App* command =
      app.add_subcommand("link", "Put a slow link between a device and an edge (a TCP proxy)");
  command->add_option("--listen", options->listen, "HOST:PORT for the device, port 0: any free one")
      ->capture_default_str();
  command->add_option("--to", options->to, "HOST:PORT of the edge")->required();
  CLI::Option* trace = command->add_option(
      "--trace", options->trace, "CSV of time_s,mbit_per_s for both directions, in place of rates");
  CLI::Option* uplink = command
                            ->add_option("--uplink-mbit", options->uplink_mbit,
                                         "Rate from the device to the edge, Mbit/s")
                            ->check(CLI::PositiveNumber);
  CLI::Option* downlink = command
                              ->add_option("--downlink-mbit", options->downlink_mbit,
                                           "Rate from the edge to the device, Mbit/s")
                              ->check(CLI::PositiveNumber);
  command->add_option("--delay-ms", options->delay_ms, "One-way delay, the same both ways")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  trace->excludes(uplink)->excludes(downlink);
  command->footer(
      "Prints one line with the address when ready; Ctrl-C or SIGTERM ends it. Loss, slow start "
      "and\n"
      "the bytes of TCP and IP heads are not modelled.\n"
      "Example:\n"
      "  tinysplit link --to 127.0.0.1:8080 --uplink-mbit 5 --downlink-mbit 5 --delay-ms 40");
  command->callback([options, uplink, trace, &exit_code] {
    if (uplink->empty() && trace->empty()) {
      exit_code =
          report(invalid_argument("a link needs --uplink-mbit and --downlink-mbit, or --trace"));
      return;
    }
    if (options->downlink_mbit == 0.0) options->downlink_mbit = options->uplink_mbit;
    exit_code = report(run_link(*options));
  });
}

}  // namespace tinysplit
