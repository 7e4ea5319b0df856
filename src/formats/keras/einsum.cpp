#include "formats/keras/einsum.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace tinysplit::keras {
namespace {

constexpr char kFirstOfEllipsis = '0';  // letters of its own, counted from the last axis

bool has(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

// Puts letters in the place of "...", as many as the rank asks for.
Result<std::string> spell_out(const std::string& term, int rank) {
  const std::size_t dots = term.find("...");
  std::string letters = term;
  if (dots != std::string::npos) {
    const auto named = static_cast<int>(term.size()) - 3;
    if (named > rank) return invalid_argument("its equation does not fit its inputs");
    std::string open;
    for (int i = rank - named; i > 0; --i) open += static_cast<char>(kFirstOfEllipsis + i - 1);
    letters = term.substr(0, dots) + open + term.substr(dots + 3);
  }
  if (std::ssize(letters) != rank) return invalid_argument("its equation does not fit its inputs");
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto letter = static_cast<unsigned char>(letters[i]);
    if (std::isalnum(letter) == 0) return invalid_argument("its equation is malformed");
    if (letters.find(letters[i], i + 1) != std::string::npos) {
      return unimplemented("its equation takes a diagonal");
    }
  }
  return letters;
}

class Product {
 public:
  Product(LayerContext& context, const EinsumAxes& axes) : context_(context), axes_(axes) {}

  Result<ValueId> of_one(ValueId x) {
    std::string letters = axes_.left;
    TINYSPLIT_ASSIGN_OR_RETURN(x, sum_out(x, letters, axes_.output));
    return permuted(x, letters, axes_.output);
  }

  Result<ValueId> of_two(ValueId a, ValueId b) {
    std::string left = axes_.left, right = axes_.right;
    // Axes of one operand alone that the output has not are summed first.
    TINYSPLIT_ASSIGN_OR_RETURN(a, sum_out(a, left, right + axes_.output));
    TINYSPLIT_ASSIGN_OR_RETURN(b, sum_out(b, right, left + axes_.output));
    TINYSPLIT_RETURN_IF_ERROR(note_sizes(a, left));
    TINYSPLIT_RETURN_IF_ERROR(note_sizes(b, right));
    std::string batch, rows, columns, summed;
    for (const char letter : left) {
      const bool both = has(right, letter), out = has(axes_.output, letter);
      (both ? (out ? batch : summed) : rows) += letter;
    }
    for (const char letter : right) {
      if (!has(left, letter)) columns += letter;
    }
    TINYSPLIT_ASSIGN_OR_RETURN(a, permuted(a, left, batch + rows + summed));
    TINYSPLIT_ASSIGN_OR_RETURN(b, permuted(b, right, batch + summed + columns));
    ValueId y = -1;
    if (batch.empty() && context_.value(b).is_constant() && !context_.value(a).is_constant()) {
      std::vector<std::int64_t> dims;
      for (const char letter : rows) dims.push_back(sizes_.at(letter));
      dims.push_back(count(summed));
      TINYSPLIT_ASSIGN_OR_RETURN(a, shaped(a, dims));
      TINYSPLIT_ASSIGN_OR_RETURN(b, shaped(b, {count(summed), count(columns)}));
      TINYSPLIT_ASSIGN_OR_RETURN(y, context_.add(DenseOp{}, {a, b}));
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(a, shaped(a, {count(batch), count(rows), count(summed)}));
      TINYSPLIT_ASSIGN_OR_RETURN(b, shaped(b, {count(batch), count(summed), count(columns)}));
      TINYSPLIT_ASSIGN_OR_RETURN(y, context_.compute(MatmulOp{}, {a, b}));
    }
    std::vector<std::int64_t> dims;
    const std::string made = batch + rows + columns;
    for (const char letter : made) dims.push_back(sizes_.at(letter));
    TINYSPLIT_ASSIGN_OR_RETURN(y, shaped(y, dims));
    return permuted(y, made, axes_.output);
  }

