#include <algorithm>
#include <cstring>

#include "kernels/activations.h"
#include "kernels/clip.h"
#include "kernels/gemm.h"
#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

// The input's part of the gates is one matrix product for so many steps at once.
constexpr std::size_t kStepsAtOnce = 64;

struct Layer {
  RecurrentOp op;
  std::size_t batch, steps, features, units;
  std::size_t gates;         // units times gates of one unit
  std::size_t output_steps;  // steps, and one for the cell state
  std::size_t steps_at_once;
  bool peepholes;
};

// Memory and operands of one run. `state` is where the last step left h, in the output itself.
struct Run {
  const Layer& layer;
  const float *x, *kernel, *recurrent, *bias, *recurrent_bias, *initial, *initial_cell, *peephole;
  float* y;
  float* projected;  // [batch, steps_at_once, gates]
  float* product;    // [units]: of a GRU, the candidate's recurrent part or h times the reset gate
  float* cell;       // [batch, units]
  std::byte* gemm_memory;

  float* output_row(std::size_t sample, std::size_t step) const {
    return y + (sample * layer.output_steps + step) * layer.units;
  }
  float* projected_row(std::size_t sample, std::size_t slot) const {
    return projected + (sample * layer.steps_at_once + slot) * layer.gates;
  }
};

void bound(float limit, float* x, std::size_t count) {
  if (limit <= 0.0f) return;
  clip({-limit, limit}, x, count);
}

// projected = x kernel + bias for steps [first, first + count). The recurrent bias goes in here too
// where nothing stands between the two: everywhere but in the candidate of a GRU that resets after
// the product.
void project(const Run& run, std::size_t first, std::size_t count) {
  const Layer& layer = run.layer;
  const bool late_candidate = layer.op.kind == RecurrentKind::kGru && layer.op.reset_after;
  const std::size_t added = late_candidate ? 2 * layer.units : layer.gates;
  const MatrixView kernel{run.kernel, std::ptrdiff_t(layer.gates), 1};
  for (std::size_t n = 0; n < layer.batch; ++n) {
    for (std::size_t i = 0; i < count; ++i) {
      float* row = run.projected_row(n, i);
      std::memcpy(row, run.bias, layer.gates * sizeof(float));
      for (std::size_t g = 0; g < added; ++g) row[g] += run.recurrent_bias[g];
    }
    const MatrixView x{run.x + (n * layer.steps + first) * layer.features,
                       std::ptrdiff_t(layer.features), 1};
    gemm(count, layer.gates, layer.features, x, kernel, run.projected_row(n, 0),
         std::ptrdiff_t(layer.gates), run.gemm_memory);
  }
}

// into += h recurrent[:, first_gate...), for `gates` columns of one sample.
void multiply_state(const Run& run, const float* h, std::size_t first_gate, std::size_t gates,
                    float* into) {
  const Layer& layer = run.layer;
  const MatrixView state{h, std::ptrdiff_t(layer.units), 1};
  const MatrixView recurrent{run.recurrent + first_gate, std::ptrdiff_t(layer.gates), 1};
  gemm(1, gates, layer.units, state, recurrent, into, std::ptrdiff_t(gates), run.gemm_memory);
}

void simple_step(const Run& run, float* z, const float* h, float* next) {
  const Layer& layer = run.layer;
  multiply_state(run, h, 0, layer.units, z);
  bound(layer.op.clip, z, layer.units);
  activate(layer.op.activation, z, next, layer.units);
}

void gru_step(const Run& run, float* z, const float* h, float* product, float* next) {
  const Layer& layer = run.layer;
  const std::size_t units = layer.units;
  float *update = z, *reset = z + units, *candidate = z + 2 * units;
  multiply_state(run, h, 0, 2 * units, z);
  bound(layer.op.clip, z, 2 * units);
  activate(layer.op.gate, z, z, 2 * units);
  if (layer.op.reset_after) {
    std::memcpy(product, run.recurrent_bias + 2 * units, units * sizeof(float));
    multiply_state(run, h, 2 * units, units, product);
    for (std::size_t i = 0; i < units; ++i) candidate[i] += reset[i] * product[i];
  } else {
    for (std::size_t i = 0; i < units; ++i) product[i] = reset[i] * h[i];
    multiply_state(run, product, 2 * units, units, candidate);
  }
  bound(layer.op.clip, candidate, units);
  activate(layer.op.activation, candidate, candidate, units);
  for (std::size_t i = 0; i < units; ++i) {
    next[i] = update[i] * h[i] + (1.0f - update[i]) * candidate[i];
  }
}

