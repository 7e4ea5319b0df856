// TFLite_Detection_PostProcess: boxes from what a network says of anchors, without those that
// overlap better ones. It takes as many steps as boxes come out, each of plain operations on all
// boxes at once: the best of those left, and which the best rules out.
#include <algorithm>
#include <limits>

#include "formats/tflite/detection_options.h"
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

// Of [rows, N]: the place of the highest number of each row, and that number.
ArgReduceOp best_of_row() {
  ArgReduceOp op;
  op.axis = 1;
  op.index_dtype = DType::kInt32;
  return op;
}

ReduceOp highest_of_row() {
  ReduceOp op;
  op.kind = ReduceKind::kMax;
  op.axes = {1};
  return op;
}

using Numbers = std::vector<std::int64_t>;

constexpr float kRuledOut = std::numeric_limits<float>::lowest();  // a score

// Boxes, scores and what suppresses among them. [2,...] are {y, x}.
class Detection {
 public:
  Detection(OperatorContext& context, const DetectionOptions& options)
      : context_(context), options_(options) {}

  Status run() {
    TINYSPLIT_RETURN_IF_ERROR(read_inputs());
    TINYSPLIT_RETURN_IF_ERROR(decode_boxes());
    TINYSPLIT_RETURN_IF_ERROR(start());
    const std::int64_t steps = options_.by_class
                                   ? std::min(options_.boxes_per_class, options_.detections)
                                   : options_.detections;
    for (std::int64_t step = 0; step < steps; ++step) TINYSPLIT_RETURN_IF_ERROR(pick());
    return options_.by_class ? finish_by_class(steps) : finish_fast();
  }

