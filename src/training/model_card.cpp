#include "training/model_card.h"

#include <cmath>
#include <cstdio>
#include <numeric>

#include "graph/metrics.h"
#include "report/chart.h"
#include "report/class_accuracy.h"
#include "report/svg_chart.h"
#include "report/units.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kMistakes = 5;

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%%", 100.0 * share);
  return text;
}

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

// "28×28×1"
std::string dims_text(const Shape& shape) {
  std::string text;
  for (int axis = 1; axis < shape.rank(); ++axis) {
    text += (axis > 1 ? "×" : "") + std::to_string(shape[axis]);
  }
  return text;
}

Series curve(const std::string& name, const std::vector<EpochRecord>& history,
             double EpochRecord::*value, double factor = 1.0) {
  Series series;
  series.name = name;
  for (std::size_t i = 0; i < history.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(history[i].*value * factor);
  }
  return series;
}

void add_row(std::string& text, const std::string& name, const std::string& value) {
  text += "| " + name + " | " + value + " |\n";
}

// What Markdown would take for the end of a cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string summary_table(const ModelCard& card, const Graph& graph) {
  const std::vector<std::int64_t> macs = layer_macs(graph);
  std::int64_t weight_bytes = 0;
  for (const Layer& layer : graph.layers()) weight_bytes += layer.weight_bytes;
  std::string text = "| | |\n|---|---|\n";
  add_row(text, "input",
          dims_text(graph.value(graph.inputs().front()).shape) +
              (card.takes_pixels ? ", raw pixels 0..255" : ", numbers as the data have them"));
  add_row(text, "output", dims_text(graph.value(graph.outputs().front()).shape));
  add_row(text, "layers", std::to_string(graph.num_layers()) + " (`model.layers`)");
  add_row(text, "parameters", format_count(weight_bytes / std::int64_t(sizeof(float))));
  add_row(text, "multiply-accumulates",
          format_count(std::accumulate(macs.begin(), macs.end(), std::int64_t{0})));
  const std::string images =
      format_count(std::int64_t(card.test_images)) + " " + card.test_name + " images";
  if (card.confusion) {
    add_row(text, card.test_name + " accuracy",
            percent(accuracy_of(*card.confusion)) + " of " + images);
  } else {
    add_row(text, card.test_name + " loss", decimal(card.test_loss) + " over " + images);
  }
  return text;
}

std::string class_rows(const ModelCard& card) {
  std::string text =
      "Accuracy by class:\n\n| class | accuracy | " + card.test_name + " images |\n|---|---|---|\n";
  for (const ClassAccuracy& row : accuracy_by_class(*card.confusion)) {
    text += "| " + cell(row.name) + " | " + (row.images == 0 ? "-" : percent(row.accuracy())) +
            " | " + format_count(row.images) + " |\n";
  }
  return text;
}

std::string training_text(const ModelCard& card) {
  double seconds = 0.0;
  std::int64_t images = 0;
  for (const EpochRecord& record : card.history) {
    seconds += record.seconds;
    images += record.images;
  }
  std::string text = "## Training\n\n";
  if (!card.command.empty()) text += "    " + card.command + "\n\n";
  text += format_count(std::int64_t(card.train_images)) + " images of `" + card.data +
          "` for training, " + format_count(std::int64_t(card.validation_images)) +
          " for validation; " + std::to_string(card.history.size()) + " epochs";
  if (card.kept_epoch != std::int64_t(card.history.size())) {
    text += ", weights of epoch " + std::to_string(card.kept_epoch);
  }
  text += ". " + format_seconds(seconds) + " of steps, " +
          format_count(
              static_cast<std::int64_t>(static_cast<double>(images) / std::max(seconds, 1e-9))) +
          " images/s with " + std::to_string(card.threads) +
          (card.threads == 1 ? " thread" : " threads");
  if (!card.machine.empty()) text += " on " + card.machine;
  text += ".\n\n";
  text += "![Loss and accuracy by epoch](training.svg)\n";
  if (!card.confusion) return text;
  text += "\n![True classes against named ones](confusion.svg)\n\n" + class_rows(card) + "\n";
  text += "Most frequent mistakes among the " + card.test_name + " images:\n\n";
  text += "| is | taken for | images | of its class |\n|---|---|---|---|\n";
  for (const Mistake& mistake : worst_mistakes(*card.confusion, kMistakes)) {
    text += "| " + cell(card.confusion->classes[mistake.truth]) + " | " +
            cell(card.confusion->classes[mistake.named]) + " | " + format_count(mistake.count) +
            " | " + percent(mistake.share) + " |\n";
  }
  return text;
}

std::string layer_table(const Graph& graph) {
  const std::vector<std::int64_t> macs = layer_macs(graph);
  std::string text = "## Layers\n\n| # | layer | class | output | MACs |\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const std::string shape =
        layer.outputs.empty() ? "" : dims_text(graph.value(layer.outputs.front()).shape);
    text += "| " + std::to_string(i) + " | " + cell(layer.name) + " | " + cell(layer.kind) + " | " +
            shape + " | " + format_count(macs[i]) + " |\n";
  }
  return text;
}

}  // namespace

std::string training_curves_svg(const ModelCard& card) {
  Panel loss;
  loss.title = "Loss";
  loss.x_label = "epoch";
  loss.y_unit = Unit::kNone;
  loss.series = {curve("training", card.history, &EpochRecord::loss),
                 curve("validation", card.history, &EpochRecord::validation_loss)};
  Figure figure;
  figure.title = "Training of " + card.name;
  figure.subtitle = card.data + ", " + format_count(std::int64_t(card.train_images)) +
                    " images; the training curves are of images as they were augmented";
  figure.panels = {loss};
  if (card.confusion) {
    Panel accuracy;
    accuracy.title = "Accuracy, %";
    accuracy.x_label = "epoch";
    accuracy.y_unit = Unit::kNone;
    accuracy.y_most = 100.0;
    accuracy.y_from_zero = false;
    accuracy.series = {curve("training", card.history, &EpochRecord::accuracy, 100.0),
                       curve("validation", card.history, &EpochRecord::validation_accuracy, 100.0)};
    figure.panels.push_back(accuracy);
  }
  return render_svg(figure);
}

std::string readme_text(const ModelCard& card, const Graph& graph) {
  std::string text = "# " + card.name + "\n\n";
  if (!card.about.empty()) text += card.about + "\n\n";
  text += summary_table(card, graph) + "\n";
  const std::string note = card.confusion ? note_on_chance(*card.confusion) : "";
  if (!note.empty()) text += "**Little was learned**: " + note + ".\n\n";
  if (card.tests_training_images) {
    text +=
        "These are the images that it was trained on: how well it does on others is not known.\n\n";
  }
  if (card.takes_pixels) {
    text += "`data/` holds some " + card.test_name + " images, the class index first in the name; ";
  }
  text += "`labels.txt` has the class names.\n\n";
  return text + training_text(card) + "\n" + layer_table(graph);
}

}  // namespace tinysplit::training
