#include "net/endpoint.h"

#include <spdlog/spdlog.h>

#include "net/asio.h"
#include "net/http_text.h"

namespace tinysplit {

using tcp = asio::ip::tcp;

Result<tcp::endpoint> resolve(asio::io_context& io, const std::string& host, unsigned port) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const auto number = static_cast<std::uint16_t>(port);
  if (!error) return tcp::endpoint(address, number);
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, "", tcp::resolver::passive, error);
  if (error || found.empty()) {
    return unavailable("cannot find the address of \"" + host + "\": " + error.message());
  }
  return tcp::endpoint(found.begin()->endpoint().address(), number);
}

Result<tcp::acceptor> open_acceptor(asio::io_context& io, const std::string& host, unsigned port) {
  const Result<tcp::endpoint> endpoint = resolve(io, host, port);
  if (!endpoint.ok()) return invalid_argument(endpoint.status().message());
  boost::system::error_code error;
  tcp::acceptor acceptor(asio::make_strand(io));
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return acceptor;
  std::string message = "cannot listen on " + host_and_port(host, port) + ": " + error.message();
  if (error == asio::error::address_in_use)
    message += "; choose another port, or 0 for any free one";
  return unavailable(std::move(message));
}

void run_io(asio::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      spdlog::error("a network handler failed: {}", error.what());
    }
  }
}

}  // namespace tinysplit
