// EinsumDense: a product with weights that an equation describes.
#include <algorithm>
#include <map>

#include "formats/keras/einsum.h"
#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

struct EinsumParts {
  std::string input;
  std::string kernel;
  std::string output;
};

Result<EinsumParts> parse_parts(const LayerOptions& options) {
  std::string equation;
  for (const char c : text_of(options.at("equation"))) {
    if (c != ' ') equation += c;
  }
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
    return options.wrong("equation", "of the form \"ab,bc->ac\"");
  }
  return EinsumParts{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
                     equation.substr(arrow + 2)};
}

using Sizes = std::map<char, std::int64_t>;

// Sizes of letters, counted from the front up to "..." and from the back behind it; null is open.
void note_sizes(const std::string& letters, const std::vector<std::int64_t>& dims, Sizes& sizes) {
  const std::size_t dots = letters.find("...");
  const auto note = [&](char letter, std::int64_t size) {
    if (size > 0) sizes.emplace(letter, size);
  };
  const std::size_t front = std::min(dots, letters.size());
  for (std::size_t i = 0; i < front && i < dims.size(); ++i) note(letters[i], dims[i]);
  if (dots == std::string::npos) return;
  const std::size_t behind = letters.size() - dots - 3;
  for (std::size_t i = 0; i < behind && i < dims.size(); ++i) {
    note(letters[letters.size() - 1 - i], dims[dims.size() - 1 - i]);
  }
}

Result<Sizes> letter_sizes(const LayerOptions& options, const EinsumParts& parts,
                           const Shape& input) {
  Sizes sizes;
  note_sizes(parts.input, {input.dims().begin(), input.dims().end()}, sizes);
  const Json& listed = options.at("output_shape");
  const Json single = listed.is_array() ? Json() : Json::array({listed});
  std::vector<std::int64_t> output{input.rank() > 0 ? input[0] : 1};
  for (const Json& item : listed.is_array() ? listed : single) {
    const auto size = item.is_null() ? std::optional<std::int64_t>(-1)
                                     : whole_number(item, 1, limits::kMaxElements);
    if (!size) return options.wrong("output_shape", "sizes of 1 or more");
    output.push_back(*size);
  }
  // What stands for "..." in front has its sizes from the input.
  const bool open = parts.output.starts_with("...");
  if (open) output.erase(output.begin());
  note_sizes(open ? parts.output.substr(3) : parts.output, output, sizes);
  return sizes;
}

Result<Shape> shape_of(const LayerOptions& options, const std::string& letters,
                       const Sizes& sizes) {
  std::vector<std::int64_t> dims;
  for (const char letter : letters) {
    const auto size = sizes.find(letter);
    if (size == sizes.end()) return options.wrong("output_shape", "the sizes of all new axes");
    dims.push_back(size->second);
  }
  return Shape::create(dims);
}

// One for axes without a bias, from the first that has one on.
Result<Shape> bias_shape(const LayerOptions& options, const std::string& output, Sizes sizes,
                         std::string* letters) {
  const std::string axes = text_of(options.at("bias_axes"));
  const std::size_t first = output.find_first_of(axes);
  if (output.find("...", std::min(first, output.size())) != std::string::npos) {
    return options.unsupported("bias_axes");
  }
  if (first == std::string::npos) return options.wrong("bias_axes", "axes of the output");
  *letters = output.substr(first);
  for (const char letter : *letters) {
    if (axes.find(letter) == std::string::npos) sizes[letter] = 1;
  }
  return shape_of(options, *letters, sizes);
}

}  // namespace

Result<ValueId> translate_einsum_dense(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  for (const char* key : {"quantization_config", "lora_rank"}) {
    if (!options.at(key).is_null()) return options.unsupported(key);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const EinsumParts parts, parse_parts(options));
  TINYSPLIT_ASSIGN_OR_RETURN(const Sizes sizes, letter_sizes(options, parts, context.shape(x)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape kernel_shape, shape_of(options, parts.kernel, sizes));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel, context.weight(kernel_shape, "kernel"));
  TINYSPLIT_ASSIGN_OR_RETURN(const EinsumAxes axes,
                             parse_einsum(parts.input + "," + parts.kernel + "->" + parts.output,
                                          context.shape(x).rank(), kernel_shape.rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId y, add_einsum(context, axes, x, kernel));
  if (!options.at("bias_axes").is_null()) {
    std::string letters;
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape,
                               bias_shape(options, parts.output, sizes, &letters));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.weight(shape, "bias"));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {y, bias}));
  }
  return context.add_activation(y, options.at("activation"));
}

}  // namespace tinysplit::keras
