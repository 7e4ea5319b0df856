#include <cstring>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

constexpr int kMovementTrials = 60;
constexpr DType kAll[] = {DType::kFloat32, DType::kFloat16, DType::kInt8,  DType::kUint8,
                          DType::kInt16,   DType::kInt32,   DType::kInt64, DType::kBool};

// Expects y[index] == x[source(index)] everywhere.
void expect_moved(const Tensor& y, const Tensor& x,
                  const std::function<Index(const Index&)>& source) {
  ASSERT_EQ(y.dtype(), x.dtype());
  for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
    ASSERT_EQ(real_at(y, flat), real_at(x, flat_of(source(index), x.shape())));
  });
}

TEST(Gather, ReadsAlongAnyAxis) {
  Random random(21);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      const Tensor x = random.tensor(dtype, random.shape(1, 4));
      const int axis = static_cast<int>(random.integer(0, x.shape().rank() - 1));
      const std::int64_t size = x.shape()[axis];
      const Tensor raw = random.tensor(DType::kFloat32, random.shape(0, 2),
                                       -static_cast<float>(size), static_cast<float>(size) - 0.01f);
      const Tensor floor = compute(UnaryOp{UnaryKind::kFloor}, {&raw});
      const Tensor indices =
          compute(CastOp{random.coin() ? DType::kInt32 : DType::kInt64}, {&floor});
      const Tensor y = compute(GatherOp{axis}, {&x, &indices});
      expect_moved(y, x, [&](const Index& index) {
        const auto from = index.begin() + axis;
        const auto to = from + indices.shape().rank();
        std::int64_t at = integer_at(indices, flat_of(Index(from, to), indices.shape()));
        if (at < 0) at += size;
        Index source(index.begin(), from);
        source.push_back(at);
        source.insert(source.end(), to, index.end());
        return source;
      });
    }
  }
}

TEST(Gather, AnIndexOutOfRangeIsAnError) {
  Random random(22);
  const Tensor x = random.tensor(DType::kFloat32, Shape{3, 2});
  for (const std::int64_t bad :
       {std::int64_t{3}, std::int64_t{-4}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    Tensor indices(DType::kInt64, Shape{2});
    indices.as<std::int64_t>()[1] = bad;
    EXPECT_EQ(try_compute(GatherOp{0}, {&x, &indices}).status().code(), StatusCode::kOutOfRange);
  }
}

TEST(Tile, RepeatsEveryAxis) {
  Random random(23);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      const Tensor x = random.tensor(dtype, random.shape(0, 4, 3));
      TileOp op;
      for (int axis = 0; axis < x.shape().rank(); ++axis)
        op.repeats.push_back(random.integer(1, 3));
      const Tensor y = compute(op, {&x});
      expect_moved(y, x, [&](Index index) {
        for (int axis = 0; axis < x.shape().rank(); ++axis) {
          index[static_cast<std::size_t>(axis)] %= x.shape()[axis];
        }
        return index;
      });
    }
  }
}

TEST(Transpose, MovesEveryDtype) {
  Random random(24);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      const Tensor x = random.tensor(dtype, random.shape(0, 5, 4));
      TransposeOp op;
      for (int axis = 0; axis < x.shape().rank(); ++axis) {
        op.permutation.insert(op.permutation.begin() + random.integer(0, axis), axis);
      }
      const Tensor y = compute(op, {&x});
      expect_moved(y, x, [&](const Index& index) {
        Index source(index.size());
        for (std::size_t i = 0; i < index.size(); ++i) {
          source[static_cast<std::size_t>(op.permutation[i])] = index[i];
        }
        return source;
      });
    }
  }
}

TEST(Slice, StepsForwardsAndBackwards) {
  Random random(25);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      const Tensor x = random.tensor(dtype, random.shape(0, 4, 6));
      SliceOp op;
      for (int axis = 0; axis < x.shape().rank(); ++axis) {
        const std::int64_t first = random.integer(0, x.shape()[axis] - 1);
        const std::int64_t last = random.integer(0, x.shape()[axis] - 1);
        const std::int64_t step = random.integer(1, 3) * (last < first ? -1 : 1);
        op.begin.push_back(first);
        op.stride.push_back(step);
        op.size.push_back((last - first) / step + 1);
      }
      const Tensor y = compute(op, {&x});
      expect_moved(y, x, [&](Index index) {
        for (std::size_t i = 0; i < index.size(); ++i) {
          index[i] = op.begin[i] + index[i] * op.stride[i];
        }
        return index;
      });
    }
  }
}

TEST(Pad, FillsEveryDtypeWithTheConstant) {
  Random random(26);
  for (const DType dtype : kAll) {
    for (int trial = 0; trial < 10; ++trial) {
      const Tensor x = random.tensor(dtype, random.shape(0, 4));
      PadOp op;
      op.value = 1.0f;
      for (int axis = 0; axis < x.shape().rank(); ++axis) {
        op.before.push_back(random.integer(0, 2));
        op.after.push_back(random.integer(0, 2));
      }
      const Tensor y = compute(op, {&x});
      for_each_index(y.shape(), [&](Index index, std::int64_t flat) {
        bool inside = true;
        for (std::size_t i = 0; i < index.size(); ++i) {
          index[i] -= op.before[i];
          inside = inside && index[i] >= 0 && index[i] < x.shape()[static_cast<int>(i)];
        }
        ASSERT_EQ(real_at(y, flat), inside ? real_at(x, flat_of(index, x.shape())) : 1.0);
      });
    }
  }
}

TEST(Broadcast, RepeatsEveryDtype) {
  Random random(27);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      const Shape out = random.shape(0, 5, 4);
      const Tensor x = random.tensor(dtype, random.broadcastable_to(out));
      const Tensor y = compute(BroadcastOp{out}, {&x});
      for_each_index(out, [&](const Index& index, std::int64_t flat) {
        ASSERT_EQ(real_at(y, flat), real_at(x, broadcast_flat(index, x.shape())));
      });
    }
  }
}

TEST(Concat, JoinsAlongAnyAxis) {
  Random random(28);
  for (int trial = 0; trial < kMovementTrials; ++trial) {
    for (const DType dtype : kAll) {
      Shape shape = random.shape(1, 4);
      const int axis = static_cast<int>(random.integer(0, shape.rank() - 1));
      std::vector<Tensor> parts;
      for (int i = 0; i < 3; ++i) {
        shape[axis] = random.integer(1, 4);
        parts.push_back(random.tensor(dtype, shape));
      }
      const Tensor y = compute(ConcatOp{axis}, {&parts[0], &parts[1], &parts[2]});
      for_each_index(y.shape(), [&](Index index, std::int64_t flat) {
        std::int64_t& at = index[static_cast<std::size_t>(axis)];
        std::size_t part = 0;
        while (at >= parts[part].shape()[axis]) at -= parts[part++].shape()[axis];
        ASSERT_EQ(real_at(y, flat), real_at(parts[part], flat_of(index, parts[part].shape())));
      });
    }
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