void lstm_step(const Run& run, float* z, const float* h, float* cell, float* next) {
  const Layer& layer = run.layer;
  const std::size_t units = layer.units;
  float *input = z, *forget = z + units, *candidate = z + 2 * units, *output = z + 3 * units;
  multiply_state(run, h, 0, 4 * units, z);
  if (layer.peepholes) {
    for (std::size_t i = 0; i < units; ++i) {
      input[i] += run.peephole[i] * cell[i];
      forget[i] += run.peephole[units + i] * cell[i];
    }
  }
  bound(layer.op.clip, z, 3 * units);
  activate(layer.op.gate, input, input, 2 * units);
  activate(layer.op.activation, candidate, candidate, units);
  for (std::size_t i = 0; i < units; ++i) {
    cell[i] = forget[i] * cell[i] + input[i] * candidate[i];
  }
  bound(layer.op.cell_clip, cell, units);
  if (layer.peepholes) {
    // The output gate alone sees the new cell state.
    for (std::size_t i = 0; i < units; ++i) output[i] += run.peephole[2 * units + i] * cell[i];
  }
  bound(layer.op.clip, output, units);
  activate(layer.op.gate, output, output, units);
  activate(layer.op.output, cell, next, units);
  for (std::size_t i = 0; i < units; ++i) next[i] *= output[i];
}

void run_steps(const Run& run) {
  const Layer& layer = run.layer;
  const std::size_t units = layer.units;
  if (run.initial_cell != nullptr) {
    std::memcpy(run.cell, run.initial_cell, layer.batch * units * sizeof(float));
  }
  for (std::size_t done = 0; done < layer.steps; done += layer.steps_at_once) {
    const std::size_t count = std::min(layer.steps_at_once, layer.steps - done);
    const std::size_t first = layer.op.reverse ? layer.steps - done - count : done;
    project(run, first, count);
    for (std::size_t n = 0; n < layer.batch; ++n) {
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t slot = layer.op.reverse ? count - 1 - i : i;
        const std::size_t step = first + slot;
        const std::size_t before = layer.op.reverse ? step + 1 : step - 1;
        const float* h = done + i == 0 ? run.initial + n * units : run.output_row(n, before);
        float* z = run.projected_row(n, slot);
        float* next = run.output_row(n, step);
        if (layer.op.kind == RecurrentKind::kSimple) {
          simple_step(run, z, h, next);
        } else if (layer.op.kind == RecurrentKind::kGru) {
          gru_step(run, z, h, run.product, next);
        } else {
          lstm_step(run, z, h, run.cell + n * units, next);
        }
      }
    }
  }
  if (!layer.op.append_cell) return;
  for (std::size_t n = 0; n < layer.batch; ++n) {
    std::memcpy(run.output_row(n, layer.steps), run.cell + n * units, units * sizeof(float));
  }
}

Layer layer_of(const RecurrentOp& op, const KernelSpec& spec) {
  const Shape& x = spec.inputs[0]->shape;
  Layer layer{};
  layer.op = op;
  layer.batch = usize(x[0]);
  layer.steps = usize(x[1]);
  layer.features = usize(x[2]);
  layer.units = usize(spec.inputs[2]->shape[0]);
  layer.gates = usize(spec.inputs[2]->shape[1]);
  layer.output_steps = usize(spec.output->shape[1]);
  layer.steps_at_once = std::min(layer.steps, kStepsAtOnce);
  layer.peepholes = spec.inputs.size() == 8;
  return layer;
}

}  // namespace

// Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, with forget gate and peepholes of Gers
// and Schmidhuber; Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
ScratchBody recurrent_body(const KernelSpec& spec) {
  const auto* op = std::get_if<RecurrentOp>(spec.op);
  if (op == nullptr || !is_float(spec)) return {};
  const Layer layer = layer_of(*op, spec);
  const std::size_t projected = layer.batch * layer.steps_at_once * layer.gates;
  // gemm's part first, where the alignment is known.
  const std::size_t gemm_bytes = gemm_scratch(std::max(layer.features, layer.units));
  const auto run = [=](Inputs inputs, std::byte* output, std::byte* scratch) {
    const auto floats = [&](std::size_t i) {
      return i < inputs.size() ? reinterpret_cast<const float*>(inputs[i]) : nullptr;
    };
    float* memory = reinterpret_cast<float*>(scratch + gemm_bytes);
    float* cell = memory + projected + layer.units;
    run_steps({layer, floats(0), floats(1), floats(2), floats(3), floats(4), floats(5), floats(6),
               floats(7), reinterpret_cast<float*>(output), memory, memory + projected, cell,
               scratch});
    return ok_status();
  };
  return {run, gemm_bytes + (projected + (1 + layer.batch) * layer.units) * sizeof(float)};
}

}  // namespace tinysplit::native
