#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "net/http_server.h"
#include "wire/frames.h"

namespace tinysplit {

// An edge for tests: computes really, over a real socket, and misbehaves on demand.
class TestEdge {
 public:
  enum class Mode {
    kServe,
    kSilent,      // never answers, but keeps the request
    kBusy,        // 503 with an error frame
    kDrop,        // the handler forgets the request: 500 without a frame
    kOtherId,     // answers as if to another request
    kOtherShape,  // outputs of another shape
    kMissingOutput,
    kOtherDigest,    // the reply names another model
    kGarbage,        // 200 with bytes that are no frame
    kSilentToInfer,  // reports are answered, inferences are not
  };

  explicit TestEdge(std::shared_ptr<const Graph> graph);
  ~TestEdge();

  std::string url() const { return "http://" + server_->address(); }
  std::uint16_t port() const { return server_->port(); }

  void set_mode(Mode mode);
  // The decision in every reply from now on.
  void set_next(std::optional<InferReply::Next> next);
  // Answers what was kept in kSilent, late.
  void answer_kept();
  std::size_t num_kept() const;

  // Requests so far, without their tensors.
  struct Seen {
    InferRequest request;
    std::size_t num_tensors = 0;
  };
  std::vector<Seen> seen() const;
  std::size_t num_inferences() const;  // with tensors

 private:
  void handle(HttpRequest&& request, HttpResponder respond);
  HttpResponse describe_model() const;
  HttpResponse infer(const std::string& frame);
  InferReply compute(InferRequest request);

  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<Engine> engine_;
  mutable std::mutex mutex_;
  Mode mode_ = Mode::kServe;
  std::optional<InferReply::Next> next_;
  std::vector<std::pair<std::string, HttpResponder>> kept_;
  std::vector<Seen> seen_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use all of the above
};

InferReply::Next next_cut(std::uint32_t cut);

}  // namespace tinysplit
