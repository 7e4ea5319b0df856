#include "net/signal_watcher.h"

#include <boost/asio.hpp>
#include <csignal>
#include <thread>

#include "net/asio.h"
#include "net/endpoint.h"

namespace tinysplit {

struct SignalWatcher::Impl {
  void wait() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      wait();
      callback(number);
    });
  }

  std::function<void(int)> callback;
  asio::io_context io{1};
  asio::signal_set signals{io};
  std::thread thread;
};

SignalWatcher::SignalWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SignalWatcher::~SignalWatcher() {
  impl_->io.stop();
  impl_->thread.join();
}

Result<std::unique_ptr<SignalWatcher>> SignalWatcher::watch(std::initializer_list<int> signals,
                                                            std::function<void(int)> callback) {
  auto impl = std::make_unique<Impl>();
  impl->callback = std::move(callback);
  for (const int number : signals) {
    boost::system::error_code error;
    impl->signals.add(number, error);
    if (error) {
      return internal_error("cannot watch signal " + std::to_string(number) + ": " +
                            error.message());
    }
  }
  impl->wait();
  impl->thread = std::thread([io = &impl->io] { run_io(*io); });
  return std::unique_ptr<SignalWatcher>(new SignalWatcher(std::move(impl)));
}

struct TerminationSignal::Impl {
  asio::io_context io{1};
  asio::signal_set signals{io};
};

TerminationSignal::TerminationSignal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TerminationSignal::~TerminationSignal() = default;

Result<std::unique_ptr<TerminationSignal>> TerminationSignal::create() {
  auto impl = std::make_unique<Impl>();
  for (const int number : {SIGINT, SIGTERM}) {
    boost::system::error_code error;
    impl->signals.add(number, error);
    if (error) {
      return internal_error("cannot watch signal " + std::to_string(number) + ": " +
                            error.message());
    }
  }
  return std::unique_ptr<TerminationSignal>(new TerminationSignal(std::move(impl)));
}

int TerminationSignal::wait() {
  int received = 0;
  impl_->signals.async_wait(
      [&received](const boost::system::error_code&, int number) { received = number; });
  impl_->io.restart();
  impl_->io.run();
  return received;
}

}  // namespace tinysplit
