#include <cmath>

#include "graph/type_inference.h"
#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

double apply(const ActivationOp& op, double x) {
  switch (op.kind) {
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kClip:
      return std::min(std::max(x, double(op.alpha)), double(op.beta));
    default:
      return std::clamp(double(op.alpha) * x + double(op.beta), 0.0, 1.0);
  }
}

struct Case {
  RecurrentOp op;
  std::vector<Tensor> inputs;
};

Case random_case(Random& random) {
  Case made;
  RecurrentOp& op = made.op;
  op.kind = RecurrentKind(random.integer(0, 2));
  const bool lstm = op.kind == RecurrentKind::kLstm;
  const std::int64_t gates = lstm ? 4 : (op.kind == RecurrentKind::kGru ? 3 : 1);
  const auto activation = [&](ActivationKind usual) {
    if (random.coin()) return ActivationOp{usual};
    return random.coin() ? ActivationOp{ActivationKind::kHardSigmoid, 0.2f, 0.5f}
                         : ActivationOp{ActivationKind::kClip, -0.8f, 0.9f};
  };
  op.gate = activation(ActivationKind::kSigmoid);
  op.activation = activation(ActivationKind::kTanh);
  op.output = activation(ActivationKind::kTanh);
  op.reverse = random.coin();
  op.reset_after = random.coin();
  op.append_cell = lstm && random.coin();
  op.clip = random.coin() ? 0.4f : 0.0f;
  // Sometimes more steps than are projected at once.
  const std::int64_t n = random.integer(1, 3);
  const std::int64_t t = random.integer(0, 9) == 0 ? 150 : random.integer(1, 9);
  const std::int64_t i = random.integer(1, 6), h = random.integer(1, 20);
  const auto add = [&](const Shape& shape, float range = 0.6f) {
    made.inputs.push_back(random.tensor(DType::kFloat32, shape, -range, range));
  };
  add(Shape{n, t, i});
  add(Shape{i, gates * h});
  // Larger weights make a chaotic system of it, in which rounding errors grow without end.
  add(Shape{h, gates * h}, 0.25f);
  add(Shape{gates * h});
  add(Shape{gates * h});
  add(Shape{n, h});
  if (lstm) add(Shape{n, h});
  if (lstm && random.coin()) add(Shape{3 * h});
  return made;
}

// One sample, one step at a time, in double precision, written from the equations.
class NaiveLayer {
 public:
  NaiveLayer(const Case& c, std::int64_t sample)
      : c_(c),
        sample_(sample),
        units_(c.inputs[2].shape()[0]),
        gates_(c.inputs[2].shape()[1]),
        h_(static_cast<std::size_t>(units_)),
        cell_(h_) {
    for (std::int64_t u = 0; u < units_; ++u) {
      h_[std::size_t(u)] = real_at(c.inputs[5], sample * units_ + u);
      if (c.op.kind == RecurrentKind::kLstm) {
        cell_[std::size_t(u)] = real_at(c.inputs[6], sample * units_ + u);
      }
    }
  }

  void step(std::int64_t t) {
    std::vector<double> h = h_, cell = cell_;
    for (std::int64_t u = 0; u < units_; ++u) {
      const std::size_t at = std::size_t(u);
      if (c_.op.kind == RecurrentKind::kSimple) {
        h[at] = apply(c_.op.activation, clipped(input(t, u) + recurrent(u, h_)));
      } else if (c_.op.kind == RecurrentKind::kGru) {
        h[at] = gru(t, u);
      } else {
        const double in = gate(t, u, 0, peephole(0, u) * cell_[at]);
        const double forget = gate(t, u, 1, peephole(1, u) * cell_[at]);
        const std::int64_t g = 2 * units_ + u;
        const double candidate = apply(c_.op.activation, clipped(input(t, g) + recurrent(g, h_)));
        cell[at] = forget * cell_[at] + in * candidate;
        h[at] = gate(t, u, 3, peephole(2, u) * cell[at]) * apply(c_.op.output, cell[at]);
      }
    }
    h_ = h;
    cell_ = cell;
  }

  const std::vector<double>& state() const { return h_; }
  const std::vector<double>& cell() const { return cell_; }

