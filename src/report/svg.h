#pragma once

#include <string>
#include <string_view>

// The pieces that drawings are made of. Lengths are CSS pixels.
namespace tinysplit::svg {

inline constexpr std::string_view kInk = "#1c2733";
inline constexpr std::string_view kMuted = "#5b6875";
inline constexpr std::string_view kGrid = "#e4e8ec";

// At most two decimals, bounded; 0 for what is not finite.
std::string num(double value);

// An estimate for sans-serif type.
double text_width(std::string_view text, double font_size);

struct TextStyle {
  double size = 12.0;
  std::string_view color = kInk;
  std::string_view anchor = "start";
  bool bold = false;
};

// Appends <text>, escaped; `more` is further attributes, each after a space.
void add_text(std::string& drawing, double x, double y, std::string_view text,
              const TextStyle& style, const std::string& more = "");

void add_line(std::string& drawing, double x1, double y1, double x2, double y2,
              std::string_view color);

}  // namespace tinysplit::svg
