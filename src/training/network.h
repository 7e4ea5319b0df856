#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "training/architecture.h"
#include "training/fake_quantization.h"
#include "training/loss.h"

namespace tinysplit::training {

struct NetworkOptions {
  std::int64_t batch = 128;  // the most images of one step, 1 or more
  int threads = 1;           // of one step, 1 to limits::kMaxTrainingThreads
  std::uint64_t seed = 1;    // of the first weights and of dropout
  LossOptions loss;
  // Quantisation-aware: weights and activations are rounded as in an int8 network, see
  // fake_quantization.h, and normalisations keep their statistics. For fine-tuning a trained one.
  bool fake_quantize = false;
};

// A network with its weights, made to be trained: an image batch goes in, the loss and the gradient
// of every weight come out. One step:
//
//   fill input() and targets() with n images; forward_backward(n);
//   optimizer.step(rate, weights(), gradients()); weights_changed();
//
// All trained weights lie side by side in weights(), in the order of architecture().parameters, and
// so do their gradients: an optimiser needs no layers, a checkpoint is one block. With one thread
// (and with any fixed number of them) the same steps give the same bits on the same CPU. Steps of
// fewer than `batch` images (the last of an epoch) are computed on exactly those. Nothing is
// allocated by a step of a size that was among the last two sizes. Not thread-safe.
class Network {
 public:
  // Weights are initialised from the seed as the architecture says.
  // Errors: INVALID_ARGUMENT (options; targets that the loss cannot have), RESOURCE_EXHAUSTED (more
  // than limits::kMaxTrainingBytes of activations), INTERNAL (oneDNN).
  static Result<Network> create(std::shared_ptr<const Architecture> architecture,
                                const NetworkOptions& options);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  const Architecture& architecture() const;
  const NetworkOptions& options() const;

  // float32 [batch,...] of input `index`; row i is image i. Kept between steps.
  std::span<float> input(std::size_t index = 0);
  // float32 [batch,...] in the shape of the output.
  std::span<float> targets();
  // What the last step gave for its images: [images,...] in the shape of the output, behind the
  // final activation.
  std::span<const float> predictions() const;

  // One pass in training mode over the first `images` of the input: batch statistics, dropout,
  // moving statistics updated. Returns the loss, penalties of the weights included, and leaves
  // gradients(). Errors: INVALID_ARGUMENT (images not in [1, batch]), FAILED_PRECONDITION (the
  // loss, a gradient or a weight is not a finite number; the moving statistics may not be any more
  // either).
  Result<double> forward_backward(std::int64_t images);
  // One pass in inference mode: moving statistics, no dropout. Errors: INVALID_ARGUMENT.
  Status forward(std::int64_t images);
  // The loss of the predictions of the last forward(), without penalties, against targets().
  double loss() const;

  // Trained weights and their gradients, flat.
  std::span<float> weights();
  std::span<const float> gradients() const;
  // To be called after writing into weights(): packed copies are made anew.
  void weights_changed();

  // Parameter `index` of architecture().parameters in Keras' layout, trained or not; the data are
  // the network's own.
  TensorView parameter(std::size_t index) const;
  // Errors: INVALID_ARGUMENT (another shape or dtype), OUT_OF_RANGE (no such parameter).
  Status set_parameter(std::size_t index, const TensorView& values);
  // The gradient of a parameter; of one that is not trained it has no data.
  TensorView gradient(std::size_t index) const;

  // Of a network that was made with fake_quantize: the range of each activation that will be int8,
  // as training steps have seen it (moving averages; 0 to 0 before the first), in execution order.
  // To be kept with a checkpoint.
  const std::vector<ActivationRange>& ranges() const;
  // Errors: INVALID_ARGUMENT (another number of ranges, other names, low above 0 or high below).
  Status set_ranges(const std::vector<ActivationRange>& ranges);

  // How many training steps there were. Dropout depends on the seed, this number and the place of
  // an element alone, so that a network with the same parameters and this number goes on bit for
  // bit.
  std::uint64_t steps() const;
  void set_steps(std::uint64_t steps);

 private:
  class State;
  explicit Network(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tinysplit::training