 private:
  Status note_sizes(ValueId x, const std::string& letters) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const std::int64_t size = context_.shape(x)[static_cast<int>(i)];
      const auto [known, is_new] = sizes_.emplace(letters[i], size);
      if (!is_new && known->second != size) {
        return unimplemented("its equation joins axes of " + std::to_string(known->second) +
                             " and " + std::to_string(size));
      }
    }
    return ok_status();
  }

  std::int64_t count(const std::string& letters) const {
    std::int64_t all = 1;
    for (const char letter : letters) all *= sizes_.at(letter);
    return all;
  }

  Result<ValueId> shaped(ValueId x, const std::vector<std::int64_t>& dims) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
    if (context_.shape(x) == to) return x;
    return context_.compute(ReshapeOp{to}, {x});
  }

  Result<ValueId> permuted(ValueId x, const std::string& from, const std::string& to) {
    if (from == to) return x;
    std::vector<int> permutation;
    for (const char letter : to) permutation.push_back(static_cast<int>(from.find(letter)));
    return context_.compute(TransposeOp{std::move(permutation)}, {x});
  }

  Result<ValueId> sum_out(ValueId x, std::string& letters, const std::string& wanted) {
    ReduceOp sum{ReduceKind::kSum, {}, false};
    std::string rest;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (has(wanted, letters[i])) {
        rest += letters[i];
      } else {
        sum.axes.push_back(static_cast<int>(i));
      }
    }
    letters = rest;
    if (sum.axes.empty()) return x;
    return context_.compute(std::move(sum), {x});
  }

  LayerContext& context_;
  const EinsumAxes& axes_;
  std::map<char, std::int64_t> sizes_;
};

}  // namespace

Result<EinsumAxes> parse_einsum(const std::string& equation, int left_rank, int right_rank) {
  std::string text;
  for (const char c : equation) {
    if (c != ' ') text += c;
  }
  const std::size_t arrow = text.find("->");
  if (arrow == std::string::npos) return unimplemented("its equation says no output (\"->\")");
  const std::string operands = text.substr(0, arrow);
  const std::size_t comma = operands.find(',');
  EinsumAxes axes;
  axes.has_right = right_rank >= 0;
  const bool commas_fit =
      axes.has_right ? std::ranges::count(operands, ',') == 1 : comma == std::string::npos;
  if (!commas_fit) return unimplemented("its equation is not of one or two operands");
  TINYSPLIT_ASSIGN_OR_RETURN(axes.left, spell_out(operands.substr(0, comma), left_rank));
  if (axes.has_right) {
    TINYSPLIT_ASSIGN_OR_RETURN(axes.right, spell_out(operands.substr(comma + 1), right_rank));
  }
  std::string output = text.substr(arrow + 2);
  int open = 0;
  for (const std::string& letters : {axes.left, axes.right}) {
    open = std::max(open, static_cast<int>(std::ranges::count_if(letters, [](char letter) {
                      return std::isdigit(static_cast<unsigned char>(letter)) != 0;
                    })));
  }
  const bool dots = output.find("...") != std::string::npos;
  const int rank = static_cast<int>(output.size()) + (dots ? open - 3 : 0);
  TINYSPLIT_ASSIGN_OR_RETURN(axes.output, spell_out(output, rank));
  for (const char letter : axes.output) {
    if (!has(axes.left + axes.right, letter)) {
      return invalid_argument("its equation makes an axis out of nothing");
    }
  }
  return axes;
}

Result<ValueId> add_einsum(LayerContext& context, const EinsumAxes& axes, ValueId left,
                           ValueId right) {
  Product product(context, axes);
  // The batch is the first axis of what depends on the input, and stays so.
  const bool batched = !context.value(left).is_constant();
  const bool right_batched = axes.has_right && !context.value(right).is_constant();
  const auto first = [](const std::string& letters) { return letters.empty() ? ' ' : letters[0]; };
  const bool apart = (!batched || first(axes.left) == first(axes.output)) &&
                     (!right_batched || first(axes.right) == first(axes.output));
  if (!apart) return unimplemented("its equation mixes the samples of a batch");
  return axes.has_right ? product.of_two(left, right) : product.of_one(left);
}

}  // namespace tinysplit::keras
