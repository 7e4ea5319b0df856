#include "quantize_output.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

std::string fixed(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

// Noise that is not there, or that nothing was compared for, has no number.
std::string decibels(double db) { return db >= kNoNoise ? "-" : fixed(db, "%.1f dB"); }
Json json_decibels(double db) { return db >= kNoNoise ? Json(nullptr) : Json(db); }

bool is_compared(const QuantizationReport& report) { return !report.noise.empty(); }

double gain_of(const QuantizationReport& report, std::size_t i) {
  return report.output_noise.without[i] - report.output_noise.db;
}

// Layers that cost most first: those whose float32 twin gains most for the outputs.
std::vector<std::size_t> by_cost(const QuantizationReport& report) {
  std::vector<std::size_t> order(report.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return gain_of(report, a) > gain_of(report, b); });
  return order;
}

Json layer_json(const QuantizationReport& report, std::size_t i) {
  const QuantizedLayer& layer = report.layers[i];
  Json entry = {{"name", layer.name},
                {"kind", layer.kind},
                {"index", layer.index},
                {"int8", layer.is_int8},
                {"output", layer.stored}};
  if (!layer.is_int8) entry["reason"] = layer.reason;
  if (is_compared(report)) {
    entry["own_db"] = json_decibels(report.noise[i].own_db);
    entry["total_db"] = json_decibels(report.noise[i].total_db);
    entry["gain_in_float_db"] = gain_of(report, i);
  }
  return entry;
}

std::vector<std::string> layer_row(const QuantizationReport& report, std::size_t i) {
  const QuantizedLayer& layer = report.layers[i];
  if (!layer.is_int8) return {layer.name, layer.kind, "float32: " + layer.reason};
  return {layer.name,
          layer.kind,
          "int8",
          decibels(report.noise[i].own_db),
          decibels(report.noise[i].total_db),
          fixed(gain_of(report, i), "%+.2f dB")};
}

std::string summary(const QuantizationReport& report) {
  const auto int8 = std::ranges::count_if(report.layers, &QuantizedLayer::is_int8);
  std::string text = std::to_string(int8) + " of " + std::to_string(report.layers.size()) +
                     " layers in int8, ranges (" + report.ranges + ") of " +
                     std::to_string(report.samples) + " samples of " + report.data + "; weights " +
                     format_bytes(static_cast<double>(report.float_weight_bytes)) + " -> " +
                     format_bytes(static_cast<double>(report.int8_weight_bytes)) + ".";
  if (report.tuning) {
    text += " Fine-tuned for " + std::to_string(report.tuning->epochs) +
            (report.tuning->epochs == 1 ? " epoch of " : " epochs of ") +
            format_count(static_cast<std::int64_t>(report.tuning->images)) +
            " images at a learning rate of " + fixed(report.tuning->learning_rate, "%g") +
            ", which left a loss of " + fixed(report.tuning->loss, "%.4f") + ".";
  }
  return text;
}

std::string errors_text(const QuantizedErrors& errors) {
  return std::string("mean squared error against ") + (errors.are_of_input ? "the input " : "y ") +
         fixed(errors.float32, "%.6g") + " in float32, " + fixed(errors.int8, "%.6g") +
         " in int8, on " + format_count(static_cast<std::int64_t>(errors.samples)) +
         " test samples.";
}

std::string accuracy_text(const QuantizedAccuracy& accuracy) {
  const std::string untuned = accuracy.untuned_int8 ? format_percent(*accuracy.untuned_int8) +
                                                          " in int8 without fine-tuning, "
                                                    : "";
  const char* const tuned = accuracy.untuned_int8 ? " with it (" : " (";
  return "accuracy " + format_percent(accuracy.float32) + " in float32, " + untuned +
         format_percent(accuracy.int8) + " in int8" + tuned +
         fixed(100.0 * (accuracy.int8 - accuracy.float32), "%+.2f") + " points) on " +
         format_count(static_cast<std::int64_t>(accuracy.images)) + " images (" +
         accuracy.images_are + "); " + format_percent(accuracy.agreement) +
         " of them get the same class.";
}