 private:
  template <typename Operation>
  Status apply(ValueId& made, Operation op, std::vector<ValueId> operands) {
    TINYSPLIT_ASSIGN_OR_RETURN(made, context_.add(std::move(op), std::move(operands)));
    return ok_status();
  }
  Status binary(ValueId& made, BinaryKind kind, ValueId a, ValueId b) {
    return apply(made, BinaryOp{kind}, {a, b});
  }
  Status shape_as(ValueId& x, const Numbers& dims) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
    TINYSPLIT_ASSIGN_OR_RETURN(x, context_.reshape(x, to));
    return ok_status();
  }
  // x[begin, begin + size) of an axis.
  Status part(ValueId& made, ValueId x, int axis, std::int64_t begin, std::int64_t size) {
    const Shape shape = context_.shape(x);
    const std::size_t rank = static_cast<std::size_t>(shape.rank());
    SliceOp op{Numbers(rank, 0), Numbers(rank, 1),
               Numbers(shape.dims().begin(), shape.dims().end())};
    op.begin[static_cast<std::size_t>(axis)] = begin;
    op.size[static_cast<std::size_t>(axis)] = size;
    return apply(made, std::move(op), {x});
  }
  Result<ValueId> floats(const Shape& shape, std::initializer_list<float> numbers) {
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, context_.new_tensor(DType::kFloat32, shape));
    std::ranges::copy(numbers, made.as<float>().begin());
    return context_.constant(std::move(made));
  }
  // 0, 1, 2, ...
  Result<ValueId> counted(std::int64_t count) {
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, context_.new_tensor(DType::kInt32, Shape{count}));
    for (std::int64_t i = 0; i < count; ++i) {
      made.as<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i);
    }
    return context_.constant(std::move(made));
  }
  Result<ValueId> real(int input) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context_.input(input));
    if (context_.is_float(x)) return x;
    if (context_.view(x).dtype == DType::kUint8 && context_.view(x).quantization) {
      return context_.add(DequantizeOp{}, {x});
    }
    return unimplemented("its input " + std::to_string(input) + " is " +
                         std::string(dtype_name(context_.view(x).dtype)) +
                         ", needs float32 or quantised uint8");
  }

  Status read_inputs() {
    TINYSPLIT_ASSIGN_OR_RETURN(encodings_, real(0));
    TINYSPLIT_ASSIGN_OR_RETURN(scores_, real(1));
    TINYSPLIT_ASSIGN_OR_RETURN(anchors_, real(2));
    const Shape boxes = context_.shape(encodings_), scores = context_.shape(scores_);
    const Shape anchors = context_.shape(anchors_);
    const bool fits = boxes.rank() == 3 && boxes[0] == 1 && boxes[2] >= 4 && scores.rank() == 3 &&
                      scores[0] == 1 && scores[1] == boxes[1] && anchors.rank() == 2 &&
                      anchors[0] == boxes[1] && anchors[1] == 4;
    if (!fits || scores[2] < options_.classes) {
      return invalid_argument("its inputs " + boxes.to_string() + ", " + scores.to_string() +
                              " and " + anchors.to_string() + " do not fit " +
                              std::to_string(options_.classes) + " classes");
    }
    if (!options_.by_class && options_.classes_per_box != 1) {
      return unimplemented(
          "max_classes_per_detection = " + std::to_string(options_.classes_per_box) +
          " is not supported, only 1, without use_regular_nms");
    }
    boxes_ = boxes[1];
    return ok_status();
  }

  // Centres and sizes relative to anchors, to edges: low_ and high_ [2,N] and their area [N].
  Status decode_boxes() {
    ValueId rows = encodings_, anchors = anchors_;
    TINYSPLIT_RETURN_IF_ERROR(part(rows, rows, 2, 0, 4));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(rows, {boxes_, 4}));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId scales,
                               floats(Shape{4}, {options_.scales[0], options_.scales[1],
                                                 options_.scales[2], options_.scales[3]}));
    TINYSPLIT_RETURN_IF_ERROR(binary(rows, BinaryKind::kDivide, rows, scales));
    TINYSPLIT_RETURN_IF_ERROR(apply(rows, TransposeOp{{1, 0}}, {rows}));
    TINYSPLIT_RETURN_IF_ERROR(apply(anchors, TransposeOp{{1, 0}}, {anchors}));
    ValueId centre = -1, size = -1, anchor_centre = -1, anchor_size = -1;
    TINYSPLIT_RETURN_IF_ERROR(part(centre, rows, 0, 0, 2));
    TINYSPLIT_RETURN_IF_ERROR(part(size, rows, 0, 2, 2));
    TINYSPLIT_RETURN_IF_ERROR(part(anchor_centre, anchors, 0, 0, 2));
    TINYSPLIT_RETURN_IF_ERROR(part(anchor_size, anchors, 0, 2, 2));
    TINYSPLIT_RETURN_IF_ERROR(binary(centre, BinaryKind::kMultiply, centre, anchor_size));
    TINYSPLIT_RETURN_IF_ERROR(binary(centre, BinaryKind::kAdd, centre, anchor_centre));
    TINYSPLIT_RETURN_IF_ERROR(apply(size, ActivationOp{ActivationKind::kExp}, {size}));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId half, floats(Shape(), {0.5f}));
    TINYSPLIT_RETURN_IF_ERROR(binary(size, BinaryKind::kMultiply, size, half));
    TINYSPLIT_RETURN_IF_ERROR(binary(size, BinaryKind::kMultiply, size, anchor_size));
    TINYSPLIT_RETURN_IF_ERROR(binary(low_, BinaryKind::kSubtract, centre, size));
    TINYSPLIT_RETURN_IF_ERROR(binary(high_, BinaryKind::kAdd, centre, size));
    return area_between(area_, low_, high_);
  }

  Status area_between(ValueId& area, ValueId low, ValueId high) {
    TINYSPLIT_RETURN_IF_ERROR(binary(area, BinaryKind::kSubtract, high, low));
    TINYSPLIT_RETURN_IF_ERROR(apply(
        area, ActivationOp{ActivationKind::kClip, 0.0f, std::numeric_limits<float>::infinity()},
        {area}));
    ReduceOp product;
    product.kind = ReduceKind::kProduct;
    product.axes = {0};
    return apply(area, product, {area});
  }

  // left_ [C,N]: scores of each group of boxes that suppress each other.
  Status start() {
    const std::int64_t with_background = context_.shape(scores_)[2];
    ValueId scores = -1;
    TINYSPLIT_RETURN_IF_ERROR(
        part(scores, scores_, 2, with_background - options_.classes, options_.classes));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(scores, {boxes_, options_.classes}));
    if (options_.by_class) {
      TINYSPLIT_RETURN_IF_ERROR(apply(left_, TransposeOp{{1, 0}}, {scores}));
    } else {
      ReduceOp best;
      best.kind = ReduceKind::kMax;
      best.axes = {1};
      ArgReduceOp which;
      which.axis = 1;
      which.index_dtype = DType::kInt32;
      TINYSPLIT_RETURN_IF_ERROR(apply(left_, best, {scores}));
      TINYSPLIT_RETURN_IF_ERROR(apply(class_of_box_, which, {scores}));
      TINYSPLIT_RETURN_IF_ERROR(shape_as(left_, {1, boxes_}));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId least, floats(Shape(), {options_.least_score}));
    TINYSPLIT_ASSIGN_OR_RETURN(ruled_out_, floats(Shape(), {kRuledOut}));
    TINYSPLIT_ASSIGN_OR_RETURN(most_overlap_, floats(Shape(), {options_.most_overlap}));
    TINYSPLIT_ASSIGN_OR_RETURN(numbers_, counted(boxes_));
    ValueId good = -1;
    TINYSPLIT_RETURN_IF_ERROR(binary(good, BinaryKind::kGreaterEqual, left_, least));
    return apply(left_, SelectOp{}, {good, left_, ruled_out_});
  }

  // The best of each group goes to picked_ [C], its score to picked_scores_ [C]; it and those that
  // overlap it are ruled out.
  Status pick() {
    const std::int64_t groups = context_.shape(left_)[0];
    ValueId best = -1, score = -1;
    TINYSPLIT_RETURN_IF_ERROR(apply(best, best_of_row(), {left_}));
    TINYSPLIT_RETURN_IF_ERROR(apply(score, highest_of_row(), {left_}));
    picked_.push_back(best);
    picked_scores_.push_back(score);
    ValueId low = -1, high = -1, area = -1, overlap = -1, all = -1, inner_low = low_,
            inner_high = high_;
    TINYSPLIT_RETURN_IF_ERROR(apply(low, GatherOp{1}, {low_, best}));
    TINYSPLIT_RETURN_IF_ERROR(apply(high, GatherOp{1}, {high_, best}));
    TINYSPLIT_RETURN_IF_ERROR(apply(area, GatherOp{0}, {area_, best}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(low, {2, groups, 1}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(high, {2, groups, 1}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(area, {groups, 1}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(inner_low, {2, 1, boxes_}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(inner_high, {2, 1, boxes_}));
    TINYSPLIT_RETURN_IF_ERROR(binary(low, BinaryKind::kMaximum, low, inner_low));
    TINYSPLIT_RETURN_IF_ERROR(binary(high, BinaryKind::kMinimum, high, inner_high));
    TINYSPLIT_RETURN_IF_ERROR(area_between(overlap, low, high));
    TINYSPLIT_RETURN_IF_ERROR(binary(all, BinaryKind::kAdd, area, area_));
    TINYSPLIT_RETURN_IF_ERROR(binary(all, BinaryKind::kSubtract, all, overlap));
    // Boxes without an area overlap nothing: 0 / 0 is above nothing either.
    TINYSPLIT_RETURN_IF_ERROR(binary(overlap, BinaryKind::kDivide, overlap, all));
    ValueId gone = -1, itself = -1;
    TINYSPLIT_RETURN_IF_ERROR(binary(gone, BinaryKind::kGreater, overlap, most_overlap_));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(best, {groups, 1}));
    TINYSPLIT_RETURN_IF_ERROR(binary(itself, BinaryKind::kEqual, best, numbers_));
    TINYSPLIT_RETURN_IF_ERROR(binary(gone, BinaryKind::kOr, gone, itself));
    return apply(left_, SelectOp{}, {gone, ruled_out_, left_});
  }

  Status joined(ValueId& made, std::vector<ValueId> parts) {
    if (parts.size() == 1) {
      made = parts[0];
      return ok_status();
    }
    return apply(made, ConcatOp{0}, std::move(parts));
  }

  Status finish_fast() {
    ValueId boxes = -1, scores = -1, classes = -1;
    TINYSPLIT_RETURN_IF_ERROR(joined(boxes, picked_));
    TINYSPLIT_RETURN_IF_ERROR(joined(scores, picked_scores_));
    TINYSPLIT_RETURN_IF_ERROR(apply(classes, GatherOp{0}, {class_of_box_, boxes}));
    return finish(boxes, classes, scores);
  }

  // The best of what the classes picked; candidate i is of class i % C.
  Status finish_by_class(std::int64_t steps) {
    const std::int64_t candidates = steps * options_.classes;
    ValueId boxes = -1, scores = -1;
    TINYSPLIT_RETURN_IF_ERROR(joined(boxes, std::exchange(picked_, {})));
    TINYSPLIT_RETURN_IF_ERROR(joined(scores, std::exchange(picked_scores_, {})));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(scores, {1, candidates}));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId numbers, counted(candidates));
    Tensor of_candidate;
    TINYSPLIT_ASSIGN_OR_RETURN(of_candidate, context_.new_tensor(DType::kInt32, Shape{candidates}));
    for (std::int64_t i = 0; i < candidates; ++i) {
      of_candidate.as<std::int32_t>()[static_cast<std::size_t>(i)] =
          static_cast<std::int32_t>(i % options_.classes);
    }
    const ValueId class_of = context_.constant(std::move(of_candidate));
    for (std::int64_t i = 0; i < options_.detections; ++i) {
      ValueId best = -1, score = -1, itself = -1;
      TINYSPLIT_RETURN_IF_ERROR(apply(best, best_of_row(), {scores}));
      TINYSPLIT_RETURN_IF_ERROR(apply(score, highest_of_row(), {scores}));
      picked_.push_back(best);
      picked_scores_.push_back(score);
      TINYSPLIT_RETURN_IF_ERROR(binary(itself, BinaryKind::kEqual, best, numbers));
      TINYSPLIT_RETURN_IF_ERROR(shape_as(itself, {1, candidates}));
      TINYSPLIT_RETURN_IF_ERROR(apply(scores, SelectOp{}, {itself, ruled_out_, scores}));
    }
    ValueId chosen = -1, classes = -1;
    TINYSPLIT_RETURN_IF_ERROR(joined(chosen, picked_));
    TINYSPLIT_RETURN_IF_ERROR(joined(scores, picked_scores_));
    TINYSPLIT_RETURN_IF_ERROR(apply(boxes, GatherOp{0}, {boxes, chosen}));
    TINYSPLIT_RETURN_IF_ERROR(apply(classes, GatherOp{0}, {class_of, chosen}));
    return finish(boxes, classes, scores);
  }

  // Zeros where nothing was left to pick.
  Status finish(ValueId boxes, ValueId classes, ValueId scores) {
    const std::int64_t count = options_.detections;
    ValueId found = -1, edges = -1, low = -1, high = -1;
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zero, floats(Shape(), {0.0f}));
    TINYSPLIT_RETURN_IF_ERROR(binary(found, BinaryKind::kGreater, scores, ruled_out_));
    TINYSPLIT_RETURN_IF_ERROR(apply(low, GatherOp{1}, {low_, boxes}));
    TINYSPLIT_RETURN_IF_ERROR(apply(high, GatherOp{1}, {high_, boxes}));
    TINYSPLIT_RETURN_IF_ERROR(joined(edges, {low, high}));
    TINYSPLIT_RETURN_IF_ERROR(apply(classes, CastOp{DType::kFloat32}, {classes}));
    for (ValueId* each : {&edges, &classes, &scores}) {
      TINYSPLIT_RETURN_IF_ERROR(apply(*each, SelectOp{}, {found, *each, zero}));
    }
    TINYSPLIT_RETURN_IF_ERROR(apply(edges, TransposeOp{{1, 0}}, {edges}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(edges, {1, count, 4}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(classes, {1, count}));
    TINYSPLIT_RETURN_IF_ERROR(shape_as(scores, {1, count}));
    ValueId total = -1;
    ReduceOp sum;
    sum.kind = ReduceKind::kSum;
    sum.axes = {0};
    sum.keep_dims = true;
    TINYSPLIT_RETURN_IF_ERROR(apply(total, CastOp{DType::kFloat32}, {found}));
    TINYSPLIT_RETURN_IF_ERROR(apply(total, sum, {total}));
    int output = 0;
    for (const ValueId value : {edges, classes, scores, total}) {
      TINYSPLIT_RETURN_IF_ERROR(context_.define(output++, value));
    }
    return ok_status();
  }

  OperatorContext& context_;
  const DetectionOptions& options_;
  ValueId encodings_ = -1, scores_ = -1, anchors_ = -1;  // inputs, as real numbers
  std::int64_t boxes_ = 0;
  ValueId low_ = -1, high_ = -1, area_ = -1;
  ValueId left_ = -1, class_of_box_ = -1;
  ValueId ruled_out_ = -1, most_overlap_ = -1, numbers_ = -1;
  std::vector<ValueId> picked_, picked_scores_;
};

}  // namespace

Status translate_detection(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const DetectionOptions options,
                             read_detection_options(context.custom_options()));
  return Detection(context, options).run();
}

}  // namespace tinysplit::tflite
