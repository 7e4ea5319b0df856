#include "device/local_runner.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tinysplit {

const TensorView* LocalValues::find(ValueId id) const {
  const auto found = std::ranges::find(ids, id);
  return found == ids.end() ? nullptr : &views[static_cast<std::size_t>(found - ids.begin())];
}

LocalRunner::LocalRunner(std::shared_ptr<Engine> engine, std::optional<Pacer> pacer,
                         const Clock& clock)
    : engine_(std::move(engine)),
      pacer_(std::move(pacer)),
      clock_(clock),
      layer_seconds_(engine_->graph().layers().size()) {}

Result<Segment*> LocalRunner::segment(int begin, int end) {
  const auto found = std::ranges::find_if(segments_, [&](const std::unique_ptr<Segment>& made) {
    return made->begin() == begin && made->end() == end;
  });
  if (found != segments_.end()) {
    segments_.splice(segments_.begin(), segments_, found);
    return segments_.front().get();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<Segment> made, engine_->make_segment(begin, end));
  segments_.push_front(std::move(made));
  if (segments_.size() > kMaxSegments) segments_.pop_back();
  return segments_.front().get();
}

Status LocalRunner::prepare(int cut) { return cut == 0 ? ok_status() : segment(0, cut).status(); }

Result<LocalValues> LocalRunner::run(int begin, int end, std::span<const TensorView> inputs) {
  std::ranges::fill(layer_seconds_, 0.0);
  const std::int64_t begin_ns = clock_.now_ns();
  TINYSPLIT_ASSIGN_OR_RETURN(Segment* const running, segment(begin, end));
  for (std::size_t i = 0; i < running->inputs().size(); ++i) {
    std::memcpy(running->input(i).data(), inputs[i].data, inputs[i].num_bytes());
  }
  TINYSPLIT_RETURN_IF_ERROR(running->run_timed(layer_seconds_, clock_));
  if (pacer_) pacer_->pace(begin, end, begin_ns, layer_seconds_);
  LocalValues values;
  values.ids = running->outputs();
  for (std::size_t i = 0; i < values.ids.size(); ++i) values.views.push_back(running->output(i));
  return values;
}

Result<LocalValues> LocalRunner::run_head(int cut, std::span<const TensorView> inputs) {
  if (cut > 0) return run(0, cut, inputs);
  std::ranges::fill(layer_seconds_, 0.0);
  return LocalValues{graph().inputs(), {inputs.begin(), inputs.end()}};
}

Result<LocalValues> LocalRunner::run_tail(int cut, const LocalValues& head) {
  // A head leaves what its tail reads first, and in the order in which the tail reads it.
  return run(cut, graph().num_layers(), head.views);
}

}  // namespace tinysplit