std::string noise_text(const QuantizationReport& report) {
  return "Signal to quantisation noise of the outputs: " + decibels(report.output_noise.db) +
         ", of " + std::to_string(report.noise_samples) +
         " images. A layer's own noise is what its rounding adds to exact inputs, the total that "
         "of all layers up to it; the gain is what the outputs win where it alone stays float32.";
}

}  // namespace

std::string quantization_json(const QuantizationReport& report) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < report.layers.size(); ++i) layers.push_back(layer_json(report, i));
  Json document = {
      {"model", report.model},
      {"calibration",
       {{"data", report.data}, {"samples", report.samples}, {"ranges", report.ranges}}},
      {"weight_bytes",
       {{"float32", report.float_weight_bytes}, {"int8", report.int8_weight_bytes}}}};
  if (report.tuning) {
    document["finetuning"] = {{"epochs", report.tuning->epochs},
                              {"learning_rate", report.tuning->learning_rate},
                              {"images", report.tuning->images},
                              {"loss", report.tuning->loss}};
  }
  document["output"] = report.output.empty() ? Json(nullptr) : Json(report.output);
  if (is_compared(report)) document["output_db"] = json_decibels(report.output_noise.db);
  if (report.errors) {
    document["errors"] = {{"samples", report.errors->samples},
                          {"against", report.errors->are_of_input ? "input" : "y"},
                          {"float32_mean_squared", report.errors->float32},
                          {"int8_mean_squared", report.errors->int8}};
  }
  if (report.accuracy) {
    document["accuracy"] = {{"images", report.accuracy->images},
                            {"images_are", report.accuracy->images_are},
                            {"float32", report.accuracy->float32},
                            {"int8", report.accuracy->int8},
                            {"agreement", report.accuracy->agreement}};
    if (report.accuracy->untuned_int8) {
      document["accuracy"]["int8_before_finetuning"] = *report.accuracy->untuned_int8;
    }
  }
  document["layers"] = std::move(layers);
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string quantization_markdown(const QuantizationReport& report) {
  std::string text = "# " + report.model + " in int8\n\n" + summary(report) + "\n";
  if (report.accuracy) text += "\nMeasured: " + accuracy_text(*report.accuracy) + "\n";
  if (report.errors) text += "\nMeasured: " + errors_text(*report.errors) + "\n";
  if (is_compared(report)) text += "\n" + noise_text(report) + "\n";
  text +=
      "\n| layer | kind | arithmetic | own noise | total noise | gain in float32 |\n"
      "|---|---|---|---|---|---|\n";
  for (const std::size_t i : by_cost(report)) {
    std::vector<std::string> row = layer_row(report, i);
    row.resize(6);
    for (const std::string& cell : row) text += "| " + cell + " ";
    text += "|\n";
  }
  return text;
}

std::string quantization_text(const QuantizationReport& report) {
  using Align = Table::Align;
  Table table({{"layer", Align::kLeft, Table::Fit::kWrap},
               {"kind", Align::kLeft, Table::Fit::kWrap},
               {"arithmetic", Align::kLeft},
               {"own noise", Align::kRight},
               {"total", Align::kRight},
               {"gain in float32", Align::kRight, Table::Fit::kDrop}});
  for (const std::size_t i : by_cost(report)) table.add_row(layer_row(report, i));
  std::string text = table.to_string(true, 0, output_columns()) + "\n" + noise_text(report) +
                     "\n\n" + summary(report);
  if (report.accuracy) text += "\nMeasured: " + accuracy_text(*report.accuracy);
  if (report.errors) text += "\nMeasured: " + errors_text(*report.errors);
  if (!report.output.empty()) text += "\nWritten to " + report.output;
  return text + "\n";
}

}  // namespace tinysplit
