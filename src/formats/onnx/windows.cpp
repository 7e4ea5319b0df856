#include "formats/onnx/windows.h"

#include <algorithm>

namespace tinysplit::onnx_format {
namespace {

// Keeps every product below far inside 64 bits.
constexpr std::int64_t kMost = std::int64_t{1} << 24;

Status check_range(const std::vector<std::int64_t>& values, std::int64_t least, const char* what) {
  for (const std::int64_t value : values) {
    if (value < least || value > kMost) {
      return invalid_argument(std::string(what) + " has the entry " + std::to_string(value));
    }
  }
  return ok_status();
}

Result<std::vector<std::int64_t>> entries(NodeContext& context, const char* name,
                                          std::size_t axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> values, context.attributes.integers(name));
  if (values.empty()) values.assign(axes, 1);
  if (values.size() != axes) {
    return invalid_argument("attribute \"" + std::string(name) + "\" has " +
                            std::to_string(values.size()) + " entries for " + std::to_string(axes) +
                            " axes");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_range(values, 1, name));
  return values;
}

std::int64_t reach_of(const Window& window, std::size_t i) {
  return (window.size[i] - 1) * window.dilation[i] + 1;
}

Status pad_automatically(NodeContext& context, Window& window, const Shape& input,
                         const std::string& kind) {
  const bool lower = kind == "SAME_LOWER";
  if (!lower && kind != "SAME_UPPER") return context.attributes.unsupported("auto_pad");
  for (std::size_t i = 0; i < window.size.size(); ++i) {
    const std::int64_t extent = input[static_cast<int>(i) + 2];
    const std::int64_t places = (extent + window.stride[i] - 1) / window.stride[i];
    const std::int64_t total =
        std::max<std::int64_t>((places - 1) * window.stride[i] + reach_of(window, i) - extent, 0);
    window.before[i] = lower ? total - total / 2 : total / 2;
    window.after[i] = total - window.before[i];
  }
  return ok_status();
}

}  // namespace

Result<Window> parse_window(NodeContext& context, const Shape& input,
                            const std::vector<std::int64_t>& size) {
  if (!has_channels_last(input.rank())) {
    return unimplemented("its input has shape " + input.to_string() +
                         "; 1 to 3 spatial axes are supported");
  }
  const std::size_t axes = static_cast<std::size_t>(input.rank() - 2);
  Window window;
  TINYSPLIT_ASSIGN_OR_RETURN(window.size, context.attributes.integers("kernel_shape"));
  if (window.size.empty()) window.size = size;
  if (window.size.size() != axes || (!size.empty() && size != window.size)) {
    return invalid_argument("attribute \"kernel_shape\" does not fit its input or weights");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_range(window.size, 1, "kernel_shape"));
  TINYSPLIT_ASSIGN_OR_RETURN(window.stride, entries(context, "strides", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(window.dilation, entries(context, "dilations", axes));
  window.before.assign(axes, 0);
  window.after.assign(axes, 0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string kind, context.attributes.word("auto_pad", "NOTSET"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> pads,
                             context.attributes.integers("pads"));
  if (kind == "VALID") return window;
  if (kind != "NOTSET" && !kind.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(pad_automatically(context, window, input, kind));
    return window;
  }
  if (pads.empty()) return window;
  if (pads.size() != 2 * axes) {
    return invalid_argument("attribute \"pads\" has " + std::to_string(pads.size()) + " entries");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_range(pads, 0, "attribute \"pads\""));
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(axes);
  window.before.assign(pads.begin(), middle);
  window.after.assign(middle, pads.end());
  return window;
}

bool extend_to_ceil(Window& window, const Shape& input) {
  bool extended = false;
  for (std::size_t i = 0; i < window.size.size(); ++i) {
    const std::int64_t extent = input[static_cast<int>(i) + 2];
    const std::int64_t reach = reach_of(window, i), stride = window.stride[i];
    const std::int64_t room = extent + window.before[i] + window.after[i] - reach;
    if (room < 0 || room % stride == 0) continue;
    // A window that would start behind the input is left out.
    if ((room / stride + 1) * stride >= extent + window.before[i]) continue;
    window.after[i] += stride - room % stride;
    extended = true;
  }
  return extended;
}

void make_two_dimensional(Window& window) {
  if (window.size.size() != 1) return;
  for (auto* entries : {&window.size, &window.stride, &window.dilation}) {
    entries->insert(entries->begin(), 1);
  }
  window.before.insert(window.before.begin(), 0);
  window.after.insert(window.after.begin(), 0);
}

}  // namespace tinysplit::onnx_format