 private:
  double clipped(double x) const {
    const double bound = double(c_.op.clip);
    return bound > 0 ? std::clamp(x, -bound, bound) : x;
  }
  double input(std::int64_t t, std::int64_t g) const {
    const Tensor& x = c_.inputs[0];
    double sum = real_at(c_.inputs[3], g);
    for (std::int64_t i = 0; i < x.shape()[2]; ++i) {
      sum += real_at(x, (sample_ * x.shape()[1] + t) * x.shape()[2] + i) *
             real_at(c_.inputs[1], i * gates_ + g);
    }
    return sum;
  }
  double recurrent(std::int64_t g, const std::vector<double>& h) const {
    double sum = real_at(c_.inputs[4], g);
    for (std::int64_t u = 0; u < units_; ++u) {
      sum += h[std::size_t(u)] * real_at(c_.inputs[2], u * gates_ + g);
    }
    return sum;
  }
  double peephole(std::int64_t which, std::int64_t u) const {
    return c_.inputs.size() == 8 ? real_at(c_.inputs[7], which * units_ + u) : 0;
  }
  double gate(std::int64_t t, std::int64_t u, std::int64_t which, double extra) const {
    const std::int64_t g = which * units_ + u;
    return apply(c_.op.gate, clipped(input(t, g) + recurrent(g, h_) + extra));
  }
  double gru(std::int64_t t, std::int64_t u) const {
    const double update = gate(t, u, 0, 0);
    const std::int64_t g = 2 * units_ + u;
    double part = 0;
    if (c_.op.reset_after) {
      part = gate(t, u, 1, 0) * recurrent(g, h_);
    } else {
      std::vector<double> reset = h_;
      for (std::int64_t v = 0; v < units_; ++v) reset[std::size_t(v)] *= gate(t, v, 1, 0);
      part = recurrent(g, reset);
    }
    const double candidate = apply(c_.op.activation, clipped(input(t, g) + part));
    return update * h_[std::size_t(u)] + (1 - update) * candidate;
  }

  const Case& c_;
  std::int64_t sample_, units_, gates_;
  std::vector<double> h_, cell_;
};

TEST(Recurrent, AgreesWithTheEquations) {
  Random random(61);
  for (int trial = 0; trial < 300; ++trial) {
    const Case c = random_case(random);
    std::vector<const Tensor*> inputs;
    for (const Tensor& input : c.inputs) inputs.push_back(&input);
    const Tensor y = compute(c.op, inputs);
    const Shape& x = c.inputs[0].shape();
    const std::int64_t units = y.shape()[2];
    ASSERT_EQ(y.shape()[1], x[1] + (c.op.append_cell ? 1 : 0));
    for (std::int64_t n = 0; n < x[0]; ++n) {
      NaiveLayer layer(c, n);
      const auto expect_row = [&](std::int64_t row, const std::vector<double>& expected) {
        for (std::int64_t u = 0; u < units; ++u) {
          ASSERT_NEAR(real_at(y, (n * y.shape()[1] + row) * units + u), expected[std::size_t(u)],
                      2e-5);
        }
      };
      for (std::int64_t i = 0; i < x[1]; ++i) {
        const std::int64_t t = c.op.reverse ? x[1] - 1 - i : i;
        layer.step(t);
        expect_row(t, layer.state());
      }
      if (c.op.append_cell) expect_row(x[1], layer.cell());
    }
  }
}

// Kernels and writers count on it: a file may name a tensor of any type as its initial state.
TEST(Recurrent, IsOfOneTypeThroughout) {
  Random random(62);
  for (int trial = 0; trial < 50; ++trial) {
    const Case c = random_case(random);
    std::vector<Value> values(c.inputs.size());
    std::vector<const Value*> inputs;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i].shape = c.inputs[i].shape();
      values[i].data = std::make_shared<const Tensor>(c.inputs[i].clone());
      inputs.push_back(&values[i]);
    }
    ASSERT_TRUE(infer_output(c.op, inputs, std::nullopt).ok());
    for (Value& value : values) {
      for (const DType other : {DType::kInt8, DType::kInt32}) {
        value.dtype = other;
        EXPECT_FALSE(infer_output(c.op, inputs, std::nullopt).ok());
      }
      value.dtype = DType::kFloat32;
    }
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
