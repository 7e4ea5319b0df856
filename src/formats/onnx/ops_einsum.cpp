#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "formats/onnx/ops.h"

// Sums of products by labels of axes: operands are combined from the left, each pair as a product
// of matrices whose rows, columns and sums are the axes that one, the other or both have.
namespace tinysplit::onnx_format {
namespace {

struct Term {
  std::string labels;  // one for each axis
  Operand operand;
};

struct Equation {
  std::vector<std::string> terms;
  std::string output;
};

Result<Equation> parse_equation(std::string text) {
  std::erase(text, ' ');
  Equation equation;
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  std::map<char, int> uses;
  equation.terms.emplace_back();
  for (const char c : left) {
    if (c == ',') {
      equation.terms.emplace_back();
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter) return unimplemented("its equation has something else than letters");
    if (equation.terms.back().find(c) != std::string::npos) {
      return unimplemented("its equation has a letter twice in a term");
    }
    equation.terms.back() += c;
    ++uses[c];
  }
  if (arrow != std::string::npos) {
    equation.output = text.substr(arrow + 2);
  } else {
    for (const auto& [c, count] : uses) {
      if (count == 1) equation.output += c;
    }
  }
  for (const char c : equation.output) {
    if (!uses.contains(c) || std::ranges::count(equation.output, c) > 1) {
      return invalid_argument("its equation makes an axis that no operand has, or one twice");
    }
  }
  return equation;
}

bool has(const std::string& labels, char c) { return labels.find(c) != std::string::npos; }

// Sums the axes that nothing asks for any more.
Status sum_away(NodeContext& context, Term& term, const std::string& wanted) {
  ReduceOp op{ReduceKind::kSum, {}, false};
  std::string left;
  for (std::size_t i = 0; i < term.labels.size(); ++i) {
    if (has(wanted, term.labels[i])) {
      left += term.labels[i];
    } else {
      op.axes.push_back(static_cast<int>(i));
    }
  }
  if (op.axes.empty()) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(term.operand, context.add(op, {term.operand}));
  term.labels = left;
  return ok_status();
}

Status arrange(NodeContext& context, Term& term, const std::string& order) {
  std::vector<int> permutation;
  for (const char c : order) permutation.push_back(static_cast<int>(term.labels.find(c)));
  TINYSPLIT_ASSIGN_OR_RETURN(term.operand, context.graph().transpose(term.operand, permutation));
  term.labels = order;
  return ok_status();
}

class Combination {
 public:
  Combination(NodeContext& context, const std::string& wanted)
      : context_(context), wanted_(wanted) {}

  Result<Term> combine(Term a, Term b) {
    TINYSPLIT_RETURN_IF_ERROR(note_sizes(a));
    TINYSPLIT_RETURN_IF_ERROR(note_sizes(b));
    TINYSPLIT_RETURN_IF_ERROR(sum_away(context_, a, b.labels + wanted_));
    TINYSPLIT_RETURN_IF_ERROR(sum_away(context_, b, a.labels + wanted_));
    std::string batch, rows, columns, sums;
    for (const char c : a.labels) {
      (!has(b.labels, c) ? rows : has(wanted_, c) ? batch : sums) += c;
    }
    for (const char c : b.labels) {
      if (!has(a.labels, c)) columns += c;
    }
    TINYSPLIT_RETURN_IF_ERROR(arrange(context_, a, batch + rows + sums));
    TINYSPLIT_RETURN_IF_ERROR(arrange(context_, b, batch + sums + columns));
    std::vector<std::int64_t> left{size(batch), size(rows), size(sums)};
    std::vector<std::int64_t> right{size(batch), size(sums), size(columns)};
    if (batch.empty()) {
      left.erase(left.begin());
      right.erase(right.begin());
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, reshape(a.operand, left));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand y, reshape(b.operand, right));
    Term product;
    TINYSPLIT_ASSIGN_OR_RETURN(product.operand, multiply_matrices(context_, x, y));
    product.labels = batch + rows + columns;
    std::vector<std::int64_t> dims;
    for (const char c : product.labels) dims.push_back(sizes_[c]);
    TINYSPLIT_ASSIGN_OR_RETURN(product.operand, reshape(product.operand, dims));
    return product;
  }

 private:
  Status note_sizes(const Term& term) {
    const Shape shape = context_.shape(term.operand);
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      const std::int64_t size = shape[static_cast<int>(i)];
      if (sizes_.try_emplace(term.labels[i], size).first->second != size) {
        return unimplemented("has operands of several sizes along one axis");
      }
    }
    return ok_status();
  }

  std::int64_t size(const std::string& labels) {
    std::int64_t product = 1;
    for (const char c : labels) product *= sizes_[c];
    return product;
  }

  Result<Operand> reshape(const Operand& x, const std::vector<std::int64_t>& dims) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
    return context_.graph().reshape(x, shape);
  }

  NodeContext& context_;
  const std::string wanted_;
  std::map<char, std::int64_t> sizes_;
};

}  // namespace

Status translate_einsum(NodeContext& context) {
  const int count = context.num_inputs();
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, count));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, context.attributes.word("equation", ""));
  TINYSPLIT_ASSIGN_OR_RETURN(const Equation equation, parse_equation(text));
  if (std::ssize(equation.terms) != count) {
    return invalid_argument("its equation has " + std::to_string(equation.terms.size()) +
                            " terms for " + std::to_string(count) + " inputs");
  }
  Term result;
  for (int i = 0; i < count; ++i) {
    Term next;
    next.labels = equation.terms[static_cast<std::size_t>(i)];
    TINYSPLIT_ASSIGN_OR_RETURN(next.operand, context.input(i));
    if (context.shape(i).rank() != static_cast<int>(next.labels.size())) {
      return invalid_argument("its equation does not fit the axes of input " + std::to_string(i));
    }
    if (i == 0) {
      result = next;
      continue;
    }
    // What a later term or the output asks for must stay.
    std::string wanted = equation.output;
    for (int k = i + 1; k < count; ++k) wanted += equation.terms[static_cast<std::size_t>(k)];
    TINYSPLIT_ASSIGN_OR_RETURN(result, Combination(context, wanted).combine(result, next));
  }
  TINYSPLIT_RETURN_IF_ERROR(sum_away(context, result, equation.output));
  TINYSPLIT_RETURN_IF_ERROR(arrange(context, result, equation.output));
  context.set_output(0, std::move(result.operand));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
