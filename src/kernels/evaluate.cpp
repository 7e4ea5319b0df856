#include "kernels/evaluate.h"

#include "graph/shape_inference.h"
#include "kernels/native_kernels.h"

namespace tinysplit {

Result<Tensor> evaluate(const Op& op, std::span<const Value* const> inputs,
                        const std::optional<ElementType>& stated) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Value output, infer_output(op, inputs, stated));
  Tensor result(output.dtype, output.shape);
  KernelSpec spec;
  spec.op = &op;
  spec.inputs.assign(inputs.begin(), inputs.end());
  spec.output = &output;
  Result<std::shared_ptr<const Kernel>> made = make_native_kernel(spec);
  if (made.status().code() == StatusCode::kUnimplemented) made = make_native_fallback(spec);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::shared_ptr<const Kernel> kernel, std::move(made));
  std::vector<const std::byte*> data;
  for (const Value* input : inputs) data.push_back(input->data->data());
  TINYSPLIT_ASSIGN_OR_RETURN(const std::unique_ptr<BoundKernel> run,
                             kernel->bind(data, result.data()));
  TINYSPLIT_RETURN_IF_ERROR(run->run());
  return result;
}

}  // namespace tinysplit
