#include "kernels/binary_rows.h"
#include "kernels/dtype_dispatch.h"

namespace tinysplit::native {
namespace {

using Bool = std::uint8_t;

template <typename T>
Body comparison(BinaryKind kind, const KernelSpec& spec) {
  const auto rows = [&](auto function) { return binary_rows<T, Bool>(spec, function); };
  switch (kind) {
    case BinaryKind::kEqual:
      return rows([](T a, T b) { return static_cast<Bool>(a == b); });
    case BinaryKind::kLess:
      return rows([](T a, T b) { return static_cast<Bool>(a < b); });
    case BinaryKind::kLessEqual:
      return rows([](T a, T b) { return static_cast<Bool>(a <= b); });
    case BinaryKind::kGreater:
      return rows([](T a, T b) { return static_cast<Bool>(a > b); });
    case BinaryKind::kGreaterEqual:
      return rows([](T a, T b) { return static_cast<Bool>(a >= b); });
    default:
      return {};
  }
}

Body logic(BinaryKind kind, const KernelSpec& spec) {
  const auto rows = [&](auto function) { return binary_rows<Bool, Bool>(spec, function); };
  switch (kind) {
    case BinaryKind::kAnd:
      return rows([](Bool a, Bool b) { return static_cast<Bool>((a != 0) & (b != 0)); });
    case BinaryKind::kOr:
      return rows([](Bool a, Bool b) { return static_cast<Bool>((a | b) != 0); });
    case BinaryKind::kXor:
      return rows([](Bool a, Bool b) { return static_cast<Bool>((a != 0) != (b != 0)); });
    default:
      return {};
  }
}

// Stored numbers compare as the real ones do when one affine map holds for both sides.
bool comparable(const KernelSpec& spec) {
  const Value& a = *spec.inputs[0];
  const Value& b = *spec.inputs[1];
  return a.dtype == b.dtype && (same_quantization(a, b) && (!a.quantization || is_per_tensor(a)));
}

}  // namespace

Body binary_logic_body(const KernelSpec& spec) {
  const auto* op = std::get_if<BinaryOp>(spec.op);
  if (op == nullptr || spec.output->dtype != DType::kBool || !comparable(spec)) return {};
  const DType dtype = spec.inputs[0]->dtype;
  if (op->kind >= BinaryKind::kAnd) {
    return dtype == DType::kBool ? logic(op->kind, spec) : Body();
  }
  return for_number_or_bool(dtype,
                            [&](auto zero) { return comparison<decltype(zero)>(op->kind, spec); });
}

}  // namespace tinysplit::native
