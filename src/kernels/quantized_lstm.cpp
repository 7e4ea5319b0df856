#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/numeric.h"
#include "kernels/fixed_point16.h"
#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"

namespace tinysplit::quantized {
namespace {

constexpr std::size_t kGates = 4;    // input, forget, candidate, output
constexpr int kGateIntegerBits = 3;  // of what goes into their functions
constexpr int kGateFractionBits = 12;

// TensorFlow Lite's LSTM of 8-bit activations and weights, 16-bit gates and cell state: the numbers
// of one layer.
struct Lstm {
  std::size_t batch, steps, features, units;
  bool reverse;
  std::array<Multiplier, kGates> from_x, from_state;  // to units of 2^-12
  std::vector<std::int32_t> x_bias, state_bias;       // zero points folded in
  std::int32_t state_zero;
  int cell_exponent;  // of two: the unit of the cell state
  std::int32_t cell_clip;
  Multiplier hidden;  // from units of 2^-30 to the output

  std::size_t gates() const { return kGates * units; }
};

std::int32_t wrapped(std::uint32_t x) { return static_cast<std::int32_t>(x); }

// sums[g] = bias[g] + x weights[:, g], with x [rows] and weights [rows, gates].
void multiply_row(const std::int8_t* x, const std::int8_t* weights, std::size_t rows,
                  const std::vector<std::int32_t>& bias, std::uint32_t* sums) {
  const std::size_t gates = bias.size();
  for (std::size_t g = 0; g < gates; ++g) sums[g] = static_cast<std::uint32_t>(bias[g]);
  for (std::size_t k = 0; k < rows; ++k) {
    const std::int32_t factor = x[k];
    const std::int8_t* row = weights + k * gates;
    for (std::size_t g = 0; g < gates; ++g) sums[g] += static_cast<std::uint32_t>(factor * row[g]);
  }
}

std::int16_t saturated(std::int32_t x) {
  return static_cast<std::int16_t>(std::clamp(x, -32768, 32767));
}

// One sample's step: cell and what comes out of it, from x and the state before.
void step(const Lstm& lstm, const std::int8_t* kernel, const std::int8_t* recurrent,
          const std::int8_t* x, const std::int8_t* state, std::int16_t* cell, std::uint32_t* sums,
          std::int16_t* gates, std::int8_t* next) {
  const std::size_t units = lstm.units;
  multiply_row(x, kernel, lstm.features, lstm.x_bias, sums);
  for (std::size_t g = 0; g < lstm.gates(); ++g) {
    gates[g] = saturated(multiply(wrapped(sums[g]), lstm.from_x[g / units]));
  }
  multiply_row(state, recurrent, units, lstm.state_bias, sums);
  for (std::size_t g = 0; g < lstm.gates(); ++g) {
    const std::int32_t scaled = multiply(wrapped(sums[g]), lstm.from_state[g / units]);
    gates[g] = saturated(wrapping_add(scaled, gates[g]));
  }
  for (std::size_t u = 0; u < units; ++u) {
    const std::int32_t input = logistic16(gates[u]), forget = logistic16(gates[units + u]);
    const std::int32_t candidate = tanh16(gates[2 * units + u], kGateIntegerBits);
    const std::int32_t kept = rounding_shift_right(forget * cell[u], 15);
    const std::int32_t added = rounding_shift_right(input * candidate, 30 + lstm.cell_exponent);
    std::int16_t now = saturated(kept + added);
    if (lstm.cell_clip > 0) {
      now =
          static_cast<std::int16_t>(std::clamp<std::int32_t>(now, -lstm.cell_clip, lstm.cell_clip));
    }
    cell[u] = now;
    const std::int32_t bounded = tanh16(now, 15 + lstm.cell_exponent);
    const std::int32_t output = logistic16(gates[3 * units + u]);
    const std::int32_t scaled =
        wrapping_add(multiply(output * bounded, lstm.hidden), lstm.state_zero);
    next[u] = static_cast<std::int8_t>(std::clamp(scaled, -128, 127));
  }
}

void run_steps(const Lstm& lstm, std::span<const std::byte* const> inputs, std::byte* output,
               std::byte* scratch) {
  const auto bytes = [&](std::size_t i) { return reinterpret_cast<const std::int8_t*>(inputs[i]); };
  auto* sums = reinterpret_cast<std::uint32_t*>(scratch);
  auto* gates = reinterpret_cast<std::int16_t*>(sums + lstm.gates());
  auto* cells = gates + lstm.gates();
  auto* y = reinterpret_cast<std::int8_t*>(output);
  std::copy_n(reinterpret_cast<const std::int16_t*>(inputs[6]), lstm.batch * lstm.units, cells);
  for (std::size_t n = 0; n < lstm.batch; ++n) {
    const std::int8_t* state = bytes(5) + n * lstm.units;
    for (std::size_t i = 0; i < lstm.steps; ++i) {
      const std::size_t at = n * lstm.steps + (lstm.reverse ? lstm.steps - 1 - i : i);
      std::int8_t* next = y + at * lstm.units;
      step(lstm, bytes(1), bytes(2), bytes(0) + at * lstm.features, state, cells + n * lstm.units,
           sums, gates, next);
      state = next;
    }
  }
}

// bias[g] - zero * the sum of column g, wrapping as 32 bits do.
std::vector<std::int32_t> folded_bias(const Value& weights, const Value* bias, std::int32_t zero) {
  const auto w = weights.data->as<std::int8_t>();
  const std::size_t gates = usize(weights.shape[1]);
  std::vector<std::uint32_t> sums(gates, 0);
  for (std::size_t i = 0; i < w.size(); ++i) sums[i % gates] += static_cast<std::uint32_t>(w[i]);
  std::vector<std::int32_t> folded(gates);
  for (std::size_t g = 0; g < gates; ++g) {
    const std::uint32_t own =
        bias == nullptr ? 0 : static_cast<std::uint32_t>(bias->data->as<std::int32_t>()[g]);
    folded[g] = wrapped(own - static_cast<std::uint32_t>(zero) * sums[g]);
  }
  return folded;
}

// In single precision, as TensorFlow Lite computes them.
std::array<Multiplier, kGates> gate_factors(const Value& weights, float scale) {
  const std::vector<float>& scales = weights.quantization->scale;
  std::array<Multiplier, kGates> factors;
  for (std::size_t g = 0; g < kGates; ++g) {
    const float unit = std::ldexp(1.0f, -kGateFractionBits);
    factors[g] = make_multiplier(scales[g * scales.size() / kGates] * scale / unit);
  }
  return factors;
}

bool is_int8(const Value& value) { return value.dtype == DType::kInt8 && has_one_affine(value); }

// Symmetric, with a scale for each column.
bool is_gate_kernel(const Value& value) {
  if (value.dtype != DType::kInt8 || !value.is_constant() || !value.quantization) return false;
  const Quantization& quantization = *value.quantization;
  return quantization.axis == 1 && quantization.scale.size() == usize(value.shape[1]) &&
         std::ranges::all_of(quantization.zero_point, [](int zero) { return zero == 0; });
}

bool is_supported(const RecurrentOp& op, const KernelSpec& spec) {
  if (op.kind != RecurrentKind::kLstm || op.append_cell || op.clip != 0.0f || spec.clip) {
    return false;
  }
  if (op.gate.kind != ActivationKind::kSigmoid || op.activation.kind != ActivationKind::kTanh ||
      op.output.kind != ActivationKind::kTanh || spec.inputs.size() != 7) {
    return false;
  }
  const Value &bias = *spec.inputs[3], &cell = *spec.inputs[6];
  return is_int8(*spec.inputs[0]) && is_int8(*spec.output) && is_gate_kernel(*spec.inputs[1]) &&
         is_gate_kernel(*spec.inputs[2]) && bias.dtype == DType::kInt32 && bias.is_constant() &&
         is_int8(*spec.inputs[5]) && affine_of(*spec.inputs[5]) == affine_of(*spec.output) &&
         is_wide(cell) && affine_of(cell).zero_point == 0 && cell_exponent(affine_of(cell).scale);
}

}  // namespace

Body lstm_body(const KernelSpec& spec) {
  const auto* op = std::get_if<RecurrentOp>(spec.op);
  if (op == nullptr || !is_supported(*op, spec)) return {};
  const Value &x = *spec.inputs[0], &kernel = *spec.inputs[1], &recurrent = *spec.inputs[2];
  const Affine in = affine_of(x), out = affine_of(*spec.output);
  Lstm lstm{};
  lstm.batch = usize(x.shape[0]);
  lstm.steps = usize(x.shape[1]);
  lstm.features = usize(x.shape[2]);
  lstm.units = usize(recurrent.shape[0]);
  lstm.reverse = op->reverse;
  lstm.from_x = gate_factors(kernel, in.scale);
  lstm.from_state = gate_factors(recurrent, out.scale);
  lstm.x_bias = folded_bias(kernel, spec.inputs[3], in.zero_point);
  lstm.state_bias = folded_bias(recurrent, nullptr, out.zero_point);
  lstm.state_zero = out.zero_point;
  const float cell_scale = affine_of(*spec.inputs[6]).scale;
  lstm.cell_exponent = *cell_exponent(cell_scale);
  lstm.cell_clip = static_cast<std::int32_t>(std::min(op->cell_clip / cell_scale, 32767.0f));
  lstm.hidden = make_multiplier(static_cast<float>(std::ldexp(1.0, -30) / out.scale));
  Body body;
  body.scratch_bytes = lstm.gates() * (sizeof(std::uint32_t) + sizeof(std::int16_t)) +
                       lstm.batch * lstm.units * sizeof(std::int16_t);
  body.run = [lstm](std::span<const std::byte* const> inputs, std::byte* output,
                    std::byte* scratch) { run_steps(lstm, inputs, output, scratch); };
  return body;
}

}  // namespace tinysplit::quantized
